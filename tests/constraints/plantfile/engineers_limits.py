"""Constraints as an engineer would write them with cvxpy, and as one should not."""

import cvxpy as cp
import numpy as np


def surge_line(v):
    """Return a surge line and a roof over both."""
    return [v["flow_sp"] >= 20 * v["power"] + 500, cp.maximum(v["power"], 0.04 * v["flow_sp"]) <= 110]


def ellipse(v):
    """Return a convex quadratic limit."""
    a, b = v["a"], v["b"]
    return cp.square(a - 10) + 0.5 * cp.square(b) + cp.abs(a - b) <= 900


def square(v):
    """Return one that no row is."""
    return [
        cp.quad_form(cp.hstack([v["a"], v["b"]]), np.array([[2.0, 1.0], [1.0, 3.0]])) <= 5000,
        v["a"] + v["b"] == 50,
    ]


def logarithm(v):
    """Return a convex limit that is neither affine nor quadratic."""
    return -cp.log(v["a"]) <= 3


def not_convex(v):
    """Return what is not convex."""
    return cp.square(v["a"]) >= 3


def own_variable(v):
    """Return one with a slack of its own."""
    return v["a"] <= cp.Variable()


def parameter(v):
    """Return one with a parameter."""
    return v["a"] <= cp.Parameter(value=3.0)


def a_number(v):
    """Return what is no constraint."""
    return 3


def nothing(v):
    """Return nothing."""
    return []


def raises(v):
    """Fail."""
    return v["nobody"] <= 3


def cancels(v):
    """Return what never changes."""
    return v["a"] - v["a"] <= 3
