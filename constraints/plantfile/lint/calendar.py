"""Entries of the weekly schedule that set the same thing at the same time."""

from __future__ import annotations

import itertools

from constraints.plant import Plant
from constraints.plantfile.hours import DAYS, by_day
from constraints.plantfile.scope import Scope
from constraints.terms import ScheduleEntry


def warn_schedule(scope: Scope, plant: Plant) -> None:
    """Warn of two entries that set the same limit to two values in the same hour: the narrower one holds then."""
    for (_, one), (j, other) in itertools.combinations(enumerate(plant.schedule), 2):
        both = [key for key in one.limits if key in other.limits and one.limits[key] != other.limits[key]]
        when = _first_overlap(one, other) if both else None
        if when is None:
            continue
        name, side = both[0]
        message = f"{one.name!r} and {other.name!r} both set {name}.{side} on {when}"
        hint = "the narrower limit holds then; separate the hours, or remove it from one of them"
        scope.issues.at_key("W125", ("schedule", j), message, hint)


def _first_overlap(one: ScheduleEntry, other: ScheduleEntry) -> str | None:
    """Return ``sat 22:00`` for the first minute of the week in which both hold."""
    starts = (
        day * 1440 + max(first[0], second[0])
        for on_one, first in by_day(one.days, one.start_min, one.end_min)
        for on_other, second in by_day(other.days, other.start_min, other.end_min)
        for day in on_one & on_other
        if max(first[0], second[0]) < min(first[1], second[1])
    )
    at = min(starts, default=None)
    return None if at is None else f"{DAYS[at // 1440]} {at % 1440 // 60:02d}:{at % 60:02d}"
