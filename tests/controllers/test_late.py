"""Analysers with a delay, and laboratory values with a sampling time of their own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plant import LabRule
from controllers.controller import Controller
from controllers.estimate import Estimator
from controllers.memory import Memory
from controllers.model import Model
from controllers.types import PlanStatus
from tests.controllers.plants import CYCLE_S, SimulatedPlant, cv, inputs, mv, pair, plant

PAIRS = (pair("u", "y", 2.0, 40.0, 120.0, 30.0), pair("u", "z", 1.0, 0.0, 60.0))
RULE = LabRule(lo=0.0, hi=100.0, difference_max=20.0, age_s_max=1200.0, share=0.5)
NOW = np.zeros(1)
QUICK = settings(max_examples=25, deadline=None, derandomize=True)


def built(every_s=None, pairs=PAIRS, **more):
    p = plant([mv("u", (0.0, 10.0))], [cv("y", (0.0, 100.0), **more), cv("z", (0.0, 100.0))], pairs, every_s=every_s)
    return Estimator(p, Model.of(p))


def at(k):
    return k * CYCLE_S


def run(estimator, cycles, late=None, estimate=None, first=1, **lab):
    """Return the estimate after ``cycles`` more; ``late``: samples of y by cycle, ``lab``: (value, sampled)."""
    estimate = estimate or estimator.start(0.0, [4.0], [], [50.0, 20.0])
    for k in range(first, first + cycles):
        value = (late or {}).get(k)
        given_lab = {name: values[k] for name, values in lab.items() if k in values}
        u = 4.0 + 0.3 * ((k * 7) % 5)
        estimate = estimator.update(estimate, at(k), [u], [], [value, None], [value is not None, False], lab=given_lab)
    return estimate


# ------------------------------------------------------------------------------------------------------- analysers


@QUICK
@given(late=st.integers(1, 12), value=st.floats(30.0, 70.0), taken=st.integers(1, 10))
@pytest.mark.parametrize("kind", ["step", "ramp"])
def test_a_sample_late_by_some_cycles_does_what_it_would_have_done_in_time(kind, late, value, taken):
    in_time, delayed = (built(disturbance=kind, analyser_delay_s=delay) for delay in (0.0, late * CYCLE_S))
    a = run(in_time, taken + late, {taken: value})
    b = run(delayed, taken + late, {taken + late: value})
    assert b.bias == pytest.approx(a.bias, abs=1e-9)
    assert b.slope == pytest.approx(a.slope, abs=1e-11)


@pytest.mark.parametrize("every", [2, 8])
@pytest.mark.parametrize("kind", ["step", "ramp"])
def test_a_delayed_analyser_finds_a_disturbance_without_swinging(kind, every):
    """Also where several samples are under way at a time."""
    delay = 6
    estimator = built(every_s={"y": every * CYCLE_S}, analyser_delay_s=delay * CYCLE_S, disturbance=kind)
    sim = SimulatedPlant(PAIRS, {"u": 4.0}, {"y": 50.0, "z": 20.0})
    seen, estimate, found = [], None, []
    for k in range(300):
        if k == 20:
            sim.offset["y"] += 5.0
        seen.append(sim.read()["y"])
        new = k % every == 0
        shown = seen[max(k - k % every - delay, 0)]
        args = at(k), [sim.v["u"]], [], [shown, None]
        estimate = estimator.start(*args) if estimate is None else estimator.update(estimate, *args, [new, False])
        found.append(float(estimator.predict(estimate, NOW)[0, 0]) - seen[-1])
        sim.v["u"] = 5.0 if k >= 120 else 4.0
        sim.run(CYCLE_S)
    assert abs(found[-1]) < 1e-3
    assert max(found) < (0.1 if kind == "step" else 2.0)  # a move is known at once; nothing overshoots the disturbance
    assert max(abs(error) for error in found[100:]) < 0.3


def test_without_the_delay_declared_a_move_is_taken_for_a_disturbance():
    """The positive control: the same samples, believed to be of now."""
    errors = {}
    for name, declared in (("declared", 6 * CYCLE_S), ("hidden", 0.0)):
        estimator = built(every_s={"y": 4 * CYCLE_S}, analyser_delay_s=declared)
        sim = SimulatedPlant(PAIRS, {"u": 4.0}, {"y": 50.0, "z": 20.0})
        seen, estimate, worst = [], None, 0.0
        for k in range(80):
            seen.append(sim.read()["y"])
            args = at(k), [sim.v["u"]], [], [seen[max(k - k % 4 - 6, 0)], None]
            estimate = (
                estimator.start(*args) if estimate is None else estimator.update(estimate, *args, [k % 4 == 0, False])
            )
            sim.v["u"] = 6.0 if k >= 10 else 4.0
            sim.run(CYCLE_S)
            worst = max(worst, abs(float(estimator.predict(estimate, NOW)[0, 0]) - seen[-1]))
        errors[name] = worst
    assert errors["declared"] < 0.05
    assert errors["hidden"] > 1.0


# ------------------------------------------------------------------------------------------------------ laboratory


@QUICK
@given(late=st.integers(0, 12), value=st.floats(35.0, 65.0), taken=st.integers(1, 10))
def test_a_laboratory_value_late_by_some_cycles_does_what_it_would_have_done_in_time(late, value, taken):
    estimator = built(lab=RULE)
    samples = {k: 50.0 + 0.2 * k for k in range(1, 40)}  # y is measured too
    a = run(estimator, taken + late, samples, y={taken: (value, at(taken))})
    b = run(estimator, taken + late, samples, y={taken + late: (value, at(taken))})
    assert b.bias == pytest.approx(a.bias, abs=1e-9)
    assert b.lab_offset == pytest.approx(a.lab_offset, abs=1e-9)


def test_the_declared_share_of_the_difference_is_corrected_and_stays_beside_a_measurement():
    estimator = built(lab=RULE)
    before = run(estimator, 10, dict.fromkeys(range(11), 50.0))
    was = float(estimator.predict(before, NOW)[0, 0])
    after = run(estimator, 1, {11: 50.0}, before, 11, y={11: (was + 8.0, at(10))})
    assert after.lab == {"y": "accepted"}
    assert after.lab_offset[0] == pytest.approx(4.0, abs=0.3)
    steady = run(estimator, 200, dict.fromkeys(range(12, 212), 50.0), after, 12)
    assert estimator.predict(steady, NOW)[0, 0] == pytest.approx(50.0 + after.lab_offset[0], abs=0.6)


def test_a_cv_that_only_a_laboratory_measures_begins_with_its_first_value():
    estimator = built(lab=RULE)
    estimate = estimator.start(0.0, [4.0], [], [None, 20.0])
    assert estimate.seen.tolist() == [0.0, 1.0]
    estimate = run(estimator, 4, None, estimate)
    estimate = run(estimator, 1, None, estimate, 5, y={5: (61.0, at(3))})
    assert estimate.lab == {"y": "accepted"}
    assert estimate.seen.tolist() == [1.0, 1.0]
    assert estimate.past.at(at(3), 0) == pytest.approx(61.0)


@pytest.mark.parametrize(
    ("value", "sampled_s", "says"),
    [
        (52.0, at(18), "accepted"),
        (math.nan, at(18), "not_a_number"),
        (52.0, math.nan, "not_a_number"),
        (52.0, at(21), "in_future"),
        (52.0, at(20) - 1201.0, "too_old"),
        (52.0, -1.0, "before_start"),
        (-1.0, at(18), "outside_limits"),
        (99.0, at(18), "too_far"),
    ],
)
def test_what_becomes_of_a_value_is_said(value, sampled_s, says):
    estimator = built(lab=RULE)
    before = run(estimator, 19)
    after = run(estimator, 1, None, before, 20, y={20: (value, sampled_s)})
    assert after.lab == {"y": says}
    moved = not np.array_equal(after.bias, run(estimator, 1, None, before, 20).bias)
    assert moved is (says == "accepted")


def test_each_value_is_judged_once():
    estimator = built(lab=RULE)
    once = run(estimator, 20, None, y={15: (55.0, at(12))})
    often = run(estimator, 20, None, y={15: (55.0, at(12)), 16: (55.0, at(12)), 18: (57.0, at(11)), 20: (55.0, at(12))})
    assert often.lab == {"y": "used"}
    assert often.bias.tolist() == once.bias.tolist()
    wrong_clock = run(estimator, 20, None, y={15: (55.0, at(99)), 16: (55.0, at(12))})
    assert wrong_clock.bias == pytest.approx(once.bias)


def test_a_cv_without_a_rule_takes_no_laboratory_value():
    assert run(built(), 2, None, y={2: (55.0, at(1))}, x={2: (1.0, 1.0)}).lab == {"y": "no_rule", "x": "no_rule"}


def test_what_is_remembered_is_no_more_than_may_be_asked_for():
    estimator = built(lab=RULE)
    estimate = run(estimator, 300)
    assert len(estimate.past.at_s) == 1200.0 / CYCLE_S + 1
    assert len(run(built(), 30).past.at_s) == 1
    again = estimator.restored(Memory.from_bytes(estimate.stored(Memory()).to_bytes()))
    assert again.stored(Memory()) == estimate.stored(Memory())


def test_the_plan_says_what_became_of_it():
    of = plant([mv("u", (0.0, 10.0))], [cv("y", (0.0, 100.0), lab=RULE), cv("z", (0.0, 100.0))], PAIRS)
    controller = Controller(of)
    given_first = inputs(of, 0, 0.0, {"u": 4.0}, {"y": 50.0, "z": 20.0}, lab={"y": (51.0, -5.0)})
    plan, memory = controller.step(given_first, Memory())
    assert (plan.status, plan.lab) == (PlanStatus.OK, {"y": "before_start"})
    plan, memory = controller.step(replace(given_first, cycle=1, at_s=15.0, lab={"y": (58.0, 0.0)}), memory)
    assert plan.lab == {"y": "accepted"}
    assert plan.y_now["y"] == pytest.approx(54.0)
    plan, _ = controller.step(replace(given_first, cycle=2, at_s=30.0, lab={}), memory)
    assert plan.lab == {}
