"""Gains that change from cycle to cycle: engineers' functions, and multipliers that follow a tag."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plant import FunctionSpec, Multiplier
from controllers.controller import Controller
from controllers.estimate import Estimator
from controllers.memory import Memory
from controllers.model import Model, ModelError
from controllers.models.function import FunctionError
from controllers.types import PlanStatus
from tests.controllers.models import engineers
from tests.controllers.plants import CYCLE_S, cv, inputs, mv, pair, plant

LOAD = Multiplier(name="load", by="flow", points=((0.0, 0.5), (100.0, 2.0)), per_s_max=0.01)
STILL = np.zeros(1)
QUICK = settings(max_examples=25, deadline=None, derandomize=True)


def reactor(call=engineers.steady, **more):
    """Return a plant whose c turns its gain at u = 10, and whose level integrates u times the load."""
    spec = FunctionSpec(
        name="f", address="a:b", mvs=("u",), dvs=("d",), cvs=("c", "T"), at=(6.0, 0.0), call=call, **more
    )
    of_function = {"gain": 1.0, "function": "f"}
    pairs = (
        replace(pair("u", "c", 1.0, 20.0, 60.0), **of_function),
        replace(pair("d", "c", 1.0, 0.0, 30.0), **of_function),
        replace(pair("u", "T", 1.0, 0.0, 90.0, 20.0), **of_function),
        replace(pair("u", "level", 0.002, 30.0), integrating=True, multiplier="load"),
        replace(pair("u", "s", 3.0, 45.0, 100.0), multiplier="load"),
        pair("d", "s", 1.0, 0.0, 50.0),
    )
    cvs = [cv("c", (-50.0, 50.0)), cv("T", (0.0, 300.0)), cv("level", (0.0, 100.0)), cv("s", (0.0, 400.0))]
    made = plant([mv("u", (0.0, 20.0))], cvs, pairs, dvs=("d",))
    return replace(made, functions={"f": spec}, multipliers={"load": LOAD})


PLANT = reactor()
MODEL = Model.of(PLANT)
ESTIMATOR = Estimator(PLANT, MODEL)
Y = [3.0, 80.0, 50.0, 200.0]


def walked(cycles, estimator=ESTIMATOR):
    """Return the estimate after ``(u, d, flow)`` in each cycle, nothing measured but at the start."""
    u, d, flow = cycles[0]
    estimate = estimator.start(0.0, [u], [d], Y, scheduling={"flow": flow})
    for k, (u, d, flow) in enumerate(cycles[1:], start=1):
        estimate = estimator.update(estimate, k * CYCLE_S, [u], [d], [None] * 4, [False] * 4, scheduling={"flow": flow})
    return estimate


points = st.lists(
    st.tuples(st.floats(0.0, 20.0), st.floats(-3.0, 3.0), st.none() | st.floats(-20.0, 150.0)), min_size=1, max_size=8
)


@QUICK
@given(history=points, u=st.floats(0.0, 20.0), flow=st.floats(-20.0, 150.0))
def test_when_gains_change_the_present_and_the_slope_of_a_level_do_not_jump(history, u, flow):
    before = walked(history)
    at_s = len(history) * CYCLE_S
    expected = ESTIMATOR.predict(before, np.array([CYCLE_S]))
    held = float(before.inputs()[0])
    after = ESTIMATOR.update(
        before, at_s, [held], [float(before.inputs()[1])], [None] * 4, [False] * 4, scheduling={"flow": flow}
    )
    assert ESTIMATOR.predict(after, STILL) == pytest.approx(expected, abs=1e-8)
    assert ESTIMATOR.end(after)[1] == pytest.approx(ESTIMATOR.end(before)[1], abs=1e-12)


@QUICK
@given(history=points)
def test_the_end_is_where_the_prediction_leads(history):
    estimate = walked(history)
    far = ESTIMATOR.predict(estimate, np.array([1e5, 1e5 + 100.0]))
    end, slope = ESTIMATOR.end(estimate)
    stable = [0, 1, 3]
    assert far[0, stable] == pytest.approx(end[stable], abs=1e-6)
    assert (far[1, 2] - far[0, 2]) / 100.0 == pytest.approx(slope[2], abs=1e-9)


@QUICK
@given(history=points, change=st.floats(-3.0, 3.0))
def test_the_dynamic_matrix_of_a_cycle_is_the_unit_one_times_its_factors(history, change):
    estimate = walked(history)
    ahead = np.linspace(1.0, 900.0, 9)
    after = np.repeat(ahead[:, None], 4, axis=1)
    moved = replace(
        estimate,
        record=MODEL.advance(
            estimate.record,
            estimate.record.inputs[-1],
            estimate.record.inputs[-1] + [change, 0.0],
            estimate.record.now_s + 1e-9,
        ),
    )
    effect = ESTIMATOR.predict(moved, ahead) - ESTIMATOR.predict(estimate, ahead + 1e-9)
    matrix = MODEL.steps_unit(after) * ESTIMATOR.factors(estimate)
    assert effect == pytest.approx(matrix[:, :, 0] * change, abs=1e-7)
    level, slope = ESTIMATOR.gains_at(estimate)
    assert (level != 0.0).tolist()[3] == [True, True]
    assert slope[2, 0] == pytest.approx(0.002 * ESTIMATOR.factors(estimate)[2, 0])


def test_the_gain_is_the_derivative_where_the_plant_is_and_turns_with_it():
    assert ESTIMATOR.gains_at(walked([(6.0, 0.0, None)]))[0][0] == pytest.approx([0.8, -0.8], abs=1e-6)
    assert ESTIMATOR.gains_at(walked([(6.0, 0.0, None), (14.0, 0.0, None)]))[0][0, 0] == pytest.approx(-0.8, abs=1e-6)
    assert MODEL.gains()[0][0] == pytest.approx([0.8, -0.8], abs=1e-6)
    assert MODEL.gains()[0][1, 1] == 0.0  # T depends on d too, but no model says how fast
    assert MODEL.varies
    assert not Model([pair("u", "y", 1.0)], ["u"], ["y"], CYCLE_S).varies


def test_a_multiplier_walks_at_its_rate_and_a_disturbance_never_seen_is_taken_at_the_reference():
    estimate = walked([(6.0, None, 0.0), (6.0, None, 100.0), (6.0, None, None)])
    assert estimate.multiplied.tolist() == pytest.approx([0.65])
    assert walked([(6.0, 0.0, float("nan")), (6.0, 0.0, float("inf"))]).multiplied.tolist() == [1.0]
    assert ESTIMATOR.gains_at(estimate)[0][3, 0] == pytest.approx(3.0 * 0.65)
    assert estimate.factor[1] == pytest.approx(-0.8, abs=1e-6)


def test_it_is_stored_and_restored_exactly():
    estimate = walked([(6.0, 0.0, 10.0), (9.0, 1.0, 90.0), (12.0, 1.0, 90.0), (11.0, 1.0, 20.0)])
    again = ESTIMATOR.restored(Memory.from_bytes(estimate.stored(Memory()).to_bytes()))
    assert again.stored(Memory()) == estimate.stored(Memory())
    assert ESTIMATOR.restored(replace(estimate.stored(Memory()), factor=())) is None


def test_no_offset_remains_across_the_turn_of_the_gain():
    estimate, x, at_s = None, 0.0, 0.0
    for k in range(260):
        u = 4.0 + 0.05 * min(k, 200)  # to 14, over the peak at 10
        true = engineers.steady([x], [0.0])
        args = at_s, [u], [0.0], [float(true[0]), float(true[1]), 50.0, 200.0]
        estimate = ESTIMATOR.start(*args) if estimate is None else ESTIMATOR.update(estimate, *args, [True] * 4)
        x = u if k == 0 else x + (u - x) * (1.0 - np.exp(-CYCLE_S / 60.0))
        at_s += CYCLE_S
    assert ESTIMATOR.end(estimate)[0][0] == pytest.approx(float(engineers.steady([14.0], [0.0])[0]), abs=1e-3)


def test_two_models_of_one_effect_are_refused_where_one_varies():
    twice = replace(PLANT, pairs=(*PLANT.pairs, pair("u", "s", 1.0, lag1=5.0)))
    with pytest.raises(ModelError, match="u -> s"):
        Model.of(twice)


@pytest.mark.parametrize("call", [engineers.raises_odd, engineers.not_a_number, engineers.too_long])
def test_a_function_that_fails_from_the_start_builds_no_controller(call):
    with pytest.raises(FunctionError, match="function f"):
        Controller(reactor(call))


def test_a_function_that_fails_in_a_cycle_is_a_refusal_and_changes_nothing():
    of = reactor(engineers.beyond)
    controller = Controller(of)
    y = dict(zip(("c", "T", "level", "s"), Y, strict=True))
    plan, memory = controller.step(inputs(of, 0, 0.0, {"u": 11.0}, y, scheduling={"flow": 50.0}), Memory())
    assert plan.status is PlanStatus.OK
    plan, after = controller.step(inputs(of, 1, 15.0, {"u": 13.0}, y, scheduling={"flow": 50.0}), memory)
    assert plan.status is PlanStatus.BAD_INPUT
    assert plan.why.startswith("function f (a:b) raised ValueError: outside of what was measured at u=13")
    assert after is memory
    plan, _ = controller.step(inputs(of, 2, 30.0, {"u": 11.0}, y, scheduling={"flow": 50.0}), after)
    assert plan.status is PlanStatus.OK
