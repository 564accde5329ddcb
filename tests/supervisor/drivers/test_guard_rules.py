"""What the guard makes of a plant file, against the file and against what the gate was given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety.envelope import ScheduledLimits
from supervisor.drivers.allow_list import REGISTERS
from supervisor.drivers.guard_rules import Schedule, guard_rules
from supervisor.drivers.moveset import REGISTER_KINDS
from supervisor.rules import rules_of
from tests.supervisor.drivers.guard_bench import down, up
from tests.supervisor.walk import demo_plant

TABLE = Schedule("x", ((0.0, 10.0, 20.0), (10.0, 12.0, 40.0), (30.0, 0.0, 0.0)))


def test_the_demo_plant_in_numbers():
    rules = guard_rules(demo_plant())
    assert set(rules.mvs) == {"T_in_sp", "feed_sp", "fan_sp"}
    assert rules.mv_order == ("T_in_sp", "feed_sp", "fan_sp")
    assert rules.full
    assert (rules.life_s, rules.slack_s) == (0.8 * demo_plant().cycle_s, 0.1 * demo_plant().cycle_s)
    t_in = rules.mvs["T_in_sp"]
    assert (t_in.lo, t_in.hi) == (150.0, 205.0)
    assert (t_in.rate_up_per_min, t_in.rate_down_per_min) == (2.0, 4.0)
    assert (t_in.actual, t_in.available) == ("T_in_sp.actual", "T_in_sp.available")


def test_two_ways_from_the_plant_file_lead_to_the_same_rules():
    plant = demo_plant()
    ours, gates = guard_rules(plant), rules_of(plant).gate
    assert ours.interlocks == {lock.name for lock in gates.interlocks}
    assert (ours.limits_hash, ours.config_hash) == (gates.limits_hash, gates.config_hash)
    assert (ours.life_s, ours.slack_s) == (gates.approval_life_s, gates.rate_slack_s)
    assert ours.min_active_mvs == gates.min_active_mvs
    assert ours.mv_order == gates.handshake.mv_order
    assert ours.mvs.keys() == gates.mvs.keys()
    for name, mv in ours.mvs.items():
        rule = gates.mvs[name]
        for field in ("encoding", "actual", "available", "windup_hi", "windup_lo", "safe_value", "owner"):
            assert getattr(mv, field) == getattr(rule, field), (name, field)
        limits = (
            "lo",
            "hi",
            "step_up",
            "step_down",
            "rate_up_per_min",
            "rate_down_per_min",
            "window_s",
            "window_delta",
        )
        for field in (*limits, "readback"):
            assert getattr(mv, field) == getattr(rule.envelope, field), (name, field)
        assert mv.distance == rule.envelope.distance_from_measured


def test_what_the_plant_leaves_out():
    plant = demo_plant()
    bare = {
        name: replace(mv, available=None, windup_hi=None, windup_lo=None, safe_value=None)
        for name, mv in plant.mvs.items()
    }
    heartbeat = replace(plant.handshake, kind="heartbeat")
    rules = guard_rules(replace(plant, mvs=bare, handshake=heartbeat))
    assert not rules.full
    for mv in rules.mvs.values():
        assert (mv.available, mv.windup_hi, mv.windup_lo, mv.safe_value, mv.schedule) == ("", None, None, None, None)


def test_a_schedule_is_taken_over():
    plant = demo_plant()
    points = ((0.0, 150.0, 180.0), (10.0, 150.0, 205.0))
    envelopes = {**plant.envelopes}
    envelopes["T_in_sp"] = replace(envelopes["T_in_sp"], scheduled=ScheduledLimits("feed", points))
    rules = guard_rules(replace(plant, envelopes=envelopes))
    assert rules.mvs["T_in_sp"].schedule == Schedule("feed", points)
    assert rules.mvs["fan_sp"].schedule is None


@pytest.mark.parametrize(("value", "limits"), [
    (0.0, (10.0, 20.0)), (5.0, (11.0, 30.0)), (10.0, (12.0, 40.0)), (20.0, (6.0, 20.0)), (30.0, (0.0, 0.0)),
    (down(0.0), None), (up(30.0), None), (None, None), (float("nan"), None),
])  # fmt: skip
def test_a_schedule_is_straight_between_its_points_and_ends_with_them(value, limits):
    assert TABLE.at(value) == limits


def test_a_schedule_of_one_point_and_of_none():
    assert Schedule("x", ((1.0, 2.0, 3.0),)).at(1.0) == (2.0, 3.0)
    assert Schedule("x", ((1.0, 2.0, 3.0),)).at(up(1.0)) is None
    assert Schedule("x", ()).at(1.0) is None


def test_the_registers_have_the_types_of_the_plc_contract():
    assert dict(REGISTERS) == dict(REGISTER_KINDS)
