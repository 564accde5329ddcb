"""An oil-fired drum boiler of 160 MW that follows the load: pressure, power, drum level and flue-gas oxygen.

The boiler and turbine are the third-order model of unit P16 in Malmö: R. D. Bell, K. J. Åström, "Dynamic models for
boiler-turbine-alternator units: data logs and parameter estimation for a 160 MW unit", Report TFRT-3192, Lund
Institute of Technology, 1987; its operating points 1 to 7 are in ``POINTS``. p drum pressure [kg/cm**2], P power [MW],
rho density of what the system holds [kg/m**3]; fuel, valve and feedwater are 0 to 1:

    dp/dt   = -0.0018 valve p^(9/8) + 0.9 heat - 0.15 feedwater
    dP/dt   = (0.073 valve - 0.016) p^(9/8) - 0.1 P
    drho/dt = (141 feedwater - (1.1 valve - 0.19) p) / 85
    level   = 0.05 (0.13073 rho + 100 a + q / 9 - 67.975)                                         [m] from the middle
    a       = (1 - 0.001538 rho)(0.8 p - 25.6) / (rho (1.0394 - 0.0012304 p))                      steam quality
    q       = (0.854 valve - 0.147) p + 45.59 heat - 2.514 feedwater - 2.096                       evaporation [kg/s]

Its fuel is ``heat`` here: what reaches the water depends on the flue gas. Excess air lambda = air flow over what the
fuel needs; O2 = 20.9 (1 - 1 / lambda) percent, dry. Flue-gas loss by Siegert's formula for oil (DIN EN 15378; the
constants of the German 1. BImSchV, Annex 2): q_A = (T_gas - T_air)(0.68 / (21 - O2) + 0.007) percent. Below about 1.5 %
oxygen fuel leaves unburnt. ``heat`` = fuel at 3 % oxygen, so that the published operating points stay what they are.

Assumed, not published: flue gas 160 degC above its air at 25; unburnt loss ``UNBURNT``; lags of burner (5 s), fan (8 s)
and oxygen probe with furnace (15 s); a governor that holds the power with the turbine valve; oil for ``FUEL_EUR_H``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from constraints.plant import CvSpec, DvSpec, MvSpec, Pair, Plant, StateSpace
from hil.plants.supervised import controlled, manipulated, supervised

FloatArray = npt.NDArray[np.float64]

POINTS = (
    (75.60, 15.27, 299.6, 0.156, 0.483, 0.183, -0.97),
    (86.40, 36.65, 342.4, 0.209, 0.552, 0.256, -0.65),
    (97.20, 50.52, 385.2, 0.271, 0.621, 0.340, -0.32),
    (108.0, 66.65, 428.0, 0.340, 0.690, 0.433, 0.0),
    (118.8, 85.06, 470.8, 0.418, 0.759, 0.543, 0.32),
    (129.6, 105.8, 513.6, 0.505, 0.828, 0.663, 0.64),
    (140.4, 128.9, 556.4, 0.600, 0.897, 0.793, 0.98),
)
"""Published steady states: p, P, rho, fuel, valve, feedwater, level. The power of point 1 is not
steady in the model (it rises by 1 MW/s); all else is, to the digits printed."""
USUAL = 3
"""Point 4, in the middle, where the level is zero."""
VALVE_CLOSE_PER_S, VALVE_OPEN_PER_S = 2.0, 0.02
"""Fastest changes of the published valve."""
FUEL_PER_S, WATER_PER_S = 0.007, 0.05
"""Fastest changes of fuel and feedwater, published."""
BURNER_S, FAN_S, PROBE_S = 5.0, 8.0, 15.0
GAS_DEGC, AIR_DEGC = 160.0, 25.0
SIEGERT_A, SIEGERT_B = 0.68, 0.007
UNBURNT, UNBURNT_SCALE, UNBURNT_AT = 0.5, 0.3, 1.0
"""Unburnt loss is 0.5 % at 1 % oxygen and falls by e for each 0.3 % more."""
OXYGEN_USUAL = 3.0
GOVERNOR_GAIN, GOVERNOR_S = 0.004, 20.0
"""PI of power to valve: a tenth of the valve's gain margin, and twice the turbine's 10 s."""
FUEL_EUR_H = 20_000.0
"""Full fuel for an hour: about 570 MW at 35 EUR/MWh."""
CYCLE_S = 5.0
"""The swing of the level is over in a quarter of a minute."""
_STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is set: burner 0 to 1, excess air (air over what the fuel needs), feedwater 0 to 1, and the load [MW]."""

    fuel: float
    air: float
    water: float
    load: float


