"""Cycles of the pure half: from the first look to closed loop, and writing in it."""

from __future__ import annotations

import itertools
import math

import pytest

from controllers.types import Plan, PlanStatus
from safety.signals import Mode, MvStatus, Quality
from tests.supervisor.walk import (
    CYCLE_S,
    START,
    Walk,
    approvals,
    arm,
    bad_reading,
    late_plan,
    plan_to,
)

# ---------------------------------------------------------------------------------------------------- up and down


def test_it_starts_disarmed_and_only_looks():
    walk = Walk()
    walk.run(6)
    assert {step.mode for step in walk.steps} == {Mode.MONITOR}
    assert all(step.intent is None and step.frame is None and step.decision.verdict is None for step in walk.steps)
    assert not any(step.view.inputs.optimise for step in walk.steps)


def test_advisory_computes_moves_and_writes_nothing():
    walk = Walk().advisory()
    step = walk.cycle(plan=plan_to(T_in_sp=190.0))
    assert step.mode is Mode.ADVISORY
    assert step.view.inputs.optimise
    assert step.record.plan["moves"] == {"T_in_sp": 190.0}
    assert (step.intent, step.receipts, step.frame, step.record.verdict) == (None, (), None, "none")


def test_advice_counts_loops_in_that_operators_hold_and_closed_loop_does_not():
    walk = Walk().advisory()
    assert set(walk.steps[-1].view.inputs.mv_status.values()) == {MvStatus.INIT}
    assert set(walk.steps[-1].view.service.mvs.values()) == {MvStatus.OPR}
    walk.closed()
    walk.bad["fan_sp.available"] = bad_reading("local", 0.0, Quality.GOOD)
    step = walk.run(2)
    assert step.mode is Mode.CLOSED_LOOP
    assert step.view.inputs.mv_status == {"T_in_sp": "ON", "feed_sp": "ON", "fan_sp": "OPR"}
    assert set(step.intent.setpoints) == {"T_in_sp", "feed_sp"}


def test_arming_claims_an_epoch_first_and_waits_for_the_plc():
    walk = Walk().advisory()
    step = walk.cycle(arm(walk))
    assert (step.mode, step.intent) == (Mode.ADVISORY, None)
    assert "arming" in step.reasons
    assert step.frame.mode_request is Mode.CLOSED_LOOP
    assert step.frame.epoch == 5
    assert walk.cycle().mode is Mode.CLOSED_LOOP


def test_arming_is_given_up_when_the_plc_does_not_answer():
    walk = Walk().advisory()
    walk.plc.deaf = True
    walk.cycle(arm(walk))
    step = walk.run(9)
    assert step.mode is Mode.ADVISORY
    assert "rearm_needed" in step.reasons
    walk.plc.deaf = False
    assert walk.run(3).mode is Mode.ADVISORY  # a late answer arms nobody


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"confirmed": False}, "not_confirmed"),
        ({"role": "viewer"}, "role"),
        ({"role": "calendar"}, "role"),
        ({"role": "energy_manager"}, "role"),
    ],
)
def test_closed_loop_takes_a_role_and_a_second_confirmation(what, why):
    walk = Walk().advisory()
    request = arm(walk, **what)
    answer = walk.cycle(request).answer(request.id)
    assert (answer.accepted, why in answer.why) == (False, True)
    assert walk.run(3).mode is Mode.ADVISORY


def test_closed_loop_straight_from_monitor_wants_plans_first():
    walk = Walk()
    walk.run(5)
    request = arm(walk)
    assert walk.cycle(request).answer(request.id).why == "candidate"


# ---------------------------------------------------------------------------------------------------- writing


def test_the_first_write_stands_still_whatever_the_plan_wants():
    walk = Walk().advisory()
    walk.plans = plan_to(T_in_sp=195.0, feed_sp=1500.0, fan_sp=95.0)
    walk.cycle(arm(walk))
    step = walk.cycle()
    assert step.record.verdict == "stand_still"
    assert step.intent.setpoints == START
    assert walk.plc.setpoints == START


def test_moves_are_approved_as_fast_as_each_mv_may_go_and_no_faster():
    walk = Walk().closed(1)
    walk.plans = plan_to(T_in_sp=194.0, feed_sp=1600.0, fan_sp=94.0)
    walk.run(8)
    written = approvals(walk.steps)[-8:]
    minutes = CYCLE_S / 60.0
    for mv, up in {"T_in_sp": 2.0, "feed_sp": -120.0, "fan_sp": 2.0}.items():
        # the last write before was half a cycle's slack earlier at most; over several cycles the rate is met exactly
        travelled = written[-1][mv] - written[0][mv]
        assert travelled == pytest.approx(7 * minutes * up, rel=1e-3)
        steps = [after[mv] - before[mv] for before, after in itertools.pairwise(written)]
        assert all(abs(step) <= abs(up) * minutes * 1.1 for step in steps)
    assert not walk.steps[-1].refusals


