from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.encoding import Encoding, decode, encode
from safety.envelope import Envelope, Track, Written
from safety.gate import GateMemory, stand_still
from safety.signals import Instant, Quality, Reading, Snapshot
from supervisor.candidate import RATE_SLACK_USED, affordable, candidate_of
from tests.supervisor.walk import demo_rules

ENVELOPE = Envelope(lo=150.0, hi=205.0, step_up=1.0, step_down=2.0, rate_up_per_min=2.0, rate_down_per_min=4.0)
NOW_S = 1_000.0
LIMITS = {"T_in_sp": (170.0, 195.0), "feed_sp": (1500.0, 3800.0), "fan_sp": (50.0, 95.0)}


@pytest.mark.parametrize(
    ("track", "up", "down"),
    [
        (Track(), 0.0, 0.0),  # the account is not open
        (Track(paid_until_s=NOW_S), 0.0, 0.0),
        (Track(paid_until_s=NOW_S + 30.0), 0.0, 0.0),  # paid ahead
        (Track(paid_until_s=NOW_S - 15.0), 0.5, 1.0),
        (Track(paid_until_s=NOW_S - 3600.0), 1.0, 2.0),  # a rest saves up one step
        (Track((Written(NOW_S - 6.0, 180.0, 180.0),), NOW_S - 3600.0), 0.2, 0.4),  # counted from the last write
    ],
)
def test_what_is_affordable(track, up, down):
    room = affordable(ENVELOPE, track, NOW_S)
    assert (room.up, room.down) == (pytest.approx(up), pytest.approx(down))


def snapshot(**actuals):
    readings = {}
    for mv, readback in {"T_in_sp": "T_in", "feed_sp": "feed", "fan_sp": "fan"}.items():
        value = {"T_in_sp": 180.0, "feed_sp": 2800.0, "fan_sp": 70.0, **actuals}[mv]
        for tag, number in {f"{mv}.actual": value, f"{mv}.available": 1.0, readback: value}.items():
            readings[tag] = Reading(number, Quality.GOOD, None, NOW_S)
        readings |= {f"{mv}.windup_{way}": Reading(0.0, Quality.GOOD, None, NOW_S) for way in ("hi", "lo")}
    return Snapshot(5, Instant(NOW_S, 0.0), readings)


def proposed(moves, *, tracks=None, limits=LIMITS, **actuals):
    rules, seen = demo_rules(), snapshot(**actuals)
    open_ = Track((Written(NOW_S - 15.0, 0.0, 0.0),), NOW_S - 15.0)
    gate = GateMemory(dict.fromkeys(rules.gate.mvs, open_) if tracks is None else tracks)
    still = stand_still("main", seen, rules.gate)
    found = candidate_of(rules, moves, seen, gate, still, NOW_S, limits=limits)
    assert found.cycle == 5
    return {move.mv: move.value for move in found.moves}


def test_what_is_asked_for_and_affordable_is_proposed():
    assert proposed({"T_in_sp": 180.25, "feed_sp": 2805.0, "fan_sp": 69.5}) == {
        "T_in_sp": 180.25,
        "feed_sp": 2805.0,
        "fan_sp": 69.5,
    }


def test_an_mv_that_the_plan_does_not_name_stands():
    assert proposed({"T_in_sp": 180.25}) == {"T_in_sp": 180.25, "feed_sp": 2800.0, "fan_sp": 70.0}


def test_an_mv_whose_account_is_closed_stands():
    assert proposed({"T_in_sp": 190.0}, tracks={})["T_in_sp"] == 180.0
    assert proposed({"T_in_sp": 190.0}, tracks={"T_in_sp": Track()})["T_in_sp"] == 180.0


def test_a_wish_is_cut_to_what_is_affordable():
    room = 2.0 * (15.0 + RATE_SLACK_USED * demo_rules().gate.rate_slack_s) / 60.0
    step = min(room, demo_rules().gate.mvs["T_in_sp"].envelope.step_up)
    assert proposed({"T_in_sp": 1e300})["T_in_sp"] == pytest.approx(180.0 + step, abs=1e-4)
    assert proposed({"T_in_sp": 1e300})["T_in_sp"] <= 180.0 + step


def test_nothing_is_proposed_beyond_the_operators_limit():
    assert proposed({"T_in_sp": 195.4}, T_in_sp=194.9)["T_in_sp"] == 195.0
    assert proposed({"fan_sp": 40.0}, fan_sp=50.25)["fan_sp"] == 50.0


@pytest.mark.parametrize(("wanted", "expected"), [(200.0, 198.0), (197.8, 197.8), (190.0, 197.0)])
def test_a_setpoint_outside_the_operators_limit_stands_or_comes_in(wanted, expected):
    assert proposed({"T_in_sp": wanted}, T_in_sp=198.0)["T_in_sp"] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("wanted", [math.nan, math.inf, -math.inf])
def test_no_number_is_passed_on_for_the_gate_to_refuse(wanted):
    value = proposed({"T_in_sp": wanted})["T_in_sp"]
    assert not math.isfinite(value)


def test_a_loop_that_is_not_at_work_is_left_out():
    assert "T_in_sp" not in proposed({"T_in_sp": 180.1}, T_in_sp=math.nan)
    assert "T_in_sp" not in proposed({"T_in_sp": 180.1}, T_in_sp=300.0)  # stands outside its envelope


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    actual=st.floats(151.0, 204.0),
    wanted=st.floats(allow_nan=False, allow_infinity=False),
    idle_s=st.floats(0.0, 1e4),
    lo=st.floats(160.0, 180.0),
    hi=st.floats(180.0, 200.0),
)
def test_never_faster_than_affordable_never_beyond_any_limit_and_always_sendable(actual, wanted, idle_s, lo, hi):
    actual = decode(encode(actual, Encoding("float32")), Encoding("float32"))
    rule = demo_rules().gate.mvs["T_in_sp"]
    track = Track(paid_until_s=NOW_S - idle_s)
    value = proposed({"T_in_sp": wanted}, tracks={"T_in_sp": track}, limits={"T_in_sp": (lo, hi)}, T_in_sp=actual)[
        "T_in_sp"
    ]
    room = affordable(rule.envelope, track, NOW_S + RATE_SLACK_USED * demo_rules().gate.rate_slack_s)
    assert actual - room.down <= value <= actual + room.up
    assert min(lo, actual) <= value <= max(hi, actual)
    assert decode(encode(value, rule.encoding), rule.encoding) == value
    assert min(actual, wanted) <= value <= max(actual, wanted) or not lo <= wanted <= hi


def test_the_candidate_counts_on_less_than_the_gate_grants():
    assert 0.0 < RATE_SLACK_USED < 1.0
    assert replace(demo_rules().gate).rate_slack_s > 0.0
