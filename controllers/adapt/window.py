"""Is the plant at rest, and where does each CV settle: sums over the cycles since the inputs last moved.

Since then   y(t) = settled + c exp(-(t - late) / lag) + noise   is fitted by least squares, as ``settle`` does with
kept samples (after G. François, D. Bonvin, Ind. Eng. Chem. Res. 53 (2014) 5148). Here only sums are kept, so that the
memory of a cycle does not grow with the window. A slope in time is fitted beside them: where one is left that is more
than the noise explains, something else moves the plant, and it is not at rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controllers.adapt.words import FloatArray

SAMPLES_MIN = 9
"""Three for each coefficient."""
DRIFTS = 3.0
"""Standard deviations beyond which a slope in time is no chance: 1 in 370."""
_SUMS = 10


@dataclass(frozen=True, slots=True)
class Rules:
    """When the plant is at rest."""

    window_s: float
    still: FloatArray
    """Per input: largest range of its values."""
    late_s: FloatArray
    lag_s: FloatArray
    """Per CV: dead time (and an analyser's delay), longest lag."""
    drift: FloatArray
    """Per CV: a change over the window that does not matter."""
    noise: FloatArray
    """Per CV: declared standard deviation of one reading; 0 where only the scatter tells."""

    def lasts_s(self) -> float:
        """Return how long a window is: three times the slowest lag at least."""
        return max(self.window_s, float((self.late_s + 3.0 * self.lag_s).max(initial=0.0)))


@dataclass(frozen=True, slots=True)
class Window:
    """Sums since the inputs last moved."""

    start_s: float
    last_s: float
    count: float
    lo: FloatArray
    hi: FloatArray
    total: FloatArray
    """Per input: range and sum."""
    first: FloatArray
    """(CVs,) offset of the sums, against rounding; NaN before the first sample."""
    sums: FloatArray
    """(CVs, 10): products of 1, e, t, y; e the exponential, t the share of the window."""

    @classmethod
    def never(cls, inputs: int, cvs: int) -> Window:
        """Return a window that has seen nothing."""
        return cls.begun(-np.inf, np.zeros(inputs), cvs)

    @classmethod
    def begun(cls, at_s: float, inputs: FloatArray, cvs: int) -> Window:
        """Return the window that begins at ``at_s``."""
        return cls(at_s, at_s, 0.0, inputs, inputs, np.zeros(len(inputs)), np.full(cvs, np.nan), np.zeros((cvs, _SUMS)))

    @staticmethod
    def shapes(inputs: int, cvs: int) -> tuple[tuple[int, ...], ...]:
        """Return the shapes of ``arrays``."""
        return (3,), (inputs,), (inputs,), (inputs,), (cvs,), (cvs, _SUMS)

    def arrays(self) -> list[FloatArray]:
        """Return all of it as arrays."""
        return [
            np.array([self.start_s, self.last_s, self.count]),
            self.lo,
            self.hi,
            self.total,
            self.first,
            self.sums,
        ]

    @classmethod
    def of(cls, *arrays: FloatArray) -> Window:
        """Return what ``arrays`` holds."""
        head, lo, hi, total, first, sums = arrays
        return cls(float(head[0]), float(head[1]), float(head[2]), lo, hi, total, first, sums)

    def mean(self) -> FloatArray:
        """Return the mean of each input."""
        return self.total / max(self.count, 1.0)

    def with_cycle(self, at_s: float, inputs: FloatArray) -> Window:
        """Return the window with the inputs of one cycle more."""
        return Window(
            self.start_s,
            at_s,
            self.count + 1.0,
            np.minimum(self.lo, inputs),
            np.maximum(self.hi, inputs),
            self.total + inputs,
            self.first,
            self.sums,
        )

    def with_samples(self, y: FloatArray, rules: Rules) -> Window:
        """Return the window with new samples at its last cycle; NaN where a CV has none."""
        after = self.last_s - self.start_s - rules.late_s
        new = np.isfinite(y) & (after >= 0.0)
        first = np.where(new & np.isnan(self.first), y, self.first)
        e = np.exp(-np.maximum(after, 0.0) / rules.lag_s)
        t = after / rules.lasts_s()
        v = np.where(new, y - first, 0.0)
        one = np.ones(len(y))
        products = np.column_stack((one, e, t, e * e, e * t, t * t, v, e * v, t * v, v * v))
        sums = self.sums + np.where(new[:, None], products, 0.0)
        return Window(self.start_s, self.last_s, self.count, self.lo, self.hi, self.total, first, sums)


def settled(window: Window, rules: Rules) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return per CV: where it settles, the standard deviation of that, and whether it still drifts (1.0, else 0.0).

    NaN where there are too few samples.
    """
    cvs = len(window.first)
    value, std, drifts = np.full(cvs, np.nan), np.full(cvs, np.nan), np.zeros(cvs)
    for c in range(cvs):
        n, e, t, ee, et, tt, v, ev, tv, vv = window.sums[c].tolist()
        if n < SAMPLES_MIN:
            continue
        gram, right = np.array([[n, e, t], [e, ee, et], [t, et, tt]]), np.array([v, ev, tv])
        inverse = np.linalg.pinv(gram[:2, :2], rcond=1e-9, hermitian=True)
        found = inverse @ right[:2]
        variance = max(vv - float(found @ right[:2]), 0.0) / (n - 2.0)
        value[c] = window.first[c] + found[0]
        least = max(rules.noise[c] / np.sqrt(n), 1e-6 * rules.drift[c])
        std[c] = max(float(np.sqrt(max(variance * inverse[0, 0], 0.0))), least)
        inverse = np.linalg.pinv(gram, rcond=1e-9, hermitian=True)
        found = inverse @ right
        scatter = max(vv - float(found @ right), 0.0) / (n - 3.0)
        slope_std = float(np.sqrt(max(scatter * inverse[2, 2], 0.0)))
        drifts[c] = float(abs(found[2]) > DRIFTS * slope_std + rules.drift[c])
    return value, std, drifts
