"""Section ``tariffs`` -> TariffVersions: prices, and which minute of the week, and of a holiday, has which."""

from __future__ import annotations

import datetime
import math
from typing import Final

from constraints.plantfile.demand import demand_charge
from constraints.plantfile.document import Path
from constraints.plantfile.hours import DAY_MIN, DAYS, HoursError, by_day, days, span
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.money import canonical_price
from constraints.plantfile.publicholidays import YEARS_AHEAD, HolidayError, public_holidays
from constraints.plantfile.schema_rules import Band, Tariff, TariffVersionSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.settlement import check_settlement
from constraints.plantfile.units import Unit, UnitError
from constraints.tariffs import HOLIDAY
from constraints.terms import TariffBand, TariffVersion

HOLIDAY_WORD: Final = "hol"
EVERY_DAY: Final = frozenset(range(HOLIDAY))


def tariffs(scope: Scope) -> dict[str, tuple[TariffVersion, ...]]:
    """Return every tariff, each with its versions in order of time."""
    found: dict[str, tuple[TariffVersion, ...]] = {}
    for name, given in scope.file.tariffs.items():
        versions: list[TariffVersion] = []
        special = _holidays(scope, ("tariffs", name, "holidays"), given)
        for index, version in enumerate(given.versions):
            path: Path = ("tariffs", name, "versions", index)
            valid_from = _date(scope, (*path, "valid_from"), version.valid_from)
            if versions and valid_from and valid_from <= versions[-1].valid_from:
                message = f"version from {valid_from} follows one from {versions[-1].valid_from}"
                scope.issues.at_value("E084", (*path, "valid_from"), message, "oldest first, each date once")
            charge = demand_charge(scope, (*path, "demand"), version.demand)
            bands = _bands(scope, path, version, (*DAYS, HOLIDAY_WORD) if special is not None else DAYS)
            made = TariffVersion(valid_from=valid_from, bands=bands, demand=charge, holidays=special or frozenset())
            versions.append(made)
        found[name] = tuple(versions)
        check_settlement(scope, ("tariffs", name), given, found[name])
    return found


def tariff_quantities(scope: Scope) -> dict[str, Unit]:
    """Return what each tariff prices (kWh, kg, ...), by the unit of its first price."""
    found: dict[str, Unit] = {}
    for name, given in scope.file.tariffs.items():
        first = next(iter(given.versions[0].energy.values()))
        try:
            found[name] = canonical_price(first, scope.file.plant.currency, scope.conditions)[1]
        except UnitError:
            continue  # reported with the price itself
    return found


def _date(scope: Scope, path: Path, text: str) -> str:
    try:
        date = datetime.date.fromisoformat(text)
    except ValueError:
        date = None
    if date is None or date.isoformat() != text:  # Python knows other forms, which do not sort as text
        scope.issues.at_value("E081", path, f"{text[:60]!r} is not a date", "such as 2026-01-01")
        return ""
    return text


def _holidays(scope: Scope, path: Path, given: Tariff) -> frozenset[str] | None:
    """Return the dates of holidays, of a country's from a year before the first version on; None: no day is one."""
    if given.holidays is None:
        return None
    if isinstance(given.holidays, list):
        dates = (_date(scope, (*path, i), text) for i, text in enumerate(given.holidays))
        return frozenset(date for date in dates if date)
    years = [int(year) for each in given.versions if (year := each.valid_from[:4]).isdecimal()]
    try:
        return frozenset(public_holidays(given.holidays, min(years) - 1, max(years) + YEARS_AHEAD) if years else ())
    except HolidayError as error:
        scope.issues.at_value("E081", path, error.message, error.hint)
        return frozenset()


