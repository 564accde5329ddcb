"""What every kind of model must do, whatever it is made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plant import Multiplier, Pair, StateSpace
from controllers.model import Model

CYCLE = 15.0
QUICK = settings(max_examples=25, deadline=None, derandomize=True)
TABLE = ((0.0, 0.0), (20.0, 0.0), (50.0, 0.9), (130.0, 1.6), (400.0, 2.0))


def block(name, a, b, c, d=((0.0,),), dead=0.0):
    return StateSpace(name=name, inputs=("u",), cvs=("y",), a=a, b=b, c=c, d=d, dead_time_s=(dead,))


def one(*pairs, **more):
    """Return a model of one input and one CV; each pair is what it says beyond its ends."""
    made = [Pair(source="u", cv="y", **{"gain": 0.0, **each}) for each in pairs]
    return Model(made, ["u"], ["y"], CYCLE, **more)


SWING = block("swing", ((-0.01, 0.02), (-0.02, -0.01)), ((0.01,), (0.0,)), ((1.0, 2.0),), ((0.3,),), 40.0)
TANK = block("tank", ((-0.02, 0.0), (0.01, 0.0)), ((0.02,), (0.0,)), ((0.0, 1.0),))
LAG = block("lag", ((-1.0 / 80.0,),), ((1.5 / 80.0,),), ((1.0,),), dead=12.0)
LOAD = Multiplier(name="m", by="load", points=((0.0, 2.0), (1.0, 3.0)))
KINDS = {
    "pair": one({"gain": 2.0, "dead_time_s": 52.3, "lag1_s": 100.0, "lag2_s": 30.0}),
    "lead": one({"gain": 2.0, "dead_time_s": 7.0, "lag1_s": 60.0, "lead_s": -30.0}),
    "integrator": one({"gain": 0.01, "dead_time_s": 20.0, "lag1_s": 9.0, "integrating": True}),
    "table": one({"step": TABLE}),
    "table that begins at once": one({"dead_time_s": 33.0, "step": ((0.0, 0.5), (80.0, 1.0))}),
    "integrating table": one({"integrating": True, "step": ((0.0, 0.0), (40.0, 0.1), (90.0, 1.0))}),
    "state space": one(blocks=[SWING]),
    "integrating block": one(blocks=[TANK]),
    "scheduled": one({"gain": 2.0, "dead_time_s": 30.0, "lag1_s": 100.0, "multiplier": "m"}, multipliers=[LOAD]),
    "everything at once": Model(
        [Pair(source="u", cv="y", gain=-1.0, lag1_s=40.0), Pair(source="u", cv="y", gain=0.0, step=TABLE)],
        ["u"],
        ["y"],
        CYCLE,
        blocks=[LAG],
    ),
}
moves = st.lists(st.tuples(st.floats(1.0, 90.0), st.floats(-2.0, 2.0)), min_size=1, max_size=8)


def walked(model, history):
    """Return the record after each input held for its time, and all steps made: (when, how far)."""
    record, at, level, steps = model.start(0.0), 0.0, 0.0, []
    for gap, to in history:
        steps.append((at, to - level))
        level = to
        at += gap
        record = model.advance(record, np.array([level]), np.array([level]), at)
    return record, at, steps


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(history=moves, ahead=st.floats(0.0, 900.0))
def test_any_history_is_the_sum_of_its_steps(kind, history, ahead):
    model = KINDS[kind]
    record, at, steps = walked(model, history)
    want = sum(size * model.steps(np.array([[at + ahead - when]]))[0, 0, 0] for when, size in steps)
    assert model.free(record, np.array([ahead]))[0, 0] == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(history=moves, held=st.floats(-2.0, 2.0), first=st.floats(0.5, 60.0), second=st.floats(0.5, 200.0))
def test_advancing_in_two_parts_is_advancing_once(kind, history, held, first, second):
    model = KINDS[kind]
    record, at, _ = walked(model, history)
    u = np.array([held])
    once = model.advance(record, u, u, at + first + second)
    twice = model.advance(model.advance(record, u, u, at + first), u, u, at + first + second)
    ahead = np.array([0.0, 11.0, 240.0, 5000.0])
    assert model.free(once, ahead) == pytest.approx(model.free(twice, ahead), abs=1e-9)
    # and time that passes is the prediction come true
    assert model.free(once, np.zeros(1))[0, 0] == pytest.approx(
        model.free(model.advance(record, u, u, at + 1e-9), np.array([first + second]))[0, 0], abs=1e-6
    )


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(history=moves)
def test_what_is_stored_says_the_same(kind, history):
    model = KINDS[kind]
    record, _, _ = walked(model, history)
    again = model.resumed(record.at_s, record.inputs, record.first, record.states[0])
    assert again.states == pytest.approx(record.states, rel=1e-12, abs=1e-12)
    assert again.first == record.first


@pytest.mark.parametrize("kind", KINDS)
def test_the_response_ends_at_its_gain_once_it_has_settled(kind):
    model = KINDS[kind]
    level, slope = model.gains()
    late = max(float(model.settle_s()[0]), 2000.0)
    first, second = model.steps(np.array([[late], [late + 100.0]]))[:, 0, 0]
    assert (second - first) / 100.0 == pytest.approx(slope[0, 0], abs=2e-4)
    if not model.cv_integrates()[0]:
        assert second == pytest.approx(level[0, 0], rel=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_the_record_stays_short_and_the_states_shorter(kind):
    model = KINDS[kind]
    record, _, _ = walked(model, [(CYCLE, 1.0)] * 100)
    assert len(record.at_s) <= 400.0 / CYCLE + 4
    assert len(record.states) <= model.dead_max_s / CYCLE + 3
    record, _, _ = walked(model, [(CYCLE, 1.0)] * 40 + [(0.01, 1.0)] * 500)
    assert len(record.at_s) <= 4 * (400.0 / CYCLE + 3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_now_does_not_show_in_the_reading_of_now(kind):
    model = KINDS[kind]
    record = model.advance(model.start(0.0), np.zeros(1), np.ones(1), CYCLE)
    assert model.free(record, np.zeros(1))[0, 0] == 0.0
