"""Roll-ups against values worked out by hand and against one pass over everything."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.history.rollup import HOUR_S, MINUTE_S, Rollup, columns, hours, minutes, start_of


def test_a_minute_worked_out_by_hand(make_record):
    records = [
        make_record(n, utc_s=600.0 + at, readings={"x": (value, quality, "")})
        for n, (at, value, quality) in enumerate(
            [(0, 1.0, "good"), (15, 4.0, "good"), (30, 100.0, "estimated"), (59.9, 1.0, "good"), (60, 7.0, "good")]
        )
    ]
    assert minutes(records) == [
        Rollup(MINUTE_S, "x", 600, 3, 1.0, 2.0, 4.0),
        Rollup(MINUTE_S, "x", 660, 1, 7.0, 7.0, 7.0),
    ]


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_no_number_does_not_count(make_record, value):
    assert minutes([make_record(1, readings={"x": (value, "good", "")})]) == []


def test_an_hour_weighs_each_minute_by_its_count():
    parts = [
        Rollup(60, "x", 0, 3, 1.0, 2.0, 4.0),
        Rollup(60, "x", 3540, 1, 10.0, 10.0, 10.0),
        Rollup(60, "x", 3600, 1, 0.0, 0.0, 0.0),
    ]
    assert hours(parts) == [Rollup(HOUR_S, "x", 0, 4, 1.0, 4.0, 10.0), Rollup(HOUR_S, "x", 3600, 1, 0.0, 0.0, 0.0)]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 7199), st.floats(-1e6, 1e6)), min_size=1, max_size=40))
def test_hours_of_minutes_equal_one_pass(make_record, values):
    records = [make_record(n, utc_s=float(at), readings={"x": (v, "good", "")}) for n, (at, v) in enumerate(values)]
    for hour in hours(minutes(records)):
        inside = [v for at, v in values if start_of(at, HOUR_S) == hour.start_utc_s]
        assert (hour.count, hour.low, hour.high) == (len(inside), min(inside), max(inside))
        assert hour.mean == pytest.approx(sum(inside) / len(inside), rel=1e-9, abs=1e-6)


def test_starts():
    assert [start_of(at, 60) for at in (0.0, 59.999, 60.0, 61.0)] == [0, 0, 60, 60]


def test_columns_are_the_tables():
    assert set(columns(Rollup(60, "x", 0, 1, 1.0, 1.0, 1.0))) == {
        "span_s", "tag", "start_utc_s", "count", "low", "mean", "high",
    }  # fmt: skip
