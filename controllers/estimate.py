"""What each CV is now and where it is heading: the model's output plus one integrating disturbance per CV.

The disturbance is a bias ``b`` with a slope ``s``: ``b += s tau (1 - e^(-dt/tau))``, ``s *= e^(-dt/tau)``. ``step``
type: no slope. ``ramp`` type: the slope dies out with the CV's longest lag, as it does after a step that came through a
lag of that length: where it ends, ``b + s tau``, is known while it is still rising. For an integrating CV the slope
stays, so that an unmeasured flow is balanced. Without a new sample (bad reading, analyser that still shows the last
one) the prediction stands. The gains are those of the steady-state Kalman filter of that disturbance, sampled as often
as the CV is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from constraints.plant import Plant
from controllers.memory import Memory
from controllers.model import STATES, FloatArray, Model, Record

FILTER_CYCLES = 1.5
FILTER_SHARE = 0.1
"""The bias follows a step within about this share of the CV's longest lag, but not faster than this many cycles."""
SLOPE_SLOWER = 5.0
"""The slope is learnt this many times slower than the bias."""
_STEADY = 1e-14
"""Gains that change by less than this in a step are the steady state's."""
GAP_CYCLES_MAX = 2_000
"""After a longer pause the past says nothing: the plant is adopted as found."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The state of the estimate at one moment; engineering units, seconds."""

    record: Record
    origin: FloatArray
    bias: FloatArray
    slope: FloatArray
    seen: FloatArray
    """Per CV and then per DV: 1.0 once it was measured."""

    def inputs(self) -> FloatArray:
        """Return the inputs now, MVs and then DVs."""
        result: FloatArray = self.origin + self.record.inputs[-1]
        return result

    def stored(self, memory: Memory) -> Memory:
        """Return ``memory`` with this estimate in it."""
        return replace(
            memory,
            at_s=_floats(self.record.at_s),
            origin=_floats(self.origin),
            inputs=_floats(self.record.inputs),
            states=_floats(self.record.states),
            bias=_floats(self.bias),
            slope=_floats(self.slope),
            seen=_floats(self.seen),
        )


