"""The quadruple tank: two pumps, four tanks, and a zero that two valves move across the imaginary axis.

    A1 h1' = -a1 sqrt(2 g h1) + a3 sqrt(2 g h3) + g1 k1 v1        A3 h3' = -a3 sqrt(2 g h3) + (1 - g2) k2 v2
    A2 h2' = -a2 sqrt(2 g h2) + a4 sqrt(2 g h4) + g2 k2 v2        A4 h4' = -a4 sqrt(2 g h4) + (1 - g1) k1 v1

Levels h [cm], pump voltages v [V]; the levels of the two lower tanks are measured as kc h [V]. In the minimum-phase
setting P- most water goes to the lower tanks (g1 + g2 > 1), in P+ most goes the long way round, and the plant answers
the wrong way at first. Source: K. H. Johansson, The quadruple-tank process, IEEE Trans. Control Systems Technology 8
(2000) 456-465: parameters and operating points of section II, published zeros and relative gains of section III.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import fsolve

from constraints.plant import Pair, Plant
from hil.plants.supervised import SECONDS_PER_MIN, controlled, manipulated, supervised

FloatArray = npt.NDArray[np.float64]

MVS = ("v1", "v2")
OUTPUTS = ("y1", "y2")
AREA = np.array([28.0, 32.0, 28.0, 32.0])
"""cm2."""
OUTLET = np.array([0.071, 0.057, 0.071, 0.057])
"""cm2."""
SENSOR = 0.5
"""V/cm."""
GRAVITY = 981.0
"""cm/s2."""
STEP_S = 1.0
"""Of the integration: the fastest tank's time constant is 23 s."""
CYCLE_S = 5.0
V_RANGE = (0.0, 6.0)
"""V; twice the operating point."""
LEVELS_MAX = 20.0
"""cm: the tanks are that high."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One setting of the two valves and where it is operated."""

    name: str
    pump: tuple[float, float]
    """cm3/(V s)."""
    valve: tuple[float, float]
    """Share of a pump's flow that goes to the lower tank."""
    v: tuple[float, float]
    """V, at the operating point."""
    h: tuple[float, float, float, float]
    """cm, published for the operating point."""


MINIMUM = Phase("P-", (3.33, 3.35), (0.70, 0.60), (3.00, 3.00), (12.4, 12.7, 1.8, 1.4))
NONMINIMUM = Phase("P+", (3.14, 3.29), (0.43, 0.34), (3.15, 3.15), (12.6, 13.0, 4.8, 4.9))


def rates(h: FloatArray, v: FloatArray, phase: Phase) -> FloatArray:
    """Return how fast the levels (4,) rise, cm/s."""
    out = OUTLET * np.sqrt(2.0 * GRAVITY * np.maximum(h, 0.0))
    flow = np.array(phase.pump) * v
    share = np.array(phase.valve)
    inflow = np.concatenate((share * flow, (1.0 - share[::-1]) * flow[::-1]))
    result: FloatArray = (np.concatenate((out[2:], [0.0, 0.0])) + inflow - out) / AREA
    return result


def at_rest(v: FloatArray, phase: Phase) -> FloatArray:
    """Return the levels (4,) at which the tanks rest with these voltages."""
    flow = np.array(phase.pump) * v
    share = np.array(phase.valve)
    upper = (1.0 - share[::-1]) * flow[::-1]
    out = np.concatenate((share * flow + upper, upper))
    result: FloatArray = (out / OUTLET) ** 2 / (2.0 * GRAVITY)
    return result


def voltages(y: FloatArray, phase: Phase) -> FloatArray:
    """Return the voltages (2,) that hold the measured levels (2,) at ``y``, found from the operating point."""

    def missed(v: FloatArray) -> FloatArray:
        result: FloatArray = SENSOR * at_rest(v, phase)[:2] - y
        return result

    return np.asarray(fsolve(missed, np.array(phase.v), xtol=1e-12), dtype=np.float64)


class QuadrupleTank:
    """The nonlinear tanks, from rest at the operating point; fourth-order Runge-Kutta with a fixed step."""

    def __init__(self, phase: Phase) -> None:
        self._phase = phase
        self.inputs: dict[str, float] = dict(zip(MVS, phase.v, strict=True))
        self.levels = at_rest(np.array(phase.v), phase)
        self.at_min = 0.0
        self.leak = 0.0
        """cm3/s that leave tank 1 besides: an unmeasured disturbance."""

    def put(self, name: str, value: float) -> None:
        """Change one pump's voltage now."""
        self.inputs[name] = value

    def run(self, minutes: float) -> None:
        """Let time pass."""
        v = np.array([self.inputs[name] for name in MVS])
        steps = round(minutes * SECONDS_PER_MIN / STEP_S)
        for _ in range(steps):
            h, dt = self.levels, STEP_S
            k1 = self._rates(h, v)
            k2 = self._rates(h + 0.5 * dt * k1, v)
            k3 = self._rates(h + 0.5 * dt * k2, v)
            k4 = self._rates(h + dt * k3, v)
            self.levels = np.maximum(h + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), 0.0)
        self.at_min += minutes

    def read(self) -> dict[str, float]:
        """Return the two measured levels, V."""
        return {name: float(SENSOR * h) for name, h in zip(OUTPUTS, self.levels[:2], strict=True)}

    def _rates(self, h: FloatArray, v: FloatArray) -> FloatArray:
        change = rates(h, v, self._phase)
        change[0] -= self.leak / AREA[0]
        return change


def lags_s(h: FloatArray) -> FloatArray:
    """Return the time constants (4,) of the tanks at these levels: ``A / a sqrt(2 h / g)``."""
    result: FloatArray = AREA / OUTLET * np.sqrt(2.0 * h / GRAVITY)
    return result


def linear(phase: Phase) -> tuple[Pair, ...]:
    """Return the linear model at the published operating point (section II of the paper), gains in V/V."""
    t = lags_s(np.array(phase.h))
    (k1, k2), (g1, g2) = phase.pump, phase.valve
    c1, c2 = t[0] * SENSOR / AREA[0], t[1] * SENSOR / AREA[1]
    return (
        Pair(source="v1", cv="y1", gain=float(g1 * k1 * c1), lag1_s=float(t[0])),
        Pair(source="v2", cv="y1", gain=float((1.0 - g2) * k2 * c1), lag1_s=float(t[0]), lag2_s=float(t[2])),
        Pair(source="v1", cv="y2", gain=float((1.0 - g1) * k1 * c2), lag1_s=float(t[1]), lag2_s=float(t[3])),
        Pair(source="v2", cv="y2", gain=float(g2 * k2 * c2), lag1_s=float(t[1])),
    )


def plant(phase: Phase) -> Plant:
    """Return the controller's plant: both lower levels at setpoints, the tanks not to overflow.

    Where the plant answers the wrong way at first, moves are suppressed more: speed is not to be had there.
    """
    suppression = 0.3 if sum(phase.valve) > 1.0 else 5.0
    mvs = [replace(manipulated(name, "V", V_RANGE, move_per_min=60.0), suppression=suppression) for name in MVS]
    levels = [controlled(name, "V", (0.0, SENSOR * LEVELS_MAX)) for name in OUTPUTS]
    cvs = [replace(spec, rank_hi=1, rank_lo=1, rank_target=5, disturbance="ramp") for spec in levels]
    return supervised("quadruple-tank", CYCLE_S, mvs, cvs, linear(phase))
