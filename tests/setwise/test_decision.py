"""One decision as tables."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def decision(run):
    return run.decision()


def test_moves_are_the_plans_and_carry_units(run):
    moving = next(each for each in run.decisions if len(each.plan.moves) == 3)
    assert dict(moving.moves) == dict(moving.plan.moves)
    assert moving.moves.attrs["units"] == {"T_in_sp": "degC", "feed_sp": "kg/h", "fan_sp": "percent"}
    assert {name: moving.setpoints[name] for name in moving.moves.index} == dict(moving.moves)


def test_targets_are_of_every_variable(decision, plant):
    assert list(decision.targets.index) == [*plant.mvs, *plant.cvs]
    assert decision.targets["T_in_sp"] == decision.plan.u_ss["T_in_sp"]


def test_predictions_run_from_now_to_the_targets(run, plant):
    decision = run.decisions[5]
    ahead = decision.predictions
    assert list(ahead.columns) == [*plant.mvs, *plant.cvs]
    assert ahead.index[0] == decision.time
    assert ahead["moist"].to_list() == list(decision.plan.prediction["moist"])
    assert ahead["T_in_sp"].iloc[0] == decision.inputs.u["T_in_sp"]
    assert ahead["T_in_sp"].iloc[-1] == decision.plan.u_plan["T_in_sp"][-1]
    assert ahead.attrs["units"]["gas"] == "m**3/h"


def test_a_planned_setpoint_never_moves_faster_than_its_rate(run, plant):
    ahead = run.decisions[0].predictions
    minutes = np.diff(ahead.index.as_unit("ms").astype("int64").to_numpy()) / 60_000.0
    for name, mv in plant.mvs.items():
        rate = np.diff(ahead[name]) / minutes
        assert -mv.move_down_per_min * 1.001 <= rate.min()
        assert rate.max() <= mv.move_up_per_min * 1.001


def test_limits_tell_what_room_is_worth(decision):
    limits = decision.limits
    assert {"moist.hi", "T_in_sp.hi"} <= set(limits.index)
    assert limits.loc["moist.hi", ["variable", "side", "value"]].to_list() == ["moist", "hi", 4.0]
    assert limits.loc["moist.hi", "worth_unit"] == "EUR/h per percent"
    assert limits["worth"].is_monotonic_decreasing
    assert {each.worth for each in decision.plan.binding} == set(limits["worth"])


def test_the_grid_shows_limits_in_force(decision):
    grid = decision.grid
    assert grid.loc["P_fan", "hi"] == 105.0, "the schedule's night limit"
    assert grid.loc["fan_sp", "kind"] == "MV"
    assert grid.loc["T_out", "status"] == "ON"


def test_why_is_in_sentences(decision):
    assert any("The upper limit of moist" in each for each in decision.why())


def test_give_ups_name_what_cannot_be_held(stepper, initial):
    stepper.change(limits={"T_in_sp": (None, 171.0), "feed_sp": (3600.0, None), "moist": (2.0, 2.2)})
    decision = stepper.step(initial)
    given = decision.give_ups
    assert not given.empty
    assert given.loc["moist.hi", "rank"] == 2
    assert given["rank"].is_monotonic_increasing
    assert (given["amount"] > 0.0).all()
    assert {"rank", "amount", "unit", "clashes_with"} == set(given.columns)


def test_a_cycle_without_a_plan_says_so(stepper, plant, initial):
    decision = stepper.step(initial, hold=tuple(plant.mvs))
    assert not decision.ok
    assert decision.status == "no_mv"
    assert decision.moves.empty
    assert decision.limits.empty
    assert decision.why() == ("No setpoint is in its hands.",)
    assert list(decision.predictions.columns) == list(plant.cvs)
    assert decision.plot().axes


def test_it_shows_itself_in_a_line(run):
    assert repr(run.decisions[0]).startswith("<Decision 2026-03-02 20:50:00+01:00: ok, T_in_sp to 180.")
