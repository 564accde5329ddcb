from __future__ import annotations

import pytest

from constraints.economics import eur_per_h, money_coefficients
from constraints.terms import MoneyTerm
from tests.constraints.plants import cv, mv, plant

TERMS = (
    MoneyTerm(name="powder", variable="u", per_unit=0.5, price=0.3),
    MoneyTerm(name="cake", variable="u", per_unit=0.1, price=1.0),
    MoneyTerm(name="electricity", variable="y", per_unit=-1.0, price=None, tariff="grid"),
)
PLANT = plant(mvs=(mv(cost=0.02),), cvs=(cv(),), money=TERMS)


def test_coefficients_add_up_per_variable() -> None:
    found = money_coefficients(PLANT, {"grid": 0.25})
    assert found == pytest.approx({"u": 0.15 + 0.1, "y": -0.25})


def test_without_a_price_there_is_no_economy_at_all() -> None:
    """Electricity without a price would look free, and the optimum would be the wrong one."""
    assert money_coefficients(PLANT, {}) == {}
    assert money_coefficients(PLANT, {"gas": 1.0}) == {}


def test_terms_in_money_per_hour() -> None:
    found = eur_per_h(PLANT, {"u": 1000.0, "y": 40.0}, {"grid": 0.25})
    assert found == pytest.approx({"powder": 150.0, "cake": 100.0, "electricity": -10.0, "cost of u": -20.0})


def test_what_is_not_known_is_left_out() -> None:
    assert eur_per_h(PLANT, {"y": 40.0}, {}) == {}
    assert eur_per_h(PLANT, {"y": 40.0}, {"grid": 0.1}) == pytest.approx({"electricity": -4.0})


def test_the_terms_are_the_coefficients_times_the_values() -> None:
    values, prices = {"u": 123.0, "y": -4.5}, {"grid": 0.131}
    coefficients = money_coefficients(PLANT, prices)
    terms = eur_per_h(PLANT, values, prices)
    total = sum(terms.values()) - terms["cost of u"]
    assert total == pytest.approx(sum(coefficients[name] * value for name, value in values.items()))
