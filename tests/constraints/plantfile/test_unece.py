"""Common codes against numbers that servers show (OPC Foundation's UNECE_to_OPCUA table) and against our own units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plantfile.unece import _OF_CODE, code_of, unit_id, unit_of_code, unit_shown
from constraints.plantfile.units import unit


@pytest.mark.parametrize(
    ("code", "number", "ours"),
    [
        ("CEL", 4408652, "degC"),
        ("FAH", 4604232, "degF"),
        ("BAR", 4342098, "bar"),
        ("KPA", 4935745, "kPa"),
        ("E93", 4536627, "kg/h"),
        ("E18", 4534584, "t/h"),
        ("MQH", 5067080, "m**3/h"),
        ("KWT", 4937556, "kW"),
        ("RPM", 5394509, "rpm"),
        ("4K", 13387, "mA"),
        ("59", 13625, "ppm"),
        ("P1", 20529, "percent"),
    ],
)
def test_codes_are_numbers_and_units(code: str, number: int, ours: str) -> None:
    assert unit_id(code) == number
    assert code_of(number) == code
    assert unit_of_code(code) == ours
    assert unit_shown(number, "whatever") == ours


@pytest.mark.parametrize("ours", sorted(set(_OF_CODE.values())))
def test_every_unit_of_the_table_is_one_of_the_plant_file(ours: str) -> None:
    assert unit(ours).factor > 0.0


def test_what_the_number_does_not_tell_the_name_does() -> None:
    assert unit_shown(-1, " kg/h ") == "kg/h"
    assert unit_shown(0, "") is None
    assert unit_shown(unit_id("D27"), "sr") == "sr"
    assert unit_of_code("XXX") is None


@given(st.integers(-(2**31), 2**31 - 1))
def test_any_number_is_a_code_or_none(number: int) -> None:
    code = code_of(number)
    assert code is None or unit_id(code) == number


@pytest.mark.parametrize("code", ["", "ABCDE", "é", "A B"])
def test_what_cannot_be_a_code(code: str) -> None:
    with pytest.raises(ValueError, match="no common code"):
        unit_id(code)
