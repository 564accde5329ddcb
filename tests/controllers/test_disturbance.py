from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.disturbance import Disturbance
from controllers.model import Model
from tests.controllers.plants import CYCLE_S, cv, mv, pair, plant

LEVEL = replace(pair("u", "level", 0.01), integrating=True)
PLANT = plant(
    [mv("u", (0.0, 1.0))],
    [
        cv("step", (0.0, 1.0)),
        cv("ramp", (0.0, 1.0), disturbance="ramp", fade_s=450.0),
        cv("level", (0.0, 1.0)),
        cv("slow", (0.0, 1.0)),
    ],
    [pair("u", "step", 1.0, 0.0, 100.0), pair("u", "ramp", 1.0, 0.0, 100.0), LEVEL, pair("u", "slow", 1.0, 0.0, 100.0)],
    every_s={"slow": 10 * CYCLE_S},
)
MADE = Disturbance(PLANT, Model.of(PLANT))


def test_only_ramps_and_levels_have_a_slope_and_only_a_levels_stays():
    assert MADE.fade_s.tolist() == [0.0, 450.0, np.inf, 0.0]
    assert MADE.left(900.0).tolist() == pytest.approx([0.0, np.exp(-2.0), 1.0, 0.0])
    end, stays = MADE.end(np.ones(4))
    assert end.tolist() == [0.0, 450.0, 0.0, 0.0]
    assert stays.tolist() == [0.0, 0.0, 1.0, 0.0]


def test_a_ramp_ends_after_the_longest_lag_where_the_file_does_not_say():
    lags = [pair("u", "ramp", 1.0, 0.0, 300.0, 80.0), pair("v", "ramp", 1.0, 0.0, 120.0)]
    of = plant([mv("u", (0.0, 1.0)), mv("v", (0.0, 1.0))], [cv("ramp", (0.0, 1.0), disturbance="ramp")], lags)
    assert Disturbance(of, Model.of(of)).fade_s.tolist() == [300.0]


def test_what_is_followed_more_slowly_learns_less_from_a_sample():
    slow = replace(PLANT, cvs={**PLANT.cvs, "step": replace(PLANT.cvs["step"], filter_s=600.0)})
    assert Disturbance(slow, Model.of(slow)).gain[0, 0] < 0.2 * MADE.gain[0, 0]


@given(first=st.floats(0.0, 2000.0), second=st.floats(0.0, 2000.0))
def test_two_stretches_of_time_are_one(first, second):
    assert MADE.moved(first) + MADE.left(first) * MADE.moved(second) == pytest.approx(MADE.moved(first + second))
    assert MADE.left(first) * MADE.left(second) == pytest.approx(MADE.left(first + second))


def test_a_cv_sampled_seldom_learns_more_from_each_sample():
    assert MADE.gain[3, 0] > MADE.gain[0, 0]
    assert (MADE.gain[:, 0] > 0.0).all()
    assert (MADE.gain[:, 0] <= 1.0).all()
    assert (MADE.gain[:, 1] > 0.0).tolist() == [False, True, True, False]
