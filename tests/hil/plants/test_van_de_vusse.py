from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from hil.plants import van_de_vusse as vdv

MAIN = vdv.Inputs(vdv.MAIN_FLOW, vdv.MAIN_HEAT)
D = np.array([vdv.FEED_A])


def test_the_main_operating_point_is_the_published_one():
    assert vdv.steady(MAIN) == pytest.approx((2.14, 1.09, 114.2, 112.9), abs=0.01)


def test_the_most_that_can_be_made_is_the_published_maximum():
    found = minimize_scalar(lambda f: -vdv.outputs(np.array([f, 0.0]), D)[0], bounds=(5.0, 35.0), method="bounded")
    assert -found.fun == pytest.approx(1.0933, abs=2e-4)


def test_the_gain_changes_sign_at_the_maximum():
    found = minimize_scalar(
        lambda f: -vdv.outputs(np.array([f, vdv.MAIN_HEAT]), D)[0], bounds=(5.0, 35.0), method="bounded"
    )
    assert found.x == pytest.approx(14.74, abs=0.02)
    assert vdv.output_slopes(np.array([found.x - 1.0, vdv.MAIN_HEAT]), D)[0, 0] > 0.0
    assert vdv.output_slopes(np.array([found.x + 1.0, vdv.MAIN_HEAT]), D)[0, 0] < 0.0


@pytest.mark.parametrize("flow", [5.0, 14.19, 30.0])
@pytest.mark.parametrize("heat", [-8500.0, -1113.5, 0.0])
def test_slopes_are_those_of_the_outputs(flow, heat):
    v = np.array([flow, heat, vdv.FEED_A])
    step = np.array([1e-4, 1e-1, 1e-5])
    for i, axis in enumerate(np.eye(3)):
        up, down = v + step * axis, v - step * axis
        slope = (vdv.outputs(up[:2], up[2:]) - vdv.outputs(down[:2], down[2:])) / (2 * step[i])
        assert vdv.output_slopes(v[:2], v[2:])[:, i] == pytest.approx(slope, rel=1e-4, abs=1e-8)


def test_the_product_first_moves_the_wrong_way():
    low = vdv.steady(vdv.Inputs(10.0, vdv.MAIN_HEAT))
    to = vdv.Inputs(12.0, vdv.MAIN_HEAT)
    soon = vdv.advance(low, to, 30.0)
    assert soon[1] < low[1] < vdv.steady(to)[1]


def test_the_reactor_gets_to_its_steady_state():
    x = vdv.advance(vdv.steady(vdv.Inputs(8.0, -4000.0)), MAIN, 3600.0)
    assert x == pytest.approx(vdv.steady(MAIN), abs=1e-4)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(seconds):
    with pytest.raises(ValueError, match="seconds"):
        vdv.advance(vdv.steady(MAIN), MAIN, seconds)


def test_where_no_reactor_is_nothing_is_found():
    with pytest.raises(ValueError, match="no steady state"):
        vdv.steady(vdv.Inputs(14.19, float("nan")))
