"""Where the dryer comes to rest: the balances of `hil.plants.dryer` with every rate of change set to zero.

The chamber humidity follows from the exhaust temperature (a contraction: evaporation hardly depends on it), the exhaust
temperature from the chamber's heat balance, and the bed's temperature from its own, each by bracketed root finding.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hil.plants.dryer import DryerInputs, DryerOutputs, DryerState, outputs
from hil.plants.humid_air import WATER_HEAT, enthalpy, humid_volume
from hil.plants.milk_powder import equilibrium_moisture, landing_moisture
from hil.plants.parameters import SECONDS_PER_HOUR, DryerParameters

TOLERANCE_KW = 1e-9
LONGEST_SEARCH = 60
TOLERANCE_HUMIDITY = 1e-14
COLDEST_EXHAUST_DEGC = 45.0  # a dryer this cold is flooded
COLDEST_BED_DEGC, HOTTEST_BED_DEGC = 0.0, 250.0  # wide enough for any bed
FULL_PCT = 100.0


@dataclass(frozen=True, slots=True)
class Setpoints:
    """What the three loops are asked to hold."""

    T_in: float  # [degC]
    feed: float  # [kg/h]
    fan: float  # [percent]


OPERATORS = Setpoints(T_in=180.0, feed=2850.0, fan=75.0)  # where the operators like to run: dry, cool and quiet


@dataclass(frozen=True, slots=True)
class Disturbances:
    """What the plant cannot choose."""

    hum_amb: float = 8.0  # [g/kg]
    feed_moist: float = 52.0  # [percent]
    T_amb: float = 15.0  # [degC]
    fan_imbalance: float = 1.0  # 1 is a balanced fan wheel


class NoSteadyState(ValueError):  # noqa: N818  (a statement about the plant, not a fault of the program)
    """The dryer cannot rest at these setpoints: too much water for the heat, or more than an actuator can give."""

    def __init__(self, setpoints: Setpoints, why: str) -> None:
        """Keep the setpoints so that a caller can show or skip them."""
        super().__init__(f"no steady state at {setpoints}: {why}")
        self.setpoints = setpoints
        self.why = why


def steady(setpoints: Setpoints, disturbances: Disturbances, parameters: DryerParameters) -> DryerOutputs:
    """Outputs at rest. Raises NoSteadyState when the dryer cannot rest there."""
    state, inputs = resting(setpoints, disturbances, parameters)
    return outputs(state, inputs, parameters)


def resting(
    setpoints: Setpoints,
    disturbances: Disturbances,
    parameters: DryerParameters,
) -> tuple[DryerState, DryerInputs]:
    """State and actuator positions at rest. Raises NoSteadyState when the dryer cannot rest there."""
    p, at, d = parameters, setpoints, disturbances
    if at.feed <= 0.0 or at.fan <= 0.0:
        raise NoSteadyState(at, "feed and fan must run")
    solids = at.feed * (1.0 - d.feed_moist / 100.0) / SECONDS_PER_HOUR
    chamber = _chamber_at_rest(at, d, p)
    powder_heat = solids * (p.solids_heat + chamber.landed * WATER_HEAT) * chamber.degc
    bed_degc, bed_moisture = _bed_at_rest(solids, chamber.landed, powder_heat, d.hum_amb / 1000.0, p)

    hot_air = chamber.dry_air * (enthalpy(at.T_in, d.hum_amb / 1000.0) - enthalpy(d.T_amb, d.hum_amb / 1000.0))
    gas = hot_air / (p.heater_efficiency * p.heating_value_kwh_m3)
    gas_valve_pct, pump_pct = 100.0 * gas / p.gas_full_m3_h, 100.0 * at.feed / p.feed_full_kg_h
    if not 0.0 <= gas_valve_pct <= FULL_PCT or pump_pct > FULL_PCT or at.fan > FULL_PCT:
        raise NoSteadyState(at, f"gas valve {gas_valve_pct:.1f} %, pump {pump_pct:.1f} %, fan {at.fan:.1f} %")

    powder = solids * p.powder_residence_s
    chamber_heat = powder * (p.solids_heat + chamber.landed * WATER_HEAT) + p.internals_kj_k
    bed_water = p.bed_solids_kg * bed_moisture
    bed_heat = p.bed_solids_kg * p.solids_heat + bed_water * WATER_HEAT + p.bed_metal_kj_k
    state = DryerState(
        gas_m3_h=gas,
        feed_kg_h=at.feed,
        fan_pct=at.fan,
        inlet_degc=at.T_in,
        vapour_kg=p.chamber_dry_air_kg * chamber.humidity,
        solids_kg=powder,
        water_kg=powder * chamber.landed,
        chamber_kj=p.chamber_dry_air_kg * enthalpy(chamber.degc, chamber.humidity) + chamber_heat * chamber.degc,
        wall_degc=(p.wall_kw_k * chamber.degc + p.loss_kw_k * d.T_amb) / (p.wall_kw_k + p.loss_kw_k),
        bed_water_kg=bed_water,
        bed_kj=bed_heat * bed_degc,
    )
    inputs = DryerInputs(
        gas_valve_pct=gas_valve_pct,
        pump_pct=pump_pct,
        fan_drive_pct=at.fan,
        hum_amb=d.hum_amb,
        feed_moist=d.feed_moist,
        T_amb=d.T_amb,
        fan_imbalance=d.fan_imbalance,
    )
    return state, inputs


@dataclass(frozen=True, slots=True)
class _Chamber:
    """The chamber at one temperature [degC]: dry air [kg/s], humidity [kg/kg] and landing moisture [kg/kg solids]."""

    degc: float
    dry_air: float
    humidity: float
    landed: float


def _chamber_at_rest(at: Setpoints, d: Disturbances, p: DryerParameters) -> _Chamber:
    """The chamber when vapour and heat balance."""
    ambient_humidity, wet = d.hum_amb / 1000.0, d.feed_moist / 100.0
    solids, water = at.feed * (1.0 - wet) / SECONDS_PER_HOUR, at.feed * wet / SECONDS_PER_HOUR
    airflow = p.airflow_m3_s * at.fan / p.fan_reference_pct
    hot = enthalpy(at.T_in, ambient_humidity)
    feed_heat = (solids * p.solids_heat + water * WATER_HEAT) * p.feed_degc
    loss_kw_k = p.wall_kw_k * p.loss_kw_k / (p.wall_kw_k + p.loss_kw_k)  # two resistances in series

    def vapour_balanced(degc: float) -> _Chamber:
        humidity = ambient_humidity + water / airflow
        for _ in range(LONGEST_SEARCH):
            dry_air = airflow / humid_volume(degc, humidity)
            landed = landing_moisture(wet / (1.0 - wet), at.feed, at.T_in, degc, humidity, airflow, p.flight)
            before, humidity = humidity, ambient_humidity + (water - solids * landed) / dry_air
            if abs(humidity - before) <= TOLERANCE_HUMIDITY:
                break
        return _Chamber(degc, dry_air, humidity, landed)

    def surplus_kw(degc: float) -> float:
        """Heat brought in beyond heat carried out; falls as the exhaust gets hotter."""
        c = vapour_balanced(degc)
        powder_heat = solids * (p.solids_heat + c.landed * WATER_HEAT) * degc
        return c.dry_air * (hot - enthalpy(degc, c.humidity)) + feed_heat - powder_heat - loss_kw_k * (degc - d.T_amb)

    if surplus_kw(COLDEST_EXHAUST_DEGC) < 0.0:
        raise NoSteadyState(at, "too much water for the heat")
    return vapour_balanced(_root(surplus_kw, COLDEST_EXHAUST_DEGC, at.T_in))


def _bed_at_rest(
    solids: float,
    landed: float,
    powder_heat: float,
    ambient_humidity: float,
    p: DryerParameters,
) -> tuple[float, float]:
    """Temperature [degC] and moisture [kg/kg solids] of the bed when water and heat balance."""
    exchange = p.bed_rate_per_s * p.bed_solids_kg

    def moisture_at(degc: float) -> float:
        return (solids * landed + exchange * equilibrium_moisture(degc, ambient_humidity)) / (solids + exchange)

    def surplus_kw(degc: float) -> float:
        moisture = moisture_at(degc)
        leaving = enthalpy(degc, ambient_humidity + solids * (landed - moisture) / p.bed_air_kg_s)
        air = p.bed_air_kg_s * (enthalpy(p.bed_air_degc, ambient_humidity) - leaving)
        return air + powder_heat - solids * (p.solids_heat + moisture * WATER_HEAT) * degc

    degc = _root(surplus_kw, COLDEST_BED_DEGC, HOTTEST_BED_DEGC)
    return degc, moisture_at(degc)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of a falling function between `low` and `high`; Illinois' false position, which keeps its bracket."""
    at_low, at_high = function(low), function(high)
    moved = 0  # which end moved last: an end that stays put twice has its value halved, so that it moves too
    for _ in range(LONGEST_SEARCH):
        middle = low + (high - low) * at_low / (at_low - at_high)
        at_middle = function(middle)
        if abs(at_middle) < TOLERANCE_KW:
            return middle
        if at_middle > 0.0:
            low, at_low = middle, at_middle
            at_high = at_high / 2.0 if moved > 0 else at_high
            moved = 1
        else:
            high, at_high = middle, at_middle
            at_low = at_low / 2.0 if moved < 0 else at_low
            moved = -1
    return 0.5 * (low + high)
