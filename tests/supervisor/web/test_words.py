"""Numbers and times as people read them."""

import math

import pytest

from supervisor.web import words


@pytest.mark.parametrize(
    ("span", "places"), [(3.0, 2), (0.8, 3), (40.0, 1), (2800.0, 0), (math.nan, 2), (math.inf, 2), (0.0, 2), (1e-9, 6)]
)
def test_a_range_says_how_many_decimals_are_worth_showing(span, places):
    assert words.decimals(span) == places


@pytest.mark.parametrize(
    ("value", "shown"),
    [(3571.4, "3\u202f571"), (-3571.4, "−3\u202f571"), (-0.2, "0"), (None, "–"), (math.nan, "–"), (math.inf, "–")],
)
def test_numbers_have_a_true_minus_and_no_negative_zero(value, shown):
    assert words.number(value, 0) == shown


def test_a_difference_is_always_signed():
    assert [words.change(each, 1) for each in (2.0, -2.0, None)] == ["+2.0", "−2.0", "–"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(8, "8 s"), (119, "119 s"), (720, "12 min"), (11_520, "3 h 12"), (400_000, "4 d"), (-1, "0 s")],
)
def test_a_length_of_time_is_as_long_as_it_needs(seconds, shown):
    assert words.lasting(seconds) == shown


def test_time_is_plant_time_through_the_change_to_winter():
    first, second = 1_792_886_400.0, 1_792_890_000.0  # 00:00 and 01:00 UTC of 2026-10-25
    assert [words.clock(each, "Europe/Berlin") for each in (first, second)] == ["02:00:00", "02:00:00"]
    assert [words.offset(each, "Europe/Berlin") for each in (first, second)] == ["CEST UTC+0200", "CET UTC+0100"]


@pytest.mark.parametrize(
    ("unit", "printed"),
    [("degC", "°C"), ("delta_degC/min", "°C/min"), ("m**3/h", "m³/h"), ("percent", "%"), ("kW", "kW")],
)
def test_units_are_printed_as_on_instruments(unit, printed):
    assert words.sign(unit) == printed
