"""The spray dryer: dynamic mass and energy balances of heater, chamber, wall and fluid bed.

State is what is stored (kilograms, kilojoules), so that balances close exactly, step by step. Subscripts: a ambient, in
hot air, c chamber, w wall, b bed, f feed, p powder. G dry air [kg/s], Y humidity [kg/kg dry air], h enthalpy of humid
air [kJ/kg dry air], X moisture [kg/kg solids], S solids [kg], W water [kg], N evaporation [kg/s], T [degC].

    actuators        tau dx/dt = x_full u - x                          gas flow, feed flow, fan speed
    dry air          G = V_ref (n / n_ref) / v(T_c, Y_c)               the exhaust fan moves volume; supply follows
    heater           C_h dT_in/dt = eta Hi gas - G (h(T_in, Y_a) - h(T_a, Y_a))
    chamber vapour   M_a dY_c/dt = G (Y_a - Y_c) + N_c
    spray            N_c = F_w - F_s X_land(T_in, T_c, Y_c, feed, V)   see milk_powder
    chamber powder   dS_c/dt = F_s - S_c / tau_p,  dW_c/dt = F_s X_land - W_c / tau_p
    chamber energy   dU_c/dt = G (h(T_in, Y_a) - h(T_c, Y_c)) + H_f - H_p - k_w (T_c - T_w)
                     U_c = M_a h(T_c, Y_c) + (S_c c_s + W_c c_w + C_i) T_c
    wall             C_w dT_w/dt = k_w (T_c - T_w) - k_l (T_w - T_a)
    bed water        dW_b/dt = W_c / tau_p - F_p X_b - N_b,  N_b = k_b S_b (X_b - X_eq(T_b, Y_a))
    bed energy       dU_b/dt = G_b (h(T_b0, Y_a) - h(T_b, Y_a + N_b / G_b)) + H_p - H_product
    fan power        P = P_ref (n / n_ref)^3 rho / rho_ref             affinity laws

Simplifications: chamber air, powder and internals (C_i) share the exhaust's temperature, air is well mixed; the heat of
sorption and of the fans is neglected; no fines leave with the exhaust. One-volume chambers of this kind are usual for
control studies (L. N. Petersen et al., "Application of constrained linear MPC to a spray dryer", IEEE CCA 2014).
"""

from dataclasses import dataclass
from math import exp, isfinite

from hil.plants.humid_air import DRY_AIR_HEAT, VAPORISATION, VAPOUR_HEAT, WATER_HEAT, enthalpy, humid_volume
from hil.plants.milk_powder import equilibrium_moisture, landing_moisture
from hil.plants.parameters import SECONDS_PER_HOUR, DryerParameters

LONGEST_STEP_S = 2.0  # the fastest store, the vapour in the chamber, turns over in about 25 s


@dataclass(frozen=True, slots=True)
class DryerInputs:
    """What acts on the dryer from outside: three actuators and its surroundings."""

    gas_valve_pct: float
    pump_pct: float
    fan_drive_pct: float
    hum_amb: float  # [g/kg dry air]
    feed_moist: float  # water in the feed [percent by mass], below 100
    T_amb: float  # [degC]
    fan_imbalance: float = 1.0  # 1 is a balanced wheel; only the vibration depends on it


@dataclass(frozen=True, slots=True)
class DryerState:
    """What the dryer has stored."""

    gas_m3_h: float
    feed_kg_h: float
    fan_pct: float
    inlet_degc: float
    vapour_kg: float  # water in the chamber air
    solids_kg: float  # powder in the chamber: its solids
    water_kg: float  # powder in the chamber: its water
    chamber_kj: float  # air, powder and internals of the chamber
    wall_degc: float
    bed_water_kg: float
    bed_kj: float  # powder in the bed and the bed's metal


@dataclass(frozen=True, slots=True)
class Flows:
    """Everything that crosses a boundary at one instant: mass in kg/s, heat in kW."""

    dry_air: float
    exhaust_degc: float
    exhaust_humidity: float  # [kg/kg]
    solids_in: float
    water_in: float
    landed_water: float  # water still in the powder as it leaves the spray
    solids_out: float  # chamber to bed, and bed to product: the weir passes on what arrives
    water_to_bed: float
    bed_degc: float
    bed_moisture: float  # [kg/kg solids]
    bed_evaporation: float
    burner_heat: float
    hot_air_heat: float  # heater to chamber, above ambient air
    ambient_heat: float  # what the dry air and its moisture carry in from outside
    feed_heat: float
    exhaust_heat: float
    powder_heat: float  # chamber to bed
    wall_heat: float
    loss_heat: float
    bed_air_heat: float  # bed air in minus bed air out
    product_heat: float


