from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from hil.plants import williams_otto as wo


def earned(u, feed_a=wo.FEED_A_KG_S):
    return -wo.plant_economics(wo.Feed(u[0], u[1], feed_a))[0]


@pytest.mark.parametrize(
    ("feed_a", "best", "where"),
    [
        (1.8275, 190.980, (4.7874, 89.704)),
        (1.6, 179.87, None),
        (2.0, 198.38, None),
        (2.2, 205.98, None),
    ],
)
def test_the_plants_optimum_is_the_published_one(feed_a, best, where):
    found = minimize(lambda u: -earned(u, feed_a), (4.8, 89.0), method="Nelder-Mead", options={"xatol": 1e-5})
    assert -found.fun == pytest.approx(best, abs=0.006)
    if where is not None:
        assert found.x == pytest.approx(where, abs=1e-3)


def test_the_models_optimum_loses_a_fifth_on_the_plant():
    found = minimize(lambda u: wo.model_economics(wo.Feed(*u))[0], (4.8, 80.0), method="Nelder-Mead")
    assert found.x == pytest.approx((4.7678, 78.205), abs=2e-3)
    assert earned((4.7678, 78.205)) == pytest.approx(150.385, abs=2e-3)


def test_the_limited_optimum_and_the_models_answer_are_the_published_ones():
    cost, a, g = wo.plant_economics(wo.Feed(4.9747, 84.322))
    assert -cost == pytest.approx(178.529, abs=3e-3)
    assert a < 0.0
    assert g == pytest.approx(0.0, abs=1e-5)

    def rules(of):
        return [{"type": "ineq", "fun": lambda u, k=k: -100.0 * of(wo.Feed(*u))[k]} for k in (1, 2)]

    for of, cost_hi, where in ((wo.plant_economics, -178.52, (4.9747, 84.322)), (wo.model_economics, 0.0, None)):
        found = minimize(
            lambda u, of=of: of(wo.Feed(*u))[0] / 100.0,
            (4.9, 80.0),
            bounds=[(4.0, 7.0), (70.0, 100.0)],
            constraints=rules(of),
            method="SLSQP",
        )
        assert 100.0 * found.fun < cost_hi
        if where is not None:
            assert found.x == pytest.approx(where, abs=5e-3)
    assert earned(found.x) == pytest.approx(138.050, abs=5e-3)
    assert wo.steady(wo.plant_rates, wo.Feed(*found.x))[0] == pytest.approx(0.1215, abs=1e-4)


@pytest.mark.parametrize("rates", [wo.plant_rates, wo.model_rates])
def test_the_jacobian_is_the_slope_of_the_rates(rates):
    x, feed, h = np.array([0.1, 0.4, 0.02, 0.3, 0.06, 0.11]), wo.Feed(4.9, 88.0), 1e-6
    slopes = [(rates(x + h * e, feed)[0] - rates(x - h * e, feed)[0]) / (2 * h) for e in np.eye(6)]
    assert rates(x, feed)[1] == pytest.approx(np.array(slopes).T, abs=1e-8)


@pytest.mark.parametrize("rates", [wo.plant_rates, wo.model_rates])
@pytest.mark.parametrize("flow", [3.0, 4.8, 6.0])
@pytest.mark.parametrize("degc", [70.0, 90.0, 100.0])
def test_the_tank_gets_to_its_steady_state_and_loses_no_mass(rates, flow, degc):
    feed = wo.Feed(flow, degc)
    settled = wo.steady(rates, feed)
    assert settled.sum() == pytest.approx(1.0, abs=1e-10)
    assert (settled >= -1e-15).all()
    x = np.array([0.2, 0.4, 0.1, 0.1, 0.1, 0.1])
    for _ in range(500):
        x = wo.advance(rates, x, feed, 10.0)
    assert x == pytest.approx(settled, abs=1e-5)


def test_the_models_quick_steady_state_is_newtons():
    for flow in (3.0, 5.0, 7.0):
        for degc in (70.0, 85.0, 100.0):
            for feed_a in (1.4, 2.4):
                feed = wo.Feed(flow, degc, feed_a)
                assert wo.model_steady(feed) == pytest.approx(wo.steady(wo.model_rates, feed), abs=1e-10)


def test_a_step_that_is_too_long_is_refused():
    x = wo.steady(wo.plant_rates, wo.Feed(4.8, 89.0))
    for dt in (0.0, -1.0, 11.0, float("nan")):
        with pytest.raises(ValueError, match="dt_s"):
            wo.advance(wo.plant_rates, x, wo.Feed(4.8, 89.0), dt)


def test_what_instruments_show_is_what_the_profit_is_made_of():
    shown = wo.measured_by_model(np.array([4.8, 85.0]), np.array([1.8275]))
    feed = wo.Feed(4.8, 85.0)
    earned = wo.PRODUCT_PRICE * shown[0] + wo.BYPRODUCT_PRICE * shown[1]
    profit = earned - wo.A_PRICE * feed.a_kg_s - wo.B_PRICE * feed.b_kg_s
    economics = wo.model_economics(feed)
    assert profit == pytest.approx(-economics[0])
    assert shown[2:] / 100.0 == pytest.approx(economics[1:] + np.array([wo.A_HI, wo.G_HI]))
