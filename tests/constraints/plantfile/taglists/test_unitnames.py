"""Units as others write them."""

from __future__ import annotations

import pytest

from constraints.plantfile.taglists.unitnames import (
    UNECE,
    code_of_unit,
    same_key,
    unit_name,
    unit_of_server,
)
from constraints.plantfile.unece import NAMESPACE, code_of, unit_id
from constraints.plantfile.units import unit


def test_every_unit_of_the_table_is_one_of_the_plant_file():
    for name in UNECE.values():
        unit(name)


@pytest.mark.parametrize(
    ("code", "number"),
    # As UNECE_to_OPCUA.csv of the OPC Foundation's UA-Nodeset lists them.
    [("CEL", 4408652), ("E93", 4536627), ("KWT", 4937556), ("59", 13625), ("MQH", 5067080), ("BAR", 4342098)],
)
def test_a_unit_id_is_the_codes_characters(code, number):
    assert unit_id(code) == number
    assert code_of(number) == code


@pytest.mark.parametrize(("written", "code"), [("degC", "CEL"), ("m**3/h", "MQH"), ("%", "P1"), ("NTU", ""), ("x", "")])
def test_the_code_of_a_unit_of_the_plant_file(written, code):
    assert code_of_unit(written) == code


@pytest.mark.parametrize("number", [0, -1, 2**31, 10, 0x41000041])
def test_a_unit_id_that_is_none(number):
    assert code_of(number) is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("°C", "degC"), ("Deg C", "degC"), ("C", "degC"), ("%", "percent"), ("m3/h", "m**3/h"), ("m³/h", "m**3/h"),
        ("kg/hr", "kg/h"), ("bar(g)", "barg"), ("Nm³/h", "Nm3/h"), ("1/min", "rpm"), ("KG/H", "kg/h"), ("kW·h", "kWh"),
        ("N·m", "N*m"), ("kg/m3", "kg/m**3"), ("m**3/h", "m**3/h"), ("MW", "MW"), ("  kPa ", "kPa"),
        ("mm/s²", "mm/s**2"),
        ("furlongs per moon", ""), ("", ""), ("a" * 200, ""), ("(" * 50, ""),
    ],
)  # fmt: skip
def test_units_as_lists_write_them(written, name):
    assert unit_name(written) == name


def test_the_engineers_own_translation_comes_first():
    assert unit_name("Grad", {"Grad": "degC"}) == "degC"
    assert unit_name("°C", {"°C": "K"}) == "K"


def test_a_server_is_believed_by_code_and_else_by_name():
    assert unit_of_server(NAMESPACE, unit_id("CEL"), "anything") == "degC"
    assert unit_of_server("urn:own", unit_id("CEL"), "kg/h") == "kg/h"
    assert unit_of_server(NAMESPACE, 0, "%") == "percent"
    assert unit_of_server(NAMESPACE, 0, "what") == ""


def test_two_spellings_of_a_unit_are_one_and_two_units_are_two():
    assert same_key("unit", "m3/h", "m**3/h")
    assert not same_key("unit", "degC", "K")
    assert same_key("every", "1 min", 60)
    assert not same_key("every", "1 min", 61)
    assert same_key("scale", 1, 1.0)