@dataclass(frozen=True, slots=True)
class State:
    """What is stored."""

    pressure: float
    power: float
    density: float
    fuel: float
    """Burning now."""
    air: float
    """Air flow, as the fuel it would just burn."""
    water: float
    oxygen: float
    """As the probe shows it [percent]."""
    valve: float
    governor: float
    """Integral part of the valve's position."""


def oxygen(excess: float) -> float:
    """Return the oxygen in the flue gas [percent] for an excess air ``excess`` >= 1; none below."""
    return 20.9 * (1.0 - 1.0 / max(excess, 1.0))


def excess_air(oxygen_percent: float) -> float:
    """Return the excess air that leaves ``oxygen_percent``. Raises ValueError unless it is in [0, 20.9)."""
    if not 0.0 <= oxygen_percent < 20.9:
        raise ValueError(f"oxygen must be at least 0 and below 20.9 percent, not {oxygen_percent}")
    return 1.0 / (1.0 - oxygen_percent / 20.9)


def efficiency(oxygen_percent: float) -> float:
    """Return the share of the fuel's heat that reaches the water."""
    gas = (GAS_DEGC - AIR_DEGC) * (SIEGERT_A / (21.0 - oxygen_percent) + SIEGERT_B)
    unburnt = UNBURNT * float(np.exp(-(oxygen_percent - UNBURNT_AT) / UNBURNT_SCALE))
    return 1.0 - (gas + unburnt) / 100.0


def level(state: State) -> float:
    """Return the drum level, m from the middle."""
    p, rho = state.pressure, state.density
    quality = (1.0 - 0.001538 * rho) * (0.8 * p - 25.6) / (rho * (1.0394 - 0.0012304 * p))
    evaporation = (0.854 * state.valve - 0.147) * p + 45.59 * _heat(state) - 2.514 * state.water - 2.096
    return 0.05 * (0.13073 * rho + 100.0 * quality + evaporation / 9.0 - 67.975)


def published_rates(p: float, power: float, heat: float, valve: float, water: float) -> tuple[float, float, float]:
    """Return dp/dt, dP/dt and drho/dt per second of the published model."""
    flow = p**1.125
    return (
        -0.0018 * valve * flow + 0.9 * heat - 0.15 * water,
        (0.073 * valve - 0.016) * flow - 0.1 * power,
        (141.0 * water - (1.1 * valve - 0.19) * p) / 85.0,
    )


def steady(pressure: float, power: float, oxygen_percent: float = OXYGEN_USUAL, level_m: float = 0.0) -> State:
    """Return the steady state with this pressure, power, oxygen and level. Raises ValueError where no input does it."""
    valve = (0.1 * power / pressure**1.125 + 0.016) / 0.073
    water = (1.1 * valve - 0.19) * pressure / 141.0
    heat = (0.0018 * valve * pressure**1.125 + 0.15 * water) / 0.9
    fuel = heat * efficiency(OXYGEN_USUAL) / efficiency(oxygen_percent)
    if not (0.0 <= valve <= 1.0 and 0.0 <= water <= 1.0 and 0.0 <= fuel <= 1.0):
        raise ValueError(f"{power} MW at {pressure} kg/cm2 is beyond valve, feedwater or burner")
    air = fuel * excess_air(oxygen_percent)
    state = State(pressure, power, 428.0, fuel, air, water, oxygen_percent, valve, valve)
    for _ in range(50):
        # the level rises with the density over the whole range that a drum sees
        slope = level(replace(state, density=state.density + 0.5)) - level(replace(state, density=state.density - 0.5))
        state = replace(state, density=state.density - (level(state) - level_m) / slope)
    return state


