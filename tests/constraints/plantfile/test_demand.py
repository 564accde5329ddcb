"""``demand`` of a tariff in a plant file."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plantfile import PlantFileError, load_text
from constraints.terms import DemandCharge

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
LAST = "        energy: {all: 0.2 EUR/kWh}\n"


def charge(demand: str) -> DemandCharge | None:
    first, second = load_text(GOOD.replace(LAST, f"{LAST}        demand: {demand}\n"), "x").plant.tariffs["grid"]
    assert first.demand is None
    return second.demand


@pytest.mark.parametrize(
    ("demand", "found"),
    [
        ("{price: 9.80 EUR/kW}", DemandCharge(price_per_kw=9.8)),
        ("{price: 9800 EUR/MW, period: year}", DemandCharge(price_per_kw=9.8, period="year")),
        ("{price: 120 EUR/kW/year}", DemandCharge(price_per_kw=120.0, period="year")),
        ("{price: 120 EUR/kW/a, period: month}", DemandCharge(price_per_kw=10.0)),
        ("{price: 10 EUR/kW / month, window: 30min}", DemandCharge(price_per_kw=10.0, window_s=1800.0)),
        ("{price: 1 EUR/kW, months: [11, 12, 1]}", DemandCharge(price_per_kw=1.0, months=frozenset({1, 11, 12}))),
    ],
)
def test_what_a_peak_costs(demand: str, found: DemandCharge) -> None:
    assert charge(demand) == found


@pytest.mark.parametrize(
    ("demand", "code", "words"),
    [
        ("{price: 0.2 EUR/kWh}", "E021", "not a price of power"),
        ("{price: 9.8}", "E022", "such as 9.80 EUR/kW"),
        ("{price: 9.8 CHF/kW}", "E021", "not a price of power in EUR"),
        ("{price: -1 EUR/kW}", "E014", "below 0"),
        ("{price: 1 EUR/kW/month, period: year}", "E016", "per month of a peak per year"),
        ("{price: 1 EUR/kW, window: 7 min}", "E014", "window of 420 s"),
        ("{price: 1 EUR/kW, window: 2 h}", "E014", "window of 7200 s"),
        ("{price: 1 EUR/kW, window: 0}", "E014", "window of 0 s"),
        ("{price: 1 EUR/kW, months: [13]}", "E014", "less than or equal to 12"),
        ("{price: 1 EUR/kW, months: []}", "E014", "at least one"),
        ("{window: 15 min}", "E011", "'price' is missing"),
    ],
)
def test_what_is_wrong_is_one_finding(demand: str, code: str, words: str) -> None:
    with pytest.raises(PlantFileError) as caught:
        charge(demand)
    (found,) = caught.value.diagnostics
    assert (found.code, found.line) == (code, GOOD[: GOOD.index(LAST)].count("\n") + 2)
    assert words in f"{found.message} {found.hint}"
