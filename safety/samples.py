"""A short past of chosen tags, for ``rate``, ``delta`` and ``age`` in expressions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from safety.signals import Snapshot

SAMPLES_PER_WINDOW: Final = 100
"""Closer samples than this are not kept, so that a long window costs no more than a short one."""


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

    def push(self, snapshot: Snapshot, tags: frozenset[str], windows: Mapping[str, float]) -> History:
        """Return the history with a validated snapshot added; ``windows`` is how many seconds each tag's past needs."""
        now_s = snapshot.at.mono_s
        new_at_s = dict(self.new_at_s)
        for tag in tags:
            if snapshot.good(tag) is not None:
                new_at_s[tag] = snapshot.readings[tag].received_at_s
        samples = {}
        for tag, window_s in windows.items():
            kept = self.samples.get(tag, ())
            value = snapshot.good(tag)
            if value is not None and (not kept or now_s - kept[-1][0] >= window_s / SAMPLES_PER_WINDOW):
                kept = (*kept, (now_s, value))
            samples[tag] = tuple(each for each in kept if now_s - each[0] <= 2.0 * window_s)
        return History(now_s, samples, new_at_s)

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
