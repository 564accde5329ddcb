from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from constraints.plant import Row
from controllers.model import Model
from controllers.rows import SteadyState, effects, fresh, layout, room
from controllers.types import ExternalTarget
from tests.controllers.plants import cv, mv, pair, plant


def made(**more):
    level = replace(pair("b", "level", 0.01), integrating=True)
    p = plant(
        [mv("a", (0.0, 10.0)), mv("b", (0.0, 5.0))],
        [cv("y", (1.0, 8.0), concern=2.0, back_off_hi=1.0, rank_hi=1, rank_lo=2), cv("level", (40.0, 60.0))],
        [pair("a", "y", 3.0), level],
        rows=[Row(name="own", coefficients={"y": 1.0, "a": -1.0}, hi=4.0, rank=3)],
    )
    plan = layout(p, Model.of(p))
    given = {
        "u": np.array([2.0, 1.0]),
        "lo": np.zeros(2),
        "hi": np.array([10.0, 5.0]),
        "y_end": np.array([5.0, 65.0]),
        "slope_end": np.array([0.0, 0.003]),
        "limits": {"y": (1.0, 8.0), "level": (40.0, 60.0)},
        "targets": {},
        "out": frozenset(),
        "money": np.zeros(2),
        **more,
    }
    return plan, SteadyState(**given)


def told(plan, state):
    """Return (kind, variable) -> (lo, hi), in concerns, of the rows that say something."""
    found = room(plan, state)
    shown = {}
    for i, row in enumerate(plan.rows):
        if np.isfinite(found.lo[i]) or np.isfinite(found.hi[i]):
            lo, hi = shown.get((row.kind, row.variable), (-np.inf, np.inf))
            shown[row.kind, row.variable] = (max(lo, float(found.lo[i])), min(hi, float(found.hi[i])))
    return shown


def test_room_is_what_is_left_in_concerns():
    plan, state = made()
    shown = told(plan, state)
    assert shown["limit", "y"] == (-2.0, 1.5)
    assert shown["back_off", "y"] == (-np.inf, 1.0)
    assert shown["row", "own"] == (-np.inf, 1.0)
    balance = -5.0 - 0.003 * plan.balance_s[1]  # back to 60, against the slope that it has
    assert shown["balance", "level"] == pytest.approx((balance, balance))
    assert set(shown) == {("limit", "y"), ("back_off", "y"), ("row", "own"), ("balance", "level")}


def test_targets_are_both_sides_of_a_row_and_external_ones_bring_their_rank():
    plan, state = made(targets={"y": 6.0})
    assert told(plan, state)["target", "y"] == (0.5, 0.5)
    wish = ExternalTarget(value=7.0, issued_at_s=0.0, age_s_max=1.0, rank=4)
    state = replace(state, external={"y": wish, "b": replace(wish, value=1.5)})
    assert told(plan, state)["target", "y"] == (1.0, 1.0)
    assert told(plan, state)["mv_target", "b"] == pytest.approx((10.0, 10.0))  # a concern is a hundredth of the span
    ranks = {(row.kind, row.variable): rank for row, rank in zip(plan.rows, room(plan, state).rank, strict=True)}
    assert ranks["target", "y"] == ranks["mv_target", "b"] == 4
    assert ranks["mv_target", "a"] == 9


def test_what_is_out_takes_every_row_that_needs_it_along():
    plan, state = made(out=frozenset(["y"]), targets={"y": 6.0})
    assert set(told(plan, state)) == {("balance", "level")}


def test_a_back_off_ends_in_the_middle_and_needs_no_other_side():
    plan, state = made(limits={"y": (5.0, 6.0), "level": (40.0, 60.0)})
    assert told(plan, state)["back_off", "y"] == (-np.inf, 0.25)
    plan, state = made(limits={"y": (-np.inf, 6.0), "level": (40.0, 60.0)})
    assert told(plan, state)["back_off", "y"] == (-np.inf, 0.0)


def test_effects_follow_the_gains_of_the_cycle():
    plan, state = made()
    rows = effects(plan, state)
    twice = effects(plan, replace(state, level_gain=2.0 * plan.level_gain, slope_gain=3.0 * plan.slope_gain))
    at = {(row.kind, row.variable): i for i, row in enumerate(plan.rows)}
    assert rows[at["target", "y"]].tolist() == [15.0, 0.0]  # 3 per unit, span 10, concern 2
    assert twice[at["target", "y"]].tolist() == [30.0, 0.0]
    assert rows[at["row", "own"]].tolist() == [20.0, 0.0]
    assert twice[at["row", "own"]].tolist() == [50.0, 0.0]
    assert twice[at["balance", "level"]] == pytest.approx(3.0 * rows[at["balance", "level"]])
    assert rows[at["mv_target", "b"]].tolist() == [0.0, 100.0]


def test_only_what_is_neither_old_nor_from_a_time_to_come_is_heeded():
    at = {"old": 9.0, "edge": 10.0, "new": 15.0, "ahead": 20.1}
    wishes = {name: ExternalTarget(value=1.0, issued_at_s=when, age_s_max=10.0) for name, when in at.items()}
    assert set(fresh(wishes, 20.0)) == {"edge", "new"}
