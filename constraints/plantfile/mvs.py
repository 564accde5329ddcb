"""Section ``mvs`` -> MvSpecs and their safety envelopes."""

from __future__ import annotations

import math
from typing import Final

from constraints.plant import MvSpec, Point
from constraints.plantfile.addresses import Place
from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.nesting import check_value_inside, nested
from constraints.plantfile.points import check_scaling, flag_point, place_of, point, yes_point
from constraints.plantfile.quadratic import quadratic
from constraints.plantfile.schema_variables import Mv
from constraints.plantfile.scope import Scope
from constraints.plantfile.supplied import external_rule
from constraints.plantfile.transforms import transform
from constraints.plantfile.units import Unit
from safety.encoding import Kind
from safety.envelope import Envelope, ScheduledLimits
from safety.signals import ShedAction

STEP_TOLERANCE: Final = 1e-6
"""Relative. A step of exactly rate times cycle must pass after its sums were rounded."""
_KIND: Final[Kind] = "float32"
"""What ``SP[i]`` is in the PLC contract."""


def mv_spec(scope: Scope, name: str, given: Mv, tag_units: dict[str, Unit]) -> tuple[MvSpec, Place] | None:
    """Return one MV and where it writes; None where an address leads nowhere."""
    path: Path = ("mvs", name)
    scope.check_name(path)
    unit = scope.unit((*path, "unit"), given.unit)
    _check_readback(scope, path, given, unit, tag_units)
    limits = nested(scope, (*path, "limits"), given.limits, unit)
    if given.limits.safety is None:
        hint = "add safety: [low, high]; the gate judges every write by it"
        scope.issues.at_key("E043", (*path, "limits"), f"MV {name!r} has no safety limits", hint)
    up = _speed(scope, (*path, "move", "up"), given.move.up, unit)
    down = _speed(scope, (*path, "move", "down"), given.move.down, unit)
    safe_value = _safe_value(scope, path, given, unit)
    ideal = None
    if given.ideal is not None:
        ideal = scope.point((*path, "ideal"), given.ideal, unit)
        check_value_inside(scope, (*path, "ideal"), ideal, limits.engineering, "engineering")
    if safe_value is not None:
        check_value_inside(scope, (*path, "safe_value"), safe_value, limits.safety, "safety")
    suppression = scope.positive((*path, "suppression"), given.suppression)
    found = _points(scope, path, given)
    if found is None:
        return None
    where, writes, setpoint = found
    available = given.available_when
    return MvSpec(
        name=name,
        unit=given.unit,
        writes=writes,
        setpoint=setpoint,
        available=yes_point(scope, f"{name}.available", (*path, "available_when"), available) if available else None,
        windup_hi=flag_point(scope, f"{name}.windup_hi", (*path, "windup", "hi"), given.windup.hi),
        windup_lo=flag_point(scope, f"{name}.windup_lo", (*path, "windup", "lo"), given.windup.lo),
        readback=given.readback,
        limits=limits,
        move_up_per_min=up,
        move_down_per_min=down,
        move_min=scope.not_negative(
            (*path, "move", "min"), scope.difference((*path, "move", "min"), given.move.min, unit)
        ),
        shed=ShedAction(given.shed),
        safe_value=safe_value,
        critical=given.critical,
        cost=given.cost,
        cost_quadratic=quadratic(scope, path, given.cost_quadratic, ideal),
        ideal=ideal,
        suppression=suppression,
        on_bad=given.on_bad,
        transform=transform(scope, (*path, "transform"), given.transform, unit, limits.safety),
        external=external_rule(scope, (*path, "external"), given.external, unit),
        description=given.desc,
    ), where


def _check_readback(scope: Scope, path: Path, given: Mv, unit: Unit | None, tag_units: dict[str, Unit]) -> None:
    at = (*path, "readback")
    if given.readback not in scope.names("tags"):
        hint = did_you_mean(given.readback, scope.names("tags")) or "declare it under tags"
        scope.issues.at_value("E051", at, f"unknown tag {given.readback!r} in {path[0]}.{path[1]}.readback", hint)
        return
    measured = tag_units.get(given.readback)
    if unit is None or measured is None:
        return
    if (unit.dimensions, unit.factor, unit.offset) != (measured.dimensions, measured.factor, measured.offset):
        message = f"{path[1]} is in {unit.text}, its readback {given.readback} in {measured.text}"
        scope.issues.at_value("E021", (*path, "unit"), message, "setpoint and readback are compared: use one unit")


