from __future__ import annotations

from dataclasses import replace

import pytest

from controllers.controller import Controller
from controllers.memory import Memory
from controllers.relief import TRIED
from tests.controllers.plants import DRYER_D, DRYER_MONEY, DRYER_U, DRYER_Y, cv, dryer, inputs, mv, pair, plant


def asked(of, u, y, money, **more):
    return inputs(of, 0, 0.0, u, y, money=money, what_if=True, **more)


def small():
    return plant(
        [mv("a", (0.0, 10.0)), mv("b", (0.0, 10.0))],
        [cv("y", (0.0, 8.0), concern=2.0), cv("z", (0.0, 9.0))],
        [pair("a", "y", 1.0, lag1=30), pair("b", "y", 0.5, lag1=30), pair("b", "z", 1.0, lag1=30)],
    )


def test_the_limit_that_earns_most_comes_first_with_what_would_move():
    plan, _ = Controller(small()).step(
        asked(small(), {"a": 2.0, "b": 2.0}, {"y": 3.0, "z": 2.0}, {"a": 3.0, "b": 2.0}), Memory()
    )
    best = plan.reliefs[0]
    assert best.name == "cv.y.hi"
    assert (best.by, best.worth) == (2.0, pytest.approx(3.0, rel=1e-3))
    assert best.earns == pytest.approx(6.0, rel=1e-3)  # two more of a, 3 each
    assert best.u_ss == pytest.approx({"a": plan.u_ss["a"] + 2.0}, abs=1e-3)
    assert [each.earns for each in plan.reliefs] == sorted((each.earns for each in plan.reliefs), reverse=True)


def test_where_another_limit_takes_over_solving_again_tells_less_than_the_dual():
    # a is at y's limit and 0.5 below its own: one concern (2) more of y lets it rise by 0.5 alone
    of = small()
    plan, _ = Controller(of).step(
        asked(of, {"a": 9.0, "b": 0.0}, {"y": 7.5, "z": 0.0}, {"a": 3.0, "b": -9.0}), Memory()
    )
    relief = next(each for each in plan.reliefs if each.name == "cv.y.hi")
    assert relief.worth * relief.by == pytest.approx(6.0, rel=1e-3)
    assert relief.earns == pytest.approx(1.5, rel=1e-2)


def test_it_changes_nothing_else_and_is_not_done_unasked(dryer_controller):
    given = asked(dryer(), DRYER_U, DRYER_Y, DRYER_MONEY, d=DRYER_D)
    deep, after = dryer_controller.step(given, Memory())
    plain, same = dryer_controller.step(replace(given, what_if=False), Memory())
    assert 1 <= len(deep.reliefs) <= TRIED
    assert plain.reliefs == ()
    assert replace(deep, reliefs=()) == plain
    assert after == same


def test_what_earns_nothing_has_no_relief():
    of = small()
    plan, _ = Controller(of).step(asked(of, {"a": 2.0, "b": 2.0}, {"y": 3.0, "z": 2.0}, {}), Memory())
    assert plan.reliefs == ()