def test_what_stands_in_the_plc_was_approved_and_put_on_record():
    walk = Walk().closed()
    walk.plans = plan_to(T_in_sp=188.0, feed_sp=2900.0, fan_sp=66.0)
    walk.run(10)
    for step in walk.steps:
        if step.intent is not None:
            assert step.record.intent_seq is not None
            assert {r.mv: r.value for r in step.receipts} == step.intent.setpoints
    assert walk.plc.setpoints == walk.steps[-1].intent.setpoints


def test_a_plan_that_is_late_stands_still():
    walk = Walk().closed()
    before = dict(walk.plc.setpoints)
    step = walk.cycle(plan=late_plan)
    assert (step.mode, step.record.verdict) == (Mode.CLOSED_LOOP, "stand_still")
    assert walk.plc.setpoints == before
    assert ("thinker", "active") in {(a.code, a.state) for a in step.record.alarms}


def test_the_third_late_plan_sheds_and_says_so():
    walk = Walk().closed()
    assert [walk.cycle(plan=late_plan).mode for _ in range(3)] == [Mode.CLOSED_LOOP, Mode.CLOSED_LOOP, Mode.ADVISORY]
    step = walk.steps[-1]
    assert "candidate" in step.reasons
    assert step.intent is None
    assert step.frame.mode_request is not Mode.CLOSED_LOOP
    assert not walk.plc.cas
    assert any(alarm.code == "shed" and "candidate" in alarm.text for alarm in step.record.alarms)
    assert walk.run(3).mode is Mode.ADVISORY  # plans are back; only a person brings it back


def test_late_plans_must_come_in_a_row():
    walk = Walk().closed()
    for _ in range(3):
        walk.cycle(plan=late_plan)
        walk.cycle(plan=late_plan)
        assert walk.cycle().mode is Mode.CLOSED_LOOP


@pytest.mark.parametrize("status", [each for each in PlanStatus if each is not PlanStatus.OK])
def test_moves_of_a_plan_that_is_not_ok_are_never_used(status):
    walk = Walk().closed()
    before = dict(walk.plc.setpoints)
    walk.cycle(plan=Plan(cycle=0, status=status, moves={"T_in_sp": 195.0}))
    assert walk.plc.setpoints == before


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_plan_that_is_no_number_is_refused_by_name_and_the_plant_holds(number):
    walk = Walk().closed()
    before = dict(walk.plc.setpoints)
    step = walk.cycle(plan=plan_to(T_in_sp=number, feed_sp=2900.0))
    assert ("not_finite", "T_in_sp") in {(each.code, each.subject) for each in step.record.refusals}
    assert step.record.verdict == "stand_still"
    assert walk.plc.setpoints == before
    assert walk.cycle().record.verdict == "approved"


def test_a_plan_for_strangers_writes_nothing_strange():
    walk = Walk().closed()
    step = walk.cycle(plan=plan_to(T_out=80.0, nonsense=1.0, T_in_sp=184.2))
    assert set(step.intent.setpoints) == set(START)


def test_a_refused_move_set_is_followed_by_standing_still():
    walk = Walk().closed()
    before = dict(walk.plc.setpoints)
    walk.sensors["T_out"] = 97.0  # "No more heat when hot": the plan does not know yet
    step = walk.cycle(plan=plan_to(T_in_sp=190.0, feed_sp=2900.0))
    assert "blocked_up" in step.refusals
    assert step.record.verdict == "stand_still"
    assert walk.plc.setpoints == before
    assert "T_in_sp" in walk.cycle().view.inputs.blocked_up  # from the next cycle on it does


def test_windup_closes_a_direction_for_the_controller():
    walk = Walk().closed()
    walk.bad["fan_sp.windup_hi"] = bad_reading("", 1.0, Quality.GOOD)
    view = walk.cycle().view
    assert "fan_sp" in view.inputs.blocked_up
    assert view.service.mvs["fan_sp"] is MvStatus.WDUP_HIGH


def test_a_loop_that_joins_later_stands_still_first():
    walk = Walk().closed()
    walk.bad["fan_sp.available"] = bad_reading("local", 0.0, Quality.GOOD)
    walk.run(2)
    walk.plc.setpoints["fan_sp"] = 61.0  # its operator's own value meanwhile
    walk.run(2)
    del walk.bad["fan_sp.available"]
    walk.plans = plan_to(fan_sp=90.0)
    step = walk.cycle()
    assert step.intent.setpoints["fan_sp"] == 61.0
    assert 61.0 < walk.cycle().intent.setpoints["fan_sp"] <= 61.0 + 2.0 * CYCLE_S / 60.0 * 1.1