def _bands(scope: Scope, path: Path, given: TariffVersionSection, kinds: tuple[str, ...]) -> tuple[TariffBand, ...]:
    """Return the bands with hours first and the one for the rest of the week last."""
    for name in given.bands:
        if name not in given.energy:
            hint = did_you_mean(name, given.energy) or "each band has a price of the same name in energy"
            scope.issues.at_key("E053", (*path, "bands", name), f"no price for band {name!r}", hint)
    prices = {name: _price(scope, (*path, "energy", name), value) for name, value in given.energy.items()}
    timed: list[TariffBand] = []
    for name, band in given.bands.items():
        timed += _spans(scope, (*path, "bands", name), prices.get(name, math.nan), band, kinds)
    rest = [name for name in given.energy if name not in given.bands]
    owners = _owners(scope, path, timed, kinds)
    if len(rest) > 1:
        message = f"prices {rest[0]!r} and {rest[1]!r} both have no band: which holds?"
        scope.issues.at_key("E082", (*path, "energy", rest[1]), message, f"add bands.{rest[1]}")
    free = next((minute for minute, owner in enumerate(owners) if owner is None), None)
    if not rest and free is not None:
        when = f"{kinds[free // DAY_MIN]} {free % DAY_MIN // 60:02d}:{free % 60:02d}"
        message = f"no price from {when} on"
        scope.issues.at_key("E083", (*path, "bands"), message, "leave one price without a band: it holds the rest")
    return (*timed, *(TariffBand(name=name, price=prices[name]) for name in rest))


def _price(scope: Scope, path: Path, value: float | str) -> float:
    try:
        return canonical_price(value, scope.file.plant.currency, scope.conditions)[0]
    except UnitError as error:
        scope.issues.at_value(error.code, path, error.message, error.hint)
        return math.nan


def _spans(scope: Scope, path: Path, price: float, band: Band, kinds: tuple[str, ...]) -> list[TariffBand]:
    """Return the band's hours by kinds of day. One of all seven days is also one of holidays."""
    name = str(path[-1])
    try:
        days_on = _kinds(band.days, kinds)
    except HoursError as error:
        scope.issues.at_value("E081", (*path, "days"), error.message, error.hint)
        return []
    found: dict[frozenset[int], list[tuple[int, int]]] = {}
    for index, text in enumerate(band.hours):
        try:
            for on, part in _by_kind(days_on, *span(text)):
                found.setdefault(on, []).append(part)
        except HoursError as error:
            scope.issues.at_value("E081", (*path, "hours", index), error.message, error.hint)
    return [TariffBand(name=name, price=price, days=on, hours=tuple(parts)) for on, parts in found.items()]


def _kinds(text: str, kinds: tuple[str, ...]) -> frozenset[int]:
    """Return the kinds of day in ``text``; raises HoursError."""
    words = [part.strip() for part in text.lower().split(",")]
    rest = [word for word in words if word != HOLIDAY_WORD]
    if len(rest) < len(words) and HOLIDAY_WORD not in kinds:
        raise HoursError("hol in a tariff without holidays", "add holidays: DE-BE, or a list of dates, beside versions")
    on = days(",".join(rest)) if rest else frozenset[int]()
    special = HOLIDAY_WORD in kinds and (len(rest) < len(words) or on == EVERY_DAY)
    return on | {HOLIDAY} if special else on


def _by_kind(on: frozenset[int], start: int, end: int) -> list[tuple[frozenset[int], tuple[int, int]]]:
    """Return spans inside single days; raises HoursError for one that runs from a holiday into whatever day follows."""
    week = on - {HOLIDAY}
    parts = by_day(week, start, end) if week else []
    if HOLIDAY not in on:
        return parts
    if week == EVERY_DAY:
        return [(some | {HOLIDAY}, part) for some, part in parts]
    if 0 < end < start:
        hint = "end it at 24:00, and write what holds on mornings as a span of its own, such as 00:00-06:00"
        raise HoursError("a span of holidays runs over midnight, and what day follows is not said", hint)
    return [*parts, (frozenset({HOLIDAY}), (start, end or DAY_MIN))]


def _owners(scope: Scope, path: Path, timed: list[TariffBand], kinds: tuple[str, ...]) -> list[str | None]:
    """Return which band each minute of each kind of day has; reports the first minute that two claim, once per pair."""
    owners: list[str | None] = [None] * (len(kinds) * DAY_MIN)
    told: set[tuple[str, str]] = set()
    for band in timed:
        for day in sorted(band.days):
            for start, end in band.hours:
                for minute in range(day * DAY_MIN + start, day * DAY_MIN + end):
                    other = owners[minute]
                    if other is not None and (other, band.name) not in told:
                        told.add((other, band.name))
                        when = f"{kinds[day]} {minute % DAY_MIN // 60:02d}:{minute % 60:02d}"
                        message = f"bands {other!r} and {band.name!r} overlap on {when}"
                        hint = "spans are half-open: 07:00-12:00 and 12:00-17:00 only touch"
                        scope.issues.at_key("E082", (*path, "bands", band.name), message, hint)
                    owners[minute] = band.name
    return owners
