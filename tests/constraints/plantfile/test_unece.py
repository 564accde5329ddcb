"""Common codes against numbers that servers show (OPC Foundation's UNECE_to_OPCUA table) and against our own units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plantfile.unece import UNECE, code_of, unit_id
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
    assert UNECE[code] == ours


@pytest.mark.parametrize("ours", sorted(set(UNECE.values())))
def test_every_unit_of_the_table_is_one_of_the_plant_file(ours: str) -> None:
    assert unit(ours).factor > 0.0


def test_a_name_in_capitals_means_one_unit() -> None:
    names = set(UNECE.values())
    assert len({name.lower() for name in names}) == len(names)


@given(st.integers(-(2**31), 2**31 - 1))
def test_any_number_is_a_code_or_none(number: int) -> None:
    code = code_of(number)
    assert code is None or unit_id(code) == number


@pytest.mark.parametrize("code", ["", "ABCDE", "é", "A B"])
def test_what_cannot_be_a_code(code: str) -> None:
    with pytest.raises(ValueError, match="no common code"):
        unit_id(code)


@pytest.mark.parametrize("number", [0, -1, 2**31, 10, 0x41000041])
def test_a_unit_id_that_is_none(number: int) -> None:
    assert code_of(number) is None
