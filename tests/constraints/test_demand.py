"""Which demand charge counts, and in which window, on the wall clock of the plant."""

from __future__ import annotations

import datetime
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from constraints.demand import demand_at, demand_charges, window_at
from constraints.terms import DemandCharge, TariffBand, TariffVersion
from tests.constraints.plants import plant

BANDS = (TariffBand(name="all", price=0.2),)
WINTER = DemandCharge(price_per_kw=9.8, months=frozenset({1, 11, 12}))
NEW = DemandCharge(price_per_kw=12.0)
VERSIONS = (
    TariffVersion(valid_from="2026-01-01", bands=BANDS, demand=WINTER),
    TariffVersion(valid_from="2026-12-15", bands=BANDS, demand=NEW),
    TariffVersion(valid_from="2027-06-01", bands=BANDS),
)


def at(text: str, zone: str = "Europe/Berlin") -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("2026-01-31 23:59:59", WINTER),
        ("2026-02-01 00:00:00", None),
        ("2026-11-01 00:00:00", WINTER),
        ("2026-12-14 23:59:59", WINTER),
        ("2026-12-15 00:00:00", NEW),
        ("2027-06-01 00:00:00", None),
    ],
)
def test_version_and_month_are_those_of_the_plants_clock(when: str, found: DemandCharge | None) -> None:
    assert demand_at(VERSIONS, at(when), "Europe/Berlin") == found
    made = replace(plant(), tariffs={"grid": VERSIONS, "gas": (TariffVersion(valid_from="2026-01-01", bands=BANDS),)})
    assert demand_charges(made, at(when)) == ({} if found is None else {"grid": found})


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Asia/Kolkata"])
@pytest.mark.parametrize(("window_s", "begin"), [(900.0, "10:30"), (1800.0, "10:30"), (3600.0, "10:00")])
def test_windows_begin_at_the_full_hour_of_the_plant(zone: str, window_s: float, begin: str) -> None:
    charge = replace(WINTER, window_s=window_s)
    first = at(f"2026-11-28 {begin}", zone)
    assert window_at(charge, at("2026-11-28 10:44:59.5", zone), zone) == (first, first + window_s)
    assert window_at(charge, first, zone) == (first, first + window_s)
