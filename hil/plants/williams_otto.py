"""The Williams–Otto reactor: a stirred tank whose model lacks a reaction, the classic test of real-time optimisation.

The plant has three reactions (mass fractions X, tank contents W, F = F_A + F_B, T in kelvin):

    A + B -> C        r1 = k1 X_A X_B W
    B + C -> P + E    r2 = k2 X_B X_C W
    C + P -> G        r3 = k3 X_C X_P W

    W dX_A/dt = F_A - F X_A - r1              W dX_E/dt = -F X_E + 2 r2
    W dX_B/dt = F_B - F X_B - r1 - r2         W dX_G/dt = -F X_G + 1.5 r3
    W dX_C/dt = -F X_C + 2 r1 - 2 r2 - r3     W dX_P/dt = -F X_P + r2 - 0.5 r3

The model knows nothing of C and has two:

    A + 2 B -> P + E      r1 = k1 X_A X_B^2 W
    A + B + P -> G        r2 = k2 X_A X_B X_P W

    W dX_A/dt = F_A - F X_A - r1 - r2         W dX_E/dt = -F X_E + 2 r1
    W dX_B/dt = F_B - F X_B - 2 r1 - r2       W dX_G/dt = -F X_G + 3 r2
    W dX_P/dt = -F X_P + r1 - r2

Sources: T. J. Williams, R. E. Otto, "A generalized chemical processing model for the investigation of computer
control", AIEE Trans. 79 (1960) 458; in this form, with these rates and prices: Y. Zhang, J. F. Forbes, "Extended
design cost: a performance criterion for real-time optimization systems", Comput. Chem. Eng. 24 (2000) 1829, and A.
Marchetti, B. Chachuat, D. Bonvin, Ind. Eng. Chem. Res. 48 (2009) 6022 and J. Process Control 20 (2010) 1027.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

FloatArray = npt.NDArray[np.float64]

CONTENTS_KG = 2105.0
FEED_A_KG_S = 1.8275
"""The usual feed of A."""
FEED_B_RANGE = (3.0, 6.0)
"""[kg/s]"""
TEMPERATURE_RANGE = (70.0, 100.0)
"""Reactor temperature [degC]."""
A_HI = 0.12
G_HI = 0.08
"""Limits of the constrained case: mass fractions of A and G that leave (Marchetti et al. 2009)."""
KELVIN = 273.15
_PLANT_K = ((1.6599e6, 6666.7), (7.2117e8, 8333.3), (2.6745e12, 11111.0))
_MODEL_K = ((2.189e8, 8077.6), (4.310e13, 12438.0))
"""Frequency factor [1/s] and activation temperature [K] of each reaction."""
PRODUCT_PRICE, BYPRODUCT_PRICE, A_PRICE, B_PRICE = 1143.38, 25.92, 76.23, 114.34
"""$ per kg of P, E, A and B."""
_START = np.array([0.10, 0.40, 0.02, 0.30, 0.06, 0.11])
"""Newton's method starts at fractions near the optimum."""
_CLOSE = 1e-12
_NEWTON_MAX = 60


@dataclass(frozen=True, slots=True)
class Feed:
    """What is set and what comes: flows in kg/s, temperature in degC."""

    b_kg_s: float
    reactor_degc: float
    a_kg_s: float = FEED_A_KG_S


Rates = Callable[[FloatArray, Feed], tuple[FloatArray, FloatArray]]
"""dX/dt [1/s] and its Jacobian, both by (A, B, C, E, G, P)."""


def plant_rates(x: FloatArray, feed: Feed) -> tuple[FloatArray, FloatArray]:
    """Return dX/dt of the plant, 1/s, and its Jacobian (6, 6); ``x`` = fractions of A, B, C, E, G, P."""
    k1, k2, k3 = _constants(_PLANT_K, feed.reactor_degc)
    a, b, c, _, _, p = x
    reactions = np.array([k1 * a * b, k2 * b * c, k3 * c * p])
    slopes = np.zeros((3, 6))
    slopes[0, 0], slopes[0, 1] = k1 * b, k1 * a
    slopes[1, 1], slopes[1, 2] = k2 * c, k2 * b
    slopes[2, 2], slopes[2, 5] = k3 * p, k3 * c
    return _balance(x, feed, _PLANT_YIELD, reactions, slopes)


def model_rates(x: FloatArray, feed: Feed) -> tuple[FloatArray, FloatArray]:
    """Return dX/dt of the two-reaction model, 1/s, and its Jacobian (6, 6); C only washes out."""
    k1, k2 = _constants(_MODEL_K, feed.reactor_degc)
    a, b, _, _, _, p = x
    reactions = np.array([k1 * a * b * b, k2 * a * b * p])
    slopes = np.zeros((2, 6))
    slopes[0, 0], slopes[0, 1] = k1 * b * b, 2.0 * k1 * a * b
    slopes[1, 0], slopes[1, 1], slopes[1, 5] = k2 * b * p, k2 * a * p, k2 * a * b
    return _balance(x, feed, _MODEL_YIELD, reactions, slopes)


# kilograms of A, B, C, E, G, P that each reaction makes, per kilogram of its rate
_PLANT_YIELD = np.array(
    [[-1.0, -1.0, 2.0, 0.0, 0.0, 0.0], [0.0, -1.0, -2.0, 2.0, 0.0, 1.0], [0.0, 0.0, -1.0, 0.0, 1.5, -0.5]]
)
_MODEL_YIELD = np.array([[-1.0, -2.0, 0.0, 2.0, 0.0, 1.0], [-1.0, -1.0, 0.0, 0.0, 3.0, -1.0]])


