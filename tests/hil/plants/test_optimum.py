"""The true optimum: unique, at the named corner in every situation, and better than anything found by chance."""

import random
import time
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from hil.plants.economics import OFFPEAK, PEAK, Prices
from hil.plants.optimum import DAY, NIGHT, Limits, NothingFeasible, operate, optimum
from hil.plants.parameters import DryerParameters
from hil.plants.steady import OPERATORS, Disturbances, NoSteadyState, Setpoints

WORLD = Disturbances()
LOWERED = replace(DAY, T_in_sp=(170.0, 190.0))
SITUATIONS = {
    "day": (WORLD, DAY, PEAK),
    "day, off-peak": (WORLD, DAY, OFFPEAK),
    "night": (WORLD, NIGHT, OFFPEAK),
    "night, peak": (WORLD, NIGHT, PEAK),
    "wet feed": (replace(WORLD, feed_moist=54.0), DAY, PEAK),
    "wet feed at night": (replace(WORLD, feed_moist=54.0), NIGHT, OFFPEAK),
    "lowered inlet": (WORLD, LOWERED, PEAK),
    "humid": (replace(WORLD, hum_amb=14.0), DAY, PEAK),
}
CORNER = {"T_in_sp hi", "P_fan hi", "moist hi"}
situations = pytest.mark.parametrize(("world", "limits", "prices"), SITUATIONS.values(), ids=SITUATIONS.keys())


@situations
def test_optimum_is_the_named_corner(world: Disturbances, limits: Limits, prices: Prices) -> None:
    """Hottest inlet, all fan power, all moisture; all climbs end there; the rest of the limits has room."""
    found = optimum(world, limits, prices)
    assert set(found.best.active) == CORNER
    assert found.best.broken == ()
    assert found.spread_eur_h < 1e-3
    assert found.best.setpoints.T_in == pytest.approx(limits.T_in_sp[1])
    assert found.best.outputs.P_fan == pytest.approx(limits.P_fan[1], abs=1e-4)
    assert found.best.outputs.moist == pytest.approx(limits.moist[1], abs=1e-5)


@situations
def test_baseline_is_feasible_and_clearly_worse(world: Disturbances, limits: Limits, prices: Prices) -> None:
    """The operators keep every limit without touching one, and earn 10 to 40 % less than they could."""
    found = optimum(world, limits, prices)
    assert found.baseline.setpoints == OPERATORS
    assert found.baseline.broken == ()
    assert found.baseline.active == ()
    assert 10.0 < found.gain_percent < 40.0


@situations
def test_no_random_feasible_point_is_better(world: Disturbances, limits: Limits, prices: Prices) -> None:
    """Two hundred feasible points by chance, half of them close to the optimum."""
    found = optimum(world, limits, prices)
    chance = random.Random(7)
    top, tried = found.best.setpoints, 0
    for attempt in range(20_000):
        if attempt % 2:
            at = Setpoints(
                chance.uniform(*limits.T_in_sp), chance.uniform(*limits.feed_sp), chance.uniform(*limits.fan_sp)
            )
        else:
            at = Setpoints(
                min(top.T_in - chance.expovariate(1.0), limits.T_in_sp[1]),
                top.feed + chance.gauss(0.0, 60.0),
                top.fan + chance.gauss(0.0, 1.0),
            )
        try:
            other = operate(at, world, limits, prices)
        except NoSteadyState:
            continue
        if not other.broken:
            tried += 1
            assert other.eur.total <= found.best.eur.total
        if tried == 200:
            break
    assert tried == 200


@pytest.mark.parametrize(
    "wider",
    [
        replace(DAY, T_in_sp=(170.0, 196.0)),
        replace(DAY, P_fan=(0.0, 122.0)),
        replace(DAY, moist=(3.2, 4.05)),
    ],
)
@pytest.mark.parametrize("prices", [PEAK, OFFPEAK])
def test_each_limit_of_the_corner_is_worth_money(wider: Limits, prices: Prices) -> None:
    """Widening any one of the three earns more: none of them is active by accident."""
    assert optimum(WORLD, wider, prices).best.eur.total > optimum(WORLD, DAY, prices).best.eur.total + 0.3


@pytest.mark.parametrize("wider", [replace(DAY, gas=(0.0, 300.0)), replace(DAY, T_out=(70.0, 98.0))])
def test_other_limits_are_worth_nothing_by_day(wider: Limits) -> None:
    """The burner limit is near, within 10 %, but not active."""
    found = optimum(WORLD, DAY, PEAK)
    assert optimum(WORLD, wider, PEAK).best.eur.total == pytest.approx(found.best.eur.total, abs=1e-4)
    assert 0.9 * DAY.gas[1] < found.best.outputs.gas < DAY.gas[1]


