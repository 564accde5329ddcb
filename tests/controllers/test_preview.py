"""What is known of a DV's future acts before it happens, as much as the model says and no more."""

from __future__ import annotations

import numpy as np
import pytest

from controllers.controller import Controller
from controllers.model import Model
from controllers.preview import Change, changes, effect
from controllers.types import PlanStatus
from tests.controllers.plants import CYCLE_S, cv, loop, mv, pair, plant

PAIRS = [pair("u", "y", 2.0, 60.0, 120.0), pair("d", "y", 3.0, 0.0, 60.0)]
OF = plant([mv("u", (0.0, 100.0))], [cv("y", (40.0, 60.0))], PAIRS, dvs=("d", "e"))
MODEL = Model.of(OF)
AHEAD = np.array([0.0, 30.0, 60.0, 90.0, 1000.0])


def test_only_changes_within_the_horizon_count_and_from_what_is_there_now():
    now = np.array([50.0, 7.0, 1.0])
    assert changes({"d": [(60.0, 7.0), (120.0, 9.0), (180.0, 9.0), (900.0, 20.0)]}, MODEL, now, 600.0) == (
        Change(1, 120.0, 2.0),
    )
    # a forecaster that is off by a constant foresees no step
    assert changes({"d": [(-30.0, 17.0), (60.0, 17.0)]}, MODEL, now, 600.0) == ()
    assert changes({"e": [(0.0, 5.0), (60.0, 4.0), (90.0, 5.0)]}, MODEL, now, 600.0) == (
        Change(2, 60.0, -1.0),
        Change(2, 90.0, 1.0),
    )


def test_the_effect_is_the_step_response_from_when_it_comes():
    factors = np.ones((1, 3))
    seen = effect(MODEL, factors, [Change(1, 30.0, 2.0)], AHEAD)[:, 0]
    assert seen == pytest.approx([0.0, 0.0, *(6.0 * (1.0 - np.exp(-(t - 30.0) / 60.0)) for t in AHEAD[2:])])
    twice = effect(MODEL, 2.0 * factors, [Change(1, 30.0, 2.0)], AHEAD)[:, 0]
    assert twice == pytest.approx(2.0 * seen)


def run(known):
    """Let a disturbance come after 300 s, foretold or not; return the worst value of the CV."""
    process = loop(OF, {"u": 50.0}, {"y": 59.0}, {"d": 0.0, "e": 0.0})
    worst = 0.0
    for k in range(60):
        left_s = 300.0 - k * CYCLE_S
        if left_s <= 0.0:
            process.sim.v["d"] = 4.0
        process.step(forecast={"d": ((left_s, 4.0),)} if known and left_s > 0.0 else {})
        worst = max(worst, process.sim.read()["y"])
    return worst, process.sim.read()["y"]


def test_a_foretold_disturbance_is_met_before_it_comes():
    worst, end = run(known=True)
    surprised, same_end = run(known=False)
    assert worst < 60.0 + 0.5 * (surprised - 60.0)
    assert end <= 60.0 + 1e-3
    assert same_end <= 60.0 + 1e-3


@pytest.mark.parametrize(
    ("forecast", "why"),
    [
        ({"u": ((10.0, 1.0),)}, "u has a forecast but is no DV"),
        ({"d": ((10.0, np.nan),)}, "d: its forecast is not a number"),
        ({"d": ((10.0, 1.0), (10.0, 2.0))}, "d: its forecast does not go forward in time"),
    ],
)
def test_a_forecast_that_makes_no_sense_is_refused(forecast, why):
    process = loop(OF, {"u": 50.0}, {"y": 59.0}, {"d": 0.0, "e": 0.0}, controller=Controller(OF))
    plan = process.step(forecast=forecast)
    assert (plan.status, plan.why) == (PlanStatus.BAD_INPUT, why)
