from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plantfile.unit_table import KNOWN
from constraints.plantfile.units import Unit, UnitError, difference, from_pint, point, quantity, rate, seconds, unit


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        ("365 K", "degC", 91.85),
        ("0 degC", "K", 273.15),
        ("212 degF", "degC", 100.0),
        ("1 barg", "bar", 2.01325),
        ("2.01325 bar", "barg", 1.0),
        ("3 t/h", "kg/h", 3000.0),
        ("60 m3/h", "L/min", 1000.0),
        ("0.5 percent", "ppm", 5000.0),
        ("4 %", "percent", 4.0),
        ("1 kg/(m**2*s)", "kg/m**2/min", 60.0),
        ("10 Nm³/h", "m**3/h", 10.0),
        (12, "kg/h", 12.0),
        ("12", "kg/h", 12.0),
        ("-1e3 W", "kW", -1.0),
    ],
)
def test_points_convert(value: float | str, wanted: str, expected: float) -> None:
    assert point(value, unit(wanted)) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [("5 degC", "degC", 5.0), ("5 K", "degC", 5.0), ("9 degF", "degC", 5.0), ("1 bar", "barg", 1.0), (5, "degC", 5.0)],
)
def test_differences_leave_out_where_a_scale_begins(value: float | str, wanted: str, expected: float) -> None:
    assert difference(value, unit(wanted)) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("value", "wanted", "per", "expected"),
    [
        ("0.5 degC/min", "degC", "min", 0.5),
        ("0.5 delta_degC/min", "degC", "min", 0.5),
        ("60 K/h", "degC", "min", 1.0),
        ("60 kg/h/min", "kg/h", "min", 60.0),
        ("1 kg/h/s", "kg/h", "min", 60.0),
        (7, "kg/h", "min", 7.0),
        ("5 degC/s", "degC", "s", 5.0),
    ],
)
def test_rates(value: float | str, wanted: str, per: str, expected: float) -> None:
    assert rate(value, unit(wanted), per) == pytest.approx(expected, rel=1e-14)


def test_times() -> None:
    assert [seconds(each) for each in (15, "15 s", "500 ms", "5 min", "5min", "12 h", "1 d")] == [
        15.0, 15.0, 0.5, 300.0, 300.0, 43_200.0, 86_400.0,
    ]  # fmt: skip


def test_round_numbers_stay_round() -> None:
    number, given_unit = quantity("48 EUR/MWh")
    wanted = unit("EUR/kWh")
    assert number == 48.0
    assert given_unit.dimensions == wanted.dimensions
    assert point("0.3 kW", unit("W")) == 300.0
    assert point("110.1 kg/h", unit("kg/h")) == 110.1


def test_money_of_one_currency_is_not_money_of_another() -> None:
    with pytest.raises(UnitError) as caught:
        point("1 USD/h", unit("EUR/h"))
    assert caught.value.code == "E021"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("C", "did you mean 'degC'?"),
        ("KW", "did you mean 'kW'?"),
        ("kgh", "did you mean 'kg/h'?"),
        ("persent", "did you mean 'percent'?"),
        ("", ""),
        ("m**99999999", ""),
        ("((((((m))))))", ""),
        ("m/", ""),
        ("2 kg", ""),
        ("dB", ""),
        ("__class__", ""),
        ("kg" * 40, ""),
    ],
)
def test_what_is_no_unit_is_refused_with_advice(text: str, hint: str) -> None:
    with pytest.raises(UnitError) as caught:
        unit(text)
    assert caught.value.code == "E020"
    assert hint in caught.value.hint


@pytest.mark.parametrize("value", ["abc", "1e999 s", "nan s", "", "- 3 s", "0x10 s"])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(UnitError):
        seconds(value)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=70))
def test_any_text_is_a_unit_or_a_finding(text: str) -> None:
    try:
        found = unit(text)
    except UnitError:
        return
    assert math.isfinite(found.factor)
    assert found.factor > 0.0
    assert math.isfinite(found.offset)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [("degC", "K"), ("degC", "degF"), ("barg", "Pa"), ("kg/h", "t/min"), ("kWh", "MJ"), ("percent", "ppm")]
    ),
    st.floats(-1e6, 1e6),
)
def test_there_and_back_is_where_one_was(pair: tuple[str, str], value: float) -> None:
    one, other = unit(pair[0]), unit(pair[1])
    there = point(f"{value!r} {pair[0]}", other)
    assert point(f"{there!r} {pair[1]}", one) == pytest.approx(value, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("word", KNOWN)
def test_the_table_of_common_units_is_pints(word: str) -> None:
    assert from_pint(word) == Unit(word, *KNOWN[word])
    assert unit(word) == Unit(word, *KNOWN[word])


def test_common_units_leave_pint_out() -> None:
    code = (
        "import sys\nfrom constraints.plantfile.units import unit\n"
        "for text in ('degC', 'm3/h', 'm**3/h', 'kW/(t/s)', '%', '°C', 'EUR/MWh', 'barg'): unit(text)\n"
        "print('pint' in sys.modules)\nunit('furlong')\nprint('pint' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "True"]
