"""The answers of pairs, against a fine explicit integration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import setwise
from constraints.plant import Pair
from setwise.response import PairState, advanced, output, unit_step


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
def test_a_step_is_answered_as_the_equations_say(more):
    pair = Pair(source="u", cv="y", gain=-2.5, **more)
    for seconds in (4.0, 12.0, 30.0):
        assert unit_step(pair, seconds) == pytest.approx(integrated(pair, seconds), abs=8e-3)


def test_nothing_answers_within_the_dead_time():
    pair = Pair(source="u", cv="y", gain=3.0, dead_time_s=20.0)
    assert [unit_step(pair, seconds) for seconds in (-1.0, 0.0, 20.0)] == [0.0, 0.0, 0.0]
    assert unit_step(pair, 20.001) == 3.0


def test_many_short_steps_are_one_long_one():
    pair = Pair(source="u", cv="y", gain=1.0, lag1_s=30.0, lag2_s=12.0, lead_s=20.0, integrating=True)
    state = PairState()
    for _ in range(50):
        state = advanced(pair, state, 0.7, 1.7)
    assert output(pair, state, 0.7) == pytest.approx(output(pair, advanced(pair, PairState(), 0.7, 85.0), 0.7))


def test_step_responses_end_at_the_gains(plant):
    responses = setwise.step_responses(plant)
    for pair in plant.pairs:
        assert responses[pair.cv, pair.source].iloc[-1] == pytest.approx(pair.gain, rel=0.01)
        assert responses[pair.cv, pair.source].iloc[0] == 0.0
    assert responses.attrs["units"]["moist", "feed_sp"] == "percent per kg/h"
    assert ("gas", "hum_amb") not in responses.columns, "the plant file has no such pair"


def test_it_is_the_controllers_model(plant):
    """The two share no code."""
    from controllers.model import Model

    model = Model(plant.pairs, (*plant.mvs, *plant.dvs), tuple(plant.cvs), plant.cycle_s)
    responses = setwise.step_responses(plant, hours=0.5)
    steps = model.steps(np.repeat(responses.index.to_numpy()[:, None], len(plant.cvs), axis=1))
    for (cv, source), mine in responses.items():
        c, i = list(plant.cvs).index(cv), [*plant.mvs, *plant.dvs].index(source)
        assert mine.to_numpy() == pytest.approx(steps[:, c, i], abs=1e-9)


def test_a_model_of_another_kind_is_refused_and_never_left_out(plant):
    first = plant.pairs[0]
    table = replace(first, step=((0.0, 0.0), (60.0, 1.0)))
    for pair, kind in ((table, "a step response"), (replace(first, multiplier="m"), "multiplier m")):
        other = replace(plant, pairs=(pair, *plant.pairs[1:]))
        with pytest.raises(setwise.InputError, match=f"{first.source} on {first.cv}: {kind}.*process="):
            setwise.step_responses(other)
    with pytest.raises(setwise.InputError, match="process="):
        setwise.simulate(replace(plant, pairs=(table, *plant.pairs[1:])), hours=0.1)
