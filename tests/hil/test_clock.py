"""The fast clock: same anchor, same time; speed; waiting."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import time

import pytest

from hil.clock import FastClock
from supervisor.clock import Clock, RealClock


def test_both_times_run_at_speed_from_the_anchor() -> None:
    clock = FastClock.from_now(60.0, utc_s=1.8e9)
    before = time.monotonic()
    first = clock.now()
    between = time.monotonic()
    time.sleep(0.05)
    later = time.monotonic()
    second = clock.now()
    after = time.monotonic()
    assert 60.0 * (later - between) <= second.mono_s - first.mono_s + 1e-3
    assert second.mono_s - first.mono_s <= 60.0 * (after - before) + 1e-3
    assert second.utc_s - first.utc_s == pytest.approx(second.mono_s - first.mono_s)
    assert 0.0 <= first.utc_s - 1.8e9 <= 60.0 * (between - clock.anchor_real_mono) + 1e-3
    assert clock.utc_at(second.mono_s) == pytest.approx(second.utc_s)


def test_another_process_with_the_same_anchor_agrees() -> None:
    clock = FastClock.from_now(60.0)
    code = (
        "from hil.clock import FastClock\n"
        f"c = FastClock({clock.speed!r}, {clock.anchor_real_mono!r}, {clock.anchor_utc!r})\n"
        "import time; print(repr(time.monotonic()), repr(c.now().mono_s), repr(time.monotonic()))"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    before, there, after = said.split()
    earliest, latest = (
        clock.anchor_real_mono + clock.speed * (float(at) - clock.anchor_real_mono) for at in (before, after)
    )
    assert earliest - 1e-3 <= float(there) <= latest + 1e-3


async def test_sleep_until_ends_not_before_and_soon_after() -> None:
    clock = FastClock.from_now(100.0)
    until = clock.now().mono_s + 5.0
    began = time.monotonic()
    await clock.sleep_until(until)
    assert clock.now().mono_s >= until
    assert time.monotonic() - began < 4.0  # not the five seconds of the real clock
    await asyncio.wait_for(clock.sleep_until(until - 100.0), 10.0)


def test_real_seconds() -> None:
    clock: Clock = FastClock.from_now(60.0)
    assert clock.real_s(90.0) == 1.5
    clock = RealClock()
    assert clock.real_s(90.0) == 90.0


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan, math.inf])
def test_a_speed_that_cannot_be_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        FastClock.from_now(speed)
