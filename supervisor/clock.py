"""Time as the supervisor sees it: one object tells it, waits by it, and says how long its seconds really are.

Everything on the plant's side (cycle, ages, rates, shed timers) is in clock seconds; waiting for an answer from a
socket is in real seconds. On a plant the two are the same; on the bench a clock may run faster (``hil.clock``).
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from safety.signals import Instant


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> Instant:
        """Return this moment; ``mono_s`` never goes back."""

    async def sleep_until(self, mono_s: float) -> None:
        """Return when ``now().mono_s`` has reached ``mono_s``; at once (after one turn of the loop) when it has."""

    def real_s(self, seconds: float) -> float:
        """Return how many real seconds pass in so many seconds of this clock."""


class RealClock:
    """The machine's own clocks."""

    def now(self) -> Instant:
        """Return the machine's monotonic and UTC time."""
        return Instant(mono_s=time.monotonic(), utc_s=time.time())

    async def sleep_until(self, mono_s: float) -> None:
        """Wait on the monotonic clock: a step of the wall clock changes nothing."""
        await asyncio.sleep(max(mono_s - time.monotonic(), 0.0))

    def real_s(self, seconds: float) -> float:
        """Return ``seconds``."""
        return seconds


def machine_mono_s() -> float:
    """Return the machine's own monotonic time, for what only watches and never decides about the plant."""
    return time.monotonic()


class Stopwatch:
    """Real milliseconds of one cycle's parts, whatever the plant's clock says."""

    def __init__(self) -> None:
        """Start."""
        self._began = self._lap = time.perf_counter()
        self._laps_ms: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """End the part ``name``; the next one begins."""
        now = time.perf_counter()
        self._laps_ms[name] = self._laps_ms.get(name, 0.0) + 1000.0 * (now - self._lap)
        self._lap = now

    def laps_ms(self) -> dict[str, float]:
        """Return the parts so far, and ``total``."""
        return {**self._laps_ms, "total": 1000.0 * (time.perf_counter() - self._began)}


def machine_utc_s() -> float:
    """Return the machine's own UTC, by which persons ask and requests expire; never a time to decide by."""
    return time.time()
