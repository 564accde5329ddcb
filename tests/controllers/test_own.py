"""Engineers' own constraints in closed loop: at rest, on the way there, bent ones by tangents, watched ones not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from constraints.curve import Curve, renamed, variables
from constraints.plant import Row
from controllers.controller import Controller
from controllers.explain import sentences
from controllers.types import PlanStatus
from safety.grammar import parse
from tests.controllers.plants import cv, inputs, loop, mv, pair, plant


def curve(name, text, use="linearised", **more):
    """Return ``smaller <= larger``."""
    root = parse(text).root
    above = renamed(type(root)("-", root.args), {})
    return Curve(name=name, above=above, variables=variables(above), use=use, convex=False, **more)


def two_feeds(rows=(), curves=()):
    """Two feeds, of which one's effect is slow, and a CV that both move."""
    made = plant(
        [mv("a", (0.0, 100.0), 10.0, 10.0), mv("b", (0.0, 100.0), 40.0, 40.0)],
        [cv("y", (0.0, 400.0)), cv("heat", (0.0, 400.0))],
        [pair("a", "y", 1.0, 30, 240), pair("b", "y", 1.0, 15, 60), pair("a", "heat", 0.5, 15, 60)],
        rows=rows,
    )
    return replace(made, curves=tuple(curves))


def run_of(made, **more):
    u = {"a": 20.0, "b": 60.0}
    return loop(made, u, {"y": 80.0, "heat": 10.0}, **more)


def test_a_row_over_mvs_holds_on_the_way_and_not_only_at_rest():
    """a earns more than b and is slower: b may only leave as a comes."""
    own = Row(name="line", coefficients={"a": 1.0, "b": 1.0}, hi=80.0, rank=1, unit="kg/h")
    run = run_of(two_feeds([own]))
    money = {"a": 3.0, "b": 1.0}
    over, plans = [], []
    for _ in range(80):
        plans.append(run.step(1, money=money))
        over.append(run.u["a"] + run.u["b"] - 80.0)
    assert max(over) < 0.3
    assert (run.u["a"], run.u["b"]) == pytest.approx((80.0, 0.0), abs=0.5)


def test_a_row_over_cvs_holds_on_the_way_with_the_dynamics_of_the_model():
    own = Row(name="sum", coefficients={"y": 1.0, "heat": 1.0}, hi=120.0, rank=1, concern=1.0)
    run = run_of(two_feeds([own]))
    worst = 0.0
    for _ in range(120):
        plan = run.step(1, money={"b": 3.0, "a": 1.0})
        y = run.sim.read()
        worst = max(worst, y["y"] + y["heat"] - 120.0)
    assert worst < 0.5
    assert y["y"] + y["heat"] == pytest.approx(120.0, abs=0.3)
    assert [each.name for each in plan.binding if each.name.startswith("row.")] == ["row.sum"]
    assert plan.objective["rows"] == pytest.approx(0.0, abs=1e-3)


def test_a_row_that_is_broken_now_is_left_along_its_funnel_and_says_who_pushes():
    own = Row(name="line", coefficients={"a": 1.0, "b": 1.0}, hi=50.0, rank=1, unit="kg/h")
    run = run_of(two_feeds([own]))
    plan = run.step(1)
    assert plan.moves["b"] < 60.0
    assert "zone:row.line" in plan.reasons["b"]
    assert any("'line'" in each for each in sentences(plan, run.of))
    run.step(60)
    assert run.u["a"] + run.u["b"] == pytest.approx(50.0, abs=0.2)


def test_what_must_be_given_up_is_not_fought_for_on_the_way():
    own = Row(name="sum", coefficients={"a": -1.0}, hi=-200.0, rank=9)
    run = run_of(two_feeds([own]))
    plan = run.step(60)
    assert [each.name for each in plan.give_ups] == ["row.sum"]
    assert run.u["a"] == pytest.approx(100.0, abs=0.5)


@pytest.mark.parametrize(
    ("text", "money", "holds"),
    [
        ("a * b <= 900", {"a": 1.0, "b": 1.0}, lambda u, y: u["a"] * u["b"] - 900.0),
        ("a ** 2 + b ** 2 <= 5000", {"a": 2.0, "b": 1.0}, lambda u, y: u["a"] ** 2 + u["b"] ** 2 - 5000.0),
        ("y * heat <= 2000", {"a": 1.0}, lambda u, y: y["y"] * y["heat"] - 2000.0),
        ("heat / b <= 0.5", {"a": 1.0, "b": -0.5}, lambda u, y: y["heat"] / u["b"] - 0.5),
    ],
)
def test_a_bent_one_is_where_it_says_when_the_plant_has_come_to_rest(text, money, holds):
    scale = abs(holds({"a": 20.0, "b": 60.0}, {"y": 80.0, "heat": 10.0})) + 1.0
    made = two_feeds(curves=[curve("bent", text, rank=1, concern=scale / 50.0)])
    run = run_of(made)
    run.step(300, money=money)
    plan = run.step(1, money=money)
    assert abs(holds(run.u, run.sim.read())) < 0.01 * scale
    assert "row.bent" in {each.name for each in plan.binding}
    assert set(plan.linearised_at["bent"]) == set(made.curves[0].variables)


