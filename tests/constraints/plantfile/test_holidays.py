"""``holidays`` and ``settlement`` of tariffs: from the text to the price of a moment."""

from __future__ import annotations

import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from constraints.plantfile import PlantFileError, load_text
from constraints.plantfile.publicholidays import HolidayError, public_holidays
from constraints.tariffs import band_at, next_price_change, not_begun

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
ZONE = "Europe/Berlin"
TARIFF = """
  site:
    holidays: DE-BE
    versions:
      - valid_from: 2026-01-01
        energy: {peak: 0.3 EUR/kWh, night: 0.1 EUR/kWh, rest: 0.2 EUR/kWh}
        bands:
          peak: {days: mon-fri, hours: ["08:00-20:00"]}
          night: {hours: ["22:00-06:00"]}
"""


def text(*changes: tuple[str, str]) -> str:
    tariff = TARIFF
    for old, new in changes:
        assert tariff.count(old) == 1, old
        tariff = tariff.replace(old, new)
    return GOOD.replace("\ntariffs:\n", "\ntariffs:" + tariff)


def versions(*changes: tuple[str, str]):
    return load_text(text(*changes), "plant.yaml").plant.tariffs["site"]


def found(*changes: tuple[str, str]) -> list[tuple[str, str, str]]:
    """Return code, message and the text to which each finding points."""
    source = text(*changes)
    with pytest.raises(PlantFileError) as caught:
        load_text(source, "plant.yaml")
    lines = source.splitlines()
    return [
        (each.code, each.message, lines[each.line - 1][each.column - 1 :][: each.length])
        for each in caught.value.diagnostics
        if each.severity == "error"
    ]


def at(when: str) -> float:
    return datetime.datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(ZONE)).timestamp()


@pytest.mark.parametrize(
    ("when", "band"),
    [
        ("2026-10-02T10:00", "peak"),  # a Friday; the third is German Unity Day
        ("2026-12-25T10:00", "rest"),  # a Friday, and Christmas
        ("2026-12-25T23:00", "night"),  # of all days is of holidays too
        ("2027-03-08T10:00", "rest"),  # International Women's Day: of Berlin only, a Monday
        ("2056-12-25T10:00", "rest"),  # thirty years are known
        ("2025-12-25T10:00", "rest"),  # a year before, in which the first version holds as well
    ],
)
def test_a_holiday_is_no_weekday(when: str, band: str) -> None:
    assert band_at(versions(), at(when), ZONE).name == band


def test_another_part_of_the_country_and_dates_of_ones_own() -> None:
    bavaria = versions(("DE-BE", "DE-BY"))
    assert band_at(bavaria, at("2027-03-08T10:00"), ZONE).name == "peak"
    assert band_at(bavaria, at("2027-01-06T10:00"), ZONE).name == "rest"
    own = versions(("DE-BE", "[2026-08-03]"))
    assert own[0].holidays == {"2026-08-03"}
    assert [band_at(own, at(f"2026-08-0{day}T10:00"), ZONE).name for day in (3, 4)] == ["rest", "peak"]


def test_bands_of_holidays() -> None:
    weekend = versions(("days: mon-fri, hours", 'days: "sat,hol", hours'))
    assert [band_at(weekend, at(f"2026-12-{day}T10:00"), ZONE).name for day in (24, 25, 26, 27)] == [
        "rest", "peak", "peak", "rest",
    ]  # fmt: skip


def test_a_price_that_only_a_far_holiday_changes_is_foreseen() -> None:
    only = versions(
        ("DE-BE", "[2026-08-03]"),
        ("mon-fri", "hol"),
        ("08:00-20:00", "00:00-24:00"),
        ("{peak: 0.3 EUR/kWh, night: 0.1 EUR/kWh, rest", "{peak: 0.3 EUR/kWh, rest"),
        ('          night: {hours: ["22:00-06:00"]}\n', ""),
    )
    assert next_price_change(only, at("2026-02-01T10:00"), ZONE) == at("2026-08-03T00:00")
    assert next_price_change(only, at("2026-08-03T10:00"), ZONE) == at("2026-08-04T00:00")
    assert next_price_change(only, at("2026-08-04T10:00"), ZONE) is None


