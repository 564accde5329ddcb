from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plantfile import load
from constraints.tariffs import NoPriceError, band_at, next_price_change, price_at, tariff_prices
from constraints.terms import TariffBand, TariffVersion

ZONE = "Europe/Berlin"
PLANT = load(Path(__file__).parent / "plantfile" / "good.yaml").plant
GRID = PLANT.tariffs["grid"]
"""peak mon-fri 07-12 and 17-20 (0.25), night mon, sat, sun 22-06 (0.08), day else (0.15); from July 0.2 always."""


def at(text: str) -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp()


@pytest.mark.parametrize(
    ("when", "price"),
    [
        ("2026-03-02T06:59:59", 0.15),  # a Monday; Sunday's night ended at 06:00
        ("2026-03-02T05:59:59", 0.08),
        ("2026-03-02T07:00:00", 0.25),
        ("2026-03-02T12:00:00", 0.15),
        ("2026-03-02T17:00:00", 0.25),
        ("2026-03-02T22:00:00", 0.08),
        ("2026-03-03T05:00:00", 0.08),
        ("2026-03-03T22:00:00", 0.15),  # Tuesday has no night price
        ("2026-03-07T08:00:00", 0.15),  # Saturday has no peak
        ("2026-03-07T21:59:59", 0.15),
        ("2026-03-07T22:00:00", 0.08),
        ("2026-06-30T23:59:59", 0.15),
        ("2026-07-01T00:00:00", 0.20),
        ("2027-01-01T08:00:00", 0.20),
        ("2025-12-29T08:00:00", 0.25),  # before the first version: as if it held already
    ],
)
def test_price(when: str, price: float) -> None:
    assert price_at(GRID, at(when), ZONE) == price


def test_band_and_prices_of_all_tariffs() -> None:
    assert band_at(GRID, at("2026-03-02T08:00:00"), ZONE).name == "peak"
    assert tariff_prices(PLANT, at("2026-03-02T08:00:00")) == {"grid": 0.25}


@pytest.mark.parametrize(
    ("when", "change"),
    [
        ("2026-03-02T08:00:00", "2026-03-02T12:00:00"),
        ("2026-03-06T20:00:00", "2026-03-07T22:00:00"),  # Friday evening: nothing until Saturday's night
        ("2026-03-28T22:00:00", "2026-03-29T06:00:00"),  # seven hours long
        ("2026-06-30T20:00:00", "2026-07-01T00:00:00"),
    ],
)
def test_next_change(when: str, change: str) -> None:
    assert next_price_change(GRID, at(when), ZONE) == at(change)


def test_one_price_for_ever_never_changes() -> None:
    assert next_price_change(GRID, at("2026-08-01T00:00:00"), ZONE) is None


def test_a_version_far_ahead_is_seen() -> None:
    versions = (GRID[1], TariffVersion(valid_from="2027-05-01", bands=(TariffBand(name="all", price=0.3),)))
    assert next_price_change(versions, at("2026-08-01T00:00:00"), ZONE) == at("2027-05-01T00:00:00")


def test_a_gap_has_no_price() -> None:
    gap = (replace(GRID[0], bands=GRID[0].bands[:1]),)
    with pytest.raises(NoPriceError):
        price_at(gap, at("2026-03-07T08:00:00"), ZONE)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2 * 365 * 24 * 60))
def test_every_minute_has_one_price_until_it_changes(minute: int) -> None:
    now = at("2025-12-01T00:00:00") + 60.0 * minute
    price = price_at(GRID, now, ZONE)
    change = next_price_change(GRID, now, ZONE)
    if change is None:
        assert now >= at("2026-07-01T00:00:00")
        return
    assert price_at(GRID, change, ZONE) != price
    steps = range(int(now), int(change), max(60, int(change - now) // 50))
    assert {price_at(GRID, float(instant), ZONE) for instant in (*steps, change - 1.0)} == {price}
