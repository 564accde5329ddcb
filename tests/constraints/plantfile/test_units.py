from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plantfile.unit_table import KNOWN
from constraints.plantfile.unitnames import COMMON, USUAL, Conditions, GasState
from constraints.plantfile.units import UnitError, alike, difference, point, quantity, rate, seconds, unit
from constraints.plantfile.unittext import from_pint, from_table


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        ("365 K", "degC", 91.85),
        ("0 degC", "K", 273.15),
        ("212 degF", "degC", 100.0),
        ("1 barg", "bara", 2.01325),
        ("2.01325 bara", "barg", 1.0),
        ("1 bar(g)", "kPa(a)", 201.325),
        ("14.5 psig", "psia", 14.5 + 14.69594878),
        ("3 bara", "kPa", 300.0),
        ("50 Hz", "rpm", 3000.0),
        ("1 TR", "kW", 3.516852842),
        ("1 MMBtu/h", "kW", 293.0710702),
        ("1 gpm", "L/min", 3.785411784),
        ("1 short_ton/h", "t/h", 0.90718474),
        ("100 Sm3/h", "Nm3/h", 94.79437792816241),
        ("1 MMscf/d", "Nm3/h", 1116.29687817738),
        ("0.3 fraction", "%", 30.0),
        ("1 inH2O", "Pa", 249.08891),
        ("40 cfm", "m3/h", 67.96043182),
        ("90 deg", "rad", 1.5707963267948966),
        ("3 t/h", "kg/h", 3000.0),
        ("60 m3/h", "L/min", 1000.0),
        ("0.5 percent", "ppm", 5000.0),
        ("4 %", "percent", 4.0),
        ("1 kg/(m**2*s)", "kg/m**2/min", 60.0),
        ("10 Nm³/h", "Nm3/h", 10.0),
        (12, "kg/h", 12.0),
        ("12", "kg/h", 12.0),
        ("-1e3 W", "kW", -1.0),
    ],
)
def test_points_convert(value: float | str, wanted: str, expected: float) -> None:
    assert point(value, unit(wanted)) == pytest.approx(expected, rel=1e-9)


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
        [
            ("degC", "K"),
            ("degC", "degF"),
            ("barg", "kPaa"),
            ("psig", "mbarg"),
            ("Nm3/h", "scfh"),
            ("TR", "MMBtu/h"),
            ("kg/h", "t/min"),
            ("kWh", "MJ"),
            ("percent", "ppm"),
        ]
    ),
    st.floats(-1e6, 1e6),
)
def test_there_and_back_is_where_one_was(pair: tuple[str, str], value: float) -> None:
    one, other = unit(pair[0]), unit(pair[1])
    there = point(f"{value!r} {pair[0]}", other)
    assert point(f"{there!r} {pair[1]}", one) == pytest.approx(value, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("word", KNOWN)
def test_the_table_of_common_units_is_pints(word: str) -> None:
    assert from_pint(word) == from_table(word)
    assert unit(word) == from_table(word)


def test_common_units_leave_pint_out() -> None:
    code = (
        "import sys\nfrom constraints.plantfile.unitnames import COMMON\nfrom constraints.plantfile.units import unit\n"
        "for text in (*COMMON, 'm3/h', 'kW/(t/s)', '%', '°C', 'kPa(g)'): unit(text)\n"
        "print('pint' in sys.modules)\nunit('furlong')\nprint('pint' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "True"]


SCALES = {
    "temperature": ("degC", "degF", "K", "degR"),
    "pressure": ("barg", "bara", "kPag", "psig", "psia", "mbarg"),
    "gas": ("Nm3/h", "Sm3/h", "scfm", "kSm3/d", "NL/min"),
    "power": ("kW", "TR", "MMBtu/h", "hp", "Gcal/h"),
}
PAIRS = st.sampled_from(sorted(SCALES)).flatmap(lambda kind: st.permutations(SCALES[kind])).map(lambda all_: all_[:2])
AMBIENT = Conditions(ambient_pa=83_000.0, normal=GasState(273.15, 101_325.0), standard=GasState(288.705, 101_560.0))


@settings(max_examples=200, deadline=None)
@given(PAIRS, st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.sampled_from((USUAL, AMBIENT)))
def test_conversions_turn_back_rise_and_agree_on_differences(pair, at, more, conditions):
    one, other = (unit(text, conditions) for text in pair)
    there = point(f"{at!r} {pair[0]}", other, conditions)
    higher = point(f"{at + more!r} {pair[0]}", other, conditions)
    assert point(f"{there!r} {pair[1]}", one, conditions) == pytest.approx(at, rel=1e-9, abs=1e-6)
    assert higher > there
    apart = difference(f"{more!r} {pair[0]}", other, conditions)
    assert higher - there == pytest.approx(apart, rel=1e-6, abs=1e-6)
    assert difference(f"0 {pair[0]}", other, conditions) == 0.0
    assert rate(f"{more!r} {pair[0]}/h", other, "h", conditions) == pytest.approx(apart, rel=1e-9)


def test_a_plant_on_a_mountain_has_other_gauge_pressures_and_other_standard_volumes():
    assert point("1 barg", unit("bara", AMBIENT), AMBIENT) == pytest.approx(1.83)
    assert point("1 Sm3/h", unit("Nm3/h", AMBIENT), AMBIENT) == pytest.approx(101_560 / 101_325 * 273.15 / 288.705)
    assert point("1 scf/h", unit("Nm3/h", AMBIENT), AMBIENT) == point("1 scf/h", unit("Nm3/h"))


@pytest.mark.parametrize(
    ("value", "wanted", "said"),
    [
        ("5 delta_degC", "degC", "write degC"),
        ("5 degC", "delta_degC", "write delta_degC or K"),
        ("8 bar", "barg", "write barg or bara"),
        ("8 kPag", "mbar", "write mbarg or mbara"),
        ("10 m3/h", "Nm3/h", "use Nm3/h, Sm3/h"),
        ("10 Nm3/h", "L/h", "Nm3 and Sm3 count gas at reference conditions"),
        ("5 kg", "kg/h", "use kg/h, t/h"),
        ("1 USD/h", "EUR/h", "no currency converts to another here"),
        ("1 rad/s", "rpm", "use rpm, Hz"),
        ("1 kg/h", "pH", "use pH"),
    ],
)
def test_what_does_not_fit_says_what_would(value: str, wanted: str, said: str) -> None:
    with pytest.raises(UnitError) as caught:
        point(value, unit(wanted))
    assert caught.value.code == "E021"
    assert said in caught.value.hint


@pytest.mark.parametrize("text", ["ton", "tons", "kt", "MBtu", "Mscf", "T/h", "Nm", "rev/min", "kg/H", "R", "wt%", "k"])
def test_what_means_two_things_is_refused(text: str) -> None:
    with pytest.raises(UnitError) as caught:
        unit(text)
    assert caught.value.hint


def test_powers_beyond_all_numbers_are_no_unit() -> None:
    with pytest.raises(UnitError):
        unit("(((t**9)**9)**9)**9")


def test_every_unit_that_advice_names_is_one() -> None:
    for text in COMMON:
        assert unit(text).factor > 0.0
        assert unit(text) in [unit(each) for each in alike(unit(text))]
