"""Each worth that is shown is what solving again with a little more room earns, wherever the same limits hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.ranked_cases import case
from controllers.ranked import Stage
from controllers.rows import Room
from controllers.targets import Targets
from controllers.worth import worths

STEP = 1e-3
"""Concerns, or shares of an MV's span."""


def shown(problem, got):
    """Yield (worth of a unit, state and room with a little less, with a little more) of every limit that is shown."""
    state, room, plan = problem.state, problem.room, problem.layout
    given = np.abs(got.give_up) > 1e-4 * plan.index.concern
    for k in np.flatnonzero((got.worth != 0.0) & ~given):
        if room.hi[k] - room.lo[k] < STEP:
            continue  # its sides would cross
        upper = got.worth[k] > 0.0
        nudge = np.zeros(len(plan.rows))
        nudge[k] = STEP
        rooms = [
            Room(room.lo - (0.0 if upper else way * nudge), room.hi + (way * nudge if upper else 0.0), room.rank)
            for way in (-1.0, 1.0)
        ]
        yield abs(got.worth[k]) * plan.index.concern[k], (state, rooms[0]), (state, rooms[1])
    for side, worth in (("hi", got.worth_hi), ("lo", got.worth_lo)):
        for i in np.flatnonzero((worth > 0.0) & (state.hi > state.lo)):
            nudge = np.zeros(len(plan.mvs))
            nudge[i] = STEP * plan.span[i]
            way = 1.0 if side == "hi" else -1.0
            moved = [replace(state, **{side: getattr(state, side) + s * way * nudge}) for s in (-1.0, 1.0)]
            yield worth[i] * plan.span[i], (moved[0], room), (moved[1], room)


def test_each_worth_shown_is_found_again_by_solving_again():
    compared = 0
    for seed in range(240):
        problem = case(seed)
        steepest = float(np.abs(problem.state.money * problem.layout.span).max())
        if steepest == 0.0:
            continue
        targets = Targets(problem.layout, problem.plant)
        got = targets.solve(problem.state, problem.room, None)
        for worth, less, more in shown(problem, got):
            if worth < 1e-2 * steepest:
                continue  # among what the pull toward rest costs
            down, up = (targets.explored(*each, None, ())[1] for each in (less, more))
            below, above = (got.earns - down) / STEP, (up - got.earns) / STEP
            if abs(above - below) > 1e-3 * max(abs(above), abs(below)):
                continue  # another limit takes over within the step
            assert worth == pytest.approx(above, rel=1e-2), (seed, below)
            compared += 1
    assert compared > 200


def test_without_give_ups_the_duals_are_the_worth():
    dual = np.array([0.0, 2.0, -1.0])
    assert worths(dual, (), np.array([[1.0]])).tolist() == dual.tolist()


def test_two_limits_that_share_a_give_up_share_its_worth():
    # x <= 0 and x >= 2 are both given up, to x = 1; one unit more earns 3 currency
    rows = np.array([[1.0], [1.0]])
    stage = Stage(given=np.array([0, 1]), firm=np.array([], dtype=np.intp))
    assert worths(np.array([0.0, 3.0, 0.0]), (stage,), rows) == pytest.approx([0.0, 1.5, 1.5])


def test_what_pushed_back_in_a_stage_is_worth_what_it_let_the_given_up_row_do():
    # x0 + x1 >= 4 is given up (held at 2) because x0 <= 1 and x1 <= 1 are firm; it is held to that for 5 a unit
    rows = np.array([[1.0, 1.0]])
    stage = Stage(given=np.array([0]), firm=np.array([0, 1]))
    assert worths(np.array([0.0, 0.0, -5.0]), (stage,), rows) == pytest.approx([-5.0, -5.0, 0.0])
