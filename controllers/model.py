"""Pairs (gain, dead time, two lags, a lead, an integrator) as exact samples of a continuous model.

Each pair is ``gain e^(-dead_time s) (lead s + 1) / ((lag1 s + 1)(lag2 s + 1))``, over ``s`` where integrating. Inputs
are held between two readings, so the state after any time ``h`` has a closed form (``propagate``): nothing is tied to
the cycle time, and missed or late cycles cost no accuracy. Dead time is looked up in a short record of past states
(``Record``), exact for every fraction of a cycle. Inputs are deviations from the values found at the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from constraints.plant import Pair

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

SETTLE_LAGS = 4.5
"""Lags after which a response counts as settled (98.9 % of a single lag)."""
BALANCE_CYCLES = 40
SAMPLES_MAX = 120
"""Longest horizon in cycles."""
_NO_LAG_S = 1e-3
"""A shorter lag is none."""
_EQUAL = 1e-12
"""Exponents nearer than this belong to two equal lags."""
STATES = 3
"""Per pair: after the first lag, after the second lag, the integral."""


class ModelError(ValueError):
    """A pair that no causal plant can have; ``constraints`` refuses it earlier with a place in the file."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the past still has to say: from ``at_s[j]`` on, ``inputs[j]`` acted on the states ``states[j]``."""

    at_s: FloatArray
    """(L,) ascending; the first reaches back beyond the longest dead time."""
    inputs: FloatArray
    """(L, inputs) deviations."""
    states: FloatArray
    """(L, pairs, 3), of unit gain and without dead time."""


