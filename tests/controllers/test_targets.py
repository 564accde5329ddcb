from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.ranked import compared
from controllers.model import Model
from controllers.rows import Layout, SteadyState, layout, room
from controllers.targets import Targets
from controllers.types import ExternalTarget
from tests.controllers.plants import cv, mv, pair, plant


def of(p):
    plan = layout(p, Model.of(p))
    return plan, Targets(plan, p)


def state(p, plan: Layout, u, y, money, limits=None, targets=None, out=(), lo=None, hi=None, slope=None) -> SteadyState:
    box = np.array([s.limits.operator for s in p.mvs.values()])
    return SteadyState(
        u=np.array(u, dtype=float),
        lo=box[:, 0] if lo is None else np.array(lo, dtype=float),
        hi=box[:, 1] if hi is None else np.array(hi, dtype=float),
        y_end=np.array(y, dtype=float),
        slope_end=np.zeros(len(p.cvs)) if slope is None else np.array(slope, dtype=float),
        limits=limits or {n: s.limits.operator for n, s in p.cvs.items()},
        targets=targets or {},
        out=frozenset(out),
        money=np.array(money, dtype=float),
    )


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_ranks_and_money_are_those_of_the_exact_method(first):
    for seed in range(first, first + 50):
        found = compared(seed)
        assert found.agrees, found


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(0, 10_000, 500))
def test_ranks_and_money_are_those_of_the_exact_method_ten_thousand_times(first):
    outcomes = [compared(seed) for seed in range(first, first + 500)]
    assert [each for each in outcomes if not each.agrees] == []


def two(hysteresis=1.0, **of_b):
    return plant(
        [mv("a", (0.0, 10.0)), mv("b", (0.0, 10.0), **of_b)],
        [cv("y", (0.0, 8.0), rank_hi=1, rank_lo=2), cv("z", (0.0, 9.0), rank_hi=3, rank_lo=4, back_off_hi=0.5)],
        [pair("a", "y", 1.0, lag1=30), pair("b", "y", 0.5, lag1=30), pair("b", "z", 1.0, lag1=30)],
        hysteresis=hysteresis,
    )


def solve(p, plan, layer, last=None, **more):
    st = state(p, plan, **more)
    return layer.solve(st, room(plan, st), last)


def given(plan, got):
    """Return what is given up by more than a ten-thousandth, by name."""
    return {
        row.name("hi" if amount > 0.0 else "lo"): abs(amount)
        for row, amount in zip(plan.rows, got.give_up, strict=True)
        if abs(amount) > 1e-4 * row.concern and row.kind != "back_off"
    }


def test_worth_is_what_solving_again_with_more_room_earns():
    p = two()
    plan, targets = of(p)
    base = {"u": [2.0, 2.0], "y": [3.0, 2.0], "money": [3.0, 2.0]}
    first = solve(p, plan, targets, **base)
    money = np.array([3.0, 2.0])
    limits = {n: s.limits.operator for n, s in p.cvs.items()}
    for name, variable in (("cv.y.hi", "y"), ("cv.z.hi", "z")):
        lo, hi = limits[variable]
        more = solve(p, plan, targets, **base, limits={**limits, variable: (lo, hi + 0.1)})
        worth = sum(w for row, w in zip(plan.rows, first.worth, strict=True) if row.name("hi") == name)
        assert worth == pytest.approx(float(money @ (more.u - first.u)) / 0.1, rel=1e-3)
        assert worth > 0.1


def test_worth_of_an_mvs_own_range():
    p = two()
    plan, targets = of(p)
    base = {"u": [2.0, 2.0], "y": [3.0, 2.0], "money": [-1.0, 1.0]}
    first = solve(p, plan, targets, **base)
    assert first.u[0] == pytest.approx(0.0, abs=1e-6)
    assert first.worth_lo[0] == pytest.approx(1.0, rel=1e-3)
    assert first.worth_hi.tolist() == [0.0, 0.0]


def test_back_off_is_for_the_money_alone():
    p = two()
    plan, targets = of(p)
    got = solve(p, plan, targets, u=[2.0, 2.0], y=[3.0, 2.0], money=[0.0, 1.0])
    assert got.y[1] == pytest.approx(8.5, abs=1e-5)
    # where even the limit cannot be held, the back-off asks for nothing more
    stuck = solve(p, plan, targets, u=[2.0, 2.0], y=[3.0, 11.5], money=[0.0, 1.0])
    assert stuck.y[1] == pytest.approx(9.5, abs=1e-5)
    kinds = {row.kind for row, amount in zip(plan.rows, stuck.give_up, strict=True) if abs(amount) > 1e-4}
    assert kinds == {"limit", "back_off"}


