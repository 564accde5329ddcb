"""The published tanks: operating points, time constants, zeros and relative gains, and both phases in closed loop."""

from __future__ import annotations

import numpy as np
import pytest

from controllers.controller import Controller
from hil.plants import quadruple_tank as qt
from hil.plants.loop import ClosedLoop

BOTH = pytest.mark.parametrize("phase", [qt.MINIMUM, qt.NONMINIMUM], ids=lambda phase: phase.name)
LAGS_S = {"P-": (62.0, 90.0, 23.0, 30.0), "P+": (63.0, 91.0, 39.0, 56.0)}
ZEROS = {"P-": (-0.0597, -0.0175), "P+": (0.0128, -0.0562)}
"""1/s; the paper prints -0.060, -0.018 and 0.013, -0.057."""
RELATIVE_GAIN = {"P-": 1.40, "P+": -0.64}


def zeros(phase: qt.Phase) -> np.ndarray:
    """Return the zeros of the model: ``(T3 s + 1)(T4 s + 1) = g12 g21 / (g11 g22)``, where it truly rests."""
    g11, g12, g21, g22 = (pair.gain for pair in qt.linear(phase))
    third, fourth = qt.lags_s(qt.at_rest(np.array(phase.v), phase))[2:]
    return np.roots([third * fourth, third + fourth, 1.0 - g12 * g21 / (g11 * g22)])


@BOTH
def test_the_tanks_rest_at_the_published_levels(phase: qt.Phase) -> None:
    """Within 2 mm: valves, pumps and levels are printed with two or three figures."""
    assert np.abs(qt.at_rest(np.array(phase.v), phase) - phase.h).max() < 0.2


@BOTH
def test_time_constants_are_the_published_ones(phase: qt.Phase) -> None:
    assert np.abs(qt.lags_s(np.array(phase.h)) - LAGS_S[phase.name]).max() < 1.0


@BOTH
def test_zeros_and_relative_gain_are_the_published_ones(phase: qt.Phase) -> None:
    assert sorted(zeros(phase)) == pytest.approx(sorted(ZEROS[phase.name]), abs=2e-4)
    g11, g12, g21, g22 = (pair.gain for pair in qt.linear(phase))
    assert g11 * g22 / (g11 * g22 - g12 * g21) == pytest.approx(RELATIVE_GAIN[phase.name], abs=0.005)


@BOTH
def test_the_linear_model_is_the_slope_of_the_tanks(phase: qt.Phase) -> None:
    """Gains by differences of the true steady state, which lies a little beside the published levels."""
    v = np.array(phase.v)
    for pair in qt.linear(phase):
        change = np.array([1e-4 if name == pair.source else 0.0 for name in qt.MVS])
        slope = (qt.at_rest(v + change, phase) - qt.at_rest(v - change, phase)) / 2e-4
        assert pair.gain == pytest.approx(qt.SENSOR * slope[qt.OUTPUTS.index(pair.cv)], rel=0.02)


@BOTH
def test_the_tanks_move_to_where_they_rest(phase: qt.Phase) -> None:
    tank = qt.QuadrupleTank(phase)
    tank.put("v1", 3.3)
    tank.run(30.0)
    assert tank.levels == pytest.approx(qt.at_rest(np.array([3.3, phase.v[1]]), phase), abs=1e-6)
    assert tank.at_min == 30.0


def test_the_nonminimum_phase_answers_the_wrong_way_at_first() -> None:
    """A step along the voltages that end with y1 higher: in P+ it falls first."""
    astray = {}
    for phase in (qt.MINIMUM, qt.NONMINIMUM):
        tank = qt.QuadrupleTank(phase)
        before = tank.read()
        for name, value in zip(qt.MVS, qt.voltages(np.array([before["y1"] + 0.2, before["y2"]]), phase), strict=True):
            tank.put(name, float(value))
        tank.run(0.1)
        astray[phase.name] = tank.read()["y1"] - before["y1"]
    assert astray["P-"] > 0.0
    assert astray["P+"] < 0.0


@BOTH
def test_the_controller_is_stable_and_leaves_no_offset(phase: qt.Phase) -> None:
    """A setpoint step, then a leak that nobody measures, on the nonlinear tanks."""
    of = qt.plant(phase)
    tank = qt.QuadrupleTank(phase)
    loop = ClosedLoop(of, Controller(of), tank, targets=tank.read())
    loop.targets["y1"] += 0.3
    loop.run(150)
    tank.leak = 0.5
    loop.run(230)
    assert tank.read() == pytest.approx(loop.targets, abs=4e-3)
    held = np.array([tank.inputs[name] for name in qt.MVS])
    assert 0.0 < held.min() < held.max() < 6.0
    late = np.array([[seen.u[name] for name in qt.MVS] for seen in loop.trend[-24:]])
    assert np.ptp(late, axis=0).max() < 0.02, "nothing swings"
