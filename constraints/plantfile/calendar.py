"""Section ``schedule`` -> ScheduleEntries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, cast

from constraints.plant import CvSpec, MvSpec
from constraints.plantfile.document import Path
from constraints.plantfile.hours import HoursError, days, span
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.nesting import check_value_inside
from constraints.plantfile.schema_rules import ScheduleSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from constraints.terms import ScheduleEntry
from safety.signals import Mode

Side = Literal["lo", "hi"]
_SETTING: Final = re.compile(r"(?P<section>cvs|mvs)\.(?P<name>\w+)\.limits\.operator\.(?P<side>lo|hi)")


def schedule(
    scope: Scope, specs: Mapping[str, MvSpec | CvSpec], known: Mapping[str, Unit]
) -> tuple[ScheduleEntry, ...]:
    """Return every entry of the schedule."""
    given = scope.file.schedule
    scope.once(((each.name, ("schedule", i, "name")) for i, each in enumerate(given)), "schedule entries")
    return tuple(_entry(scope, index, each, specs, known) for index, each in enumerate(given))


def _entry(
    scope: Scope,
    index: int,
    given: ScheduleSection,
    specs: Mapping[str, MvSpec | CvSpec],
    known: Mapping[str, Unit],
) -> ScheduleEntry:
    path: Path = ("schedule", index)
    days_on: frozenset[int] = frozenset()
    start, end = 0, 0
    try:
        days_on = days(given.days)
    except HoursError as error:
        scope.issues.at_value("E081", (*path, "days"), error.message, error.hint)
    try:
        start, end = span(given.hours)
    except HoursError as error:
        scope.issues.at_value("E081", (*path, "hours"), error.message, error.hint)
    if not given.set_ and given.mode is None:
        scope.issues.at_key("E016", path, f"schedule entry {given.name!r} changes nothing", "add set or mode")
    limits: dict[tuple[str, Side], float] = {}
    for key, value in given.set_.items():
        found = _setting(scope, (*path, "set", key), key, value, specs, known)
        if found is not None:
            limits[found[0]] = found[1]
    return ScheduleEntry(
        name=given.name,
        days=days_on,
        start_min=start,
        end_min=end,
        limits=limits,
        mode=Mode[given.mode.upper()] if given.mode is not None else None,
    )


def _setting(
    scope: Scope,
    path: Path,
    key: str,
    value: float | str,
    specs: Mapping[str, MvSpec | CvSpec],
    known: Mapping[str, Unit],
) -> tuple[tuple[str, Side], float] | None:
    match = _SETTING.fullmatch(key)
    if match is None:
        hint = "such as cvs.P_fan.limits.operator.hi"
        scope.issues.at_key("E085", path, f"a schedule cannot set {key[:80]!r}; only operator limits", hint)
        return None
    name, side = match["name"], cast("Side", match["side"])
    declared = scope.names(match["section"])
    if name not in declared:
        kind = "CV" if match["section"] == "cvs" else "MV"
        scope.issues.at_key("E052", path, f"unknown {kind} {name!r} in {key}", did_you_mean(name, declared))
        return None
    limit = scope.point(path, value, known.get(name))
    if name in specs:
        nested = specs[name].limits
        check_value_inside(scope, path, limit, nested.engineering, "engineering")
        lo, hi = (limit, nested.operator[1]) if side == "lo" else (nested.operator[0], limit)
        if lo >= hi:
            message = f"{key} of {limit:g} leaves nothing between {lo:g} and {hi:g}"
            scope.issues.at_value("E044", path, message, "keep it inside the operator limits of the other side")
    return (name, side), limit
