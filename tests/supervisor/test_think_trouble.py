"""Cycles of the pure half: a record that does not take, readings that are no measurements."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from controllers.types import Plan, PlanStatus
from safety.signals import Mode, MvStatus, Quality, WriteOutcome
from tests.supervisor.walk import (
    START,
    Walk,
    arm,
    bad_reading,
    demo_plant,
    plan_to,
    with_rules,
)


def shed_at_once(walk, *requests, **outside):
    """Run one cycle; return it after checking that it wrote nothing, told the PLC, and stays out."""
    step = walk.cycle(*requests, **outside)
    assert step.mode < Mode.CLOSED_LOOP
    assert step.intent is None
    assert step.receipts == ()
    assert not walk.plc.cas
    assert all(each.mode < Mode.CLOSED_LOOP for each in (walk.cycle(), walk.cycle()))
    return step


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
