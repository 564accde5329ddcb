"""The sections about the plant as a whole: name, time zone, currency, cycle, modes, DVs."""

from __future__ import annotations

import math
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from constraints.plant import DvSpec
from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean, nearest
from constraints.plantfile.scope import Scope
from constraints.plantfile.supplied import forecast
from constraints.plantfile.unit_table import CURRENCIES
from constraints.plantfile.units import Unit, UnitError, quantity, unit

THINK_SHARE: Final = 0.6
"""Share of the cycle that a plan may take, where the file does not say."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When the controller runs, seconds; and what it counts as too small a gain."""

    cycle_s: float
    think_s: float
    max_unattended_s: float
    hysteresis: float
    """Currency per hour."""


def check_plant(scope: Scope) -> None:
    """Report an unknown time zone or currency."""
    given = scope.file.plant
    if not _zone_exists(given.timezone):
        hint = did_you_mean(given.timezone, zoneinfo.available_timezones()) or "an IANA name, such as Europe/Berlin"
        message = f"unknown time zone {given.timezone[:60]!r}"
        scope.issues.at_value("E080", ("plant", "timezone"), message, hint)
    if given.currency not in CURRENCIES:
        near = nearest(given.currency, CURRENCIES)
        hint = f"did you mean {near!r}?" if near else "an ISO 4217 code, such as EUR"
        scope.issues.at_value("E080", ("plant", "currency"), f"unknown currency {given.currency[:60]!r}", hint)


def _zone_exists(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def timing(scope: Scope) -> Timing:
    """Return the times of the sections ``controller`` and ``modes``."""
    given = scope.file.controller
    cycle = scope.positive(("controller", "cycle"), scope.seconds(("controller", "cycle"), given.cycle))
    think = THINK_SHARE * cycle
    if given.think is not None:
        think = scope.positive(("controller", "think"), scope.seconds(("controller", "think"), given.think))
        if think >= cycle:
            message = f"think of {think:g} s is not shorter than the cycle of {cycle:g} s"
            scope.issues.at_value("E063", ("controller", "think"), message, "leave time to look again and to write")
    at: Path = ("modes", "closed_loop", "max_unattended")
    unattended = scope.positive(at, scope.seconds(at, scope.file.modes.closed_loop.max_unattended))
    if scope.file.mvs and given.min_active_mvs > len(scope.names("mvs")):
        message = f"min_active_mvs of {given.min_active_mvs}, but there are {len(scope.names('mvs'))} MVs"
        scope.issues.at_value("E014", ("controller", "min_active_mvs"), message)
    return Timing(cycle, think, unattended, money_per_hour(scope, ("controller", "hysteresis"), given.hysteresis))


def money_per_hour(scope: Scope, path: Path, value: float | str) -> float:
    """Return ``value`` in the plant's currency per hour; a bare number is in just that. Reported where below 0."""
    if not isinstance(value, str):
        return scope.not_negative(path, value)
    currency = scope.file.plant.currency
    if currency not in CURRENCIES:
        return math.nan
    wanted = unit(currency).times(unit("h"), -1)
    try:
        number, given = quantity(value)
    except UnitError as error:
        scope.issues.at_value(error.code, path, error.message, error.hint)
        return math.nan
    if given.dimensions != wanted.dimensions:
        scope.issues.at_value("E021", path, f"{given.text} is not {currency}/h", f"such as 1 {currency}/h")
        return math.nan
    return scope.not_negative(path, number * given.factor / wanted.factor)


def dvs(scope: Scope, tag_units: Mapping[str, Unit]) -> dict[str, DvSpec]:
    """Return the DVs: tags that are neither CVs nor readbacks."""
    found: dict[str, DvSpec] = {}
    readbacks = {mv.readback: name for name, mv in scope.file.mvs.items()}
    for path, name in scope.dvs():
        if name in found:
            scope.issues.at_key("E054", path, f"DV {name!r} twice", "remove one")
        elif name in scope.names("cvs"):
            scope.issues.at_key("E054", path, f"{name!r} is a CV already", "a CV is not a disturbance; remove one")
        elif name in readbacks:
            message = f"{name!r} is the readback of {readbacks[name]}"
            scope.issues.at_key("E054", path, message, "what an MV moves is not a disturbance; remove it")
        elif name not in scope.names("tags"):
            hint = did_you_mean(name, scope.names("tags"))
            scope.issues.at_key("E051", path, f"unknown tag {name!r} in dvs", hint)
        elif name in tag_units:
            found[name] = DvSpec(
                name=name, unit=scope.file.tags[name].unit, forecast=forecast(scope, path, name, tag_units[name])
            )
    return found
