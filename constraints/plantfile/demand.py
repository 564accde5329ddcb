"""``demand`` of a tariff version -> DemandCharge.

By dimension ``EUR/kW/year`` is ``EUR/kWh``, so the billing period is read from the text and never worked out.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from constraints.plantfile import units
from constraints.plantfile.document import Path
from constraints.plantfile.schema_rules import Demand
from constraints.plantfile.scope import Scope
from constraints.plantfile.unit_table import CURRENCIES
from constraints.plantfile.units import UnitError
from constraints.terms import DemandCharge

Period = Literal["month", "year"]
_PER: Final = re.compile(r"(?P<rest>.*)/\s*(?:(?P<year>year|yr|a)|month)\s*", re.DOTALL)
_MONTHS_A_YEAR: Final = 12
_HOUR_S: Final = 3600.0


def demand_charge(scope: Scope, path: Path, given: Demand | None) -> DemandCharge | None:
    """Return the charge; None where there is none, or one with errors."""
    if given is None:
        return None
    before = len(scope.issues.found)
    priced = _price(scope, (*path, "price"), given.price)
    window = scope.seconds((*path, "window"), given.window)
    if not (60.0 <= window <= _HOUR_S and _HOUR_S % window == 0.0):  # noqa: PLR2004 - a minute
        hint = "such as 15 min: whole windows fill an hour, from 1 min to 1 h"
        scope.issues.at_value("E014", (*path, "window"), f"a demand window of {window:g} s is not possible", hint)
    if priced is None:
        return None
    price, of = priced
    period: Period = given.period or of or "month"
    if of == "year" and period == "month":
        price /= _MONTHS_A_YEAR
    elif of == "month" and period == "year":
        hint = "write a price per year, or period: month"
        scope.issues.at_value("E016", (*path, "period"), "a price per month of a peak per year", hint)
    if len(scope.issues.found) > before:
        return None
    return DemandCharge(price_per_kw=price, period=period, window_s=window, months=frozenset(given.months))


def _price(scope: Scope, path: Path, value: float | str) -> tuple[float, Period | None] | None:
    """Return currency per kW, and the period that the price names; None where it is no such price (reported)."""
    currency = scope.file.plant.currency
    if currency not in CURRENCIES:
        return None  # reported with the currency itself
    match = _PER.fullmatch(value) if isinstance(value, str) else None
    of: Period | None = None if match is None else "year" if match["year"] else "month"
    wanted = units.unit(currency).times(units.unit("kW"), -1)
    try:
        number, unit = units.quantity(match["rest"] if match is not None else value)
    except UnitError as error:
        scope.issues.at_value(error.code, path, error.message, f"such as 9.80 {currency}/kW or 120 {currency}/kW/year")
        return None
    if unit.dimensions != wanted.dimensions:
        hint = f"such as 9.80 {currency}/kW or 120 {currency}/kW/year"
        scope.issues.at_value("E021", path, f"{unit.text} is not a price of power in {currency}", hint)
        return None
    return scope.not_negative(path, units.tidy(number * unit.factor / wanted.factor)), of
