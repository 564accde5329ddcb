"""A clock that runs faster than real time, the same in every process that is given the same anchor.

Both of its times move at ``speed`` from the anchor on. The machine's monotonic clock is one for all processes on Linux,
so bench and supervisor agree on plant time without talking about it.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass

from safety.signals import Instant


@dataclass(frozen=True, slots=True)
class FastClock:
    """Implements ``supervisor.clock.Clock``. Raises ValueError for a speed that is not finite and positive."""

    speed: float
    """Plant seconds per real second."""
    anchor_real_mono: float
    """``time.monotonic()`` at the anchor; plant ``mono_s`` is the same there."""
    anchor_utc: float
    """Plant UTC at the anchor, seconds since 1970."""

    def __post_init__(self) -> None:
        """Check the speed."""
        if not (math.isfinite(self.speed) and self.speed > 0.0):
            raise ValueError(f"speed must be positive, not {self.speed}")

    @classmethod
    def from_now(cls, speed: float, utc_s: float | None = None) -> FastClock:
        """Return a clock anchored at this moment, which is ``utc_s`` at the plant (default: the machine's UTC)."""
        return cls(speed, time.monotonic(), time.time() if utc_s is None else utc_s)

    def now(self) -> Instant:
        """Return this moment at the plant."""
        elapsed_s = self.speed * (time.monotonic() - self.anchor_real_mono)
        return Instant(mono_s=self.anchor_real_mono + elapsed_s, utc_s=self.anchor_utc + elapsed_s)

    def utc_at(self, mono_s: float) -> float:
        """Return the plant's UTC at its monotonic time ``mono_s``."""
        return self.anchor_utc + (mono_s - self.anchor_real_mono)

    async def sleep_until(self, mono_s: float) -> None:
        """Wait until the plant's monotonic time is ``mono_s``."""
        while (left_s := mono_s - self.now().mono_s) > 0.0:  # noqa: ASYNC110 - time is what it waits for
            await asyncio.sleep(left_s / self.speed)
        await asyncio.sleep(0.0)

    def real_s(self, seconds: float) -> float:
        """Return how many real seconds pass in so many plant seconds."""
        return seconds / self.speed