def test_what_may_not_move_stays_and_the_rest_gives_what_it_can():
    p = two()
    plan, targets = of(p)
    got = solve(p, plan, targets, u=[2.0, 2.0], y=[11.0, 2.0], money=[1.0, 1.0], lo=[2.0, 0.0], hi=[2.0, 10.0])
    assert got.u[0] == 2.0
    assert got.u[1] == pytest.approx(0.0, abs=1e-6)
    assert given(plan, got)["cv.y.hi"] == pytest.approx(2.0, abs=1e-5)


def test_a_dropped_cv_asks_for_nothing():
    p = two()
    plan, targets = of(p)
    got = solve(p, plan, targets, u=[2.0, 2.0], y=[11.0, 2.0], money=[0.0, 0.0], out=["y"])
    assert got.u == pytest.approx([2.0, 2.0], abs=1e-9)
    assert given(plan, got) == {}


def test_another_vertex_must_earn_more_than_the_hysteresis():
    p = two()
    plan, targets = of(p)
    base = {"u": [5.0, 2.0], "y": [8.0, 2.0]}  # a = 1 is worth b = 2 along the limit of y
    last = solve(p, plan, targets, **base, money=[2.0, 0.9]).u
    assert last[1] == pytest.approx(0.0, abs=1e-4)
    little = solve(p, plan, targets, last=last, **base, money=[2.0, 1.05])
    assert little.kept
    assert little.u == pytest.approx(last, abs=1e-4)
    much = solve(p, plan, targets, last=last, **base, money=[2.0, 1.3])
    assert not much.kept
    assert much.u[1] > 5.0


def test_a_vertex_is_followed_even_when_that_earns_little():
    p = two()
    plan, targets = of(p)
    base = {"u": [5.0, 2.0], "money": [2.0, 0.9]}
    last = solve(p, plan, targets, **base, y=[8.0, 2.0]).u
    for y in (8.1, 7.8):
        got = solve(p, plan, targets, last=last, **base, y=[y, 2.0])
        assert not got.kept
        assert got.y[0] == pytest.approx(8.0, abs=1e-5)


def test_a_spare_mv_goes_to_its_ideal_value_and_others_stay():
    p = two(ideal=4.0)
    plan, targets = of(p)
    got = solve(p, plan, targets, last=np.array([1.0, 1.0]), u=[1.0, 1.0], y=[2.0, 1.0], money=[0.0, 0.0])
    assert got.u == pytest.approx([1.0, 4.0], abs=1e-4)
    assert not got.kept


def test_a_target_is_held_where_the_limits_let_it():
    p = two()
    plan, targets = of(p)
    got = solve(p, plan, targets, u=[2.0, 2.0], y=[3.0, 2.0], money=[1.0, 0.0], targets={"y": 5.0})
    assert got.y[0] == pytest.approx(5.0, abs=1e-5)
    got = solve(p, plan, targets, u=[2.0, 2.0], y=[3.0, 2.0], money=[1.0, 0.0], targets={"y": 8.5})
    assert got.y[0] == pytest.approx(8.0, abs=1e-5)
    assert set(given(plan, got)) == {"cv.y.target"}


def test_an_integrating_cv_is_balanced():
    level = replace(pair("a", "level", 0.01), integrating=True)
    out = replace(pair("b", "level", -0.02), integrating=True)
    p = plant([mv("a", (0.0, 10.0)), mv("b", (0.0, 10.0))], [cv("level", (40.0, 60.0))], [level, out])
    plan, targets = of(p)
    still = solve(p, plan, targets, u=[4.0, 2.0], y=[50.0], money=[1.0, 0.0], slope=[0.003])
    assert 0.003 + 0.01 * (still.u[0] - 4.0) - 0.02 * (still.u[1] - 2.0) == pytest.approx(0.0, abs=1e-6)
    assert still.u[0] == pytest.approx(10.0, abs=1e-4)
    high = solve(p, plan, targets, u=[4.0, 2.0], y=[65.0], money=[1.0, 0.0], slope=[0.0])
    slope = 0.01 * (high.u[0] - 4.0) - 0.02 * (high.u[1] - 2.0)
    assert slope * plan.balance_s[0] == pytest.approx(-5.0, abs=1e-3)


def test_a_quadratic_cost_is_weighed_against_the_money():
    p = two(cost_quadratic=0.5, ideal=4.0)
    plan, targets = of(p)
    got = solve(p, plan, targets, u=[1.0, 1.0], y=[2.0, 1.0], money=[0.0, 1.0])
    assert got.u == pytest.approx([1.0, 6.0], abs=1e-3)  # 1 = 0.5 (u - 4)
    assert got.earns == pytest.approx((6.0 - 1.0) - 0.25 * (2.0**2 - 3.0**2), abs=1e-3)


