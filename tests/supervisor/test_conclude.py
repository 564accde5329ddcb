"""What the record says of bypasses, latches, overdue proof tests and setpoints outside their scheduled limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from constraints.plantfile import load_text
from safety.envelope import ScheduledLimits
from safety.expressions import parse
from safety.interlocks import BypassRule, Interlock
from safety.signals import Mode
from supervisor.resume import first_memory
from supervisor.rules import rules_of
from tests.supervisor.walk import CYCLE_S, PLANT_FILE, UTC_S, Walk, demo_plant, plan_to, with_rules

HOT = Interlock(name="Hot", when=parse("T_out > 100"), then="shed", latch=True, bypass=BypassRule(longest_s=7200.0))


def walking(**interlock):
    return Walk(with_rules(interlocks=(replace(HOT, **interlock),)))


def asks(walk, action="bypass", **what):
    fields = {"interlock": "Hot", "role": "engineer", "value": 3600.0, "who": "ann", "why": "new sensor", **what}
    return walk.request(action, **fields)


def came(step):
    return {(each.code, each.subject): each.text for each in step.record.alarms if each.state == "active"}


def went(step):
    return {(each.code, each.subject) for each in step.record.alarms if each.state == "cleared"}


def test_f68_every_cycle_of_a_bypass_is_on_record_with_owner_reason_and_end():
    walk = walking().closed()
    began_s = walk.now_s + CYCLE_S + 1.1
    first = walk.cycle(asks(walk))
    steps = [first, *(walk.cycle() for _ in range(5))]
    for step in steps:
        found = step.record.bypassed["Hot"]
        assert (found.owner, found.reason) == ("ann", "new sensor")
        assert found.until_utc_s == pytest.approx(UTC_S + began_s + 3600.0)
    assert came(first)["bypass", "Hot"].startswith("interlock 'Hot' is bypassed by ann until 20:")
    assert came(first)["bypass", "Hot"].endswith(": new sensor")
    assert all(not step.record.alarms for step in steps[1:])


def test_f68_a_bypass_that_ends_is_cleared_and_the_interlock_acts_and_is_an_alarm():
    walk = walking().closed()
    walk.cycle(asks(walk, value=40.0))
    walk.sensors["T_out"] = 101.0
    quiet = walk.cycle()
    assert quiet.record.trips == ()
    assert ("interlock", "Hot") not in came(quiet)
    last = walk.run(4)
    assert last.record.bypassed == {}
    assert last.mode is Mode.ADVISORY
    told = [step for step in walk.steps if ("bypass", "Hot") in went(step)]
    assert len(told) == 1
    assert ("interlock", "Hot") in came(told[0])


def test_f68_a_bypass_that_a_person_ends_is_off_the_record_at_once():
    walk = walking().closed()
    walk.cycle(asks(walk))
    step = walk.cycle(asks(walk, "restore", value=None))
    assert step.record.bypassed == {}
    assert ("bypass", "Hot") in went(step)


def test_f68_a_restart_ends_every_bypass():
    walk = walking().closed()
    record = walk.cycle(asks(walk)).record
    assert record.bypassed
    assert first_memory(walk.rules.plant, 7, record).locks.bypasses == {}


def test_i23_a_latch_that_is_bypassed_outlives_a_restart():
    """The bypass ends with the process; what it covered must be there again."""
    walk = walking().closed()
    walk.sensors["T_out"] = 101.0
    walk.run(2)
    walk.sensors["T_out"] = 84.0
    assert walk.cycle(asks(walk)).record.latched == ("Hot",)
    step = walk.cycle()
    assert (step.record.trips, step.record.latched) == ((), ("Hot",))
    memory = first_memory(walk.rules.plant, 7, step.record)
    assert memory.locks.states["Hot"].latched
    again = Walk(walk.rules)
    again.memory = memory
    assert again.cycle().record.trips == ("Hot",)


def test_a_tripped_interlock_is_as_urgent_as_its_plant_file_says():
    walk = walking(alarm="high").advisory()
    walk.sensors["T_out"] = 101.0
    (alarm,) = (each for each in walk.cycle().record.alarms if each.code == "interlock")
    assert alarm.priority == "high"


# --------------------------------------------------------------------------------------------------- proof tests


def test_an_overdue_proof_test_is_an_alarm_from_its_day_on():
    due = UTC_S + 1_000.0 + 10 * CYCLE_S
    walk = walking(proof_due_utc_s=due)
    walk.advisory()
    early = [step for step in walk.steps if step.record.utc_s < due]
    assert early
    assert all(("proof_due", "Hot") not in came(step) for step in early)
    walk.run(8)
    (first,) = (step for step in walk.steps if ("proof_due", "Hot") in came(step))
    assert first.record.utc_s - due < CYCLE_S
    assert came(first)["proof_due", "Hot"] == "proof test of interlock 'Hot' is overdue since 2026-11-24"
    assert first.record.alarms[0].priority == "low"


# --------------------------------------------------------------------------------------------- scheduled limits

TABLE = ScheduledLimits("P_fan", ((0.0, 160.0, 190.0), (200.0, 150.0, 170.0)))


def scheduled(table=TABLE):
    plant = demo_plant()
    envelope = replace(plant.envelopes["T_in_sp"], scheduled=table)
    return Walk(with_rules(envelopes={**plant.envelopes, "T_in_sp": envelope}))


def test_a_setpoint_outside_its_scheduled_limits_is_an_alarm_until_it_is_back():
    walk = scheduled()  # at 80 kW: up to 182, and the setpoint is at 184
    first = walk.cycle()
    assert came(first)["mv_outside_schedule", "T_in_sp"] == (
        "T_in_sp stands outside its scheduled limits: 184 is not in [156, 182]"
    )
    walk.plc.setpoints["T_in_sp"] = 182.0
    assert ("mv_outside_schedule", "T_in_sp") in went(walk.cycle())


def test_where_the_limits_are_not_known_nothing_is_said_of_them():
    walk = scheduled()
    walk.sensors["P_fan"] = 250.0
    assert ("mv_outside_schedule", "T_in_sp") not in came(walk.cycle())
    assert not any(code == "mv_outside_schedule" for code, _ in came(Walk().cycle()))


# --------------------------------------------------------------------------------- from the plant file to the record


def test_what_the_plant_file_says_reaches_the_gate_and_the_record():
    text = PLANT_FILE.read_text(encoding="utf-8")
    old = "bypass: {longest: 8 h}}"
    assert text.count(old) == 1
    new = "bypass: {longest: 1 h}, proof_test: {every: 30 d, last: 2026-01-01}}"
    walk = Walk(rules_of(load_text(text.replace(old, new), "plant.yaml").plant))
    walk.cycle()
    request = asks(walk, interlock="Fan vibration", value=3600.0)
    step = walk.cycle(request)
    assert step.answer(request.id).accepted
    assert set(step.record.bypassed) == {"Fan vibration"}
    assert ("proof_due", "Fan vibration") in came(walk.steps[0])
    long = asks(walk, interlock="Fan vibration", value=3601.0)
    assert walk.cycle(long).answer(long.id).why == "too_long"
    none = asks(walk, interlock="Exhaust probes differ")
    assert walk.cycle(none).answer(none.id).why == "no_bypass"


def test_a_table_of_the_plant_file_is_proven_kept_and_planned_inside():
    """The proof test tries the table, closed loop stays inside it, and the controller is given it as a limit."""
    text = PLANT_FILE.read_text(encoding="utf-8")
    old = "operator: [170, 195]}"
    assert text.count(old) == 1
    new = "operator: [170, 195], scheduled: {by: feed, points: [[0, 150, 180], [2000, 150, 184], [6000, 150, 204]]}}"
    walk = Walk(rules_of(load_text(text.replace(old, new), "plant.yaml").plant)).closed()
    assert walk.memory.proof_failures == ()
    walk.plans = plan_to(T_in_sp=200.0)
    step = walk.run(40)
    assert step.view.inputs.limits["T_in_sp"] == pytest.approx((170.0, 188.0))
    assert step.record.verdict == "approved"
    assert walk.plc.setpoints["T_in_sp"] == pytest.approx(188.0, abs=1e-4)
    assert walk.plc.setpoints["T_in_sp"] <= 188.0
