"""Section ``economics`` -> MoneyTerms: what each variable earns or costs per hour and unit.

Priced quantities are kWh, kg, m**3 or Nm3, whatever multiples the file uses, so that a record shows prices people know.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from constraints.plantfile import units
from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.schema_rules import Term
from constraints.plantfile.scope import Scope
from constraints.plantfile.unit_table import CURRENCIES
from constraints.plantfile.units import Conditions, Unit, UnitError
from constraints.plantfile.variables import variable_of
from constraints.terms import MoneyTerm

_QUANTITIES: Final = ("kWh", "kg", "m**3", "Nm3", "1")


def canonical_price(value: float | str, currency: str, conditions: Conditions = units.USUAL) -> tuple[float, Unit]:
    """Return a price per canonical quantity, and that quantity; raises UnitError."""
    number, unit = units.quantity(value, conditions)
    if currency not in CURRENCIES:
        return math.nan, units.NUMBER  # reported with the currency itself
    money = units.unit(currency)
    per = money.times(unit, -1)  # the quantity that costs one unit of money
    for text in _QUANTITIES:
        wanted = units.unit(text)
        if wanted.dimensions == per.dimensions:
            return units.tidy(number * unit.factor / money.factor * wanted.factor), wanted
    hint = f"such as 48 {currency}/MWh, 0.3 {currency}/kg or 0.5 {currency}/m**3"
    raise UnitError("E021", f"{unit.text} is not a price in {currency}", hint)


def money(scope: Scope, known: Mapping[str, Unit], tariffs: Mapping[str, Unit]) -> tuple[MoneyTerm, ...]:
    """Return every economic term; ``tariffs`` says what each tariff prices."""
    economics = scope.file.economics
    groups = (("value", economics.value, 1.0), ("cost", economics.cost, -1.0))
    named = [(name, ("economics", side, name)) for side, terms, _ in groups for name in terms]
    scope.once(named, "economic terms")
    found = [
        _term(scope, ("economics", side, name), given, sign, known, tariffs)
        for side, terms, sign in groups
        for name, given in terms.items()
    ]
    return tuple(term for term in found if term is not None)


def _term(
    scope: Scope, path: Path, given: Term, sign: float, known: Mapping[str, Unit], tariffs: Mapping[str, Unit]
) -> MoneyTerm | None:
    where = scope.dotted(path)
    fine = _exactly_one(scope, path, {"flow": given.flow, "power": given.power})
    fine &= _exactly_one(scope, path, {"price": given.price, "tariff": given.tariff})
    if not fine:
        return None
    key = "flow" if given.flow is not None else "power"
    tag = given.flow or given.power or ""
    variable = _variable(scope, (*path, key), tag)
    priced = _price(scope, path, given, tariffs)
    if variable is None or priced is None or tag not in known:
        return None
    price, quantity = priced
    try:
        per_unit = _per_unit(given, known[tag], quantity, scope.conditions)
    except UnitError as error:
        scope.issues.at_value(error.code, (*path, "heating_value"), f"{error.message} ({where})", error.hint)
        return None
    if per_unit is None and math.isnan(price or 0.0):
        return None
    if per_unit is None:
        factor = " times heating_value" if given.heating_value is not None else ""
        message = f"{known[tag].text} of {tag}{factor} is not {quantity.text} per hour, which the price is for"
        hint = "add heating_value, such as 10.3 kWh/m**3" if given.heating_value is None else "check the units"
        scope.issues.at_key("E086", path, f"{where}: {message}", hint)
        return None
    return MoneyTerm(name=str(path[-1]), variable=variable, per_unit=sign * per_unit, price=price, tariff=given.tariff)


def _exactly_one(scope: Scope, path: Path, choices: Mapping[str, object]) -> bool:
    given = [key for key, value in choices.items() if value is not None]
    if len(given) == 1:
        return True
    words = " or ".join(choices)
    said = "both are" if given else "none is"
    scope.issues.at_key("E016", path, f"{scope.dotted(path)} needs {words}; {said} given", "keep exactly one")
    return False


def _variable(scope: Scope, path: Path, tag: str) -> str | None:
    found = variable_of(scope, tag)
    if found is None and tag in scope.names("tags"):
        hint = f"add cvs.{tag}, or use the readback of an MV"
        scope.issues.at_value("E035", path, f"{tag!r} is neither MV nor CV: its money could not be optimised", hint)
    elif found is None:
        choices = (*scope.names("tags"), *scope.names("mvs"))
        scope.issues.at_value("E051", path, f"unknown tag {tag!r} in {scope.dotted(path)}", did_you_mean(tag, choices))
    return found


def _price(scope: Scope, path: Path, given: Term, tariffs: Mapping[str, Unit]) -> tuple[float | None, Unit] | None:
    if given.price is not None:
        try:
            return canonical_price(given.price, scope.file.plant.currency, scope.conditions)
        except UnitError as error:
            scope.issues.at_value(error.code, (*path, "price"), error.message, error.hint)
            return None
    tariff = given.tariff or ""
    if scope.unknown("E053", "tariffs", tariff, (*path, "tariff")) or tariff not in tariffs:
        return None
    return None, tariffs[tariff]


def _per_unit(given: Term, flow: Unit, quantity: Unit, conditions: Conditions) -> float | None:
    """Return quantities per hour that one unit of the variable means; None where units do not lead there."""
    amount, unit = given.yield_, flow.of_differences
    if given.heating_value is not None:
        number, of_heat = units.quantity(given.heating_value, conditions)
        amount, unit = amount * number, unit.times(of_heat)
    per_hour = quantity.times(units.unit("h"), -1)
    if unit.dimensions != per_hour.dimensions:
        return None
    return units.tidy(amount * unit.factor / per_hour.factor)
