"""The beat: absolute deadlines, no drift, no catching up."""

from __future__ import annotations

import asyncio
import time

import pytest

from safety.signals import Instant
from supervisor.beat import Pacer
from supervisor.clock import RealClock


class Hands:
    """A clock that only moves when somebody waits or pushes it; waking is late by ``late_s``."""

    def __init__(self):
        self.mono_s = 1_000.3
        self.late_s = 0.0

    def now(self):
        return Instant(self.mono_s, 5.0)

    async def sleep_until(self, mono_s):
        self.mono_s = max(self.mono_s, mono_s + self.late_s)

    def real_s(self, seconds):
        return seconds


@pytest.mark.parametrize("period_s", [0.0, -1.0, float("nan"), float("inf")])
def test_a_period_that_is_none_is_refused(period_s):
    with pytest.raises(ValueError, match="period"):
        Pacer(Hands(), period_s)


async def test_beats_come_once_a_period_from_the_first_on():
    clock = Hands()
    pacer = Pacer(clock, 15.0)
    beats = [await pacer.next() for _ in range(4)]
    assert [beat.number for beat in beats] == [0, 1, 2, 3]
    assert [beat.at.mono_s for beat in beats] == pytest.approx([1_000.3, 1_015.3, 1_030.3, 1_045.3])
    assert [beat.late_s for beat in beats] == [0.0] * 4
    assert pacer.skipped_total == 0


async def test_lateness_does_not_add_up():
    clock = Hands()
    pacer = Pacer(clock, 1.0)
    await pacer.next()
    clock.late_s = 0.3
    beats = [await pacer.next() for _ in range(100)]
    assert all(beat.late_s == pytest.approx(0.3) for beat in beats)
    assert beats[-1].due_mono_s == pytest.approx(1_100.3)


async def test_a_cycle_less_than_a_period_late_runs_at_once_and_the_next_is_on_time():
    clock = Hands()
    pacer = Pacer(clock, 10.0)
    await pacer.next()
    clock.mono_s += 17.0
    beat = await pacer.next()
    assert (beat.number, beat.skipped, beat.late_s) == (1, 0, pytest.approx(7.0))
    assert (await pacer.next()).at.mono_s == pytest.approx(1_020.3)


@pytest.mark.parametrize(("took_s", "number", "skipped"), [(20.0, 2, 1), (39.9, 3, 2), (1_005.0, 100, 99)])
async def test_what_passed_is_counted_and_not_made_up(took_s, number, skipped):
    clock = Hands()
    pacer = Pacer(clock, 10.0)
    await pacer.next()
    clock.mono_s += took_s
    beat = await pacer.next()
    assert (beat.number, beat.skipped) == (number, skipped)
    assert pacer.skipped == skipped
    after = await pacer.next()
    assert (after.number, after.skipped) == (number + 1, 0)
    assert (pacer.skipped, pacer.skipped_total) == (0, skipped)


async def test_sleeping_too_long_skips_as_well():
    clock = Hands()
    pacer = Pacer(clock, 10.0)
    await pacer.next()
    clock.late_s = 25.0  # the machine was suspended
    beat = await pacer.next()
    assert (beat.number, beat.skipped) == (3, 2)
    assert beat.late_s == pytest.approx(5.0)


async def test_on_the_real_clock():
    pacer = Pacer(RealClock(), 0.05)
    begun = time.monotonic()
    beats = [await pacer.next() for _ in range(3)]
    await asyncio.sleep(0.12)
    beats.append(await pacer.next())
    assert 0.1 <= beats[2].at.mono_s - begun < 5.0
    assert beats[3].skipped >= 1