def test_a_quadratic_cost_of_a_cv_pulls_it_through_its_mvs():
    p = two()
    p = replace(p, cvs={**p.cvs, "y": replace(p.cvs["y"], cost_quadratic=2.0, ideal=5.0)})
    plan, targets = of(p)
    got = solve(p, plan, targets, u=[2.0, 2.0], y=[3.0, 2.0], money=[1.0, 0.0])
    assert got.y[0] == pytest.approx(5.5, abs=1e-3)
    dropped = solve(p, plan, targets, u=[2.0, 2.0], y=[3.0, 2.0], money=[1.0, 0.0], out=["y"])
    assert dropped.u[0] == pytest.approx(10.0, abs=1e-6)


def outside(value, rank=9):
    return ExternalTarget(value=value, issued_at_s=0.0, age_s_max=60.0, rank=rank)


def with_external(p, plan, layer, external, **more):
    st = replace(state(p, plan, **more), external=external)
    return layer.solve(st, room(plan, st), None)


def test_external_targets_are_gone_to_as_far_as_their_rank_lets_them():
    p = two()
    plan, targets = of(p)
    base = {"u": [2.0, 2.0], "y": [3.0, 2.0], "money": [1.0, 0.0]}
    got = with_external(p, plan, targets, {"a": outside(4.0), "z": outside(6.0)}, **base)
    assert got.u == pytest.approx([4.0, 6.0], abs=1e-5)
    # a = 9 would bring y to 10: its upper limit (rank 1) comes first, and the target gives way
    far = with_external(p, plan, targets, {"a": outside(9.0), "b": outside(2.0)}, **base)
    assert far.y[0] == pytest.approx(8.0, abs=1e-5)
    assert set(given(plan, far)) == {"mv.a.target", "mv.b.target"}
    # in a rank above the limit of z (3) it is the limit that gives way
    first = with_external(p, plan, targets, {"b": outside(9.8, rank=2)}, **base)
    assert first.u[1] == pytest.approx(9.8, abs=1e-5)
    assert given(plan, first)["cv.z.hi"] == pytest.approx(0.8, abs=1e-5)


def test_an_external_target_comes_before_the_cv_s_own():
    p = two()
    plan, targets = of(p)
    base = {"u": [2.0, 2.0], "y": [3.0, 2.0], "money": [0.0, 0.0], "targets": {"y": 4.0}}
    assert with_external(p, plan, targets, {}, **base).y[0] == pytest.approx(4.0, abs=1e-5)
    assert with_external(p, plan, targets, {"y": outside(6.0)}, **base).y[0] == pytest.approx(6.0, abs=1e-5)


def test_gains_that_vary_are_an_argument_of_the_cycle():
    p = two()
    plan, targets = of(p)
    base = {"u": [2.0, 2.0], "y": [3.0, 2.0], "money": [1.0, 0.0]}
    assert solve(p, plan, targets, **base).u[0] == pytest.approx(8.0, abs=1e-5)
    twice = replace(state(p, plan, **base), level_gain=2.0 * plan.level_gain)
    assert targets.solve(twice, room(plan, twice), None).u[0] == pytest.approx(5.0, abs=1e-5)
    assert solve(p, plan, targets, **base).u[0] == pytest.approx(8.0, abs=1e-5)


def test_with_nothing_to_hold_the_money_alone_decides():
    p = two()
    plan, targets = of(p)
    got = solve(p, plan, targets, u=[2.0, 2.0], y=[3.0, 2.0], money=[1.0, -1.0], out=["y", "z"])
    assert got.u == pytest.approx([10.0, 0.0], abs=1e-6)
    assert got.worth_hi[0] == pytest.approx(1.0)


def same(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("u", "y", "give_up", "worth", "active")
    )


def test_an_answer_depends_on_its_arguments_alone_bit_for_bit():
    p = two(cost_quadratic=0.1, ideal=4.0)
    plan, targets = of(p)
    rng = np.random.default_rng(1)
    asked = []
    last, start = None, ()
    for k in range(60):
        st = state(
            p,
            plan,
            u=rng.uniform(0.0, 10.0, 2),
            y=rng.normal(5.0, 4.0, 2),
            money=rng.normal(size=2),
            out=["z"] if k % 7 == 0 else [],
            targets={"y": 5.0} if k % 3 == 0 else {},
        )
        if k % 5 == 0:
            st = replace(st, level_gain=plan.level_gain * rng.uniform(0.5, 2.0))
        got = targets.solve(st, room(plan, st), last, start)
        asked.append((st, last, start, got))
        last, start = got.u, got.active
    for layer in (targets, of(p)[1]):
        for st, before, begin, got in reversed(asked):
            assert same(layer.solve(st, room(plan, st), before, begin), got)


def test_where_to_start_changes_nothing_but_the_time():
    p = two()
    plan, targets = of(p)
    st = state(p, plan, u=[2.0, 2.0], y=[9.0, 2.0], money=[1.0, 0.3])
    cold = targets.solve(st, room(plan, st), None)
    for start in (cold.active, (1.0,) * len(cold.active), (3.0,) * len(cold.active), (1.0,)):
        assert targets.solve(st, room(plan, st), None, start).u == pytest.approx(cold.u, abs=1e-7)
