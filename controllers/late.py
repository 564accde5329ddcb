"""Samples that arrive late: an analyser's with its delay, a laboratory's with its own sampling time.

What is late is compared with the estimate at sampling time, so the estimates of those CVs are remembered for as long as
their samples may be late. A correction is one of the disturbance as it then was: it is carried forward to now, so that
a sample that was late does what it would have done in time. What is remembered takes the whole correction in too, also
where it comes in slowly: the next late sample, perhaps taken before this one came, then does not correct the same error
again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from constraints.plant import Plant
from constraints.supplied import LabRule
from controllers.model import FloatArray, IntArray, Model

ENTRIES_MAX = 4_000
"""So many cycles are remembered at the most."""
SDEVS_MAX = 3.0
"""A larger difference is one in 370 by chance (the limits of a Shewhart chart)."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A large difference that some samples in a row agree on, and that is not believed yet."""

    sampled_s: float = -math.inf
    difference: float = 0.0
    """Of the last of them."""
    count: int = 0

    def joined(self, sampled_s: float, difference: float, sdev: float) -> Doubt:
        """Return the doubt after one more sample; it begins anew with one that does not agree.

        Two values of standard deviation s differ by one of s times the square root of 2.
        """
        near = abs(difference - self.difference) <= SDEVS_MAX * math.sqrt(2.0) * sdev
        agrees = self.count > 0 and sampled_s > self.sampled_s and near and difference * self.difference > 0.0
        return Doubt(sampled_s, difference, self.count + 1 if agrees else 1)


@dataclass(frozen=True, slots=True)
class Past:
    """Estimates of the watched CVs in the cycles before."""

    at_s: FloatArray
    """(L,) ascending; the last is the present cycle."""
    y: FloatArray
    """(L, watched)."""

    def at(self, moment_s: float, column: int) -> float:
        """Return the estimate of one watched CV at a moment; straight between two cycles."""
        return float(np.interp(moment_s, self.at_s, self.y[:, column]))

    def moved(self, from_s: float, to_s: float, column: int) -> float:
        """Return the standard deviation of one watched CV's estimate between two moments; 0 for a single cycle."""
        within = (self.at_s >= from_s) & (self.at_s <= to_s)
        return float(np.std(self.y[within, column])) if within.any() else 0.0


class Watch:
    """Which CVs have late samples, and the rules for those of laboratories."""

    def __init__(self, plant: Plant, model: Model) -> None:
        specs = [plant.cvs[name] for name in model.cvs]
        self.delay_s = np.array([spec.analyser_delay_s for spec in specs], dtype=np.float64)
        self.rules: tuple[LabRule | None, ...] = tuple(spec.lab for spec in specs)
        late = [max(spec.analyser_delay_s, _reach_s(spec.lab)) for spec in specs]
        self.cvs: IntArray = np.flatnonzero(np.array(late) > 0.0)
        """The watched ones."""
        self.labs: IntArray = np.array([c for c, rule in enumerate(self.rules) if rule is not None], dtype=np.intp)
        self.column = {c: k for k, c in enumerate(self.cvs.tolist())}
        self.reach_s = max(late, default=0.0)

    def start(self, at_s: float, y: FloatArray) -> Past:
        """Return the past of a plant that has stood at ``y`` (CVs,)."""
        return Past(np.array([at_s]), y[None, self.cvs])

    def remembered(self, past: Past, at_s: float, y: FloatArray) -> Past:
        """Return ``past`` with the estimate of now, without what is too old to be asked for."""
        at = np.append(past.at_s, at_s)
        keep = max(int(np.searchsorted(at, at_s - self.reach_s, side="right")) - 1, 0, len(at) - ENTRIES_MAX)
        if len(self.cvs) == 0:
            keep = len(at) - 1
        return Past(at[keep:], np.concatenate((past.y, y[None, self.cvs]))[keep:])

    def verdict(
        self, cv: int, value: float, sampled_s: float, past: Past, last_s: float, doubt: Doubt, *, seen: bool
    ) -> tuple[str, Doubt]:
        """Return what becomes of a laboratory value: ``accepted``, or the code of why it is not; and what is doubted.

        ``last_s`` is the sampling time of the value that was believed last.
        """
        now_s = float(past.at_s[-1])
        rule = self.rules[cv]
        if rule is None:
            return "no_rule", doubt
        known = seen and math.isfinite(value) and math.isfinite(sampled_s)
        difference = value - past.at(sampled_s, self.column[cv]) if known else 0.0
        refused = {
            "not_a_number": not (math.isfinite(value) and math.isfinite(sampled_s)),
            "in_future": sampled_s > now_s,
            "used": sampled_s <= last_s,
            "too_old": now_s - sampled_s > rule.age_s_max,
            "before_start": sampled_s < float(past.at_s[0]),
            "outside_limits": not rule.lo <= value <= rule.hi,
            "too_far": abs(difference) > rule.difference_max,
            "unsteady": known and past.moved(sampled_s - rule.steady_s, sampled_s, self.column[cv]) > rule.steady_sdev,
        }
        code = next((code for code, holds in refused.items() if holds), "")
        if code:
            return code, doubt
        if abs(difference) > SDEVS_MAX * rule.sdev:
            doubt = doubt.joined(sampled_s, difference, rule.sdev)
            if doubt.count < rule.agree:
                return "needs_agreement", doubt
        return "accepted", Doubt()


def _reach_s(rule: LabRule | None) -> float:
    """Return how far back the estimate may be asked for."""
    return 0.0 if rule is None else rule.age_s_max + rule.steady_s


def unused(count: int) -> FloatArray:
    """Return sampling times before any value was judged."""
    return np.full(count, -math.inf)


def shifted(past: Past, column: int, by: FloatArray | float) -> None:
    """Add a correction to the remembered estimates of one CV. ``past`` must be the caller's own."""
    past.y[:, column] += by


def floats(values: Sequence[float] | FloatArray) -> tuple[float, ...]:
    """Return plain floats for the memory."""
    return tuple(np.asarray(values, dtype=np.float64).ravel().tolist())
