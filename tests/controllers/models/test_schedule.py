from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plant import Multiplier
from controllers.models.schedule import followed, reference, wanted

TABLE = Multiplier(name="m", by="load", points=((10.0, 2.0), (20.0, 0.5), (40.0, 0.7)), per_s_max=0.01)


@pytest.mark.parametrize(
    ("load", "factor"), [(-5.0, 2.0), (10.0, 2.0), (15.0, 1.25), (20.0, 0.5), (30.0, 0.6), (99.0, 0.7)]
)
def test_it_is_straight_between_the_points_and_stays_beyond_the_ends(load, factor):
    assert wanted(TABLE, load) == pytest.approx(factor)


@given(before=st.floats(0.5, 2.0), load=st.floats(-1e6, 1e6), elapsed=st.floats(0.0, 1e4))
def test_it_stays_in_its_bounds_and_never_goes_faster_than_it_may(before, load, elapsed):
    after = followed(TABLE, before, load, elapsed)
    assert 0.5 <= after <= 2.0
    assert abs(after - before) <= 0.01 * elapsed + 1e-12


def test_it_arrives():
    factor = 2.0
    for _ in range(12):
        factor = followed(TABLE, factor, 20.0, 15.0)
    assert factor == 0.5


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_bad_tag_leaves_it_where_it_is(value):
    assert followed(TABLE, 1.3, value, 15.0) == 1.3


def test_until_the_tag_was_seen_it_is_as_near_to_1_as_it_can_be():
    assert reference(TABLE) == 1.0
    assert reference(Multiplier(name="m", by="load", points=((0.0, 2.0), (1.0, 3.0)))) == 2.0