@dataclass(frozen=True, slots=True)
class DryerOutputs:
    """What instruments could see, in the units of the tags and free of noise."""

    moist: float  # product moisture, wet basis [percent]
    T_out: float  # [degC]
    P_fan: float  # [kW]
    gas: float  # [m**3/h], normal
    evap: float  # water evaporated in chamber and bed [kg/h]
    T_in: float  # [degC]
    feed: float  # [kg/h]
    fan: float  # [percent]
    fan_vib: float  # [mm/s] RMS
    P_el: float  # [kW]
    gas_kw: float  # [kW], net heating value
    powder: float  # [kg/h]


def chamber_degc(state: DryerState, parameters: DryerParameters) -> float:
    """Temperature of chamber air and powder [degC], from the stored energy."""
    heat = (
        parameters.chamber_dry_air_kg * DRY_AIR_HEAT
        + state.vapour_kg * VAPOUR_HEAT
        + state.solids_kg * parameters.solids_heat
        + state.water_kg * WATER_HEAT
        + parameters.internals_kj_k
    )
    return (state.chamber_kj - state.vapour_kg * VAPORISATION) / heat


def flows(state: DryerState, inputs: DryerInputs, parameters: DryerParameters) -> Flows:
    """Every mass and heat flow at this instant (equations in the module's text)."""
    p = parameters
    ambient_humidity = inputs.hum_amb / 1000.0
    exhaust_degc = chamber_degc(state, p)
    humidity = state.vapour_kg / p.chamber_dry_air_kg
    airflow = p.airflow_m3_s * state.fan_pct / p.fan_reference_pct
    dry_air = airflow / humid_volume(exhaust_degc, humidity)

    wet = inputs.feed_moist / 100.0
    water_in = state.feed_kg_h * wet / SECONDS_PER_HOUR
    solids_in = state.feed_kg_h * (1.0 - wet) / SECONDS_PER_HOUR
    landed = solids_in * landing_moisture(
        wet / (1.0 - wet), state.feed_kg_h, state.inlet_degc, exhaust_degc, humidity, airflow, p.flight
    )
    solids_out = state.solids_kg / p.powder_residence_s
    water_to_bed = state.water_kg / p.powder_residence_s

    bed_degc = state.bed_kj / (p.bed_solids_kg * p.solids_heat + state.bed_water_kg * WATER_HEAT + p.bed_metal_kj_k)
    bed_moisture = state.bed_water_kg / p.bed_solids_kg
    free_moisture = bed_moisture - equilibrium_moisture(bed_degc, ambient_humidity)
    bed_evaporation = p.bed_rate_per_s * p.bed_solids_kg * free_moisture

    ambient = enthalpy(inputs.T_amb, ambient_humidity)
    return Flows(
        dry_air=dry_air,
        exhaust_degc=exhaust_degc,
        exhaust_humidity=humidity,
        solids_in=solids_in,
        water_in=water_in,
        landed_water=landed,
        solids_out=solids_out,
        water_to_bed=water_to_bed,
        bed_degc=bed_degc,
        bed_moisture=bed_moisture,
        bed_evaporation=bed_evaporation,
        burner_heat=p.heater_efficiency * p.heating_value_kwh_m3 * state.gas_m3_h,
        hot_air_heat=dry_air * (enthalpy(state.inlet_degc, ambient_humidity) - ambient),
        ambient_heat=dry_air * ambient,
        feed_heat=(solids_in * p.solids_heat + water_in * WATER_HEAT) * p.feed_degc,
        exhaust_heat=dry_air * enthalpy(exhaust_degc, humidity),
        powder_heat=(solids_out * p.solids_heat + water_to_bed * WATER_HEAT) * exhaust_degc,
        wall_heat=p.wall_kw_k * (exhaust_degc - state.wall_degc),
        loss_heat=p.loss_kw_k * (state.wall_degc - inputs.T_amb),
        bed_air_heat=p.bed_air_kg_s
        * (
            enthalpy(p.bed_air_degc, ambient_humidity)
            - enthalpy(bed_degc, ambient_humidity + bed_evaporation / p.bed_air_kg_s)
        ),
        product_heat=solids_out * (p.solids_heat + bed_moisture * WATER_HEAT) * bed_degc,
    )


