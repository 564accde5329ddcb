"""Which entries of the weekly schedule hold at a moment, and when that next changes. Pure; plant-local, DST-safe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from constraints.localtime import LocalTime, local_time, next_change
from constraints.terms import ScheduleEntry
from safety.signals import Mode

Side = Literal["lo", "hi"]


def active_entries(schedule: Sequence[ScheduleEntry], utc_s: float, timezone: str) -> tuple[ScheduleEntry, ...]:
    """Return the entries that hold at ``utc_s``, in the file's order."""
    shown = local_time(utc_s, timezone)
    return tuple(entry for entry in schedule if _holds(entry, shown))


def schedule_limits(entries: Iterable[ScheduleEntry]) -> Mapping[tuple[str, Side], float]:
    """Return the operator limits that the entries set; the narrower one where two set the same."""
    found: dict[tuple[str, Side], float] = {}
    for entry in entries:
        for key, value in entry.limits.items():
            narrower = max if key[1] == "lo" else min
            found[key] = narrower(value, found.get(key, value))
    return found


def mode_cap(entries: Iterable[ScheduleEntry]) -> Mode:
    """Return the mode that the entries do not let us exceed; CLOSED_LOOP where none says anything."""
    return min((entry.mode for entry in entries if entry.mode is not None), default=Mode.CLOSED_LOOP)


def next_schedule_change(schedule: Sequence[ScheduleEntry], utc_s: float, timezone: str) -> float | None:
    """Return when other entries will hold, seconds since 1970 UTC; None where they never do."""
    minutes = {entry.start_min for entry in schedule} | {entry.end_min for entry in schedule}
    return next_change(
        lambda instant: tuple(entry.name for entry in active_entries(schedule, instant, timezone)),
        utc_s,
        timezone,
        minutes,
    )


def _holds(entry: ScheduleEntry, shown: LocalTime) -> bool:
    if entry.start_min < entry.end_min:
        return shown.weekday in entry.days and entry.start_min <= shown.minute < entry.end_min
    if shown.minute >= entry.start_min:
        return shown.weekday in entry.days
    return shown.minute < entry.end_min and (shown.weekday - 1) % 7 in entry.days
