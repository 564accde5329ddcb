"""Where a setpoint may lie and how it may move: range, step, rate, window, distance from measured (I-01, I-08).

Every comparison is in the positive form (``not lo <= x <= hi``), which NaN cannot pass. The rate is kept as an account
of time: a move of 2 units at 4 units per minute costs 30 s, counted from the last write, and what is paid for may lie
ahead of now by no more than the slack of one cycle's start. A setpoint that rests saves up no more than one step.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from safety.signals import Refusal, Snapshot


@dataclass(frozen=True, slots=True)
class ScheduledLimits:
    """A range that follows another tag, straight between the points of a table. Raises ValueError where it is none."""

    tag: str
    points: tuple[tuple[float, float, float], ...]
    """``(value of the tag, lo, hi)``, the tag's values ascending; between two points each limit runs straight."""

    def __post_init__(self) -> None:
        finite = all(math.isfinite(number) for point in self.points for number in point)
        ascends = all(one[0] < other[0] for one, other in itertools.pairwise(self.points))
        if not (len(self.points) > 1 and finite and ascends and all(lo < hi for _, lo, hi in self.points)):
            raise ValueError("scheduled limits need two points or more, the tag's values ascending, each with lo < hi")

    def at(self, value: float | None) -> tuple[float, float] | None:
        """Return the limits where the tag has ``value``; None where that is not known or beyond the table."""
        if value is None:
            return None
        for (x0, lo0, hi0), (x1, lo1, hi1) in itertools.pairwise(self.points):
            if x0 <= value <= x1:
                share = (value - x0) / (x1 - x0)
                return lo0 + (lo1 - lo0) * share, hi0 + (hi1 - hi0) * share
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Safety limits of one MV, in its unit; steps, rates and deltas are positive. Raises ValueError if they clash."""

    lo: float
    hi: float
    step_up: float
    step_down: float
    """Largest change in one move set."""
    rate_up_per_min: float
    rate_down_per_min: float
    window_s: float = 300.0
    window_delta: float = math.inf
    """Largest change, either way, over any ``window_s`` seconds."""
    distance_from_measured: float = math.inf
    """Largest |setpoint - readback|."""
    readback: str | None = None
    """Tag of the measured value; it must be good for any write."""
    scheduled: ScheduledLimits | None = None
    """A second range that a setpoint must not move out of; one that it left outside may come back, no further out."""

    def __post_init__(self) -> None:
        sizes = (self.step_up, self.step_down, self.rate_up_per_min, self.rate_down_per_min)
        if not (self.lo < self.hi and all(each >= 0.0 for each in (*sizes, self.window_s, self.window_delta))):
            raise ValueError("an envelope needs lo < hi, and steps, rates and window not below zero")
        if not (self.distance_from_measured == math.inf or (self.readback and self.distance_from_measured >= 0.0)):
            raise ValueError("a distance from measured needs a readback tag")
        points = () if self.scheduled is None else self.scheduled.points
        if not all(self.lo <= lo and hi <= self.hi for _, lo, hi in points):
            raise ValueError("scheduled limits must lie inside lo and hi")

    def scheduled_limits(self, snapshot: Snapshot) -> tuple[float, float] | None:
        """Return the scheduled range on a validated snapshot, infinite where there is none; None where not known."""
        if self.scheduled is None:
            return -math.inf, math.inf
        return self.scheduled.at(snapshot.good(self.scheduled.tag))


@dataclass(frozen=True, slots=True)
class Written:
    """One write that may have changed the setpoint: somewhere in [lo, hi] since; one value where it is known."""

    at_s: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Track:
    """What one MV's setpoint has been through."""

    writes: tuple[Written, ...] = ()
    """Oldest first."""
    paid_until_s: float | None = None
    """Up to when its movement is paid for; None before the first write and after a refusal: then it may only stand."""
    expected: float | None = None
    """What the last write left standing in the PLC; None while that is not known."""

    def since(self, since_s: float) -> Track:
        """Return the track without the writes before then, but for the one that stood at that moment."""
        if len(self.writes) < 2 or self.writes[1].at_s >= since_s:  # noqa: PLR2004 - nothing, or one that stood then
            return self
        older = [each for each in self.writes if each.at_s < since_s]
        writes = (older[-1], *(each for each in self.writes if each.at_s >= since_s))
        return Track(writes, self.paid_until_s, self.expected)


@dataclass(frozen=True, slots=True)
class Step:
    """One change under judgement, seen from the worst place where the setpoint may stand now."""

    mv: str
    value: float
    rise: float
    fall: float
    measured: float | None
    scheduled: tuple[float, float]
    """How far out it may lie by its scheduled limits: these, or where it stands already."""


def step_to(
    mv: str, value: float, *, actual: float, measured: float | None, scheduled: tuple[float, float], track: Track
) -> Step:
    """Return the change to ``value``; ``actual`` is what the PLC holds, the last write may stand elsewhere."""
    places = [actual, *(place for last in track.writes[-1:] for place in (last.lo, last.hi))]
    lo, hi = min(scheduled[0], actual), max(scheduled[1], actual)
    return Step(mv, value, rise=value - min(places), fall=max(places) - value, measured=measured, scheduled=(lo, hi))


def check(step: Step, envelope: Envelope, track: Track, now_s: float) -> tuple[Refusal, ...]:
    """Return every reason why ``step`` leaves the envelope, the rate excepted."""
    found: list[Refusal] = []

    def refuse(code: str, size: float, limit: float) -> None:
        found.append(Refusal(code, step.mv, {"value": step.value, "size": size, "limit": limit}))

    if not (math.isfinite(envelope.lo) and math.isfinite(envelope.hi)):
        refuse("no_limits", step.value, math.nan)
    if not step.value <= envelope.hi:
        refuse("range_hi", step.value, envelope.hi)
    if not envelope.lo <= step.value:
        refuse("range_lo", step.value, envelope.lo)
    if not step.value <= step.scheduled[1]:
        refuse("scheduled_hi", step.value, step.scheduled[1])
    if not step.scheduled[0] <= step.value:
        refuse("scheduled_lo", step.value, step.scheduled[0])
    if not step.rise <= envelope.step_up:
        refuse("step_up", step.rise, envelope.step_up)
    if not step.fall <= envelope.step_down:
        refuse("step_down", step.fall, envelope.step_down)
    writes = track.since(now_s - envelope.window_s).writes
    rises, falls = [step.value - each.lo for each in writes], [each.hi - step.value for each in writes]
    swing = max([*rises, *falls], default=0.0)
    if not swing <= envelope.window_delta:
        refuse("window", swing, envelope.window_delta)
    distance = 0.0 if step.measured is None else abs(step.value - step.measured)
    if not distance <= envelope.distance_from_measured:
        refuse("distance", distance, envelope.distance_from_measured)
    return tuple(found)


def paid_until(step: Step, envelope: Envelope, track: Track, now_s: float) -> float:
    """Return up to when the movement would be paid for after ``step``; infinite where it may not move at all."""
    if track.paid_until_s is None:
        return now_s
    start_s = max([track.paid_until_s, *(each.at_s for each in track.writes[-1:])])
    costs = (_cost_s(step.rise, envelope.rate_up_per_min), _cost_s(step.fall, envelope.rate_down_per_min))
    return start_s + max(costs)


def _cost_s(size: float, per_min: float) -> float:
    if size <= 0.0:
        return 0.0
    return size * 60.0 / per_min if per_min > 0.0 else math.inf