def inputs_of(state: State) -> Inputs:
    """Return the inputs that hold a steady state."""
    return Inputs(state.fuel, state.air / state.fuel, state.water, state.power)


def advance(state: State, inputs: Inputs, seconds: float) -> State:
    """Return the state ``seconds`` later with ``inputs`` held: explicit Euler in steps of at most half a second.

    The fastest mode is the burner with 5 s. Raises ValueError for a time that is not above zero.
    """
    if not 0.0 < seconds < np.inf:
        raise ValueError(f"seconds must be finite and above 0, not {seconds}")
    steps = int(np.ceil(seconds / _STEP_S))
    h = seconds / steps
    for _ in range(steps):
        state = _stepped(state, inputs, h)
    return state


def _stepped(state: State, inputs: Inputs, h: float) -> State:
    dp, dpower, drho = published_rates(state.pressure, state.power, _heat(state), state.valve, state.water)
    off = inputs.load - state.power
    wanted = min(max(state.governor + GOVERNOR_GAIN * off, 0.0), 1.0)
    valve = state.valve + min(max(wanted - state.valve, -VALVE_CLOSE_PER_S * h), VALVE_OPEN_PER_S * h)
    fuel_move = (min(max(inputs.fuel, 0.0), 1.0) - state.fuel) * h / BURNER_S
    water_move = min(max(inputs.water, 0.0), 1.0) - state.water
    return State(
        pressure=state.pressure + h * dp,
        power=state.power + h * dpower,
        density=state.density + h * drho,
        fuel=state.fuel + min(max(fuel_move, -FUEL_PER_S * h), FUEL_PER_S * h),
        # a ratio station sets the air by the fuel that burns
        air=state.air + h / FAN_S * (inputs.air * state.fuel - state.air),
        water=state.water + min(max(water_move, -WATER_PER_S * h), WATER_PER_S * h),
        oxygen=state.oxygen + h / PROBE_S * (oxygen(state.air / max(state.fuel, 1e-6)) - state.oxygen),
        valve=valve,
        governor=min(max(state.governor + h * GOVERNOR_GAIN / GOVERNOR_S * off, 0.0), 1.0),
    )


def _heat(state: State) -> float:
    burnt = oxygen(state.air / max(state.fuel, 1e-6))
    return state.fuel * efficiency(burnt) / efficiency(OXYGEN_USUAL)


def linear(state: State) -> StateSpace:
    """Return the boiler around a steady state as a block: inputs fuel, air, water, load; CVs pressure, oxygen, level.

    The governor is taken as perfect: the power is the load, and the valve what that needs. Feedwater acts at once. The
    slopes are by central differences.
    """
    x0 = np.array([state.pressure, state.density, state.fuel, state.air, state.oxygen])
    v0 = np.array([state.fuel, state.air / state.fuel, state.water, state.power])

    def filled(x: FloatArray, v: FloatArray) -> State:
        valve = (0.1 * v[3] / x[0] ** 1.125 + 0.016) / 0.073
        return State(x[0], v[3], x[1], x[2], x[3], v[2], x[4], valve, valve)

    def rates(x: FloatArray, v: FloatArray) -> FloatArray:
        s = filled(x, v)
        dp, _, drho = published_rates(s.pressure, s.power, _heat(s), s.valve, s.water)
        burnt = oxygen(s.air / s.fuel)
        return np.array([dp, drho, (v[0] - x[2]) / BURNER_S, (v[1] * x[2] - x[3]) / FAN_S, (burnt - x[4]) / PROBE_S])

    def seen(x: FloatArray, v: FloatArray) -> FloatArray:
        return np.array([x[0], x[4], level(filled(x, v))])

    def slopes(of: Callable[[FloatArray, FloatArray], FloatArray], by_x: int) -> tuple[tuple[float, ...], ...]:
        at = x0 if by_x else v0
        columns = []
        for i, axis in enumerate(np.eye(len(at))):
            h = 1e-5 * abs(at[i])
            up, down = (at + h * axis, at - h * axis)
            pair = (of(up, v0), of(down, v0)) if by_x else (of(x0, up), of(x0, down))
            columns.append((pair[0] - pair[1]) / (2.0 * h))
        return tuple(tuple(row) for row in np.array(columns).T.tolist())

    return StateSpace(
        name="boiler",
        inputs=("fuel", "air", "water", "load"),
        cvs=("pressure", "oxygen", "level"),
        a=slopes(rates, 1),
        b=slopes(rates, 0),
        c=slopes(seen, 1),
        d=slopes(seen, 0),
        dead_time_s=(0.0, 0.0, 0.0),
    )


