"""The control beat: when the next cycle starts. Deadlines are absolute, so lateness never adds up to drift.

A late beat is not made up and two cycles never run at once: whoever takes longer than a period loses the beats that
passed meanwhile, and they are counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from safety.signals import Instant
from supervisor.clock import Clock


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat, as it came."""

    number: int
    """Counts periods since the first beat, skipped ones too."""
    due_mono_s: float
    at: Instant
    skipped: int
    """Beats that passed between the last one and this one without a cycle."""

    @property
    def late_s(self) -> float:
        """How late this beat is, seconds of the clock."""
        return max(self.at.mono_s - self.due_mono_s, 0.0)


class Pacer:
    """Gives one beat per ``period_s`` of ``clock``. Raises ValueError for a period that is not finite and positive."""

    def __init__(self, clock: Clock, period_s: float) -> None:
        if not (math.isfinite(period_s) and period_s > 0.0):
            raise ValueError(f"period must be positive, not {period_s}")
        self._clock = clock
        self._period_s = period_s
        self._start_s: float | None = None
        self._next = 0
        self._skipped = 0
        self._skipped_total = 0

    @property
    def skipped(self) -> int:
        """Beats that passed without a cycle before the last one."""
        return self._skipped

    @property
    def skipped_total(self) -> int:
        """Beats without a cycle since the first one."""
        return self._skipped_total

    async def next(self) -> Beat:
        """Wait for the next beat; the first comes at once. A beat less than one period late still counts."""
        if self._start_s is None:
            self._start_s = self._clock.now().mono_s
        expected = self._next
        await self._clock.sleep_until(self._due(expected))
        at = self._clock.now()
        # The cycle before took too long, or the machine was suspended: what passed meanwhile is skipped.
        number = max(expected, self._passed(at.mono_s))
        self._skipped = number - expected
        self._skipped_total += self._skipped
        self._next = number + 1
        return Beat(number, self._due(number), at, self._skipped)

    def _passed(self, mono_s: float) -> int:
        return math.floor((mono_s - (self._start_s or 0.0)) / self._period_s)

    def _due(self, number: int) -> float:
        return (self._start_s or 0.0) + number * self._period_s
