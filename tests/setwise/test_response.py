"""The answers of pairs, against a fine explicit integration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import setwise
from constraints.plant import Pair


def integrated(pair, seconds, dt=1e-3):
    """Euler steps of the textbook equations; the lead acts on the derivative."""
    lags = [lag for lag in (pair.lag1_s, pair.lag2_s) if lag > 0.0]
    x, total, y = [0.0, 0.0], 0.0, 0.0
    for _ in range(round((seconds - pair.dead_time_s) / dt)):
        inner, rate = 1.0, 0.0
        for number, lag in enumerate(lags):
            rate = (inner - x[number]) / lag
            x[number] += rate * dt
            inner = x[number]
        y = inner + pair.lead_s * rate
        total += y * dt
    return pair.gain * (total if pair.integrating else y)


@pytest.mark.parametrize(
    "more",
    [
        {"lag1_s": 10.0},
        {"lag1_s": 10.0, "lag2_s": 4.0, "lead_s": 15.0},
        {"lag1_s": 3.0, "lag2_s": 9.0},
        {"lag1_s": 6.0, "lag2_s": 6.0, "lead_s": -5.0},
        {"lag1_s": 10.0, "lead_s": 5.0, "dead_time_s": 3.0},
        {"integrating": True},
        {"integrating": True, "lag1_s": 5.0, "lag2_s": 2.0, "lead_s": 3.0},
        {},
    ],
)
def test_a_step_is_answered_as_the_equations_say(plant, more):
    pair = Pair(source="fan_sp", cv="moist", gain=-2.5, **more)
    found = setwise.step_responses(replace(plant, pairs=(pair,)), hours=30.0 / 3600.0)["moist", "fan_sp"]
    for seconds in (4.05, 12.0, 30.0):
        assert np.interp(seconds, found.index, found) == pytest.approx(integrated(pair, seconds), abs=0.03)


def test_nothing_answers_within_the_dead_time(plant):
    pair = Pair(source="fan_sp", cv="moist", gain=3.0, dead_time_s=20.0)
    found = setwise.step_responses(replace(plant, pairs=(pair,)), hours=40.0 / 3600.0)["moist", "fan_sp"]
    assert set(found[found.index <= 20.0]) == {0.0}
    assert set(found[found.index > 20.1]) == {3.0}


def test_step_responses_end_at_the_gains(plant):
    responses = setwise.step_responses(plant)
    for pair in plant.pairs:
        assert responses[pair.cv, pair.source].iloc[-1] == pytest.approx(pair.gain, rel=0.01)
        assert responses[pair.cv, pair.source].iloc[0] == 0.0
    assert responses.attrs["units"]["moist", "feed_sp"] == "percent per kg/h"
    assert ("gas", "hum_amb") not in responses.columns, "the plant file has no such pair"
