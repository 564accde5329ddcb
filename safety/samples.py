"""A short past of chosen tags and conditions, for what expressions say about time and quality."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from safety.grammar import Node
from safety.signals import Quality, Snapshot

SAMPLES_PER_WINDOW: Final = 100
"""Closer samples than this are not kept, so that a long window costs no more than a short one."""


OPC_QUALITY: Final[Mapping[Quality, float]] = {Quality.GOOD: 192.0, Quality.ESTIMATED: 64.0}
"""What ``quality`` says of a tag, in the numbers of OPC DA 3.0 (section 6.8): good, uncertain; 0 for bad."""


@dataclass(frozen=True, slots=True)
class Since:
    """Since when a condition has been met for certain, and since when it has not been known to be unmet."""

    surely_s: float | None
    maybe_s: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """How far a value went, and over how many seconds."""

    delta: float
    over_s: float


@dataclass(frozen=True, slots=True)
class History:
    """Good samples of the past, ``(monotonic seconds, value)`` oldest first, and when each tag was last new."""

    now_s: float = 0.0
    samples: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    new_at_s: Mapping[str, float] = field(default_factory=dict)
    qualities: Mapping[str, float] = field(default_factory=dict)
    since: Mapping[Node, Since] = field(default_factory=dict)
    """By ``for_time``."""

    def push(self, snapshot: Snapshot, tags: frozenset[str], windows: Mapping[str, float]) -> History:
        """Return the history with a validated snapshot added; ``windows`` is how many seconds each tag's past needs."""
        now_s = snapshot.at.mono_s
        new_at_s, qualities = dict(self.new_at_s), {}
        for tag in tags:
            reading = snapshot.readings.get(tag)
            qualities[tag] = 0.0 if reading is None else OPC_QUALITY.get(reading.quality, 0.0)
            if reading is not None and reading.good:
                new_at_s[tag] = reading.received_at_s
        samples = {}
        for tag, window_s in windows.items():
            kept = self.samples.get(tag, ())
            value = snapshot.good(tag)
            if value is not None and (not kept or now_s - kept[-1][0] >= window_s / SAMPLES_PER_WINDOW):
                kept = (*kept, (now_s, value))
            samples[tag] = tuple([each for each in kept if now_s - each[0] <= 2.0 * window_s])
        return History(now_s, samples, new_at_s, qualities, self.since)

    def timed(self, timer: Node, *, met: bool | None) -> History:
        """Return the history after the condition of ``timer`` was found met, unmet or unknown now.

        Where time went back, what was known of the past is not known any more.
        """
        before = self.since.get(timer, Since(None, None))
        known = before.maybe_s is not None and before.maybe_s <= self.now_s
        since = Since(
            surely_s=(before.surely_s if known and before.surely_s is not None else self.now_s) if met else None,
            maybe_s=None if met is False else before.maybe_s if known else self.now_s,
        )
        return replace(self, since={**self.since, timer: since})

    def lasted(self, timer: Node) -> bool | None:
        """Return whether the condition of ``timer`` has been met for so long; None where that is not known."""
        since = self.since.get(timer)
        if since is None:
            return None
        if since.surely_s is not None and self.now_s - since.surely_s >= timer.number:
            return True
        return False if since.maybe_s is None or self.now_s - since.maybe_s < timer.number else None

    def age(self, tag: str) -> float | None:
        """Return the seconds since ``tag`` last had a new good sample; None where it never had."""
        new_at_s = self.new_at_s.get(tag)
        return None if new_at_s is None else self.now_s - new_at_s

    def change(self, tag: str, now: float | None, seconds: float) -> Change | None:
        """Return the change of ``tag`` to its value ``now`` over ``seconds`` (up to twice that); None if unknown."""
        if now is None:
            return None
        for at_s, value in reversed(self.samples.get(tag, ())):
            over_s = self.now_s - at_s
            if seconds <= over_s <= 2.0 * seconds and math.isfinite(now - value):
                return Change(now - value, over_s)
        return None
