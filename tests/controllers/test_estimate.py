from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from controllers.estimate import Estimator
from controllers.memory import Memory
from controllers.model import Model
from tests.controllers.plants import SimulatedPlant, cv, mv, pair, plant

CYCLE = 15.0
PAIRS = (pair("u", "y", 2.0, 40.0, 120.0, 30.0), pair("d", "y", -1.0, 20.0, 60.0))


def build(pairs=PAIRS, every_s=None, **cv_more):
    p = plant([mv("u", (0.0, 10.0))], [cv("y", (0.0, 100.0), **cv_more)], pairs, dvs=("d",), every_s=every_s)
    m = Model(p.pairs, (*p.mvs, *p.dvs), tuple(p.cvs), CYCLE)
    return Estimator(p, m), SimulatedPlant(
        [replace(q, gain=q.gain * 1.4) for q in pairs], {"u": 4.0, "d": 1.0}, {"y": 50.0}
    )


def follow(estimator, sim, cycles, moves=None, disturb=None, read=None, estimate=None, at=0.0, wait=CYCLE):
    """Run the plant and the estimate side by side; ``moves`` and ``disturb`` by cycle, ``read(k, y)`` what is seen."""
    for k in range(cycles):
        if disturb and k in disturb:
            sim.offset["y"] += disturb[k]
        y, new = (read or (lambda _, v: (v, True)))(k, sim.read()["y"])
        args = at, [sim.v["u"]], [sim.v["d"]], [y]
        estimate = estimator.start(*args) if estimate is None else estimator.update(estimate, *args, [new])
        if moves and k in moves:  # written after the look, as a controller does
            sim.v["u"] = moves[k]
        sim.run(wait)
        at += wait
    return estimate


@pytest.mark.parametrize("gain", [0.6, 1.0, 1.4])
@pytest.mark.parametrize("kind", ["step", "ramp"])
def test_no_offset_remains_after_moves_and_disturbances_with_a_wrong_gain(gain, kind):
    estimator, _ = build(disturbance=kind)
    sim = SimulatedPlant([replace(q, gain=q.gain * gain) for q in PAIRS], {"u": 4.0, "d": 1.0}, {"y": 50.0})
    estimate = follow(estimator, sim, 150, moves={3: 6.0, 40: 3.0}, disturb={20: 5.0})
    truth = sim.read()["y"]
    assert estimator.predict(estimate, np.zeros(1))[0, 0] == pytest.approx(truth, abs=1e-3)
    assert estimator.end(estimate)[0][0] == pytest.approx(truth, abs=0.02)


def test_the_first_cycle_adopts_the_plant_wherever_it_is():
    estimator, _ = build()
    estimate = estimator.start(100.0, [7.3], [-2.0], [12.5])
    ahead = np.array([0.0, 60.0, 1e5])
    assert estimator.predict(estimate, ahead)[:, 0].tolist() == [12.5, 12.5, 12.5]
    assert estimate.inputs().tolist() == [7.3, -2.0]


def test_the_prediction_is_that_of_the_plant_when_the_model_is_right():
    estimator, _ = build()
    sim = SimulatedPlant(PAIRS, {"u": 4.0, "d": 1.0}, {"y": 50.0}, dt=0.25)
    estimate = follow(estimator, sim, 6, moves={2: 6.0, 4: 5.0})
    ahead = np.array([0.0, 45.0, 300.0])
    estimate = follow(estimator, sim, 1, estimate=estimate, at=6 * CYCLE)
    predicted = estimator.predict(estimate, ahead + CYCLE)[:, 0]  # that cycle ran on after the look
    for k, at in enumerate(ahead):
        sim.run(at - (ahead[k - 1] if k else 0.0))
        assert predicted[k] == pytest.approx(sim.read()["y"], abs=0.02)


def test_a_sample_and_hold_analyser_is_used_once_per_sample():
    estimator, _ = build(every_s={"y": 60.0})
    sim = SimulatedPlant(PAIRS, {"u": 4.0, "d": 1.0}, {"y": 50.0})
    held = [50.0]

    def read(k, y):
        if k % 4 == 0:
            held[0] = y
        return held[0], k % 4 == 0

    estimate = follow(estimator, sim, 24, moves={4: 6.0}, read=read)
    # mid-rise: the model carries the estimate between samples, the old sample is not taken for a new one
    middle = estimator.predict(estimate, np.array([CYCLE]))[0, 0]
    assert middle == pytest.approx(sim.read()["y"], abs=0.3)
    naive = follow(estimator, SimulatedPlant(PAIRS, {"u": 4.0, "d": 1.0}, {"y": 50.0}), 24, moves={4: 6.0},
                   read=lambda k, y: (read(k, y)[0], True))  # fmt: skip
    assert abs(naive.bias[0] - 50.0) > 5.0 * abs(estimate.bias[0] - 50.0)
    estimate = follow(estimator, sim, 200, disturb={10: 3.0}, read=read, estimate=estimate, at=24 * CYCLE)
    assert estimator.predict(estimate, np.zeros(1))[0, 0] == pytest.approx(sim.read()["y"], abs=1e-3)


