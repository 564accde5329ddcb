"""``mvs.NAME.limits.scheduled`` -> ScheduledLimits: a table of limits that follow a measurement.

A good value of the tag lies inside its instrument range, so a table over the whole range always says where the MV may
be; outside a table the MV would stand still.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from constraints.plant import MvSpec
from constraints.plantfile.bounds import Interval
from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.schema_variables import Mv
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from safety.envelope import ScheduledLimits

_POINT: Final = 3
"""Value of the tag, low, high."""
_POINTS_MIN: Final = 2
_FORM: Final = "such as [[0, 150, 180], [6000, 150, 205]]"

Points = Sequence[tuple[float, float, float]]


def scheduled_limits(
    scope: Scope,
    mv: MvSpec,
    given: Mv,
    unit: Unit | None,
    of_tags: Mapping[str, Unit],
    ranges: Mapping[str, Interval],
) -> ScheduledLimits | None:
    """Return the table of one MV, whose unit is ``unit``; None where it has none, or one with errors."""
    table = given.limits.scheduled
    if table is None or not _can_schedule(scope, mv.name, given, table.by, ranges):
        return None
    path: Path = ("mvs", mv.name, "limits", "scheduled", "points")
    if len(table.points) < _POINTS_MIN:
        scope.issues.at_value("E045", path, "scheduled limits need two points or more", _FORM)
        return None
    wrong = [i for i, each in enumerate(table.points) if len(each) != _POINT]
    for i in wrong:
        scope.issues.at_value("E045", (*path, i), f"a point has three numbers: {table.by}, low, high", _FORM)
    if wrong:
        return None
    points = tuple(
        (
            scope.point((*path, i, 0), each[0], of_tags.get(table.by)),
            scope.point((*path, i, 1), each[1], unit),
            scope.point((*path, i, 2), each[2], unit),
        )
        for i, each in enumerate(table.points)
    )
    _check_points(scope, path, points, mv)
    _check_cover(scope, path, table.by, points, ranges[table.by])
    _check_safe_value(scope, mv, table.by, points)
    return scope.built(path, lambda: ScheduledLimits(table.by, points))


def _can_schedule(scope: Scope, mv: str, given: Mv, by: str, ranges: Mapping[str, Interval]) -> bool:
    path: Path = ("mvs", mv, "limits", "scheduled", "by")
    if by not in scope.names("tags"):
        hint = did_you_mean(by, scope.names("tags")) or "declare it under tags"
        if by in scope.file.mvs:
            hint = f"limits follow a measurement; use its readback {scope.file.mvs[by].readback}"
        scope.issues.at_value("E051", path, f"unknown tag {by!r} in mvs.{mv}.limits.scheduled.by", hint)
        return False
    if by == given.readback:
        message = f"the limits of {mv} cannot follow its own readback {by}"
        scope.issues.at_value("E045", path, message, "name a measurement that another loop or the process moves")
        return False
    if by in ranges and any(map(math.isinf, ranges[by])):
        message = f"{by} has no range, so nobody can tell whether the table reaches far enough"
        scope.issues.at_value("E045", path, message, f"give tags.{by} a range: [low, high]")
        return False
    return by in ranges


def _check_points(scope: Scope, path: Path, points: Points, mv: MvSpec) -> None:
    lowest, highest = mv.limits.safety
    before = -math.inf
    for i, (value, lo, hi) in enumerate(points):
        at = (*path, i)
        if value <= before:
            message = f"{value:g} does not come after {before:g}"
            scope.issues.at_value("E045", at, message, "sort the points by the tag's value, each value once")
        if lo >= hi:
            message = f"scheduled limits: {lo:g} is not below {hi:g}"
            scope.issues.at_value("E041", at, message, "write [value of the tag, low, high]")
        elif lo < lowest or hi > highest:
            message = f"scheduled limits {[lo, hi]} reach outside the safety limits {[lowest, highest]}"
            hint = "scheduled limits must lie inside the safety limits"
            scope.issues.at_value("E040", at, message, hint)
        before = value


def _check_cover(scope: Scope, path: Path, by: str, points: Points, reach: Interval) -> None:
    first, last = points[0][0], points[-1][0]
    if first > reach[0]:
        message = f"the table begins at {first:g}, but {by} can be {reach[0]:g}"
        scope.issues.at_value("E045", (*path, 0), message, f"add a point at {reach[0]:g}")
    if last < reach[1]:
        message = f"the table ends at {last:g}, but {by} can be {reach[1]:g}"
        scope.issues.at_value("E045", (*path, len(points) - 1), message, f"add a point at {reach[1]:g}")


def _check_safe_value(scope: Scope, mv: MvSpec, by: str, points: Points) -> None:
    """Report a safe value that the table forbids: a ramp would stop at the limit, and with it every other ramp."""
    safe = mv.safe_value
    if safe is None:
        return
    for value, lo, hi in points:
        if safe < lo or safe > hi:
            message = f"safe_value of {safe:g} is outside the scheduled limits {[lo, hi]} at {by} = {value:g}"
            hint = "a safe value must be allowed at every point; widen the table, or choose another"
            scope.issues.at_value("E042", ("mvs", mv.name, "safe_value"), message, hint)
            return
