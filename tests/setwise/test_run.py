"""Stepping by hand: memory, changes, and the same decisions again."""

from __future__ import annotations

import pytest

import setwise
from setwise import InputError


def test_a_runs_rows_stepped_again_give_the_same_plans(run, stepper):
    for (_, row), was in zip(run.measurements.iterrows(), run.decisions, strict=True):
        assert stepper.step(row).plan == was.plan


def test_a_changed_limit_takes_hold_at_its_own_rate(stepper, initial, plant):
    stepper.step(initial)
    stepper.change(limits={"moist": (None, 3.5)}, prices={"grid": 0.3})
    decision = stepper.step(initial)
    assert decision.grid.loc["moist", "hi"] == pytest.approx(4.0 - 0.25 * plant.cvs["moist"].limit_ramp_per_min)
    assert decision.prices == {"grid": 0.3}


def test_an_mvs_limit_moves_at_its_own_rate(stepper, initial, plant):
    stepper.step(initial)
    stepper.change(limits={"T_in_sp": (None, 185.0)})
    assert stepper.step(initial).grid.loc["T_in_sp", "hi"] == 194.0, "4 degC/min for 15 s"


def test_a_refused_change_changes_nothing(stepper, initial):
    with pytest.raises(InputError):
        stepper.change(limits={"moist": (None, 3.5), "gas": (None, 500.0)})
    assert stepper.step(initial).grid.loc["moist", "hi"] == 4.0


def test_reset_forgets(stepper, initial):
    first = stepper.step(initial)
    stepper.step({**initial, "T_out": 90.0})
    stepper.reset()
    assert stepper.decisions == ()
    assert stepper.step(initial).plan == first.plan


def test_a_slow_analysers_old_sample_is_not_used_twice(stepper, initial):
    used = [stepper.step({**initial, "moist": value}).inputs.y_new["moist"] for value in (3.3, 3.3, 3.3, 3.4, 3.4)]
    assert used == [True, False, False, True, False]


def test_decisions_are_found_by_time(run):
    assert run.decision("2026-03-02 20:55:07") is run.decisions[20]
    assert run.decision() is run.decisions[-1]
    with pytest.raises(InputError, match="before the first decision"):
        run.decision("2026-03-02 20:00")
    with pytest.raises(InputError, match="in wall time"):
        run.decision(300.0)


def test_a_fresh_controller_is_made_for_a_plant(plant):
    stepper = setwise.controller(plant)
    assert stepper.decisions == ()
    assert stepper.frame.empty
    with pytest.raises(InputError, match="no step was made yet"):
        stepper.plot()
