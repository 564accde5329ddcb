"""A plant under its controller in virtual time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import setwise
from hil.plants.line import DryerLine
from hil.plants.pid import Mode
from setwise import InputError


def short(plant, engine, initial, minutes=6.0, **more):
    return setwise.simulate(plant, hours=minutes / 60.0, initial=initial, engine=engine, **more)


def test_a_run_is_one_row_a_cycle(run, plant):
    assert len(run.frame) == len(run.decisions) == 81
    assert run.frame.index[0] == pd.Timestamp("2026-03-02 20:50", tz="Europe/Berlin")
    assert (np.diff(run.frame.index.as_unit("s").astype("int64")) == plant.cycle_s).all()
    units = run.frame.attrs["units"]
    assert units["moist.hi"] == "percent"
    assert units["earnings"] == "EUR/h"
    assert set(run.frame["status"]) == {"ok"}


def test_the_schedule_and_the_tariff_follow_the_wall_clock(plant, engine, initial, run):
    before, after = run.frame.loc[:"2026-03-02 20:59:59+01:00", "P_fan.hi"], run.frame["P_fan.hi"].iloc[-1]
    assert set(before) == {120.0}
    assert after == 105.0
    peak = short(plant, engine, initial, 1.0, start="2026-03-02 19:00")
    night = short(plant, engine, initial, 1.0, start="2026-03-02 20:30")
    assert peak.decisions[0].prices == {"grid": 0.214}
    assert night.decisions[0].prices == {"grid": 0.131}
    assert peak.frame["earnings"].iloc[0] < night.frame["earnings"].iloc[0]


def test_without_a_wall_clock_there_are_seconds_and_the_usual_price(plant, engine, initial):
    run = short(plant, engine, initial, 1.0)
    assert run.frame.index.to_list() == [0.0, 15.0, 30.0, 45.0, 60.0]
    assert run.frame.index.name == "time [s]"
    assert run.decisions[0].prices == {"grid": 0.131}
    assert short(plant, engine, initial, 1.0, prices={"grid": 0.5}).decisions[0].prices == {"grid": 0.5}


def test_the_same_seed_gives_the_same_run(plant, engine, initial):
    noisy = {"noise": {"T_out": 0.1, "moist": 0.02}}
    one, two = (short(plant, engine, initial, 3.0, seed=7, **noisy).frame for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    other = short(plant, engine, initial, 3.0, seed=8, **noisy).frame
    assert not np.allclose(one["T_out"], other["T_out"])


def test_every_setpoint_keeps_its_limits_and_rates(run, plant):
    for name, mv in plant.mvs.items():
        moved = np.diff(run.frame[name])
        per_cycle = plant.cycle_s / 60.0
        assert moved.max() <= mv.move_up_per_min * per_cycle
        assert moved.min() >= -mv.move_down_per_min * per_cycle
        assert run.frame[name].between(*mv.limits.operator).all()


def test_the_model_does_what_the_controller_expects_when_it_is_true(plant, engine, initial):
    """Without mismatch, noise and disturbance, each prediction of an open loop is what then happens."""
    run = short(plant, engine, initial, 8.0, hold=tuple(plant.mvs))
    assert all(np.allclose(run.frame[name], initial[name]) for name in plant.cvs)
    moving = short(plant, engine, initial, 12.0)
    assert moving.frame["T_out.true"].to_numpy() == pytest.approx(moving.frame["T_out"].to_numpy())
    first, last = moving.decisions[20], moving.frame["P_fan"].iloc[-1]
    ahead = first.predictions["P_fan"]
    assert np.interp(720.0, ahead.index, ahead) == pytest.approx(last, abs=2.0)


def test_a_wrong_gain_leaves_no_offset_from_a_binding_limit(plant, engine, initial):
    run = short(plant, engine, initial, 30.0, mismatch={("fan_sp", "P_fan"): 1.3})
    assert run.frame["P_fan"].iloc[-1] == pytest.approx(run.frame["P_fan.target"].iloc[-1], abs=0.3)


def test_a_pair_may_be_anything_in_truth(plant, engine, initial):
    slower = short(plant, engine, initial, 3.0, mismatch=lambda pair: replace(pair, dead_time_s=600.0))
    assert np.allclose(slower.frame["T_out"], initial["T_out"])
    assert np.allclose(short(plant, engine, initial, 3.0, mismatch=0.0).frame["gas"], initial["gas"])


def test_an_unmeasured_disturbance_is_found_and_compensated(plant, engine, initial):
    push = pd.DataFrame({"T_out": [0.0, 20.0]}, index=[0.0, 120.0])
    run = short(plant, engine, initial, 20.0, disturbances=push)
    assert run.frame["T_out"].max() > 95.0
    assert run.frame["T_out"].iloc[-1] < 92.5
    assert run.decisions[-1].plan.bias["T_out"] > 10.0


def test_limits_may_change_within_a_run(plant, engine, initial):
    table = pd.DataFrame({"P_fan.hi": [120.0, 100.0]}, index=[0.0, 60.0])
    run = short(plant, engine, initial, 2.0, limits=table)
    assert run.frame["P_fan.hi"].to_list() == [*[120.0] * 4, 117.0, 114.0, 111.0, 108.0, 105.0], "12 kW/min"
    assert set(short(plant, engine, initial, 1.0, limits={"moist": (None, 3.9)}).frame["moist.hi"]) == {3.9}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"limits": {"moist": (None, 6.0)}}, r"moist.hi = 6 percent: outside the engineering limits .* 2 to 5 percent"),
        ({"limits": {"moist": (4.5, None)}}, "moist.lo = 4.5 percent: it would cross the other limit"),
        ({"limits": {"moits": (3.0, None)}}, "did you mean 'moist'"),
        ({"limits": {"moist": (float("nan"), None)}}, "moist.lo must be a number"),
        ({"limits": pd.DataFrame({"moist": [3.0]}, index=[0.0])}, "'moist' is no limit of this plant"),
        ({"disturbances": pd.DataFrame({"hum": [8.0]}, index=[0.0])}, "'hum' is no DV or CV"),
        ({"disturbances": pd.DataFrame({"hum_amb": ["wet"]}, index=[0.0])}, "column 'hum_amb' is no number"),
        ({"disturbances": {"hum_amb": 8.0}}, "disturbances must be a DataFrame"),
        ({"targets": {"moist": 3.6}}, "'moist' is no CV with a target"),
        ({"prices": {"gird": 0.2}}, "did you mean 'grid'"),
        ({"noise": {"T_out": -1.0}}, "noise of T_out is a standard deviation"),
        ({"mismatch": {("fan_sp", "moits"): 1.2}}, "is no pair"),
        ({"mismatch": "big"}, "mismatch is a factor"),
        ({"start": 12.0}, "start is a wall time"),
        ({"process": 3.0}, "float is no process"),
        ({"hold": ("fan",)}, "'fan' is no MV of this plant: did you mean 'fan_sp'"),
    ],
)
def test_what_does_not_fit_is_refused(plant, engine, more, message):
    with pytest.raises(InputError, match=message):
        setwise.simulate(plant, hours=0.01, engine=engine, **more)


def test_initial_values_are_checked_and_have_sensible_defaults(plant, engine, initial):
    with pytest.raises(InputError, match="did you mean 'fan_sp'"):
        short(plant, engine, {"fan_spp": 75.0})
    with pytest.raises(InputError, match="initial fan_sp must be a number"):
        short(plant, engine, {"fan_sp": float("nan")})
    first = short(plant, engine, None, 0.5).frame.iloc[0]
    assert first["fan_sp"] == 72.5
    assert first["hum_amb"] == 20.0


def test_the_simulated_dryer_can_be_the_process(plant, engine):
    line = DryerLine(seed=1, mode=Mode.CAS)
    wetter = pd.DataFrame({"feed_moist": [52.0, 54.0], "T_amb": [15.0, 20.0]}, index=[0.0, 60.0])
    run = setwise.simulate(plant, hours=0.1, process=line, disturbances=wetter, engine=engine)
    assert run.frame["T_in_sp"].iloc[0] == 180.0
    assert line.measured()["T_in_sp"] == run.frame["T_in_sp"].iloc[-1] > 180.0
    assert run.frame["feed_moist"].iloc[-1] == pytest.approx(54.0, abs=0.2)
    assert "T_out.true" not in run.frame


def test_a_line_that_does_not_listen_is_named(plant, engine):
    with pytest.raises(InputError, match="loop T_in does not take remote setpoints"):
        setwise.simulate(plant, hours=0.1, process=DryerLine(seed=1), engine=engine)
    with pytest.raises(InputError, match="belong to the plant's own model"):
        setwise.simulate(plant, hours=0.1, process=DryerLine(seed=1), noise={"T_out": 0.1}, engine=engine)


def test_a_function_and_a_simulator_in_minutes_can_be_the_process(plant, engine, initial):
    own = setwise.ModelProcess(plant, initial)
    calls = []

    def process(setpoints, disturbances, seconds):
        calls.append(seconds)
        return {**initial, **setpoints, **own(setpoints, disturbances, seconds)}

    as_function = setwise.simulate(plant, hours=0.05, process=process, engine=engine)
    assert calls == [0.0, *[15.0] * 12]

    class Bare:
        def __init__(self):
            self.model, self.inputs = setwise.ModelProcess(plant, initial), {}
            self.seen = {}

        def put(self, name, value):
            self.inputs[name] = value

        def run(self, minutes):
            self.seen = self.model(self.inputs, {}, minutes * 60.0)

        def read(self):
            return {**initial, **self.inputs, **self.seen}

    as_simulator = setwise.simulate(plant, hours=0.05, process=Bare(), engine=engine)
    pd.testing.assert_frame_equal(as_function.frame, as_simulator.frame)


def test_key_figures(run, plant):
    figures = run.kpis()
    assert list(figures.index) == [*plant.mvs, *plant.cvs, "earnings"]
    travel = np.abs(np.diff(run.frame["fan_sp"])).sum() / 45.0
    assert figures.loc["fan_sp", "travel"] == pytest.approx(travel)
    assert figures.loc["T_out", "within"] == 100.0
    beyond = (run.frame["P_fan"] - run.frame["P_fan.hi"]).max()
    assert figures.loc["P_fan", "worst"] == pytest.approx(max(beyond, 0.0))
    assert figures.loc["P_fan", "within"] < 100.0
    assert figures.loc["earnings", "mean"] == pytest.approx(run.frame["earnings"].mean())