class Model:
    """All pairs of one plant, computed side by side."""

    def __init__(self, pairs: Sequence[Pair], inputs: Sequence[str], cvs: Sequence[str], cycle_s: float) -> None:
        """``inputs`` are the MVs and then the DVs. Raises ModelError for a lead without a lag or an integrator."""
        for pair in pairs:
            if pair.lead_s != 0.0 and max(pair.lag1_s, pair.lag2_s) <= _NO_LAG_S and not pair.integrating:
                raise ModelError(f"{pair.source} -> {pair.cv}: a lead needs a lag")
        self.cycle_s = cycle_s
        self.inputs = tuple(inputs)
        self.cvs = tuple(cvs)
        self.source: IntArray = np.array([self.inputs.index(p.source) for p in pairs], dtype=np.intp)
        self.cv: IntArray = np.array([self.cvs.index(p.cv) for p in pairs], dtype=np.intp)
        self.gain = np.array([p.gain for p in pairs], dtype=np.float64)
        self.dead_s = np.array([p.dead_time_s for p in pairs], dtype=np.float64)
        # The longer lag first: then a single lag is always the first one and the second follows it exactly.
        self.lag1_s = np.array([max(p.lag1_s, p.lag2_s) for p in pairs], dtype=np.float64)
        self.lag2_s = np.array([min(p.lag1_s, p.lag2_s) for p in pairs], dtype=np.float64)
        self.lead_s = np.array([p.lead_s for p in pairs], dtype=np.float64)
        self.integrating = np.array([p.integrating for p in pairs], dtype=np.bool_)
        self._to_cv = np.zeros((len(pairs), len(self.cvs)))
        self._to_cv[np.arange(len(pairs)), self.cv] = self.gain
        self._fast1 = self.lag1_s <= _NO_LAG_S
        self._fast2 = self.lag2_s <= _NO_LAG_S
        self.lag1_s = np.where(self._fast1, 0.0, self.lag1_s)
        self.lag2_s = np.where(self._fast2, 0.0, self.lag2_s)
        # where there is no lag these only keep formulas finite whose result is not used
        self._lag1_safe = np.where(self._fast1, 1.0, self.lag1_s)
        self._lag2_safe = np.where(self._fast2, self._lag1_safe, self.lag2_s)

    @property
    def dead_max_s(self) -> float:
        """Longest dead time."""
        return float(self.dead_s.max(initial=0.0))

    def cv_integrates(self) -> npt.NDArray[np.bool_]:
        """For each CV: whether any of its pairs integrates."""
        return np.array([bool(np.any(self.integrating & (self.cv == c))) for c in range(len(self.cvs))], dtype=np.bool_)

    def settle_s(self) -> FloatArray:
        """For each CV: seconds until the slowest of its pairs has settled, at least one cycle and at most 120.

        An integrating pair never settles: it counts with ``BALANCE_CYCLES``, the time given to bring a level back.
        """
        pairs = self.dead_s + SETTLE_LAGS * self.lag1_s + 2.0 * self.lag2_s
        pairs = pairs + np.where(self.integrating, BALANCE_CYCLES * self.cycle_s, 0.0)
        longest = SAMPLES_MAX * self.cycle_s
        return np.array(
            [min(max(float(pairs[self.cv == c].max(initial=0.0)), self.cycle_s), longest) for c in range(len(self.cvs))]
        )

    def gains(self) -> tuple[FloatArray, FloatArray]:
        """Return (CV, input) matrices: gain at steady state of the self-regulating pairs, slope per second of the
        integrating ones.
        """
        level = np.zeros((len(self.cvs), len(self.inputs)))
        slope = np.zeros_like(level)
        for p in range(len(self.gain)):
            (slope if self.integrating[p] else level)[self.cv[p], self.source[p]] += self.gain[p]
        return level, slope

    def propagate(self, states: FloatArray, inputs: FloatArray, h: FloatArray) -> FloatArray:
        """Return the states (..., pairs, 3) after ``h`` seconds (..., pairs) of constant inputs (..., pairs)."""
        x1, x2, xi = states[..., 0], states[..., 1], states[..., 2]
        a = h / self._lag1_safe
        b = h / self._lag2_safe
        e1 = np.where(self._fast1, 0.0, np.exp(-a))
        e2 = np.where(self._fast2, 0.0, np.exp(-b))
        apart = b - a
        # (exp(-a) - exp(-b)) / (b - a), which tends to exp(-a) for two equal lags
        near = apart < _EQUAL
        ratio = np.where(near, 1.0, -np.expm1(-apart) / np.where(near, 1.0, apart))
        g = np.where(self._fast2, e1, b * e1 * ratio)
        n1 = inputs + (x1 - inputs) * e1
        n2 = inputs + (x1 - inputs) * g + (x2 - inputs) * e2
        ni = xi + inputs * h - self.lag1_s * (n1 - x1) - (self.lag2_s - self.lead_s) * (n2 - x2)
        return np.stack((n1, n2, ni), axis=-1)

    def _unit(self, states: FloatArray, inputs: FloatArray) -> FloatArray:
        """Return each pair's output before its gain: (lead s + 1) applied, or the integral."""
        x1, x2, xi = states[..., 0], states[..., 1], states[..., 2]
        rate = np.where(self._fast2, (inputs - x1) / self._lag1_safe, (x1 - x2) / self._lag2_safe)
        return np.where(self.integrating, xi, x2 + self.lead_s * rate)

    def start(self, at_s: float) -> Record:
        """Return the record of a plant that has stood still at its present inputs for ever."""
        zeros = np.zeros((2, len(self.gain), STATES))
        before = at_s - self.dead_max_s - self.cycle_s
        return Record(np.array([before, at_s]), np.zeros((2, len(self.inputs))), zeros)

    def advance(self, record: Record, held: FloatArray, now: FloatArray, at_s: float) -> Record:
        """Return the record at ``at_s``: inputs were ``held`` (inputs,) since its last entry and are ``now`` from here
        on. ``at_s`` must be later than the last entry.
        """
        since = np.full(len(self.gain), at_s - float(record.at_s[-1]))
        states = self.propagate(record.states[-1], held[self.source], since)
        inputs = record.inputs.copy()
        inputs[-1] = held
        at = np.append(record.at_s, at_s)
        keep = max(int(np.searchsorted(at, at_s - self.dead_max_s - 1e-9 * self.cycle_s, side="left")) - 1, 0)
        # cycles faster than planned (tests, a clock that jumped) must not let the record grow for ever
        keep = max(keep, len(at) - 4 * (int(self.dead_max_s / self.cycle_s) + 2))
        return Record(
            at[keep:],
            np.concatenate((inputs, now[None, :]))[keep:],
            np.concatenate((record.states, states[None, :, :]))[keep:],
        )

    def free(self, record: Record, ahead_s: FloatArray) -> FloatArray:
        """Return each CV's deviation (times, CVs) with inputs held from the last entry on.

        ``ahead_s`` is (times,) or, with times of its own for each CV, (times, CVs); seconds after the last entry. A
        change at the very moment asked for does not show yet: a reading is taken before the move.
        """
        ahead = np.broadcast_to(ahead_s[:, None] if ahead_s.ndim == 1 else ahead_s, (len(ahead_s), len(self.cvs)))
        moment = float(record.at_s[-1]) + ahead[:, self.cv] - self.dead_s
        entry = np.maximum(np.searchsorted(record.at_s, moment, side="left") - 1, 0)
        h = np.maximum(moment - record.at_s[entry], 0.0)
        inputs = record.inputs[entry, self.source]
        states = record.states[entry, np.arange(len(self.gain))]
        result: FloatArray = self._unit(self.propagate(states, inputs, h), inputs) @ self._to_cv
        return result

    def steps(self, ahead_s: FloatArray) -> FloatArray:
        """Return unit step responses (times, CVs, inputs) at ``ahead_s`` (times, CVs) seconds after the step; zero at
        and before it.
        """
        h = ahead_s[:, self.cv] - self.dead_s
        one = np.ones_like(h)
        unit = self._unit(self.propagate(np.zeros((*h.shape, STATES)), one, np.maximum(h, 0.0)), one)
        response = np.where(h > 0.0, unit, 0.0) * self.gain
        result = np.zeros((len(ahead_s), len(self.cvs), len(self.inputs)))
        for p in range(len(self.gain)):
            result[:, self.cv[p], self.source[p]] += response[:, p]
        return result
