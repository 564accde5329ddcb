from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from controllers.model import Model
from hil.plants import boiler


@pytest.mark.parametrize("point", boiler.POINTS[1:], ids=lambda p: f"{p[1]} MW")
def test_the_published_operating_points_are_steady(point):
    p, power, rho, fuel, valve, water, level = point
    dp, dpower, drho = boiler.published_rates(p, power, fuel, valve, water)
    # the inputs are printed to three digits: half a unit of the last one moves dp by 5e-4 and drho by 1e-3 (water 5e-3)
    assert abs(dp) < 1e-3
    assert abs(dpower) < 0.02
    assert abs(drho) < 6e-3
    state = boiler.State(p, power, rho, fuel, fuel * boiler.excess_air(3.0), water, 3.0, valve, valve)
    assert boiler.level(state) == pytest.approx(level, abs=0.011)


def test_the_steady_state_asked_for_is_one():
    state = boiler.steady(106.0, 80.0, 2.0, 0.05)
    later = boiler.advance(state, boiler.inputs_of(state), 900.0)
    assert later.pressure == pytest.approx(106.0, abs=1e-6)
    assert later.power == pytest.approx(80.0, abs=1e-6)
    assert later.oxygen == pytest.approx(2.0, abs=1e-6)
    assert boiler.level(later) == pytest.approx(0.05, abs=1e-6)


def test_a_load_beyond_the_boiler_is_refused():
    with pytest.raises(ValueError, match="beyond"):
        boiler.steady(108.0, 400.0)


def test_less_oxygen_saves_fuel_until_fuel_is_left_unburnt():
    assert boiler.efficiency(2.0) > boiler.efficiency(3.0) > boiler.efficiency(5.0)
    assert boiler.efficiency(0.5) < boiler.efficiency(1.5)
    # Siegert for oil, 135 K and 3 % oxygen: 135 (0.68 / 18 + 0.007)
    assert 100.0 * (1.0 - boiler.efficiency(3.0)) == pytest.approx(6.045, abs=0.01)


def test_oxygen_and_excess_air_are_each_others_inverse():
    for percent in (0.0, 1.5, 6.0):
        assert boiler.oxygen(boiler.excess_air(percent)) == pytest.approx(percent)
    with pytest.raises(ValueError, match="oxygen"):
        boiler.excess_air(20.9)


def test_the_level_swells_before_it_falls():
    state = boiler.steady(108.0, 66.65)
    more = replace(boiler.inputs_of(state), load=80.0)
    assert boiler.level(boiler.advance(state, more, 15.0)) > 0.005
    assert boiler.level(boiler.advance(state, more, 300.0)) < -0.02


def test_the_governor_brings_the_load():
    state = boiler.steady(108.0, 66.65)
    inputs = replace(boiler.inputs_of(state), load=75.0, fuel=0.4)
    assert boiler.advance(state, inputs, 240.0).power == pytest.approx(75.0, abs=1.0)


def test_rates_of_fuel_hold():
    state = boiler.steady(108.0, 66.65)
    after = boiler.advance(state, replace(boiler.inputs_of(state), fuel=1.0), 10.0)
    assert after.fuel - state.fuel <= 10.0 * boiler.FUEL_PER_S + 1e-12


def test_the_linear_block_is_the_boiler_close_by():
    state = boiler.steady(108.0, 66.65)
    block = boiler.linear(state)
    a, b, c, d = (np.array(m) for m in (block.a, block.b, block.c, block.d))
    move = np.array([0.002, 0.01, -0.002, 0.0])
    x = np.zeros(len(a))
    for _ in range(600):
        x = x + 0.5 * (a @ x + b @ move)
    given = boiler.inputs_of(state)
    moved = boiler.Inputs(given.fuel + 0.002, given.air + 0.01, given.water - 0.002, given.load)
    after = boiler.advance(state, moved, 300.0)
    seen = np.array([after.pressure - 108.0, after.oxygen - 3.0, boiler.level(after)])
    assert c @ x + d @ move == pytest.approx(seen, rel=0.05, abs=2e-3)


@pytest.mark.parametrize("seconds", [0.0, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(seconds):
    state = boiler.steady(108.0, 66.65)
    with pytest.raises(ValueError, match="seconds"):
        boiler.advance(state, boiler.inputs_of(state), seconds)


def test_the_boilers_block_tells_what_settles_from_what_ramps() -> None:
    """Pressure does not see the mode that only integrates; by rounding it seems to."""
    block = boiler.linear(boiler.steady(108.0, 80.0))
    model = Model.of(replace(boiler.plant(boiler.steady(108.0, 80.0)), pairs=(), blocks=(block,)))
    split = Model.of(boiler.plant(boiler.steady(108.0, 80.0)))
    assert model.cv_integrates().tolist() == split.cv_integrates().tolist() == [False, False, True]
    assert model.gains()[0][:2] == pytest.approx(split.gains()[0][:2], rel=1e-6, abs=1e-6)
