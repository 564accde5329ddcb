"""The dryer's balances close, at rest and on the way, and its equations are stable."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil.plants.dryer import (
    LONGEST_STEP_S,
    DryerInputs,
    DryerOutputs,
    DryerState,
    advance,
    chamber_degc,
    flows,
    outputs,
)
from hil.plants.humid_air import WATER_HEAT, enthalpy
from hil.plants.parameters import DryerParameters
from hil.plants.steady import OPERATORS, Disturbances, resting

P = DryerParameters()
REST, INPUTS = resting(OPERATORS, Disturbances(), P)


def stored_water(state: DryerState) -> float:
    """All water inside the boundary [kg]."""
    return state.vapour_kg + state.water_kg + state.bed_water_kg


def stored_heat(state: DryerState) -> float:
    """All heat inside the boundary [kJ]."""
    return state.chamber_kj + state.bed_kj + P.wall_kj_k * state.wall_degc + P.heater_kj_k * state.inlet_degc


def water_gain(state: DryerState, inputs: DryerInputs) -> float:
    """Water across the outer boundary, inwards [kg/s]: feed and air in, exhaust, bed air and product out."""
    f = flows(state, inputs, P)
    return (
        f.water_in
        + f.dry_air * (inputs.hum_amb / 1000.0 - f.exhaust_humidity)
        - f.bed_evaporation
        - f.solids_out * f.bed_moisture
    )


def heat_gain(state: DryerState, inputs: DryerInputs) -> float:
    """Heat across the outer boundary, inwards [kW], with every stream at its own temperature."""
    f = flows(state, inputs, P)
    ambient_humidity = inputs.hum_amb / 1000.0
    air_in = f.dry_air * enthalpy(inputs.T_amb, ambient_humidity)
    air_out = f.dry_air * enthalpy(f.exhaust_degc, f.exhaust_humidity)
    feed = (f.solids_in * P.solids_heat + f.water_in * WATER_HEAT) * P.feed_degc
    bed_in = P.bed_air_kg_s * enthalpy(P.bed_air_degc, ambient_humidity)
    bed_out = P.bed_air_kg_s * enthalpy(f.bed_degc, ambient_humidity + f.bed_evaporation / P.bed_air_kg_s)
    product = f.solids_out * (P.solids_heat + f.bed_moisture * WATER_HEAT) * f.bed_degc
    return f.burner_heat + air_in - air_out + feed + bed_in - bed_out - product - f.loss_heat


def test_mass_and_energy_balance_at_rest() -> None:
    """Nothing accumulates: what goes in comes out, to rounding."""
    f = flows(REST, INPUTS, P)
    assert f.solids_in == pytest.approx(f.solids_out, rel=1e-12)
    assert water_gain(REST, INPUTS) == pytest.approx(0.0, abs=1e-10)
    assert heat_gain(REST, INPUTS) == pytest.approx(0.0, abs=1e-7)


def test_outer_balance_at_rest_in_tags() -> None:
    """Feed equals powder and evaporated water, in the units an operator sees."""
    seen = outputs(REST, INPUTS, P)
    assert seen.feed == pytest.approx(seen.powder + seen.evap, rel=1e-10)
    assert seen.powder * (1.0 - seen.moist / 100.0) == pytest.approx(seen.feed * 0.48, rel=1e-10)


@settings(max_examples=15, deadline=None)
@given(
    gas=st.floats(0.0, 100.0),
    pump=st.floats(0.0, 100.0),
    fan=st.floats(20.0, 100.0),
    hum_amb=st.floats(0.0, 25.0),
    feed_moist=st.floats(40.0, 60.0),
)
def test_balances_close_over_any_transient(
    gas: float, pump: float, fan: float, hum_amb: float, feed_moist: float
) -> None:
    """Ten minutes after any change of all inputs: stored now = stored then + what crossed the boundary."""
    inputs = replace(
        INPUTS, gas_valve_pct=gas, pump_pct=pump, fan_drive_pct=fan, hum_amb=hum_amb, feed_moist=feed_moist
    )
    state, water, heat, solids = REST, stored_water(REST), stored_heat(REST), REST.solids_kg
    for _ in range(600):
        f = flows(state, inputs, P)
        water += water_gain(state, inputs)
        heat += heat_gain(state, inputs)
        solids += f.solids_in - f.solids_out
        state = advance(state, inputs, P, 1.0)
    assert stored_water(state) == pytest.approx(water, rel=1e-9)
    assert stored_heat(state) == pytest.approx(heat, rel=1e-9)
    assert state.solids_kg == pytest.approx(solids, rel=1e-9, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(gas=st.floats(0.0, 100.0), pump=st.floats(0.0, 100.0), fan=st.floats(20.0, 100.0))
def test_longest_step_is_stable_and_close_to_a_short_one(gas: float, pump: float, fan: float) -> None:
    """A quarter of an hour in steps of 2 s ends where steps of 0.25 s end, and nothing rings on the way."""
    inputs = replace(INPUTS, gas_valve_pct=gas, pump_pct=pump, fan_drive_pct=fan)
    coarse, fine = REST, REST
    for _ in range(450):
        coarse = advance(coarse, inputs, P, LONGEST_STEP_S)
        for _ in range(8):
            fine = advance(fine, inputs, P, LONGEST_STEP_S / 8.0)
    assert chamber_degc(coarse, P) == pytest.approx(chamber_degc(fine, P), abs=0.3)
    assert coarse.vapour_kg == pytest.approx(fine.vapour_kg, rel=0.01)
    assert coarse.bed_water_kg == pytest.approx(fine.bed_water_kg, rel=0.01)
    assert coarse.inlet_degc == pytest.approx(fine.inlet_degc, rel=1e-3, abs=0.5)


def test_a_day_without_feed_stays_finite() -> None:
    """The powder runs out, the dryer idles hot, and no division by an empty chamber happens."""
    inputs, state = replace(INPUTS, pump_pct=0.0, gas_valve_pct=20.0), REST
    for _ in range(43_200):
        state = advance(state, inputs, P, LONGEST_STEP_S)
    seen = outputs(state, inputs, P)
    assert seen.powder == pytest.approx(0.0, abs=1e-6)
    assert seen.feed == pytest.approx(0.0, abs=1e-6)
    assert 0.0 < seen.moist < 3.0
    assert 50.0 < seen.T_out < 120.0


@pytest.mark.parametrize("dt_s", [0.0, -1.0, 2.5, float("nan"), float("inf")])
def test_a_step_that_cannot_be_trusted_is_refused(dt_s: float) -> None:
    """Only steps the equations are stable for."""
    with pytest.raises(ValueError, match="dt_s"):
        advance(REST, INPUTS, P, dt_s)


def test_fan_follows_the_affinity_laws() -> None:
    """At one exhaust density, power goes with the cube of speed; vibration with its square and the imbalance."""
    faster = replace(REST, fan_pct=REST.fan_pct * 1.1)
    before, after = outputs(REST, INPUTS, P), outputs(faster, INPUTS, P)
    assert after.P_fan == pytest.approx(before.P_fan * 1.331)
    worn = outputs(REST, replace(INPUTS, fan_imbalance=3.0), P)
    assert worn.fan_vib - P.vibration_mm_s == pytest.approx(3.0 * (before.fan_vib - P.vibration_mm_s))


def test_outputs_are_what_they_say() -> None:
    """Gas power is gas flow times the net heating value."""
    seen: DryerOutputs = outputs(REST, INPUTS, P)
    assert seen.gas_kw == pytest.approx(10.3 * seen.gas)