def test_where_the_optimum_lies_on_a_circle_it_is_found():
    """Most of 2 a + b on a circle: where the normal points along (2, 1)."""
    made = two_feeds(curves=[curve("circle", "a ** 2 + b ** 2 <= 5000", rank=1, concern=50.0)])
    run = run_of(made)
    run.step(600, money={"a": 2.0, "b": 1.0})
    assert run.u["a"] / run.u["b"] == pytest.approx(2.0, rel=0.1)


def test_the_worth_of_a_unit_of_a_bent_one():
    made = two_feeds(curves=[curve("square", "a ** 2 <= 1600", rank=1, concern=20.0, unit="kg**2")])
    run = run_of(made)
    run.step(200, money={"a": 8.0})
    plan = run.step(1, money={"a": 8.0})
    (bound,) = [each for each in plan.binding if each.name == "row.square"]
    assert bound.worth == pytest.approx(8.0 / (2.0 * 40.0), rel=0.02)
    assert any("one kg**2 more room is worth 0.1 EUR/h" in each for each in sentences(plan, made))


def test_a_watched_one_is_told_and_never_held():
    made = two_feeds(curves=[curve("seen", "a * b <= 900", "monitor", unit="t")])
    free, run = run_of(two_feeds()), run_of(made)
    plan, without = (each.step(50, money={"a": 1.0, "b": 1.0}) for each in (run, free))
    assert plan.moves == without.moves
    assert run.u == free.u
    assert plan.watched["seen"] == pytest.approx(run.u["a"] * run.u["b"] - 900.0, rel=0.05)
    assert any("'seen', which is only watched, is broken by" in each for each in sentences(plan, made))


def test_one_that_has_no_value_here_is_left_out_and_says_so():
    made = two_feeds(curves=[curve("root", "(a - 50) ** 0.5 <= 3")])
    run = run_of(made)
    plan = run.step(1, money={"a": 1.0})
    assert (plan.status, plan.ignored) == (PlanStatus.OK, ("row_not_finite:root",))
    assert any("has no finite value where the plant is" in each for each in sentences(plan, made))


def test_a_row_needs_every_cv_that_it_names():
    made = two_feeds([Row(name="sum", coefficients={"y": 1.0, "heat": 1.0}, hi=50.0, rank=1)])
    run = run_of(made)
    y = {"y": 80.0, "heat": None}
    plan, _ = run.controller.step(
        inputs(made, 1, 0.0, {"a": 20.0, "b": 60.0}, y, money={"a": 1.0}), run.controller.fresh()
    )
    assert (plan.status, plan.give_ups) == (PlanStatus.OK, ())


def test_a_dv_in_a_bent_one_is_taken_as_it_is():
    made = plant(
        [mv("a", (0.0, 100.0), 40.0, 40.0)],
        [cv("y", (0.0, 400.0))],
        [pair("a", "y", 1.0, 0, 60), pair("d", "y", 0.0)],
        dvs=("d",),
    )
    made = replace(made, curves=(curve("limit", "a * d <= 100", rank=1),))
    run = loop(made, {"a": 20.0}, {"y": 20.0}, {"d": 2.0})
    run.step(40, money={"a": 1.0})
    assert run.u["a"] == pytest.approx(50.0, abs=0.5)
    run.sim.v["d"] = 4.0
    run.step(40, money={"a": 1.0})
    assert run.u["a"] == pytest.approx(25.0, abs=0.5)


def test_a_cycle_with_a_tangent_replays_bit_for_bit():
    made = two_feeds(curves=[curve("bent", "a * b <= 900", rank=1, concern=20.0)])
    run = run_of(made)
    run.step(20, money={"a": 1.0, "b": 1.0})
    y = run.sim.read()
    given = inputs(made, 21, run.at_s, run.u, y, money={"a": 1.0, "b": 1.0})
    first = run.controller.step(given, run.memory)
    assert Controller(made).step(given, run.memory) == first
    assert first[0].linearised_at["bent"] == {"a": run.u["a"], "b": run.u["b"]}
