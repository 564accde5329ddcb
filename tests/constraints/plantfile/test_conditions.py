"""``plant: ambient_pressure, normal_gas, standard_gas``: what gauge pressures and gas volumes are relative to."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plantfile import PlantFileError, load_text

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
TAGS = """  steam: {source: "dcs:ns=2;s=PI1.PV", unit: barg, range: [0 bara, 12 bara]}
  fuel: {source: "dcs:ns=2;s=FI7.PV", unit: Nm3/h, range: [0, 1000 Sm3/h]}
mvs:
"""


def plant(*keys: str, tags: str = TAGS):
    first = ", ".join(("currency: EUR", *keys))
    return load_text(GOOD.replace("currency: EUR", first, 1).replace("mvs:\n", tags, 1), "x").plant


def test_gauge_begins_at_the_plants_ambient_pressure():
    assert plant().validity["steam"].hi == pytest.approx(12 - 1.01325)
    found = plant("ambient_pressure: 830 mbara").validity["steam"]
    assert (found.lo, found.hi) == pytest.approx((-0.83, 11.17))
    assert plant("ambient_pressure: 0.9").validity["steam"].lo == pytest.approx(-0.9)


def test_volumes_are_counted_where_the_plant_says():
    assert plant().validity["fuel"].hi == pytest.approx(947.9437792816)
    found = plant("standard_gas: {temperature: 20 degC, pressure: 1 bara}").validity["fuel"]
    assert found.hi == pytest.approx(1000 * 100_000 / 101_325 * 273.15 / 293.15)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("ambient_pressure: 0 bara", "E014", "ambient_pressure of 0 bara is not possible"),
        ("ambient_pressure: 3 kg", "E021", "kg is not a unit of the same kind as bara"),
        ("normal_gas: {temperature: 273.15, pressure: 1.01325 bara}", "E014", "temperature of 273.15 degC"),
        ("standard_gas: {temperature: 60 degF}", "E011", "pressure"),
    ],
)
def test_what_cannot_be_is_a_finding(line: str, code: str, said: str):
    with pytest.raises(PlantFileError) as caught:
        plant(line)
    assert [each.code for each in caught.value.diagnostics if each.severity == "error"] == [code]
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("unit", "limit", "hint"),
    [
        ("barg", "8 bar", "write barg or bara"),
        ("Nm3/h", "8 m3/h", "count gas at reference conditions"),
        ("degC", "8 delta_degC", "write degC"),
        ("ton/h", "8", "short_ton"),
    ],
)
def test_a_limit_of_another_kind_is_an_error_at_its_place(unit: str, limit: str, hint: str):
    tags = f'  odd: {{source: "dcs:ns=2;s=XI1.PV", unit: {unit}, range: [0, {limit}]}}\nmvs:\n'
    with pytest.raises(PlantFileError) as caught:
        plant(tags=tags)
    (found,) = [each for each in caught.value.diagnostics if each.severity == "error"]
    assert hint in found.hint
    assert "odd" in GOOD.replace("mvs:\n", tags, 1).splitlines()[found.line - 1]


def test_gas_is_priced_by_its_normal_volume():
    text = GOOD.replace("unit: m**3/h, scale: 0.1", "unit: Nm3/h, scale: 0.1").replace(
        "3.6 m**3/h/K/h", "3.6 Nm3/h/K/h"
    )
    by_volume = text.replace("heating_value: 36 MJ/m**3, price: 48 EUR/MWh", "price: 0.5 EUR/Sm3")
    (term,) = [each for each in load_text(by_volume, "x").plant.money if each.name == "gas"]
    assert term.price == pytest.approx(0.5 / 0.9479437792816)
    by_heat = text.replace("36 MJ/m**3", "36 MJ/Nm3")
    (term,) = [each for each in load_text(by_heat, "x").plant.money if each.name == "gas"]
    assert term.per_unit == pytest.approx(-10.0)
    with pytest.raises(PlantFileError, match="heating_value is not kWh per hour"):
        load_text(text, "x")