class Estimator:
    """Gains and time constants of one plant."""

    def __init__(self, plant: Plant, model: Model) -> None:
        self._model = model
        self._mvs = len(plant.mvs)
        self._level, self._slope = model.gains()
        integrates = model.cv_integrates()
        count = len(model.cvs)
        self._fade_s = np.zeros(count)
        """Time constant with which a slope dies out; 0 = there is none, inf = it stays."""
        self._gain = np.zeros((count, 2))
        for c, name in enumerate(model.cvs):
            spec = plant.cvs[name]
            ramps = bool(integrates[c]) or spec.disturbance == "ramp"
            lag = float(model.lag1_s[model.cv == c].max(initial=0.0))
            fade_s = max(lag, model.cycle_s) if spec.fade_s is None else spec.fade_s
            self._fade_s[c] = (math.inf if integrates[c] else fade_s) if ramps else 0.0
            usual = max(FILTER_CYCLES * model.cycle_s, FILTER_SHARE * lag)
            filter_s = usual if spec.filter_s is None else spec.filter_s
            tag = plant.tags.get(name)
            sample_s = max(model.cycle_s, tag.every_s if tag is not None else 0.0)
            self._gain[c] = _kalman(sample_s, filter_s, float(self._fade_s[c]))

    def restored(self, memory: Memory) -> Estimate | None:
        """Return the stored estimate; None where there is none or it is of another plant."""
        entries, pairs = len(memory.at_s), len(self._model.gain)
        inputs, cvs = len(self._model.inputs), len(self._model.cvs)
        sizes = (len(memory.origin), len(memory.inputs), len(memory.states), len(memory.bias), len(memory.slope))
        if entries == 0 or sizes != (inputs, entries * inputs, entries * pairs * STATES, cvs, cvs):
            return None
        if len(memory.seen) != cvs + inputs - self._mvs:
            return None
        record = Record(
            np.array(memory.at_s),
            np.array(memory.inputs).reshape(entries, inputs),
            np.array(memory.states).reshape(entries, pairs, STATES),
        )
        return Estimate(
            record, np.array(memory.origin), np.array(memory.bias), np.array(memory.slope), np.array(memory.seen)
        )

    def usable(self, before: Estimate, at_s: float) -> bool:
        """Return whether ``before`` reaches up to ``at_s``: time went forward and not too far."""
        elapsed = at_s - float(before.record.at_s[-1])
        return 0.0 < elapsed <= GAP_CYCLES_MAX * self._model.cycle_s

    def start(self, at_s: float, u: Sequence[float], d: Sequence[float | None], y: Sequence[float | None]) -> Estimate:
        """Return the estimate that adopts the plant as found: at rest, with every bias equal to its reading."""
        found = [*y, *d]
        return Estimate(
            self._model.start(at_s),
            np.array([*u, *(0.0 if v is None else v for v in d)]),
            np.array([0.0 if v is None else v for v in y]),
            np.zeros(len(y)),
            np.array([0.0 if v is None else 1.0 for v in found]),
        )

    def update(
        self,
        before: Estimate,
        at_s: float,
        u: Sequence[float],
        d: Sequence[float | None],
        y: Sequence[float | None],
        new: Sequence[bool],
    ) -> Estimate:
        """Return the estimate at ``at_s``, later than ``before``; ``new`` is False where ``y`` was used before.

        The setpoints read now are taken to have held since then, for that is when they were written; a DV is held from
        its reading on.
        """
        origin, seen = before.origin.copy(), before.seen.copy()
        held = before.record.inputs[-1].copy()
        held[: self._mvs] = np.array(u) - origin[: self._mvs]
        now = held.copy()
        for i, value in enumerate(d, start=self._mvs):
            if value is None:
                continue
            known = len(y) + i - self._mvs
            if seen[known] == 0.0:
                origin[i], seen[known] = value, 1.0
            now[i] = value - origin[i]
        elapsed = at_s - float(before.record.at_s[-1])
        record = self._model.advance(before.record, held, now, at_s)
        bias = before.bias + before.slope * self._stretch(elapsed)
        slope = before.slope * self._fade(elapsed)
        modelled = self._model.free(record, np.zeros(1))[0]
        for c, value in enumerate(y):
            if value is None:
                continue
            if seen[c] == 0.0:
                bias[c], slope[c], seen[c] = value - modelled[c], 0.0, 1.0
            elif new[c]:
                surprise = value - modelled[c] - bias[c]
                bias[c] += self._gain[c, 0] * surprise
                slope[c] += self._gain[c, 1] * surprise
        return Estimate(record, origin, bias, slope, seen)

    def predict(self, estimate: Estimate, ahead_s: FloatArray) -> FloatArray:
        """Return each CV (times, CVs) with all inputs held; ``ahead_s`` as for ``Model.free``."""
        ahead = np.broadcast_to(
            ahead_s[:, None] if ahead_s.ndim == 1 else ahead_s, (len(ahead_s), len(self._model.cvs))
        )
        free = self._model.free(estimate.record, ahead_s)
        result: FloatArray = free + estimate.bias + estimate.slope * self._stretch(ahead)
        return result

    def end(self, estimate: Estimate) -> tuple[FloatArray, FloatArray]:
        """Return where each CV settles with all inputs held, and the slope per second that remains (integrating)."""
        level, slope = self._level, self._slope
        inputs = estimate.record.inputs[-1]
        fade = np.where(np.isfinite(self._fade_s), self._fade_s, 0.0)
        lasting = np.where(np.isinf(self._fade_s), estimate.slope, 0.0)
        return level @ inputs + estimate.bias + estimate.slope * fade, slope @ inputs + lasting

    def _fade(self, elapsed: FloatArray | float) -> FloatArray:
        tau = np.where(self._fade_s > 0.0, self._fade_s, 1.0)
        result: FloatArray = np.where(self._fade_s > 0.0, np.exp(-elapsed / tau), 0.0)
        return result

    def _stretch(self, elapsed: FloatArray | float) -> FloatArray:
        """Return by how much a slope of 1 per second moves the bias."""
        tau = np.where(np.isfinite(self._fade_s), self._fade_s, 0.0)
        safe = np.where(tau > 0.0, tau, 1.0)
        result: FloatArray = np.where(np.isinf(self._fade_s), elapsed, -tau * np.expm1(-elapsed / safe))
        return result


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


def _floats(values: FloatArray) -> tuple[float, ...]:
    return tuple(values.ravel().tolist())
