"""Units as others write them."""

from __future__ import annotations

import pytest

from constraints.plantfile.taglists.unitnames import (
    code_of_unit,
    same_key,
    unit_name,
    unit_of_server,
)
from constraints.plantfile.unece import NAMESPACE, unit_id


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("degC", "CEL"),
        ("m**3/h", "MQH"),
        ("%", "P1"),
        ("NTU", "NTU"),
        ("gal/min", "G2"),
        ("1", "C62"),
        ("bar(a)", ""),
        ("x", ""),
    ],
)
def test_the_code_of_a_unit_of_the_plant_file(written, code):
    assert code_of_unit(written) == code


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("°C", "degC"), ("Deg C", "degC"), ("C", "degC"), ("%", "percent"), ("m3/h", "m**3/h"), ("m³/h", "m**3/h"),
        ("kg/hr", "kg/h"), ("bar(g)", "barg"), ("Nm³/h", "Nm3/h"), ("1/min", "rpm"), ("KG/H", "kg/h"), ("kW·h", "kWh"),
        ("N·m", "N*m"), ("kg/m3", "kg/m**3"), ("m**3/h", "m**3/h"), ("MW", "MW"), ("  kPa ", "kPa"),
        ("mm/s²", "mm/s**2"),
        ("bara", "bara"), ("bar(a)", "bara"), ("bar abs.", "bara"), ("mbar a", "mbara"), ("psia", "psia"),
        ("barü", "barg"), ("PSIG", "psig"), ("kPa (g)", "kPag"), ("BAR", "bar"), ("GPM", "gpm"), ("-", "1"),
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


@pytest.mark.parametrize(("shown", "name"), [("bar(a)", "bara"), ("barg", "barg"), ("bar", "bar"), ("mbara", "bar")])
def test_a_code_of_pressure_does_not_hide_what_the_name_says_of_its_zero(shown, name):
    assert unit_of_server(NAMESPACE, unit_id("BAR"), shown) == name


def test_two_spellings_of_a_unit_are_one_and_two_units_are_two():
    assert same_key("unit", "m3/h", "m**3/h")
    assert not same_key("unit", "degC", "K")
    assert same_key("unit", "bar(a)", "bara")
    assert not same_key("unit", "bara", "bar")
    assert same_key("every", "1 min", 60)
    assert not same_key("every", "1 min", 61)
    assert same_key("scale", 1, 1.0)
