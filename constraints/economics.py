"""What the plant earns: currency per hour, linear in MVs and CVs at given prices."""

from __future__ import annotations

from collections.abc import Mapping

from constraints.plant import Plant
from constraints.terms import MoneyTerm


def money_coefficients(plant: Plant, prices: Mapping[str, float]) -> Mapping[str, float]:
    """Return currency per hour and unit of each MV and CV that the economic terms speak of; positive earns.

    ``prices`` is by tariff. Empty as long as the price of any term is unknown: half an economy would lead astray. An
    MV's own ``cost`` is not in it: the controller knows it from the plant.
    """
    found: dict[str, float] = {}
    for term in plant.money:
        price = _price(term, prices)
        if price is None:
            return {}
        found[term.variable] = found.get(term.variable, 0.0) + term.per_unit * price
    return found


def eur_per_h(plant: Plant, values: Mapping[str, float], prices: Mapping[str, float]) -> Mapping[str, float]:
    """Return each economic term in currency per hour, values positive and costs negative.

    ``values`` is by MV and CV, in their units. A term whose value or price is unknown is left out. An MV's own cost is
    named ``cost of`` the MV.
    """
    found: dict[str, float] = {}
    for term in plant.money:
        price, value = _price(term, prices), values.get(term.variable)
        if price is not None and value is not None:
            found[term.name] = term.per_unit * price * value
    for name, mv in plant.mvs.items():
        if mv.cost != 0.0 and name in values:
            found[f"cost of {name}"] = -mv.cost * values[name]
    return found


def _price(term: MoneyTerm, prices: Mapping[str, float]) -> float | None:
    return term.price if term.tariff is None else prices.get(term.tariff)