def test_hours_of_holidays_that_nobody_priced_are_found() -> None:
    every = (
        (", rest: 0.2 EUR/kWh", ""),
        ("mon-fri, hours: [", "mon-sat, hours: ["),
        ("08:00-20:00", "06:00-22:00"),
        ('night: {hours: ["22:00-06:00"]}', 'night: {days: mon-sat, hours: ["22:00-06:00"]}'),
    )
    ((code, message, _),) = found(*every)
    assert (code, message) == ("E083", "no price from mon 00:00 on")
    sunday = ("          night:", '          night: {days: "sun,hol"}\n          rest:')
    ((code, message, _),) = found((", rest: 0.2 EUR/kWh", ", rest: 0.2 EUR/kWh, more: 1 EUR/kWh"), *every[1:], sunday)[
        :1
    ]
    assert code == "E082"


@pytest.mark.parametrize(
    ("change", "code", "message", "place"),
    [
        (("DE-BE", "XX"), "E081", "'XX' is no country whose holidays are known", "XX"),
        (("DE-BE", "DE-BR"), "E081", "DE has no part BR", "DE-BR"),
        (("DE-BE", "germany"), "E081", "'germany' is no country whose holidays are known", "germany"),
        (("DE-BE", "[2026-13-01]"), "E081", "'2026-13-01' is not a date", "2026-13-01"),
        (("holidays: DE-BE", "settlement: 25 min"), "E014", "a settlement period of 1500 s is not possible", "25 min"),
        (("holidays: DE-BE", "settlement: 1 s"), "E014", "a settlement period of 1 s is not possible", "1 s"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(change: tuple[str, str], code: str, message: str, place: str) -> None:
    assert found(change) == [(code, message, place)]


def test_a_span_from_a_holiday_into_the_next_day_is_refused() -> None:
    ((code, message, place),) = found(("night: {hours", 'night: {days: "sun,hol", hours'))
    assert (code, place) == ("E081", '"22:00-06:00"')
    assert "over midnight" in message
    assert versions(('night: {hours: ["22:00-06:00"]}', 'night: {days: "sun,hol", hours: ["22:00-00:00"]}'))


def test_hol_needs_holidays() -> None:
    ((code, message, place),) = found(("    holidays: DE-BE\n", ""), ("mon-fri", "hol"))
    assert (code, message, place) == ("E081", "hol in a tariff without holidays", "hol")


def test_prices_and_demand_windows_keep_to_the_settlement() -> None:
    quarter = ("holidays: DE-BE", "settlement: 15min")
    demand = ("        bands:\n", "        demand: {price: 9.80 EUR/kW, window: 30 min}\n        bands:\n")
    assert versions(quarter, demand)
    assert found(quarter, ("08:00", "08:05")) == [
        ("E088", "band 'peak' changes inside a settlement of 15 min", '"08:05-20:00"')
    ]
    hour = ("holidays: DE-BE", "settlement: 1 h")
    assert found(hour, demand) == [("E088", "a demand window of 30 min is not made of settlements of 60 min", "30 min")]


def test_a_tariff_that_has_not_begun_says_when_it_does() -> None:
    plant = load_text(text(("2026-01-01", "2027-01-01")), "plant.yaml").plant
    assert not_begun(plant, at("2026-12-31T23:59")) == {"site": "2027-01-01"}
    assert not_begun(plant, at("2027-01-01T00:00")) == {}
    assert band_at(plant.tariffs["site"], at("2026-12-21T10:00"), ZONE).name == "peak"  # and still no price of nothing


def test_years_that_no_rule_reaches_have_no_holidays() -> None:
    assert public_holidays("DE", 2150, 2160) == frozenset()
    with pytest.raises(HolidayError):
        public_holidays("", 2026, 2027)
