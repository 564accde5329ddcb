"""Functions as engineers write them: a reactor past whose peak the gain turns, and some that go wrong."""

from __future__ import annotations

import numpy as np


class OddError(Exception):
    """An exception that nobody could have listed."""


def steady(u, d):
    """Concentration and temperature of a reactor with a maximum of the first at u = 10 (d = 0)."""
    return np.array([5.0 - 0.1 * (u[0] - 10.0 - d[0]) ** 2, 60.0 + 2.0 * u[0] + 0.3 * u[0] * d[0]])


def slopes(u, d):
    """Return the derivatives of ``steady``."""
    away = 0.2 * (u[0] - 10.0 - d[0])
    return [[-away, away], [2.0 + 0.3 * d[0], 0.3 * u[0]]]


def raises_odd(u, d):
    raise OddError("no")


def divides(u, d):
    return [1 / 0, 1.0]


def not_a_number(u, d):
    return [float("nan"), 1.0]


def too_long(u, d):
    return [1.0, 2.0, 3.0]


def words(u, d):
    return ["a", "b"]


def nothing(u, d):
    return None


def beyond(u, d):
    """Fine up to u = 12, then not defined."""
    if np.real(u[0]) > 12.0:
        raise ValueError("outside of what was measured")
    return steady(u, d)


def spoils(u, d):
    """Writes into its arguments."""
    u[0], d[0] = u[0] + 1.0, 0.0
    return steady(u - 1.0, d)
