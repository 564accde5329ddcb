"""Laboratory values, external targets and forecasts that a notebook gives."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import setwise
from constraints.supplied import ExternalRule, LabRule
from setwise import InputError


@pytest.fixture(scope="module")
def supplied(plant):
    """The demo's plant with a laboratory for the moisture, and a planner for the feed and the exhaust."""
    rule = LabRule(lo=2.0, hi=5.0, difference_max=1.0, age_s_max=8 * 3600.0, share=1.0, delay_s=300.0)
    cvs = {
        **plant.cvs,
        "moist": replace(plant.cvs["moist"], lab=rule),
        "T_out": replace(plant.cvs["T_out"], external=ExternalRule(rank=4)),
    }
    return replace(plant, cvs=cvs, mvs={**plant.mvs, "feed_sp": replace(plant.mvs["feed_sp"], external=ExternalRule())})


@pytest.fixture(scope="module")
def its_engine(supplied):
    return setwise.controller(supplied).engine


@pytest.fixture
def hand(supplied, its_engine):
    return setwise.Stepper(supplied, its_engine)


def test_a_laboratory_value_corrects_the_estimate_once(hand, initial):
    for _ in range(20):
        before = hand.step(initial)
    at = before.at.s
    told = hand.step(initial, lab={"moist": (3.6, at - 60.0)})
    assert told.plan.lab == {"moist": "accepted"}
    assert told.inputs.lab == {"moist": (3.6, at - 60.0)}
    for _ in range(20):
        after = hand.step(initial)
    assert after.inputs.lab == {}
    assert after.plan.y_now["moist"] == pytest.approx(3.6, abs=0.05)
    assert before.plan.y_now["moist"] == pytest.approx(3.3, abs=0.05)
    with pytest.raises(InputError, match="laboratory value of moist: not newer than a sample"):
        hand.step(initial, lab={"moist": (3.6, at - 60.0)})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lab": {"moits": (3.0, 0.0)}}, "did you mean 'moist'"),
        ({"lab": {"P_fan": (90.0, 0.0)}}, "laboratory value of P_fan: the plant file takes no laboratory values"),
        ({"lab": {"moist": 3.0}}, "is .value, when it was sampled., not 3.0"),
        ({"lab": {"moist": (math.nan, 0.0)}}, "laboratory value of moist must be a number"),
        ({"lab": {"moist": (9.0, 0.0)}}, "outside the limits of laboratory values"),
        ({"lab": {"moist": (3.0, 1e6)}}, "dated in the future"),
        ({"lab": {"moist": (3.0, "2026-03-02 20:00")}}, "no time like this step's"),
        ({"external": {"feed": 2900.0}}, "did you mean 'feed_sp'"),
        ({"external": {"fan_sp": 80.0}}, "external target of fan_sp = 80: the plant file lets nobody set a target"),
        ({"external": {"feed_sp": 9000.0}}, "outside the engineering limits"),
        ({"external": {"feed_sp": "more"}}, "external target of feed_sp must be a number"),
        ({"forecast": {"hum": pd.Series([8.0])}}, "did you mean 'hum_amb'"),
        ({"forecast": {"hum_amb": [8.0, 9.0]}}, "forecast of hum_amb is a Series"),
        ({"forecast": {"hum_amb": pd.Series([8.0, 900.0], index=[0.0, 600.0])}}, "900 is outside its range"),
        ({"forecast": {"hum_amb": pd.Series([8.0, 9.0], index=[600.0, 0.0])}}, "time does not rise"),
        ({"forecast": {"hum_amb": pd.Series([8.0], index=pd.to_datetime(["2026-03-02"]))}}, "wall times"),
    ],
)
def test_what_the_supervisor_would_refuse_is_refused_and_changes_nothing(hand, initial, given, message):
    hand.step(initial)
    before = hand._state
    with pytest.raises(InputError, match=message):
        hand.step(initial, **given)
    assert hand._state is before
    assert len(hand.decisions) == 1


def test_an_external_target_holds_until_it_is_ended(hand, initial):
    first = hand.step(initial, external={"feed_sp": 2700.0, "T_out": 87.0})
    second = hand.step(initial)
    assert {name: each.value for name, each in second.inputs.external.items()} == {"feed_sp": 2700.0, "T_out": 87.0}
    assert second.inputs.external["T_out"].rank == 4
    assert first.plan.u_ss["feed_sp"] == pytest.approx(2700.0, abs=1.0)
    assert set(hand.step(initial, external={"feed_sp": None}).inputs.external) == {"T_out"}


def test_a_forecast_comes_nearer_and_is_over(hand, initial):
    coming = pd.Series([8.0, 12.0], index=[0.0, 40.0])
    seen = [hand.step(initial, forecast={"hum_amb": coming} if n == 0 else None).inputs.forecast for n in range(4)]
    assert seen == [
        {"hum_amb": ((0.0, 8.0), (40.0, 12.0))},
        {"hum_amb": ((-15.0, 8.0), (25.0, 12.0))},
        {"hum_amb": ((-30.0, 8.0), (10.0, 12.0))},
        {},
    ]


def test_a_known_future_is_prepared_for(supplied, its_engine, initial):
    wetter = pd.DataFrame({"hum_amb": [8.0, 16.0]}, index=pd.to_datetime(["2026-03-02 12:00", "2026-03-02 12:10"]))
    runs = [
        setwise.simulate(
            supplied, hours=0.5, start="2026-03-02 12:00", initial=initial, disturbances=wetter, engine=its_engine,
            forecast=forecast,
        ).frame
        for forecast in ((), ("hum_amb",), wetter)
    ]  # fmt: skip
    blind, told, table = runs
    pd.testing.assert_frame_equal(told, table)
    early = slice("2026-03-02 12:05", "2026-03-02 12:09")
    assert not np.allclose(blind.loc[early, "T_in_sp"], told.loc[early, "T_in_sp"])
    assert told["moist"].max() <= blind["moist"].max() + 1e-6
    with pytest.raises(InputError, match="'feed_sp' is no DV with a column in disturbances"):
        setwise.simulate(
            supplied, hours=0.5, start="2026-03-02 12:00", disturbances=wetter, engine=its_engine, forecast=["feed_sp"]
        )


def test_a_run_with_a_laboratory_and_a_planner(supplied, its_engine, initial):
    plan = pd.DataFrame({"feed_sp": [2850.0, 2800.0]}, index=[0.0, 300.0])
    run = setwise.simulate(supplied, hours=0.5, initial=initial, engine=its_engine, lab={"moist": 0.2}, external=plan)
    told = {each.at.s: each.inputs.lab["moist"] for each in run.decisions if each.inputs.lab}
    assert {at: sampled for at, (_, sampled) in told.items()} == {1020.0: 720.0, 1740.0: 1440.0}
    assert all(value == run.frame.loc[sampled, "moist.true"] for value, sampled in told.values())
    assert [run.decision(at).plan.lab["moist"] for at in told] == ["accepted", "accepted"]
    assert run.decision(0.0).inputs.external["feed_sp"].value == 2850.0
    assert run.decision(600.0).inputs.external["feed_sp"].value == 2800.0
    assert run.frame["feed_sp"].iloc[-1] == pytest.approx(2800.0, abs=2.0)
    with pytest.raises(InputError, match="'P_fan' is no CV with a lab rule"):
        setwise.simulate(supplied, hours=0.1, engine=its_engine, lab={"P_fan": 0.5})