def steady(rates: Rates, feed: Feed) -> FloatArray:
    """Return the steady fractions (A, B, C, E, G, P) by Newton's method.

    Raises ValueError where it does not get there: flows and temperatures that no reactor of this kind sees.
    """
    x = _START.copy()
    for _ in range(_NEWTON_MAX):
        slope, jacobian = rates(x, feed)
        step = np.linalg.solve(jacobian, -slope)
        # fractions stay positive: go at most nine tenths of the way to zero
        falling = step < 0.0
        reach = np.min(-0.9 * x[falling] / step[falling], initial=1.0)
        x += min(1.0, float(reach)) * step
        if float(np.abs(step).max()) < _CLOSE:
            return x
    raise ValueError(f"no steady state found for {feed}")


def model_steady(feed: Feed) -> FloatArray:
    """Return the model's steady fractions, as ``steady(model_rates, feed)`` but some twenty times faster.

    The balances of A and B give r1 = F_B - F_A - F (X_B - X_A), so X_B follows from X_A (a quadratic), the rest from
    both; one equation for X_A remains. Raises ValueError where it has no root between 0 and F_A / F.
    """
    k1, k2 = (float(k) for k in _constants(_MODEL_K, feed.reactor_degc))
    out = feed.a_kg_s + feed.b_kg_s

    def of(a: float) -> tuple[float, float, float, float]:
        bend = k1 * a * CONTENTS_KG
        b = 2.0 * _over(feed, a) / (out + sqrt(out * out + 4.0 * bend * _over(feed, a)))
        r1 = bend * b * b
        r2 = feed.a_kg_s - out * a - r1
        return b, (r1 - r2) / out, r1, r2

    def gap(a: float) -> float:
        b, p, _, r2 = of(a)
        return k2 * a * b * p * CONTENTS_KG - r2

    fed = feed.a_kg_s / out
    a = float(brentq(gap, 1e-6 * fed, (1.0 - 1e-9) * fed, xtol=1e-15))
    b, p, r1, r2 = of(a)
    return np.array([a, b, 0.0, 2.0 * r1 / out, 3.0 * r2 / out, p])


def _over(feed: Feed, a: float) -> float:
    return feed.b_kg_s - feed.a_kg_s + (feed.a_kg_s + feed.b_kg_s) * a


def advance(rates: Rates, x: FloatArray, feed: Feed, dt_s: float) -> FloatArray:
    """Return the fractions ``dt_s`` later with ``feed`` held: one step of the classic Runge–Kutta method.

    Raises ValueError unless 0 < dt_s <= 10: the fastest reaction turns C over in about 10 s.
    """
    if not 0.0 < dt_s <= 10.0:
        raise ValueError(f"dt_s must be above 0 and at most 10, not {dt_s}")
    k1 = rates(x, feed)[0]
    k2 = rates(x + 0.5 * dt_s * k1, feed)[0]
    k3 = rates(x + 0.5 * dt_s * k2, feed)[0]
    k4 = rates(x + dt_s * k3, feed)[0]
    after: FloatArray = x + dt_s / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return after


def profit(x: FloatArray, feed: Feed) -> float:
    """Return the profit, $/s, of the fractions ``x`` that leave."""
    out = feed.a_kg_s + feed.b_kg_s
    sold = PRODUCT_PRICE * float(x[5]) * out + BYPRODUCT_PRICE * float(x[3]) * out
    return sold - A_PRICE * feed.a_kg_s - B_PRICE * feed.b_kg_s


def plant_economics(feed: Feed) -> FloatArray:
    """Return (cost, X_A - 0.12, X_G - 0.08) of the plant at steady state: cost is minus the profit, the others hold
    when <= 0.
    """
    return _economics(steady(plant_rates, feed), feed)


def model_economics(feed: Feed) -> FloatArray:
    """Return the same as the two-reaction model has it."""
    return _economics(model_steady(feed), feed)


def _economics(x: FloatArray, feed: Feed) -> FloatArray:
    return np.array([-profit(x, feed), float(x[0]) - A_HI, float(x[4]) - G_HI])


def _constants(table: tuple[tuple[float, float], ...], degc: float) -> FloatArray:
    kelvin = degc + KELVIN
    return np.array([factor * np.exp(-activation / kelvin) for factor, activation in table])


def _balance(
    x: FloatArray, feed: Feed, yields: FloatArray, reactions: FloatArray, slopes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    out = feed.a_kg_s + feed.b_kg_s
    inflow = np.array([feed.a_kg_s, feed.b_kg_s, 0.0, 0.0, 0.0, 0.0])
    rate = (inflow - out * x) / CONTENTS_KG + yields.T @ reactions
    return rate, yields.T @ slopes - out / CONTENTS_KG * np.eye(6)


def measured(x: FloatArray, feed: Feed) -> FloatArray:
    """Return what instruments show of the fractions ``x`` that leave: P and E, kg/s, A and G, percent."""
    out = feed.a_kg_s + feed.b_kg_s
    return np.array([x[5] * out, x[3] * out, 100.0 * x[0], 100.0 * x[4]])


def measured_by_model(u: FloatArray, d: FloatArray) -> FloatArray:
    """Return the same of the two-reaction model at steady state, as a plant file's function: ``u`` is the feed of B and
    the reactor's temperature, ``d`` the feed of A.
    """
    feed = Feed(float(u[0]), float(u[1]), float(d[0]))
    return measured(model_steady(feed), feed)
