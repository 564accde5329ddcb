"""Samples that arrive late: an analyser's with its delay, a laboratory's with its own sampling time.

What is late is compared with the estimate at sampling time, so the estimates of those CVs are remembered for as long as
their samples may be late. A correction is one of the disturbance as it then was: it is carried forward to now, and the
remembered estimates take it in too, so that the next late sample does not correct the same error again. A sample that
was late then does what it would have done in time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from constraints.plant import LabRule, Plant
from controllers.model import FloatArray, IntArray, Model

ENTRIES_MAX = 4_000
"""So many cycles are remembered at the most."""


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


class Watch:
    """Which CVs have late samples, and the rules for those of laboratories."""

    def __init__(self, plant: Plant, model: Model) -> None:
        specs = [plant.cvs[name] for name in model.cvs]
        self.delay_s = np.array([spec.analyser_delay_s for spec in specs], dtype=np.float64)
        self.rules: tuple[LabRule | None, ...] = tuple(spec.lab for spec in specs)
        late = [max(spec.analyser_delay_s, spec.lab.age_s_max if spec.lab else 0.0) for spec in specs]
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

    def verdict(self, cv: int, value: float, sampled_s: float, past: Past, last_s: float, *, seen: bool) -> str:
        """Return what becomes of a laboratory value: ``accepted``, or the code of why it is not.

        ``last_s`` is the sampling time of the value that was judged last.
        """
        now_s = float(past.at_s[-1])
        rule = self.rules[cv]
        if rule is None:
            return "no_rule"
        refused = {
            "not_a_number": not (math.isfinite(value) and math.isfinite(sampled_s)),
            "in_future": sampled_s > now_s,
            "used": sampled_s <= last_s,
            "too_old": now_s - sampled_s > rule.age_s_max,
            "before_start": sampled_s < float(past.at_s[0]),
            "outside_limits": not rule.lo <= value <= rule.hi,
            "too_far": seen and abs(value - past.at(sampled_s, self.column[cv])) > rule.difference_max,
        }
        return next((code for code, holds in refused.items() if holds), "accepted")


def unused(count: int) -> FloatArray:
    """Return sampling times before any value was judged."""
    return np.full(count, -math.inf)


def shifted(past: Past, column: int, by: FloatArray | float) -> None:
    """Add a correction to the remembered estimates of one CV. ``past`` must be the caller's own."""
    past.y[:, column] += by


def floats(values: Sequence[float] | FloatArray) -> tuple[float, ...]:
    """Return plain floats for the memory."""
    return tuple(np.asarray(values, dtype=np.float64).ravel().tolist())
