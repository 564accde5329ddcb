"""Humid air against steam tables and psychrometric charts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.plants.humid_air import enthalpy, humid_volume, relative_humidity, saturation_pressure


@pytest.mark.parametrize(
    ("degc", "kpa"), [(0.01, 0.6117), (20.0, 2.339), (60.0, 19.95), (85.0, 57.87), (100.0, 101.42)]
)
def test_saturation_pressure_matches_steam_tables(degc: float, kpa: float) -> None:
    """IAPWS values; Buck's equation is good to a few parts in a thousand."""
    assert saturation_pressure(degc) == pytest.approx(kpa, rel=3e-3)


def test_room_air_matches_the_chart() -> None:
    """25 degC and 10 g/kg: 50.6 % relative humidity, 0.858 m3/kg, 50.6 kJ/kg (ASHRAE chart no. 1)."""
    assert relative_humidity(25.0, 0.010) == pytest.approx(0.506, abs=0.003)
    assert humid_volume(25.0, 0.010) == pytest.approx(0.858, abs=0.002)
    assert enthalpy(25.0, 0.010) == pytest.approx(50.6, abs=0.2)


@given(degc=st.floats(0.0, 200.0), humidity=st.floats(1e-4, 0.2), more=st.floats(1e-3, 20.0))
def test_hotter_air_is_relatively_drier_and_larger(degc: float, humidity: float, more: float) -> None:
    """At one humidity, temperature lowers the relative humidity and raises volume and enthalpy."""
    assert relative_humidity(degc + more, humidity) < relative_humidity(degc, humidity)
    assert humid_volume(degc + more, humidity) > humid_volume(degc, humidity)
    assert enthalpy(degc + more, humidity) > enthalpy(degc, humidity)