def _speed(scope: Scope, path: Path, value: float | str, unit: Unit | None) -> float:
    """Return the fastest change, MV unit per minute; NaN where it is not above 0 (reported)."""
    speed = scope.rate(path, value, unit, "min")
    if speed <= 0.0:
        hint = "both are sizes, in the MV's unit per minute; for an MV that must not move, remove the MV"
        scope.issues.at_value("E014", path, f"{scope.dotted(path)} must be above 0", hint)
        return math.nan
    return speed


def _safe_value(scope: Scope, path: Path, given: Mv, unit: Unit | None) -> float | None:
    if given.safe_value is not None:
        return scope.point((*path, "safe_value"), given.safe_value, unit)
    if given.shed == "safe_value":
        scope.issues.at_value(
            "E016", (*path, "shed"), f"shed to a safe value, but {path[1]} has none", "add safe_value"
        )
    return None


def _points(scope: Scope, path: Path, given: Mv) -> tuple[Place, Point, Point] | None:
    """Return where the setpoint is written and where the loop shows what it holds."""
    name = str(path[-1])
    scale = check_scaling(scope, path, given.scale)
    where = place_of(scope, (*path, "writes"), given.writes)
    if where is None:
        return None
    if given.setpoint is None:
        if scope.file.heartbeat.handshake == "full":
            hint = "name the node of the loop's actual setpoint; reading our own request back proves nothing"
            scope.issues.at_key("E011", path, f"key 'setpoint' is missing in mvs.{name}", hint)
        actual: Place | None = where
    else:
        actual = place_of(scope, (*path, "setpoint"), given.setpoint)
    if actual is None:
        return None
    if given.kind is not None and where.kind is not None:
        message = "the address says the type already"
        scope.issues.at_value("E016", (*path, "kind"), message, "remove kind")
    kind = given.kind or _KIND
    return (
        where,
        point(name, where, kind, scale, given.offset),
        point(f"{name}.actual", actual, kind, scale, given.offset),
    )


def envelope(
    scope: Scope, mv: MvSpec, given: Mv, unit: Unit | None, cycle_s: float, scheduled: ScheduledLimits | None
) -> Envelope | None:
    """Return what the gate judges this MV by."""
    path: Path = ("mvs", mv.name)
    window_s, window_delta, distance = 300.0, math.inf, math.inf
    if given.window is not None:
        at = (*path, "window")
        window_s = scope.positive((*at, "for"), scope.seconds((*at, "for"), given.window.for_))
        window_delta = scope.positive((*at, "change"), scope.difference((*at, "change"), given.window.change, unit))
    if given.max_distance is not None:
        at = (*path, "max_distance")
        distance = scope.positive(at, scope.difference(at, given.max_distance, unit))
    farthest = cycle_s / 60.0 * min(mv.move_up_per_min, mv.move_down_per_min)
    if mv.move_min > farthest:
        message = f"a move of {mv.name} in one cycle is at most {farthest:.5g}, so none would reach {mv.move_min:g}"
        scope.issues.at_value("E044", (*path, "move", "min"), message, "a smaller min, or faster moves")
    step = cycle_s / 60.0 * (1.0 + STEP_TOLERANCE)
    return scope.built(
        path,
        lambda: Envelope(
            lo=mv.limits.safety[0],
            hi=mv.limits.safety[1],
            step_up=mv.move_up_per_min * step,
            step_down=mv.move_down_per_min * step,
            rate_up_per_min=mv.move_up_per_min,
            rate_down_per_min=mv.move_down_per_min,
            window_s=window_s,
            window_delta=window_delta,
            distance_from_measured=distance,
            readback=mv.readback,
            scheduled=scheduled,
        ),
    )
