"""Plant-local time without surprises: weekday and minute of an instant, and when the wall clock next shows a minute.

Daylight saving: a wall-clock minute that comes twice counts both times; one that is skipped never comes. All instants
are seconds since 1970-01-01 UTC, so that nothing here depends on the machine's own zone or clock.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

DAY_MIN = 24 * 60
_DAY_S = 86_400.0
_AHEAD_DAYS = 9
"""A weekly calendar has said everything after a week; a day more on each side for zones and midnights."""

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class LocalTime:
    """What the wall clock of the plant shows."""

    date: str
    """ISO date."""
    weekday: int
    """0 = Monday."""
    minute: int
    """Whole minutes after midnight."""


def local_time(utc_s: float, timezone: str) -> LocalTime:
    """Return the wall clock at ``utc_s``."""
    shown = datetime.datetime.fromtimestamp(utc_s, ZoneInfo(timezone))
    return LocalTime(shown.date().isoformat(), shown.weekday(), shown.hour * 60 + shown.minute)


def next_change(
    state: Callable[[float], State],
    utc_s: float,
    timezone: str,
    minutes: Iterable[int],
    dates: Iterable[str] = (),
) -> float | None:
    """Return the first instant after ``utc_s`` at which ``state(instant)`` differs from now.

    It can only change when the wall clock shows one of ``minutes``, at midnight of one of ``dates``, or where the zone
    shifts. None where nothing changes within the next week and no date lies ahead.
    """
    now = state(utc_s)
    candidates = {*_wall_minutes(utc_s, timezone, tuple(minutes)), *_midnights(timezone, dates)}
    for instant in sorted(each for each in candidates if each > utc_s):
        if state(instant) != now:
            return instant
    return None


def _wall_minutes(utc_s: float, timezone: str, minutes: tuple[int, ...]) -> Iterator[float]:
    zone = ZoneInfo(timezone)
    today = datetime.datetime.fromtimestamp(utc_s, zone).date()
    for ahead in range(-1, _AHEAD_DAYS):
        day = today + datetime.timedelta(days=ahead)
        for minute in minutes:
            yield from _instants(day, minute, zone)
        yield from _shift(day, zone)


def _midnights(timezone: str, dates: Iterable[str]) -> Iterator[float]:
    zone = ZoneInfo(timezone)
    for date in dates:
        yield from _instants(datetime.date.fromisoformat(date), 0, zone)


def _instants(day: datetime.date, minute: int, zone: ZoneInfo) -> Iterator[float]:
    """Yield when the wall clock shows ``minute`` of ``day``: once, or twice where the clock goes back."""
    midnight = datetime.datetime.combine(day, datetime.time(), zone)
    shown = midnight + datetime.timedelta(minutes=minute)  # on the wall, zone's shifts left out
    for fold in (0, 1):
        yield shown.replace(fold=fold).timestamp()


def _shift(day: datetime.date, zone: ZoneInfo) -> Iterator[float]:
    """Yield the instant at which the zone's offset changes on ``day``, to the second."""
    start = datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp()
    low, high = start, start + _DAY_S
    if _offset(low, zone) == _offset(high, zone):
        return
    before = _offset(low, zone)
    while high - low > 1.0:
        middle = (low + high) // 2.0
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    yield high


def _offset(utc_s: float, zone: ZoneInfo) -> datetime.timedelta | None:
    return datetime.datetime.fromtimestamp(utc_s, zone).utcoffset()