def test_a_bad_reading_is_bridged_by_the_prediction():
    estimator, _ = build()
    sim = SimulatedPlant(PAIRS, {"u": 4.0, "d": 1.0}, {"y": 50.0})
    estimate = follow(estimator, sim, 40, moves={5: 6.0}, read=lambda k, y: (None if k >= 6 else y, True))
    assert estimator.predict(estimate, np.array([CYCLE]))[0, 0] == pytest.approx(sim.read()["y"], abs=0.1)


def test_missed_cycles_are_caught_up():
    estimator, _ = build()
    sim = SimulatedPlant(PAIRS, {"u": 4.0, "d": 1.0}, {"y": 50.0})
    estimate = follow(estimator, sim, 3, moves={2: 6.0})
    estimate = follow(estimator, sim, 2, estimate=estimate, at=3 * CYCLE, wait=7.3 * CYCLE)
    assert estimate.bias[0] == pytest.approx(50.0, abs=0.05)


def test_what_is_first_seen_late_comes_in_without_a_bump():
    estimator, _ = build()
    estimate = estimator.start(0.0, [4.0], [None], [None])
    assert estimate.seen.tolist() == [0.0, 0.0]
    estimate = estimator.update(estimate, 15.0, [4.0], [30.0], [42.0], [True])
    assert estimate.seen.tolist() == [1.0, 1.0]
    assert estimator.predict(estimate, np.array([0.0, 1e4]))[:, 0].tolist() == [42.0, 42.0]
    estimate = estimator.update(estimate, 30.0, [4.0], [31.0], [42.0], [True])
    assert estimator.end(estimate)[0][0] == pytest.approx(42.0 - 1.0, abs=1e-9)
    estimate = estimator.update(estimate, 45.0, [4.0], [None], [42.0], [True])  # a bad DV is held
    assert estimate.inputs()[1] == 31.0


def test_an_unmeasured_flow_into_a_tank_is_found():
    pairs = (replace(pair("u", "y", 0.01, 10.0), integrating=True), pair("d", "y", 0.0, lag1=1.0))
    estimator, _ = build(pairs)
    sim = SimulatedPlant(pairs, {"u": 4.0, "d": 1.0}, {"y": 50.0})
    sim.slope["y"] = 0.02
    estimate = follow(estimator, sim, 120, moves={30: 5.0})
    assert estimator.end(estimate)[1][0] == pytest.approx(0.02 + 0.01, abs=2e-4)
    assert estimator.predict(estimate, np.array([CYCLE]))[0, 0] == pytest.approx(sim.read()["y"], abs=0.02)


def test_it_is_stored_and_restored_exactly():
    estimator, sim = build()
    estimate = follow(estimator, sim, 20, moves={3: 6.0})
    again = estimator.restored(Memory.from_bytes(estimate.stored(Memory()).to_bytes()))
    assert again.stored(Memory()) == estimate.stored(Memory())
    assert estimator.restored(Memory()) is None
    stored = estimate.stored(Memory())
    for other in (
        replace(stored, seen=stored.seen[:-1]),
        replace(stored, states=stored.states[:-1]),
        replace(stored, bias=(*stored.bias, 0.0)),
    ):
        assert estimator.restored(other) is None


@pytest.mark.parametrize(("elapsed", "fits"), [(15.0, True), (0.0, False), (-5.0, False), (1e6, False)])
def test_time_must_go_forward_and_not_too_far(elapsed, fits):
    estimator, _ = build()
    assert estimator.usable(estimator.start(100.0, [4.0], [1.0], [50.0]), 100.0 + elapsed) is fits


@pytest.mark.parametrize(("kind", "least", "most"), [("ramp", 0.0, 0.1), ("step", 0.3, 1.0)])
def test_a_ramp_is_followed_closely_by_the_type_that_is_made_for_it(kind, least, most):
    """The slope dies out by itself, so what lasts is a little of the lag that a bias alone has."""
    pairs = (pair("u", "y", 2.0, 40.0, 400.0), pair("d", "y", -1.0, 20.0, 60.0))
    estimator, _ = build(pairs, disturbance=kind, fade_s=1800.0)
    sim = SimulatedPlant(pairs, {"u": 4.0, "d": 1.0}, {"y": 50.0})
    sim.slope["y"] = 0.01
    estimate = follow(estimator, sim, 200, moves={30: 5.0})
    lag = sim.read()["y"] - estimator.predict(estimate, np.array([CYCLE]))[0, 0]
    assert least < lag < most


def test_a_step_on_a_level_beside_an_unmeasured_flow_leaves_no_offset():
    pairs = (replace(pair("u", "y", 0.01, 10.0), integrating=True), pair("d", "y", 0.0, lag1=1.0))
    estimator, _ = build(pairs)
    sim = SimulatedPlant([replace(q, gain=1.3 * q.gain) for q in pairs], {"u": 4.0, "d": 1.0}, {"y": 50.0})
    sim.slope["y"] = -0.01
    estimate = follow(estimator, sim, 250, moves={30: 5.0}, disturb={60: 4.0})
    assert estimator.predict(estimate, np.array([CYCLE]))[0, 0] == pytest.approx(sim.read()["y"], abs=1e-2)
    assert estimator.end(estimate)[1][0] == pytest.approx(0.013 - 0.01, abs=1e-4)
