"""What is measured: complete, known, numbers; and clear errors where it is not."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from setwise import InputError


@pytest.mark.parametrize("form", [dict, pd.Series, lambda values: pd.DataFrame([values])])
def test_measurements_come_in_any_form(stepper, initial, form):
    decision = stepper.step(form(initial), at=0.0)
    assert decision.ok
    assert set(decision.moves.index) <= {"T_in_sp", "feed_sp", "fan_sp"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"moits": 3.0}, r"'moits' is no tag of this plant: did you mean 'moist'\?"),
        ({"T_in_sp": math.nan}, "MV T_in_sp is NaN: its setpoint .* in degC"),
        ({"T_in_sp": None}, "MV T_in_sp is NaN"),
        ({"moist": "3.3"}, "moist is '3.3', which is no number"),
        ({"moist": True}, "moist is True"),
        ({"T_out": math.inf}, "T_out is infinite"),
        ({"T_in_sp.actual": 180.0}, "T_in_sp.actual is given twice"),
    ],
)
def test_what_does_not_fit_is_named(stepper, initial, changes, message):
    with pytest.raises(InputError, match=message):
        stepper.step({**initial, **changes}, at=0.0)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("fan_sp", "MV fan_sp is missing"),
        ("gas", "CV gas is missing; give NaN where it is bad"),
        ("hum_amb", "DV hum_amb is missing"),
    ],
)
def test_what_is_missing_is_named(stepper, initial, missing, message):
    with pytest.raises(InputError, match=message):
        stepper.step({name: value for name, value in initial.items() if name != missing}, at=0.0)


def test_several_rows_are_no_moment(stepper, initial):
    with pytest.raises(InputError, match="one row is one moment, and here are 2"):
        stepper.step(pd.DataFrame([initial, initial]))


def test_a_list_is_no_measurement(stepper, initial):
    with pytest.raises(InputError, match="a dict, a Series or one row"):
        stepper.step(list(initial.values()))


def test_an_error_leaves_the_controller_as_it_was(stepper, initial):
    stepper.step(initial, at=0.0)
    with pytest.raises(InputError):
        stepper.step({**initial, "nonsense": 1.0}, at=15.0)
    assert len(stepper.decisions) == 1
    assert stepper.step(initial, at=15.0).plan.cycle == 1


def test_a_bad_cv_is_predicted_and_then_dropped(stepper, initial):
    stepper.step(initial)
    bad = {**initial, "evap": math.nan}
    statuses = [stepper.step(bad).grid.loc["evap", "status"] for _ in range(7)]
    assert statuses[0] == "PRED"
    assert statuses[-1] == "DROP"


def test_more_tags_of_the_plant_are_welcome_and_a_lost_loop_is_left_alone(stepper, initial):
    decision = stepper.step({**initial, "fan_vib": 2.0, "T_in": 179.8, "feed_sp.available": 0.0})
    assert decision.grid.loc["feed_sp", "status"] == "OPR"
    assert "feed_sp" not in decision.moves
