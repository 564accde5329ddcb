"""Cycles of the pure half, from the first look to closed loop and out of it again for every reason there is."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from controllers.types import Plan, PlanStatus
from safety.signals import CvStatus, Mode, MvStatus, Quality, WriteOutcome
from supervisor import think
from tests.supervisor.walk import (
    CYCLE_S,
    START,
    Walk,
    approvals,
    bad_reading,
    demo_plant,
    late_plan,
    plan_to,
    with_rules,
)


def arm(walk, **what):
    return walk.request(**{"mode": Mode.CLOSED_LOOP, "confirmed": True, **what})


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


# ---------------------------------------------------------------------------------------------------- letting go


def shed_at_once(walk, *requests, **outside):
    """Run one cycle; return it after checking that it wrote nothing, told the PLC, and stays out."""
    step = walk.cycle(*requests, **outside)
    assert step.mode < Mode.CLOSED_LOOP
    assert step.intent is None
    assert step.receipts == ()
    assert not walk.plc.cas
    assert all(each.mode < Mode.CLOSED_LOOP for each in (walk.cycle(), walk.cycle()))
    return step


def test_an_interlock_sheds_and_latches():
    walk = Walk().closed()
    walk.sensors |= {"T_out": 101.0, "T_out_b": 101.0}
    walk.cycle()
    step = shed_at_once(walk)
    assert "interlocks" in step.reasons
    assert step.record.trips[0] == "Exhaust over-temperature"
    walk.sensors |= {"T_out": 84.0, "T_out_b": 84.0}
    walk.run(3)
    request = arm(walk)
    assert "interlocks" in walk.cycle(request).answer(request.id).why
    as_operator = walk.request("reset", interlock="Exhaust over-temperature")
    assert walk.cycle(as_operator).answer(as_operator.id).why == "role"
    reset = walk.request("reset", interlock="Exhaust over-temperature", role="engineer")
    assert walk.cycle(reset).answer(reset.id).accepted
    walk.armed()


def test_a_latched_interlock_is_not_reset_while_its_cause_stands():
    walk = Walk().closed()
    walk.sensors |= {"T_out": 101.0, "T_out_b": 101.0}
    walk.run(3)
    reset = walk.request("reset", interlock="Exhaust over-temperature", role="engineer")
    assert walk.cycle(reset).answer(reset.id).why == "still_tripped"


def test_what_the_interlock_needs_and_cannot_read_counts_as_tripped():
    walk = Walk().closed()
    walk.bad |= {"T_out_b": bad_reading()}
    step = walk.cycle(plan=plan_to(T_in_sp=190.0))
    assert walk.plc.setpoints == START  # unknown: held first
    assert "interlock" in step.refusals
    assert "interlocks" in walk.run(2).reasons
    assert not walk.plc.cas


def test_a_dropped_critical_cv_sheds():
    walk = Walk(with_rules(interlocks=())).closed()
    walk.bad["T_out"] = bad_reading("range_hi")
    bad_cycles = demo_plant().cvs["T_out"].bad_cycles
    assert walk.run(bad_cycles).mode is Mode.CLOSED_LOOP
    step = shed_at_once(walk)
    assert step.view.service.cvs["T_out"] is CvStatus.CRIT
    assert "critical_cv" in step.reasons


def test_a_dropped_cv_that_is_not_critical_only_raises_an_alarm():
    walk = Walk().closed()
    walk.bad["moist"] = bad_reading("range_hi")
    walk.run(demo_plant().cvs["moist"].bad_cycles)
    step = walk.cycle()
    assert step.view.service.cvs["moist"] is CvStatus.DROP
    assert step.mode is Mode.CLOSED_LOOP
    assert ("cv_dropped", "moist") in {(alarm.code, alarm.subject) for alarm in step.record.alarms}


def test_the_switch_at_local_takes_it_out_at_once():
    walk = Walk().closed()
    walk.plc.remote = False
    assert "plc_remote" in shed_at_once(walk).reasons
    walk.plc.remote = True
    assert walk.run(3).mode is Mode.ADVISORY


@pytest.mark.parametrize("role", ["viewer", "operator", "admin", "calendar"])
def test_off_is_taken_from_anybody_in_the_same_cycle(role):
    walk = Walk().closed()
    request = walk.request(mode=Mode.OFF, role=role)
    step = walk.cycle(arm(walk), request, walk.request(mode=Mode.ADVISORY))
    assert step.answer(request.id).accepted
    assert (step.mode, step.intent) == (Mode.OFF, None)
    assert step.frame.mode_request is Mode.OFF
    assert not walk.plc.cas


def test_off_stays_until_somebody_asks_again():
    walk = Walk().closed()
    walk.cycle(walk.request(mode=Mode.OFF))
    assert walk.run(3).mode is Mode.OFF
    request = arm(walk)
    assert walk.cycle(request).answer(request.id).why == "not_from_here"


def test_somebody_else_writes_a_setpoint_and_keeps_it():
    walk = Walk().closed()
    walk.plc.setpoints["T_in_sp"] = 181.0
    step = walk.cycle(plan=plan_to(T_in_sp=188.0, feed_sp=2850.0))
    assert "overridden" in step.refusals
    assert (step.intent, step.record.verdict) == (None, "refused")
    assert walk.plc.setpoints["T_in_sp"] == 181.0
    assert "gate" in shed_at_once(walk).reasons
    assert walk.plc.setpoints["T_in_sp"] == 181.0
    assert any("overridden T_in_sp" in alarm.text or "gate" in alarm.text for alarm in walk.steps[-3].record.alarms)


def test_another_supervisor_takes_over():
    walk = Walk().closed()
    walk.plc.echo, walk.plc.epoch = 99 << 16 | 5, 9
    step = walk.cycle()
    assert (step.mode, step.intent) == (Mode.ADVISORY, None)
    assert "plc_alone" in step.reasons
    assert walk.plc.epoch == 9  # nothing of ours went over it


def test_a_plc_that_restarted_takes_a_new_arming():
    walk = Walk().closed()
    walk.plc.boot_count, walk.plc.cas, walk.plc.echo, walk.plc.epoch = 4, False, 0, 0
    assert "plc_boot" in shed_at_once(walk).reasons
    walk.armed()
    assert walk.steps[-1].intent.epoch > 5  # what was sent before the restart can never pass for newer


def test_a_wrong_probe_constant_keeps_it_out():
    walk = Walk().advisory()
    walk.plc.probe = 4.9e-41
    request = arm(walk)
    assert "plc_probe" in walk.cycle(request).answer(request.id).why


def test_an_unknown_outcome_is_fenced_by_a_higher_epoch():
    walk = Walk().closed()
    epoch = walk.steps[-1].frame.epoch
    walk.plc.deaf = True
    step = walk.cycle()
    assert {receipt.outcome for receipt in step.receipts} == {WriteOutcome.UNKNOWN}
    assert step.frame.epoch == epoch + 1
    walk.plc.deaf = False
    step = walk.cycle()
    assert step.intent is None  # not before the PLC has acknowledged the fence
    walk.run(3)
    assert walk.steps[-1].mode is Mode.CLOSED_LOOP
    assert walk.steps[-1].intent.epoch == epoch + 1


def test_a_reconnect_is_fenced_by_a_higher_epoch():
    walk = Walk().closed()
    epoch = walk.steps[-1].frame.epoch
    walk.links["dcs"] = "timeout"
    assert walk.cycle().frame.epoch == epoch
    walk.links["dcs"] = "connected"
    step = walk.cycle()
    assert step.frame.epoch == epoch + 1
    assert step.intent is None
    walk.run(2)
    assert walk.steps[-1].intent.epoch == epoch + 1


def test_a_reconnect_of_a_meter_fences_nothing():
    walk = Walk().closed()
    epoch = walk.steps[-1].frame.epoch
    walk.links["gas"] = "timeout"
    walk.cycle()
    walk.links["gas"] = "connected"
    assert walk.cycle().frame.epoch == epoch


# ---------------------------------------------------------------------------------------------------- the record


def test_what_is_not_on_record_is_not_written_and_sheds():
    walk = Walk().closed()
    walk.disk = "full"
    step = walk.cycle(plan=plan_to(T_in_sp=188.0))
    assert step.intent is not None
    assert {receipt.outcome for receipt in step.receipts} == {WriteOutcome.NOT_SENT}
    assert walk.plc.setpoints == START
    assert ("record", "active") in {(alarm.code, alarm.state) for alarm in step.record.alarms}
    assert "audit" in shed_at_once(walk).reasons
    request = arm(walk)
    assert "audit" in walk.cycle(request).answer(request.id).why
    walk.disk = ""
    walk.run(2)
    walk.armed()


def test_an_intent_that_was_not_stored_sheds_even_when_the_record_takes_the_cycle_itself():
    walk = Walk().closed()
    memory = walk.memory
    walk.disk = "late"
    walk.cycle()
    walk.disk = ""
    walk.memory = replace(walk.memory, record_why="late")
    assert "audit" in walk.cycle().reasons
    assert memory.record_why == ""


def test_a_record_that_is_not_in_order_keeps_it_out():
    walk = Walk().advisory()
    walk.record_why = "being checked"
    request = arm(walk)
    assert "record_verified" in walk.cycle(request).answer(request.id).why
    walk.record_why = ""
    walk.armed()
    walk.record_why = "full"
    assert "record_verified" in shed_at_once(walk).reasons


# ---------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "reading",
    [
        bad_reading("", math.nan, Quality.GOOD),
        bad_reading("", math.inf, Quality.GOOD),
        bad_reading("", 1e9, Quality.GOOD),
        bad_reading("", 4e-41, Quality.GOOD),
        bad_reading("", 85.0, Quality.BAD),
        bad_reading("forced", 85.0, Quality.GOOD),
        bad_reading("", 85.0, Quality.UNCERTAIN),
        None,
    ],
    ids=["nan", "inf", "range", "denormal", "bad", "forced", "uncertain", "missing"],
)
@pytest.mark.parametrize("tag", ["moist", "T_out", "hum_amb", "T_in"])
def test_a_value_that_is_no_measurement_is_never_used(tag, reading):
    walk = Walk().advisory()
    before = walk.cycle().view.inputs
    walk.bad[tag] = reading
    step = walk.cycle()
    used = {**step.view.inputs.y, **step.view.inputs.d}
    assert tag not in used or used[tag] is None
    assert step.view.inputs.u == before.u
    assert not step.decision.snapshot.readings[tag].good
    assert all(math.isfinite(value) for value in used.values() if value is not None)
    assert step.record.readings[tag][0] is None


@pytest.mark.parametrize("value", [math.nan, math.inf, 4e-41])
def test_a_setpoint_that_reads_as_nonsense_keeps_its_last_value(value):
    walk = Walk().closed()
    walk.bad["T_in_sp.actual"] = bad_reading("", value, Quality.GOOD)
    step = walk.cycle()
    assert step.view.inputs.u == START
    assert set(step.intent.setpoints) == {"feed_sp", "fan_sp"}


@pytest.mark.parametrize(("tag", "cycles", "why"), [("T_out", 5, "stale"), ("moist", 21, "stale")])
def test_a_device_that_stopped_is_not_believed(tag, cycles, why):
    walk = Walk().advisory()
    walk.held[tag] = 1_795_545_600.0 + walk.now_s
    step = walk.run(cycles)
    assert step.view.inputs.y[tag] is None
    assert step.decision.snapshot.readings[tag].why == why


def test_a_value_that_never_changes_is_frozen():
    walk = Walk().advisory()
    step = walk.run(62)
    assert step.view.inputs.y["moist"] is None
    assert step.decision.snapshot.readings["moist"].why == "frozen"
    walk.sensors["moist"] = 3.61
    assert walk.cycle().view.inputs.y["moist"] == 3.61


def test_a_setpoint_that_cannot_be_read_is_not_written():
    walk = Walk().closed()
    walk.bad["fan_sp.actual"] = bad_reading()
    step = walk.cycle(plan=plan_to(fan_sp=72.0, T_in_sp=185.0))
    assert set(step.intent.setpoints) == {"T_in_sp", "feed_sp"}
    assert step.view.service.mvs["fan_sp"] is MvStatus.SERV


def test_an_mv_that_must_not_be_missed_sheds_when_it_cannot_be_read():
    assert demo_plant().mvs["feed_sp"].on_bad == "shed"
    walk = Walk().closed()
    walk.bad["feed"] = bad_reading()
    assert "mvs_active" in shed_at_once(walk).reasons


def test_a_plc_that_carries_nothing_out_is_left_alone():
    walk = Walk().closed()
    for _ in range(3):
        walk.plc.refuses = True
        step = walk.cycle(plan=plan_to(T_in_sp=188.0))
        assert {receipt.outcome for receipt in step.receipts} == {WriteOutcome.REJECTED}
    assert "plc_heeds" in shed_at_once(walk).reasons
    walk.plc.refuses = False
    walk.armed()


def test_too_few_loops_at_work_shed():
    walk = Walk(with_rules(min_active_mvs=2)).closed()
    walk.bad["fan_sp.available"] = bad_reading("", 0.0, Quality.GOOD)
    assert walk.cycle().mode is Mode.CLOSED_LOOP
    walk.bad["T_in_sp.available"] = bad_reading("", 0.0, Quality.GOOD)
    assert "mvs_active" in shed_at_once(walk).reasons


def test_a_critical_mv_out_of_service_sheds():
    plant = demo_plant()
    critical = {**plant.mvs, "fan_sp": replace(plant.mvs["fan_sp"], critical=True)}
    walk = Walk(with_rules(mvs=critical)).closed()
    walk.bad["fan_sp.available"] = bad_reading("", 0.0, Quality.GOOD)
    assert "mvs_active" in shed_at_once(walk).reasons


def test_a_sample_of_a_slow_analyser_is_new_once():
    walk = Walk().advisory()
    stamp = 1_795_545_600.0 + walk.now_s + 14.0
    walk.held["moist"] = stamp
    assert walk.cycle().view.inputs.y_new["moist"]
    assert not walk.cycle().view.inputs.y_new["moist"]
    walk.held["moist"] = stamp + 60.0
    assert walk.cycle().view.inputs.y_new["moist"]
    assert walk.steps[-1].view.inputs.y_new["T_out"]


def test_both_looks_of_a_cycle_count_as_samples():
    walk = Walk().advisory()
    walk.cycle()
    assert walk.memory.validity.tags["T_out"].newest.at_s == walk.now_s + 1.0


def test_old_evidence_approves_nothing():
    walk = Walk().closed()
    step = walk.cycle(plan=plan_to(T_in_sp=188.0), late_s=13.0)
    assert "clock" in step.refusals
    assert step.intent is None


def test_a_plan_for_another_cycle_is_no_reason_to_write_more_than_standing_still():
    walk = Walk().closed()
    step = walk.cycle(plan=lambda view: Plan(cycle=view.inputs.cycle - 1, status=PlanStatus.OK, moves={"fan_sp": 90.0}))
    assert step.intent.setpoints == START


# ---------------------------------------------------------------------------------------------------- requests


@pytest.mark.parametrize(
    ("variable", "side", "value", "why"),
    [
        ("T_in_sp", "hi", 191.0, ""),
        ("T_in_sp", "hi", 200.0, ""),  # wider than the operator's range of the file, inside engineering
        ("T_in_sp", "hi", 200.5, "outside_engineering"),
        ("T_in_sp", "lo", 159.0, "outside_engineering"),
        ("T_in_sp", "lo", 196.0, "crosses"),
        ("moist", "hi", math.nan, "not_a_number"),
        ("moist", "hi", math.inf, "not_a_number"),
        ("nothing", "hi", 3.0, "unknown_variable"),
        ("moist", None, 3.0, "incomplete"),
        (None, "hi", 3.0, "incomplete"),
        ("moist", "hi", None, "incomplete"),
    ],
)
@pytest.mark.parametrize("armed", [False, True])
def test_a_limit_change_is_taken_inside_the_engineering_limits_only(variable, side, value, why, armed):
    walk = Walk().closed() if armed else Walk().advisory()
    before = dict(walk.memory.settings.operator)
    request = walk.request("limit", variable=variable, side=side, value=value)
    answer = walk.cycle(request).answer(request.id)
    assert (answer.accepted, answer.why) == (not why, why)
    assert (walk.memory.settings.operator == before) is bool(why)
    plant = demo_plant()
    for _ in range(12):
        active = walk.cycle().view.inputs.limits
        for name, (lo, hi) in active.items():
            spec = plant.mvs.get(name) or plant.cvs[name]
            assert spec.limits.engineering[0] <= lo <= hi <= spec.limits.engineering[1]


@pytest.mark.parametrize("role", ["viewer", "energy_manager", "calendar"])
def test_a_limit_is_changed_by_those_who_may(role):
    walk = Walk().advisory()
    request = walk.request("limit", variable="moist", side="hi", value=3.8, role=role)
    answer = walk.cycle(request).answer(request.id)
    assert (answer.accepted, answer.why) == (False, "role")
    assert walk.memory.settings.operator == {}


def test_a_limit_takes_hold_no_faster_than_its_mv_moves():
    walk = Walk().advisory()
    walk.cycle(walk.request("limit", variable="T_in_sp", side="hi", value=191.0))
    steps = [walk.cycle().view.inputs.limits["T_in_sp"][1] for _ in range(6)]
    assert steps == [194.0, 193.0, 192.0, 191.0, 191.0, 191.0]


def test_nothing_safety_relevant_can_be_changed_by_a_request():
    walk = Walk().closed()
    gate, interlocks = walk.rules.gate, walk.rules.plant.interlocks
    for variable in ("T_in_sp.safety", "safety", "mvs.T_in_sp.limits.safety", "T_in_sp.engineering"):
        request = walk.request("limit", variable=variable, side="hi", value=204.0, role="admin")
        assert walk.cycle(request).answer(request.id).why == "unknown_variable"
    assert walk.rules.gate is gate
    assert walk.rules.plant.interlocks is interlocks
    assert walk.steps[-1].intent.limits_hash == gate.limits_hash


def test_identical_requests_each_get_their_own_answer():
    walk = Walk().advisory()
    modes = [walk.request(mode=Mode.ADVISORY) for _ in range(3)]
    limits = [walk.request("limit", variable="moist", side="hi", value=3.9) for _ in range(2)]
    step = walk.cycle(*modes, *limits)
    assert sorted(answer.id for answer in step.decision.answers) == sorted(each.id for each in (*modes, *limits))
    assert all(answer.accepted for answer in step.decision.answers)


@pytest.mark.parametrize(
    "what",
    [
        {"action": "mode", "mode": None},
        {"action": "mode", "mode": Mode.TRIPPED},
        {"action": "limits_schedule"},
        {"action": "prices"},
    ],
)
def test_a_request_that_asks_for_nothing_is_answered_all_the_same(what):
    walk = Walk().advisory()
    request = walk.request(**what)
    answer = walk.cycle(request).answer(request.id)
    assert (answer.accepted, answer.why) == (False, "incomplete")
    assert walk.cycle().mode is Mode.ADVISORY


def test_acknowledge_and_reset_without_cause_are_refused_by_name():
    walk = Walk().advisory()
    acknowledge, reset = walk.request("acknowledge"), walk.request("reset", interlock="nothing")
    step = walk.cycle(acknowledge, reset)
    assert step.answer(acknowledge.id).why == "not_from_here"
    assert step.answer(reset.id).why == "no_latch"


def test_a_trip_is_left_by_acknowledging_and_asking_again():
    plant = demo_plant()
    hot = replace(plant.interlocks[0], then="off", latch=False, for_s=0.0)
    walk = Walk(with_rules(interlocks=(hot,))).closed()
    walk.sensors |= {"T_out": 101.0, "T_out_b": 101.0}
    assert walk.cycle().mode is Mode.TRIPPED
    walk.sensors |= {"T_out": 84.0, "T_out_b": 84.0}
    assert walk.run(4).mode is Mode.TRIPPED
    request = walk.request(mode=Mode.MONITOR)
    assert walk.cycle(request).answer(request.id).why == "not_acknowledged"
    walk.cycle(walk.request("acknowledge"))
    walk.cycle(walk.request(mode=Mode.MONITOR))
    assert walk.cycle().mode is Mode.MONITOR


# ---------------------------------------------------------------------------------------------------- calendar


def test_the_schedule_sets_limits_and_a_person_only_narrows_them():
    walk = Walk().advisory()
    assert walk.cycle().view.inputs.limits["P_fan"][1] == 120.0
    walk.cycle(schedule={("P_fan", "hi"): 105.0})
    assert walk.run(9).view.inputs.limits["P_fan"][1] == 105.0
    walk.cycle(walk.request("limit", variable="P_fan", side="hi", value=150.0))
    assert walk.run(9).view.inputs.limits["P_fan"][1] == 105.0
    walk.cycle(schedule={})
    assert walk.run(30).view.inputs.limits["P_fan"][1] == 150.0


def test_what_the_schedule_said_holds_until_it_says_something_else():
    walk = Walk().advisory()
    walk.cycle(schedule={("P_fan", "hi"): 105.0})
    assert walk.run(9).view.inputs.limits["P_fan"][1] == 105.0


def test_a_mode_cap_of_the_schedule_ends_closed_loop_and_keeps_it_out():
    walk = Walk().closed()
    step = shed_at_once(walk, cap=Mode.ADVISORY)
    assert "schedule" in step.reasons
    walk.cycle(cap=Mode.CLOSED_LOOP)
    assert walk.run(3).mode is Mode.ADVISORY
    walk.armed()


def test_a_price_change_reaches_the_controller():
    walk = Walk().advisory()
    cheap = walk.run(2).view.inputs.money["P_fan"]
    walk.cycle(prices={"grid": 0.214})
    dear = walk.cycle(prices=None).view.inputs.money["P_fan"]
    assert (cheap, dear) == (pytest.approx(-0.131), pytest.approx(-0.214))


# ---------------------------------------------------------------------------------------------------- attendance


def test_closed_loop_ends_when_nobody_has_confirmed_it_for_too_long():
    walk = Walk(with_rules(max_unattended_s=20 * CYCLE_S)).closed()
    while walk.cycle().mode is Mode.CLOSED_LOOP:
        assert len(walk.steps) < 60
    assert "attended" in walk.steps[-1].reasons
    armed_at = next(i for i, step in enumerate(walk.steps) if step.frame is not None)
    assert len(walk.steps) - 1 - armed_at == 21
    walk.armed()


def test_confirming_again_keeps_it_attended():
    walk = Walk(with_rules(max_unattended_s=10 * CYCLE_S)).closed()
    for _ in range(4):
        assert walk.run(7).mode is Mode.CLOSED_LOOP
        walk.cycle(arm(walk))


@pytest.mark.parametrize("what", [{"confirmed": False}, {"role": "viewer"}, {"role": "calendar"}])
def test_a_request_without_confirmation_or_role_is_no_attendance(what):
    walk = Walk(with_rules(max_unattended_s=10 * CYCLE_S)).closed()
    for _ in range(12):
        step = walk.cycle(arm(walk, **what))
    assert step.mode is Mode.ADVISORY
    assert "attended" in {reason for each in walk.steps for reason in each.reasons}


# ---------------------------------------------------------------------------------------------------- the plant file


def test_an_unprotected_connection_keeps_it_out_of_closed_loop_and_a_waiver_does_not():
    plant = demo_plant()
    open_ = replace(plant.connections["dcs"], security="None")
    for connection, accepted in ((open_, False), (replace(open_, waive_security="isolated cell network"), True)):
        walk = Walk(with_rules(connections={**plant.connections, "dcs": connection})).advisory()
        request = arm(walk)
        answer = walk.cycle(request).answer(request.id)
        assert answer.accepted is accepted
        assert ("security" in answer.why) is not accepted


def test_a_meter_without_protection_does_not():
    assert "power" in demo_plant().connections
    assert Walk().rules.unprotected == ()


@pytest.mark.parametrize("kind", ["heartbeat", "none"])
def test_a_plc_without_full_handshake_stays_advisory(kind):
    plant = demo_plant()
    walk = Walk(with_rules(handshake=replace(plant.handshake, kind=kind))).advisory()
    request = arm(walk)
    assert "handshake" in walk.cycle(request).answer(request.id).why


def test_a_gate_that_fails_its_proof_test_is_never_armed(monkeypatch):
    walk = Walk().advisory()
    monkeypatch.setattr(think.prooftest, "run", lambda rules: ("T_in_sp: range_hi: refused for nothing",))
    request = arm(walk)
    assert "proof_test" in walk.cycle(request).answer(request.id).why


# ---------------------------------------------------------------------------------------------------- the record of it


def test_the_record_says_what_was():
    walk = Walk().closed()
    walk.plans = plan_to(T_in_sp=190.0)
    step = walk.cycle()
    record = step.record
    assert record.verdict == "approved"
    assert record.mode.actual is Mode.CLOSED_LOOP
    assert record.readings["T_out"] == (84.0, "good", "")
    assert record.plan["mv_status"] == dict.fromkeys(START, "ON")
    assert record.limits["P_fan"] == (0.0, 120.0)
    assert record.links["dcs"] == "connected"
    assert {receipt.outcome for receipt in record.receipts} == {WriteOutcome.CONFIRMED}
    assert record.money["powder"] > 0.0


def test_the_intent_holds_the_very_bytes_and_where_they_start_from():
    walk = Walk().closed()
    before = dict(walk.plc.setpoints)
    step = walk.cycle(plan=plan_to(T_in_sp=190.0))
    approval = step.decision.verdict.approval
    assert step.intent.payloads == {move.mv: move.payload.hex() for move in approval.moves}
    assert step.intent.setpoints == {move.mv: move.value for move in approval.moves}
    assert step.intent.from_setpoints == before
    assert (step.intent.epoch, step.intent.sequence, step.intent.crc) == (
        approval.epoch,
        approval.sequence,
        approval.crc,
    )


def test_an_alarm_comes_once_and_goes_once():
    walk = Walk().advisory()
    walk.links["gas"] = "timeout"
    walk.bad["gas"] = bad_reading()
    first, second = walk.cycle(), walk.cycle()
    assert [(a.code, a.subject, a.state) for a in first.record.alarms] == [("link", "gas", "active")]
    assert second.record.alarms == ()
    walk.links["gas"] = "connected"
    assert ("link", "gas", "cleared") in {(a.code, a.subject, a.state) for a in walk.cycle().record.alarms}


def test_the_same_world_gives_the_same_record():
    walks = [Walk().closed(), Walk().closed()]
    assert walks[0].steps[-1].record == walks[1].steps[-1].record
    assert walks[0].memory == walks[1].memory
