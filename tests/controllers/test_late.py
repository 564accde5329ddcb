"""Analysers with a delay, and laboratory values with a sampling time of their own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.supplied import LabRule
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


# -------------------------------------------------------------------------------- ramp, doubt and steadiness

RAMPED = replace(RULE, ramp_s=10 * CYCLE_S)


def readings(value=50.0, until=400):
    return dict.fromkeys(range(1, until), value)


def now(estimator, estimate):
    return float(estimator.predict(estimate, NOW)[0, 0])


def test_a_correction_comes_in_over_its_ramp_and_then_is_the_same_as_at_once():
    slow, quick = built(lab=RAMPED), built(lab=RULE)
    given_lab = {20: (60.0, at(18))}
    a, b = run(slow, 20, None, y=given_lab), run(quick, 20, None, y=given_lab)
    before = now(slow, run(slow, 20, None))
    assert now(slow, a) == pytest.approx(before)  # no bump
    whole = now(quick, b) - before
    assert abs(whole) > 3.0
    for k in range(1, 11):
        a, b = (run(each, 1, None, old, 20 + k) for each, old in ((slow, a), (quick, b)))
        assert now(slow, a) - now(quick, b) == pytest.approx(-whole * (1.0 - k / 10.0), abs=1e-9)
    assert a.bias == pytest.approx(b.bias, abs=1e-9)
    assert a.lab_offset == pytest.approx(b.lab_offset, abs=1e-9)
    assert a.lab_to_come.tolist() == [0.0]


def test_a_late_cycle_takes_in_what_its_time_is_worth():
    estimator = built(lab=RAMPED)
    start = run(estimator, 20, None, y={20: (60.0, at(18))})
    steps = run(estimator, 4, None, start, 21)
    once = estimator.update(start, at(24), [4.0 + 0.3 * ((24 * 7) % 5)], [], [None, None], [False, False])
    assert once.lab_offset == pytest.approx(steps.lab_offset)
    beyond = estimator.update(start, at(99), [4.0], [], [None, None], [False, False])
    assert beyond.lab_offset[0] == pytest.approx(start.lab_to_come[0])
    assert (beyond.lab_to_come[0], beyond.lab_left_s[0]) == (0.0, 0.0)


def test_what_is_still_to_come_is_not_corrected_twice():
    """A second sample, taken before the first one came in: it finds the whole correction made."""
    whole = replace(RAMPED, share=1.0)
    estimator = built(lab=whole)
    samples = {21: (60.0, at(18)), 22: (60.0, at(19))}
    u_moves = run(estimator, 21, None)
    first = 60.0 - now(estimator, run(estimator, 18, None))
    second = 60.0 - now(estimator, run(estimator, 19, None)) - first
    found = run(estimator, 22, None, y=samples)
    assert found.lab == {"y": "accepted"}
    assert found.lab_offset[0] + found.lab_to_come[0] == pytest.approx(first + second, abs=1e-9)
    assert u_moves.lab_to_come.tolist() == [0.0]


@pytest.mark.parametrize("delay", [0, 5])
def test_the_ramp_does_not_fight_with_the_analyser_beside_it(delay):
    """The reading is shifted as fast as the estimate, so the analyser sees no surprise, late or not."""
    estimator = built(lab=replace(RAMPED, share=1.0), analyser_delay_s=delay * CYCLE_S)
    sim = SimulatedPlant(PAIRS, {"u": 4.0}, {"y": 50.0, "z": 20.0})
    shown, estimate, found = [], None, []
    for k in range(80):
        shown.append(sim.read()["y"])
        lab = {"y": (shown[28] + 6.0, at(28))} if k == 30 else {}
        args = at(k), [4.0], [], [shown[max(k - delay, 0)], None]
        if estimate is None:
            estimate = estimator.start(*args)
        else:
            estimate = estimator.update(estimate, *args, [True, False], lab=lab)
        found.append(now(estimator, estimate))
        sim.run(CYCLE_S)
    assert found[30] == pytest.approx(50.0, abs=1e-6)
    assert found[41:] == pytest.approx([56.0] * len(found[41:]), abs=1e-6)
    assert np.diff(found[30:42]) == pytest.approx([0.6] * 10 + [0.0], abs=1e-6)


def doubted(*values, agree=2, sdev=1.0, times=None):
    """Give laboratory values one after the other; return the codes and the last estimate."""
    estimator = built(lab=replace(RULE, sdev=sdev, agree=agree, share=1.0))
    estimate, codes = run(estimator, 10, readings()), []
    for i, value in enumerate(values):
        k = 11 + i
        sampled = at(k - 1) if times is None else at(times[i])
        estimate = run(estimator, 1, readings(), estimate, k, y={k: (value, sampled)})
        codes.append(estimate.lab["y"])
    return codes, estimate


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ((52.5,), ["accepted"]),
        ((56.0,), ["needs_agreement"]),
        ((56.0, 57.0), ["needs_agreement", "accepted"]),
        ((56.0, 44.0), ["needs_agreement", "needs_agreement"]),  # the other side
        ((54.0, 59.5), ["needs_agreement", "needs_agreement"]),  # the same side, yet not the same
        ((56.0, 50.5, 56.0), ["needs_agreement", "accepted", "needs_agreement"]),  # not in a row
        ((56.0, 75.0, 56.5), ["needs_agreement", "too_far", "accepted"]),
        ((75.0, 75.0), ["too_far", "too_far"]),  # never believed, however many agree
    ],
)
def test_a_difference_that_is_not_usual_needs_a_sample_that_agrees(values, codes):
    assert doubted(*values)[0] == codes


def test_as_many_samples_as_declared_have_to_agree():
    assert doubted(56.0, 56.0, 56.0, agree=3)[0] == ["needs_agreement", "needs_agreement", "accepted"]


def test_one_sample_given_twice_agrees_with_nothing():
    codes, estimate = doubted(56.0, 56.0, 56.0, times=[9, 9, 8])
    assert codes == ["needs_agreement"] * 3
    assert estimate.lab_offset.tolist() == [0.0]


def test_a_slip_is_put_right_by_the_same_sample_typed_again():
    codes, _ = doubted(56.0, 50.5, 50.4, times=[9, 9, 9])
    assert codes == ["needs_agreement", "accepted", "used"]


def test_a_sample_of_a_restless_hour_is_refused():
    rule = replace(RULE, steady_sdev=0.5, steady_s=6 * CYCLE_S)
    estimator = built(lab=rule)
    restless = {k: 50.0 + (4.0 if k in (10, 11, 12) else 0.0) for k in range(1, 60)}
    verdicts = {}
    for sampled in (5, 12, 40):
        verdicts[sampled] = run(estimator, 45, restless, y={45: (51.0, at(sampled))}).lab["y"]
    assert verdicts[12] == "unsteady"
    assert run(built(lab=RULE), 45, restless, y={45: (51.0, at(12))}).lab["y"] == "accepted"
    calm = run(estimator, 1, None, estimator.start(0.0, [4.0], [], [50.0, 20.0]), 1, y={1: (51.0, at(0))})
    assert calm.lab == {"y": "accepted"}


def test_a_ramp_and_a_doubt_survive_storage():
    estimator = built(lab=replace(RAMPED, sdev=1.0))
    estimate = run(estimator, 20, readings(), y={15: (51.0, at(14)), 18: (58.0, at(17))})
    again = estimator.restored(Memory.from_bytes(estimate.stored(Memory()).to_bytes()))
    assert again.lab_to_come[0] != 0.0
    assert again.lab_doubt[0].tolist() == [at(17), estimate.lab_doubt[0, 1], 1.0]
    a, b = (run(estimator, 1, readings(), each, 21, y={21: (58.0, at(20))}) for each in (estimate, again))
    assert (a.lab, a.stored(Memory())) == ({"y": "accepted"}, b.stored(Memory()))