def modes(block: StateSpace) -> tuple[Pair, ...]:
    """Return a block as pairs, exactly: each real mode of each channel is a lag of its own (partial fractions).

    Raises ValueError where modes swing or coincide.
    """
    a, b, c, d = (np.array(m, dtype=np.float64) for m in (block.a, block.b, block.c, block.d))
    poles, vectors = np.linalg.eig(a)
    gaps = np.abs(poles[:, None] - poles) + np.eye(len(poles))
    if np.iscomplexobj(poles) or float(gaps.min()) < 1e-6:
        raise ValueError("modes that swing or coincide are no sum of lags")
    left = np.linalg.solve(vectors, b)
    pairs = []
    for row, cv in enumerate(block.cvs):
        for column, source in enumerate(block.inputs):
            if d[row, column] != 0.0:
                pairs.append(Pair(source=source, cv=cv, gain=float(d[row, column])))
            for mode, pole in enumerate(poles.tolist()):
                residue = float((c @ vectors)[row, mode] * left[mode, column])
                if abs(residue) < 1e-9:
                    continue
                if abs(pole) < 1e-9:
                    pairs.append(Pair(source=source, cv=cv, gain=residue, integrating=True))
                else:
                    pairs.append(Pair(source=source, cv=cv, gain=-residue / pole, lag1_s=-1.0 / pole))
    return tuple(pairs)


def plant(usual: State, pressure: tuple[float, float] = (104.0, 112.0)) -> Plant:
    """Return the boiler as engineered around a steady state, with pressure held between two limits [kg/cm**2].

    MVs are the setpoints of fuel, excess air and feedwater; the load is measured (DV) and fed forward; the cost is that
    of fuel.
    """
    return supervised(
        "drum boiler",
        CYCLE_S,
        mvs=[
            _mv("fuel", (0.1, 0.9), 60.0 * FUEL_PER_S, FUEL_EUR_H),
            # excess air of 0.9 % to 7 % oxygen; a damper goes over that range in two minutes
            _mv("air", (1.045, 1.5), 0.2, 0.0),
            _mv("water", (0.05, 0.95), 60.0 * WATER_PER_S, 0.0),
        ],
        cvs=[
            # what the model misses reaches the pressure through the firing, in minutes, not through its own long lag
            replace(_cv("pressure", "kg/cm2", pressure, 3, 1.0, 0.5), fade_s=300.0),
            _cv("oxygen", "percent", (1.5, 4.0), 2, 0.2, 0.15),
            # back to the middle of the drum in minutes: the firing is needed for the pressure
            replace(_cv("level", "m", (-0.08, 0.08), 1, 0.02, 0.03), funnel_s=120.0),
        ],
        pairs=modes(linear(usual)),
        dvs=[DvSpec(name="load", unit="MW")],
    )


def _mv(name: str, limits: tuple[float, float], per_min: float, cost: float) -> MvSpec:
    return replace(manipulated(name, "", limits, per_min), cost=cost)


def _cv(name: str, unit: str, limits: tuple[float, float], rank: int, concern: float, back_off: float) -> CvSpec:
    return replace(
        controlled(name, unit, limits),
        rank_hi=rank,
        rank_lo=rank,
        concern=concern,
        back_off_hi=back_off,
        back_off_lo=back_off,
        # pressure and level store what is out of balance: an error of the model shows as a ramp
        disturbance="step" if name == "oxygen" else "ramp",
    )
