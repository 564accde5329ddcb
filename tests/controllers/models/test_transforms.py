from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plant import LogTransform, TableTransform, ValveTransform
from controllers.models.transforms import forward, inverse, secant, slope

KINDS = {
    "log": LogTransform(at=50.0),
    "table": TableTransform(points=((0.0, 0.0), (50.0, 20.0), (60.0, 50.0), (100.0, 100.0))),
    "valve": ValveTransform(lo=5.0, hi=95.0, rangeability=50.0),
}
each = pytest.mark.parametrize("kind", KINDS)
QUICK = settings(max_examples=100, derandomize=True)
values = st.floats(-1e4, 1e4)


@each
@QUICK
@given(x=values)
def test_there_and_back_is_where_it_began(kind, x):
    of = KINDS[kind]
    assert inverse(of, forward(of, x)) == pytest.approx(x, rel=1e-9, abs=1e-9)


@each
@QUICK
@given(a=values, b=values)
def test_order_is_kept_so_limits_stay_limits(kind, a, b):
    of = KINDS[kind]
    if b - a > 1e-9 * max(1.0, abs(a), abs(b)):
        assert forward(of, a) < forward(of, b)
        assert inverse(of, a) < inverse(of, b)


@each
@QUICK
@given(x=values)
def test_the_slope_is_that_of_the_function(kind, x):
    of, h = KINDS[kind], 1e-4
    corners = (0.05, 0.0, 5.0, 50.0, 60.0, 95.0, 100.0)
    if min(abs(x - corner) for corner in corners) > 2 * h:
        assert slope(of, x) == pytest.approx((forward(of, x + h) - forward(of, x - h)) / (2 * h), rel=1e-4, abs=1e-6)


@each
def test_infinite_limits_stay_infinite(kind):
    of = KINDS[kind]
    for x in (-math.inf, math.inf):
        assert forward(of, x) == x
        assert inverse(of, x) == x
    assert all(map(math.isfinite, (secant(of, -math.inf, 60.5), secant(of, -math.inf, math.inf), secant(of, 1.0, 2.0))))


def test_what_each_is():
    assert forward(KINDS["log"], 100.0) == pytest.approx(50.0 * math.log(2.0))
    assert slope(KINDS["log"], 50.0) == 1.0
    assert forward(KINDS["table"], 55.0) == 35.0
    valve = KINDS["valve"]
    assert (forward(valve, 5.0), forward(valve, 95.0)) == pytest.approx((5.0, 95.0))
    # each part of the travel multiplies the flow alike
    assert slope(valve, 50.0) / slope(valve, 5.0) == pytest.approx(slope(valve, 95.0) / slope(valve, 50.0))
    assert slope(valve, 95.0) / slope(valve, 5.0) == pytest.approx(50.0)
    assert secant(KINDS["table"], 0.0, 50.0) == pytest.approx(0.4)
