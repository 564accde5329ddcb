"""Cycles of the pure half: out of closed loop again, for every reason there is."""

from __future__ import annotations

import pytest

from safety.signals import CvStatus, Mode, WriteOutcome
from tests.supervisor.walk import (
    START,
    Walk,
    arm,
    bad_reading,
    demo_plant,
    plan_to,
    with_rules,
)

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