def test_in_winter_the_burner_limits_instead_of_the_fan() -> None:
    """At 0 degC the same corner needs more gas than the burner may burn."""
    found = optimum(Disturbances(T_amb=0.0, hum_amb=3.0), DAY, PEAK)
    assert set(found.best.active) == {"T_in_sp hi", "gas hi", "moist hi"}


def test_a_small_burner_is_a_limit_too() -> None:
    """What the burner cannot give limits the optimum even where no operator limit says so."""
    small = DryerParameters(gas_full_m3_h=215.0)
    found = optimum(WORLD, DAY, PEAK, small)
    assert "gas hi" in found.best.active
    assert found.best.outputs.gas == pytest.approx(215.0, abs=1e-3)


def test_places_where_the_dryer_cannot_rest_are_passed_over() -> None:
    """A box that reaches into the flooded corner has the same kind of optimum."""
    wide = replace(DAY, T_in_sp=(110.0, 195.0), feed_sp=(1500.0, 4400.0), fan_sp=(40.0, 95.0))
    with pytest.raises(NoSteadyState):
        operate(Setpoints(110.0, 4400.0, 40.0), WORLD, wide, PEAK)
    assert optimum(WORLD, wide, PEAK).best.eur.total == pytest.approx(optimum(WORLD, DAY, PEAK).best.eur.total)


# The plant file's gains, rounded as an engineer would, one column for each of T_in_sp, feed_sp, fan_sp (step_test).
GAINS = np.array(
    [
        [-0.089, 0.0034, -0.076],  # moist
        [0.57, -0.018, 0.84],  # T_out
        [-0.17, 0.0049, 3.8],  # P_fan
        [0.84, 0.0079, 2.3],  # gas
        [1.5, 0.44, 1.3],  # evap
    ]
)


@situations
@pytest.mark.parametrize("moisture_gain", [0.75, 1.0, 1.5])
def test_a_linear_model_with_feedback_finds_the_optimum(
    world: Disturbances, limits: Limits, prices: Prices, moisture_gain: float
) -> None:
    """Targets from a linear model whose outputs are corrected by what was measured, again and again, as an APC does.

    This is what makes the plant a fair bench: no knowledge of its nonlinearity is needed to be perfect at rest, even
    when the moisture gains are wrong by a quarter down or by half up.
    """
    gains = GAINS * np.array([[moisture_gain], [1.0], [1.0], [1.0], [1.0]])
    energy = prices.gas_eur_mwh * 10.3e-3 * gains[3] + prices.electricity_eur_kwh * 1.5 * gains[2]  # 1.5: supply fan
    worth = prices.powder_eur_kg * np.array([0.0, 0.5, 0.0]) - energy
    at = OPERATORS
    for _ in range(15):
        seen = operate(at, world, limits, prices)
        values = [getattr(seen.outputs, tag) for tag in ("moist", "T_out", "P_fan", "gas", "evap")]
        ranges = np.array([limits.moist, limits.T_out, limits.P_fan, limits.gas, limits.evap])
        room_hi, room_lo = ranges[:, 1] - values, np.array(values) - ranges[:, 0]
        now = (at.T_in, at.feed, at.fan)
        sides = (limits.T_in_sp, limits.feed_sp, limits.fan_sp)
        moves = [
            (max(low - x, -step), min(high - x, step))
            for x, (low, high), step in zip(now, sides, (8.0, 300.0, 4.0), strict=True)
        ]
        plan = linprog(-worth, A_ub=np.vstack([gains, -gains]), b_ub=np.concatenate([room_hi, room_lo]), bounds=moves)
        assert plan.x is not None, plan.message
        at = Setpoints(*(x + float(dx) for x, dx in zip(now, plan.x, strict=True)))
    best = optimum(world, limits, prices).best
    assert operate(at, world, limits, prices).eur.total == pytest.approx(best.eur.total, abs=0.05)
    assert at.feed == pytest.approx(best.setpoints.feed, abs=1.0)
    assert at.fan == pytest.approx(best.setpoints.fan, abs=0.05)


def test_impossible_limits_are_said_so() -> None:
    """No operation keeps a fan power of 5 kW."""
    with pytest.raises(NothingFeasible):
        optimum(WORLD, replace(DAY, P_fan=(0.0, 5.0)), PEAK)


def test_search_takes_less_than_three_seconds() -> None:
    """Of processor time; typically a tenth of one."""
    begin = time.process_time()
    optimum(WORLD, DAY, PEAK)
    assert time.process_time() - begin < 3.0
