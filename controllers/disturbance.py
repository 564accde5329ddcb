"""One integrating disturbance per CV: a bias ``b`` with a slope ``s``.

Left alone ``b += s tau (1 - e^(-dt/tau))``, ``s *= e^(-dt/tau)``. ``step`` type: no slope. ``ramp`` type: the slope
dies out with the CV's settling time; for an integrating CV it stays, so that an unmeasured flow is balanced. The gains
are those of the steady-state Kalman filter of that disturbance, sampled as often as the CV is.
"""

from __future__ import annotations

import math

import numpy as np

from constraints.plant import Plant
from controllers.model import FloatArray, Model

FILTER_CYCLES = 1.5
FILTER_SHARE = 0.1
"""The bias follows a step within about this share of the CV's longest lag, but not faster than this many cycles."""
SLOPE_SLOWER = 5.0
"""The slope is learnt this many times slower than the bias."""
_STEADY = 1e-14
"""Gains that change by less than this in a step are the steady state's."""


class Disturbance:
    """How the disturbances of one plant move by themselves, and how much a surprise says about them."""

    def __init__(self, plant: Plant, model: Model) -> None:
        integrates = model.cv_integrates()
        settle = model.settle_s()
        lag = np.zeros(len(model.cvs))
        np.maximum.at(lag, model.cv, model.lag1_s)
        self.fade_s = np.zeros(len(model.cvs))
        """Time constant with which a slope dies out; 0 = there is none, inf = it stays."""
        self.gain = np.zeros((len(model.cvs), 2))
        """Per CV: share of a surprise that goes into the bias, and per second into the slope."""
        known: dict[tuple[float, float, float], tuple[float, float]] = {}
        for c, name in enumerate(model.cvs):
            ramps = bool(integrates[c]) or plant.cvs[name].disturbance == "ramp"
            self.fade_s[c] = (math.inf if integrates[c] else float(settle[c])) if ramps else 0.0
            filter_s = max(FILTER_CYCLES * model.cycle_s, FILTER_SHARE * float(lag[c]))
            tag = plant.tags.get(name)
            sample_s = max(model.cycle_s, tag.every_s if tag is not None else 0.0)
            asked = (sample_s, filter_s, float(self.fade_s[c]))
            if asked not in known:
                known[asked] = _kalman(*asked)
            self.gain[c] = known[asked]
        self._lasts = np.isinf(self.fade_s)
        self._tau = np.where(self._lasts, 0.0, self.fade_s)
        self._tau_safe = np.where(self._tau > 0.0, self._tau, 1.0)

    def left(self, elapsed_s: FloatArray | float) -> FloatArray:
        """Return the share of each slope that is left."""
        fading = np.exp(-elapsed_s / self._tau_safe)
        result: FloatArray = np.where(self._lasts, 1.0, np.where(self._tau > 0.0, fading, 0.0))
        return result

    def moved(self, elapsed_s: FloatArray | float) -> FloatArray:
        """Return by how much a slope of 1 per second moves each bias."""
        result: FloatArray = np.where(self._lasts, elapsed_s, -self._tau * np.expm1(-elapsed_s / self._tau_safe))
        return result

    def end(self, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return by how much slopes will move the biases in the end, and what remains of them."""
        return slope * self._tau, np.where(self._lasts, slope, 0.0)


def _kalman(sample_s: float, filter_s: float, fade_s: float) -> tuple[float, float]:
    """Return the steady-state gains for bias and slope.

    Measurement noise 1; the bias walks so that its gain alone would be ``1 - e^(-sample/filter)``; the slope walks so
    that it is learnt ``SLOPE_SLOWER`` times more slowly.
    """
    gain = -math.expm1(-sample_s / filter_s)
    walk = gain * gain / max(1.0 - gain, 1e-9)
    if fade_s <= 0.0:
        return gain, 0.0
    kept = math.exp(-sample_s / fade_s)
    stretch = sample_s if math.isinf(fade_s) else -fade_s * math.expm1(-sample_s / fade_s)
    f = np.array([[1.0, stretch], [0.0, kept]])
    q = np.diag([walk, walk * (gain / (SLOPE_SLOWER * sample_s)) ** 2])
    p = q.copy()
    k = np.zeros(2)
    for _ in range(10_000):
        after = p[:, 0] / (p[0, 0] + 1.0)
        p = f @ (p - np.outer(after, p[0, :])) @ f.T + q
        if np.abs(after - k).max() < _STEADY:
            break
        k = after
    return float(k[0]), float(k[1])