def advance(state: DryerState, inputs: DryerInputs, parameters: DryerParameters, dt_s: float) -> DryerState:
    """State `dt_s` later with `inputs` held: explicit Euler on the stores, exact on the actuators' lags.

    Euler keeps the stores' balances to rounding. Raises ValueError unless 0 < dt_s <= 2.
    """
    if not (isfinite(dt_s) and 0.0 < dt_s <= LONGEST_STEP_S):
        msg = f"dt_s must be above 0 and at most {LONGEST_STEP_S}, not {dt_s}"
        raise ValueError(msg)
    p = parameters
    f = flows(state, inputs, p)
    gas_target = p.gas_full_m3_h * inputs.gas_valve_pct / 100.0
    feed_target = p.feed_full_kg_h * inputs.pump_pct / 100.0
    vapour_gain = f.dry_air * (inputs.hum_amb / 1000.0 - f.exhaust_humidity) + f.water_in - f.landed_water
    chamber_gain = f.ambient_heat + f.hot_air_heat - f.exhaust_heat + f.feed_heat - f.powder_heat - f.wall_heat
    bed_water_gain = f.water_to_bed - f.solids_out * f.bed_moisture - f.bed_evaporation
    return DryerState(
        gas_m3_h=_follow(state.gas_m3_h, gas_target, p.gas_lag_s, dt_s),
        feed_kg_h=_follow(state.feed_kg_h, feed_target, p.pump_lag_s, dt_s),
        fan_pct=_follow(state.fan_pct, inputs.fan_drive_pct, p.drive_lag_s, dt_s),
        inlet_degc=state.inlet_degc + dt_s * (f.burner_heat - f.hot_air_heat) / p.heater_kj_k,
        vapour_kg=state.vapour_kg + dt_s * vapour_gain,
        solids_kg=state.solids_kg + dt_s * (f.solids_in - f.solids_out),
        water_kg=state.water_kg + dt_s * (f.landed_water - f.water_to_bed),
        chamber_kj=state.chamber_kj + dt_s * chamber_gain,
        wall_degc=state.wall_degc + dt_s * (f.wall_heat - f.loss_heat) / p.wall_kj_k,
        bed_water_kg=state.bed_water_kg + dt_s * bed_water_gain,
        bed_kj=state.bed_kj + dt_s * (f.powder_heat + f.bed_air_heat - f.product_heat),
    )


def outputs(state: DryerState, inputs: DryerInputs, parameters: DryerParameters) -> DryerOutputs:
    """What instruments would see at this instant, free of noise and delay."""
    p = parameters
    f = flows(state, inputs, p)
    speed = state.fan_pct / p.fan_reference_pct
    density = (1.0 + f.exhaust_humidity) / humid_volume(f.exhaust_degc, f.exhaust_humidity)
    fan_kw = p.fan_kw * speed**3 * density / p.fan_density_kg_m3
    evaporation = f.water_in - f.landed_water + f.bed_evaporation
    return DryerOutputs(
        moist=100.0 * f.bed_moisture / (1.0 + f.bed_moisture),
        T_out=f.exhaust_degc,
        P_fan=fan_kw,
        gas=state.gas_m3_h,
        evap=evaporation * SECONDS_PER_HOUR,
        T_in=state.inlet_degc,
        feed=state.feed_kg_h,
        fan=state.fan_pct,
        fan_vib=p.vibration_mm_s + p.unbalance_mm_s * inputs.fan_imbalance * speed**2,
        P_el=fan_kw + p.supply_fan_kw * speed**3 + p.atomiser_kwh_kg * state.feed_kg_h + p.other_kw,
        gas_kw=state.gas_m3_h * p.heating_value_kwh_m3,
        powder=f.solids_out * (1.0 + f.bed_moisture) * SECONDS_PER_HOUR,
    )


def _follow(value: float, target: float, lag_s: float, dt_s: float) -> float:
    """First-order lag, exact for a target held over `dt_s`."""
    return target + (value - target) * exp(-dt_s / lag_s)
