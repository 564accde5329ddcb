"""Section ``tariffs`` -> TariffVersions: prices, and which minute of the week has which."""

from __future__ import annotations

import datetime
import math

from constraints.plantfile.demand import demand_charge
from constraints.plantfile.document import Path
from constraints.plantfile.hours import DAY_MIN, DAYS, HoursError, by_day, days, span
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.money import canonical_price
from constraints.plantfile.schema_rules import TariffVersionSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit, UnitError
from constraints.terms import TariffBand, TariffVersion


def tariffs(scope: Scope) -> dict[str, tuple[TariffVersion, ...]]:
    """Return every tariff, each with its versions in order of time."""
    found: dict[str, tuple[TariffVersion, ...]] = {}
    for name, given in scope.file.tariffs.items():
        versions: list[TariffVersion] = []
        for index, version in enumerate(given.versions):
            path: Path = ("tariffs", name, "versions", index)
            valid_from = _date(scope, (*path, "valid_from"), version.valid_from)
            if versions and valid_from and valid_from <= versions[-1].valid_from:
                message = f"version from {valid_from} follows one from {versions[-1].valid_from}"
                scope.issues.at_value("E084", (*path, "valid_from"), message, "oldest first, each date once")
            charge = demand_charge(scope, (*path, "demand"), version.demand)
            versions.append(TariffVersion(valid_from=valid_from, bands=_bands(scope, path, version), demand=charge))
        found[name] = tuple(versions)
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


def _bands(scope: Scope, path: Path, given: TariffVersionSection) -> tuple[TariffBand, ...]:
    """Return the bands with hours first and the one for the rest of the week last."""
    for name in given.bands:
        if name not in given.energy:
            hint = did_you_mean(name, given.energy) or "each band has a price of the same name in energy"
            scope.issues.at_key("E053", (*path, "bands", name), f"no price for band {name!r}", hint)
    prices = {name: _price(scope, (*path, "energy", name), value) for name, value in given.energy.items()}
    timed: list[TariffBand] = []
    for name, band in given.bands.items():
        timed += _spans(scope, (*path, "bands", name), name, prices.get(name, math.nan), (band.days, band.hours))
    rest = [name for name in given.energy if name not in given.bands]
    owners = _owners(scope, path, timed)
    if len(rest) > 1:
        message = f"prices {rest[0]!r} and {rest[1]!r} both have no band: which holds?"
        scope.issues.at_key("E082", (*path, "energy", rest[1]), message, f"add bands.{rest[1]}")
    free = next((minute for minute, owner in enumerate(owners) if owner is None), None)
    if not rest and free is not None:
        when = f"{DAYS[free // DAY_MIN]} {free % DAY_MIN // 60:02d}:{free % 60:02d}"
        message = f"no price from {when} on"
        scope.issues.at_key("E083", (*path, "bands"), message, "leave one price without a band: it holds the rest")
    return (*timed, *(TariffBand(name=name, price=prices[name]) for name in rest))


def _price(scope: Scope, path: Path, value: float | str) -> float:
    try:
        return canonical_price(value, scope.file.plant.currency, scope.conditions)[0]
    except UnitError as error:
        scope.issues.at_value(error.code, path, error.message, error.hint)
        return math.nan


def _spans(scope: Scope, path: Path, name: str, price: float, when: tuple[str, list[str]]) -> list[TariffBand]:
    try:
        days_on = days(when[0])
    except HoursError as error:
        scope.issues.at_value("E081", (*path, "days"), error.message, error.hint)
        return []
    found: dict[frozenset[int], list[tuple[int, int]]] = {}
    for index, text in enumerate(when[1]):
        try:
            for on, part in by_day(days_on, *span(text)):
                found.setdefault(on, []).append(part)
        except HoursError as error:
            scope.issues.at_value("E081", (*path, "hours", index), error.message, error.hint)
    return [TariffBand(name=name, price=price, days=on, hours=tuple(parts)) for on, parts in found.items()]


def _owners(scope: Scope, path: Path, timed: list[TariffBand]) -> list[str | None]:
    """Return which band each minute of the week has; reports the first minute that two bands claim, once per pair."""
    owners: list[str | None] = [None] * (7 * DAY_MIN)
    told: set[tuple[str, str]] = set()
    for band in timed:
        for day in sorted(band.days):
            for start, end in band.hours:
                for minute in range(day * DAY_MIN + start, day * DAY_MIN + end):
                    other = owners[minute]
                    if other is not None and (other, band.name) not in told:
                        told.add((other, band.name))
                        when = f"{DAYS[day]} {minute % DAY_MIN // 60:02d}:{minute % 60:02d}"
                        message = f"bands {other!r} and {band.name!r} overlap on {when}"
                        hint = "spans are half-open: 07:00-12:00 and 12:00-17:00 only touch"
                        scope.issues.at_key("E082", (*path, "bands", band.name), message, hint)
                    owners[minute] = band.name
    return owners
