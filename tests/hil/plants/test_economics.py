"""What an hour earns, by hand."""

from dataclasses import replace

import pytest

from hil.plants.economics import OFFPEAK, PEAK, Prices, eur_per_h
from hil.plants.parameters import DryerParameters
from hil.plants.steady import OPERATORS, Disturbances, steady

SEEN = replace(
    steady(OPERATORS, Disturbances(), DryerParameters()), powder=1000.0, gas=100.0, gas_kw=1030.0, P_el=200.0
)


def test_terms_by_hand() -> None:
    """1000 kg/h at 0.38, 1.03 MW at 48 EUR/MWh, 200 kW at 0.214."""
    eur = eur_per_h(SEEN, PEAK)
    assert eur.powder == pytest.approx(380.0)
    assert eur.gas == pytest.approx(49.44)
    assert eur.electricity == pytest.approx(42.8)
    assert eur.total == pytest.approx(380.0 - 49.44 - 42.8)


def test_off_peak_only_changes_electricity() -> None:
    """The two tariffs differ in one term."""
    peak, offpeak = eur_per_h(SEEN, PEAK), eur_per_h(SEEN, OFFPEAK)
    assert (peak.powder, peak.gas) == (offpeak.powder, offpeak.gas)
    assert offpeak.electricity == pytest.approx(200.0 * 0.131)


def test_free_energy_leaves_the_powder() -> None:
    """With no prices on energy the total is the powder's value."""
    free = Prices(gas_eur_mwh=0.0, electricity_eur_kwh=0.0)
    assert eur_per_h(SEEN, free).total == pytest.approx(380.0)
