"""The isotherm and what is left in the powder after its flight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.plants.milk_powder import Flight, equilibrium_moisture, landing_moisture

FLIGHT = Flight()


def test_equilibrium_at_exhaust_conditions_is_a_few_percent() -> None:
    """85 degC and 48 g/kg, a usual milk dryer's exhaust: by hand from the GAB equation, 3.6 %."""
    assert equilibrium_moisture(85.0, 0.048) == pytest.approx(0.0357, abs=0.0005)


@given(degc=st.floats(60.0, 120.0), humidity=st.floats(0.005, 0.08))
def test_equilibrium_rises_with_humidity_and_falls_with_temperature(degc: float, humidity: float) -> None:
    """Powder takes up water from moister air and gives it off to hotter air."""
    here = equilibrium_moisture(degc, humidity)
    assert 0.0 < here < equilibrium_moisture(degc, humidity * 1.05)
    assert equilibrium_moisture(degc + 1.0, humidity) < here


def test_cold_wet_air_has_a_finite_equilibrium() -> None:
    """The isotherm's pole is never reached: a flooded dryer stays a number."""
    assert 0.0 < equilibrium_moisture(20.0, 0.2) < 10.0


@given(
    feed=st.floats(0.0, 4500.0),
    inlet=st.floats(15.0, 220.0),
    outlet=st.floats(15.0, 150.0),
    humidity=st.floats(0.0, 0.2),
    airflow=st.floats(0.0, 16.0),
)
def test_landing_moisture_stays_between_dry_and_fed(
    feed: float, inlet: float, outlet: float, humidity: float, airflow: float
) -> None:
    """No operating point, however odd, dries below nothing or wets the feed."""
    assert 0.0 <= landing_moisture(1.1, feed, inlet, outlet, humidity, airflow, FLIGHT) <= 1.1


def test_a_longer_flight_in_hotter_air_dries_more() -> None:
    """Each factor of the transfer units works the way physics says."""
    base = landing_moisture(1.1, 2900.0, 180.0, 85.0, 0.045, 11.3, FLIGHT)
    assert landing_moisture(1.1, 3200.0, 180.0, 85.0, 0.045, 11.3, FLIGHT) > base
    assert landing_moisture(1.1, 2900.0, 190.0, 85.0, 0.045, 11.3, FLIGHT) < base
    assert landing_moisture(1.1, 2900.0, 180.0, 85.0, 0.045, 12.5, FLIGHT) > base
