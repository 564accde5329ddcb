"""Time: seconds or wall time, rising, in its unit."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

import setwise
from setwise import InputError


def test_a_wall_time_without_a_zone_is_the_plants(stepper, initial):
    assert str(stepper.step(initial, at="2026-07-01 08:00").time) == "2026-07-01 08:00:00+02:00"


def test_a_wall_time_of_another_zone_is_the_same_moment(stepper, initial):
    at = datetime.datetime(2026, 7, 1, 6, 0, tzinfo=datetime.UTC)
    decision = stepper.step(initial, at=at)
    assert decision.time == at
    assert decision.predictions.index.tz is not None
    assert decision.predictions.index[0] == at


def test_without_a_time_each_step_is_one_cycle(stepper, initial):
    assert [stepper.step(initial).time for _ in range(3)] == [0.0, 15.0, 30.0]


def test_a_row_brings_its_own_time(stepper, initial):
    rows = pd.DataFrame([initial] * 2, index=pd.date_range("2026-03-02 08:00", periods=2, freq="15s"))
    times = [stepper.step(row).time for _, row in rows.iterrows()]
    assert [str(time) for time in times] == ["2026-03-02 08:00:00+01:00", "2026-03-02 08:00:15+01:00"]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (30.0, 15.0, "time must rise: this step is 15 s before"),
        (30.0, 30.0, "time must rise"),
        (0.0, 0.25, "0.25 s since the last step, where the plant's cycle is 15 s; is the time in another unit"),
        (0.0, 15_000.0, "15000 s since the last step"),
        (0.0, "2026-03-02 08:00", "the step before was in seconds, this one is in wall time"),
        ("2026-03-02 08:00", 15.0, "the step before was in wall time"),
        (0.0, float("nan"), "must be a number, not nan"),
        (0.0, "soon", "'soon' is no wall time in Europe/Berlin"),
        (0.0, pd.NaT, "is no time"),
    ],
)
def test_time_that_does_not_follow_is_refused(stepper, initial, first, second, message):
    stepper.step(initial, at=first)
    with pytest.raises(InputError, match=message):
        stepper.step(initial, at=second)


def test_an_hour_that_comes_twice_or_never_needs_its_offset(stepper, initial):
    for text in ("2026-10-25 02:30", "2026-03-29 02:30"):
        with pytest.raises(InputError, match=f"'{text}' comes twice or never in Europe/Berlin"):
            stepper.step(initial, at=text)
    assert stepper.step(initial, at="2026-10-25 02:30+01:00").time.utcoffset() == datetime.timedelta(hours=1)


@pytest.mark.parametrize(
    ("index", "start", "message"),
    [
        ([0.0, 60.0, 30.0], None, r"disturbances: time does not rise at row 2 \(30.0 after 60.0\)"),
        ([0.0, 0.0, 30.0], None, "time does not rise at row 1"),
        ([0.0, np.nan, 30.0], None, "row 1 has no time"),
        ([0.0, 0.1, 0.2], None, "rows 0.1 s apart, the plant's cycle is 15 s; is the index in minutes"),
        ([0.0, 600_000.0, 900_000.0], None, "is the index in milliseconds"),
        (pd.Index([0, 10, 20], name="time [min]"), None, "the index is called 'time .min.', and numbers are seconds"),
        (["a", "b", "c"], None, "the index is no time"),
        (pd.date_range("2026-03-02", periods=3, freq="min"), None, "has wall times: then the start must be one too"),
    ],
)
def test_a_table_in_another_time_is_refused(plant, engine, initial, index, start, message):
    table = pd.DataFrame({"feed_moist": [52.0, 53.0, 54.0]}, index=index)
    with pytest.raises(InputError, match=message):
        setwise.simulate(plant, hours=0.1, start=start, initial=initial, disturbances=table, engine=engine)


@pytest.mark.parametrize("index", [[0.0, 60.0], pd.to_timedelta([0, 1], unit="min")])
def test_seconds_and_timedeltas_are_after_the_start(plant, engine, initial, index):
    table = pd.DataFrame({"feed_moist": [52.0, 54.0]}, index=index)
    run = setwise.simulate(
        plant, hours=0.03, start="2026-03-02 08:00", initial=initial, disturbances=table, engine=engine
    )
    assert run.frame["feed_moist"].to_list() == [52.0] * 4 + [54.0] * 4


@pytest.mark.parametrize("hours", [0.0, -1.0, float("nan"), float("inf"), "2"])
def test_hours_are_a_positive_number(plant, engine, hours):
    with pytest.raises(InputError, match="hours must be"):
        setwise.simulate(plant, hours=hours, engine=engine)
