"""Cycles of the pure half: safe values, scheduled limits, lateness, bypasses, the proof test in service, the guard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety.envelope import ScheduledLimits
from safety.expressions import parse
from safety.interlocks import BypassRule, Interlock
from safety.prooftest import PER_CYCLE
from safety.signals import Mode, WriteOutcome, WriteReceipt
from supervisor import think
from tests.supervisor.walk import CYCLE_S, START, Walk, arm, demo_plant, late_plan, plan_to, with_rules

LATE = with_rules().watchdogs["cycle"]


def ramping(**mv):
    """The demo plant, with a condition that sends the inlet temperature to its safe value."""
    plant = demo_plant()
    lock = Interlock(name="Fire", when=parse("fan_vib > 11"), then="ramp")
    mvs = {**plant.mvs, "T_in_sp": replace(plant.mvs["T_in_sp"], safe_value=160.0, **mv)}
    return with_rules(interlocks=(lock,), mvs=mvs)


def test_a_ramp_goes_to_the_safe_value_whatever_the_plan_wants():
    walk = Walk(ramping()).closed()
    walk.plans = plan_to(T_in_sp=194.0, feed_sp=1600.0)
    walk.sensors["fan_vib"] = 12.0
    steps = [walk.cycle() for _ in range(4)]
    assert [step.record.verdict for step in steps] == ["ramp"] * 4
    asked = [step.intent.setpoints for step in steps]
    assert [each["feed_sp"] for each in asked] == [START["feed_sp"]] * 4
    fall = 4.0 * CYCLE_S / 60.0
    assert asked[-1]["T_in_sp"] == pytest.approx(START["T_in_sp"] - 4 * fall, abs=0.3 * fall)
    assert steps[0].intent.reason == "to safe values: interlock Fire"


def test_a_ramp_needs_no_plan_and_goes_beyond_operator_limits_until_it_is_there():
    walk = Walk(ramping()).closed()
    walk.sensors["fan_vib"] = 12.0
    step = walk.cycle(plan=late_plan)
    assert step.record.verdict == "ramp"
    walk.run(30)
    assert walk.plc.setpoints["T_in_sp"] == 160.0
    assert walk.steps[-1].mode is Mode.CLOSED_LOOP


def test_an_mv_whose_way_to_its_safe_value_is_closed_stands():
    walk = Walk(ramping()).closed()
    walk.sensors["fan_vib"] = 12.0
    walk.held.clear()
    values = walk.plc.values
    walk.plc.values = lambda: {**values(), "T_in_sp.windup_lo": 1.0}
    step = walk.cycle()
    assert step.record.verdict == "ramp"
    assert step.intent.setpoints == START


def scheduled(*points):
    plant = demo_plant()
    limits = replace(plant.envelopes["T_in_sp"], scheduled=ScheduledLimits("hum_amb", points))
    return with_rules(envelopes={**plant.envelopes, "T_in_sp": limits})


def test_scheduled_limits_bind_the_controller_and_the_candidate():
    walk = Walk(scheduled((0.0, 150.0, 186.0), (40.0, 150.0, 186.0))).closed()
    walk.plans = plan_to(T_in_sp=194.0)
    walk.run(20)
    assert walk.steps[-1].view.inputs.limits["T_in_sp"] == (170.0, 186.0)
    assert walk.plc.setpoints["T_in_sp"] == 186.0
    assert not any(step.refusals for step in walk.steps)


def test_where_the_schedule_leaves_nothing_of_the_operators_range_its_near_limit_counts():
    walk = Walk(scheduled((0.0, 150.0, 165.0), (40.0, 150.0, 165.0))).advisory()
    assert walk.steps[-1].view.inputs.limits["T_in_sp"] == (165.0, 165.0)
    walk = Walk(scheduled((0.0, 198.0, 205.0), (40.0, 198.0, 205.0))).advisory()
    assert walk.steps[-1].view.inputs.limits["T_in_sp"] == (198.0, 198.0)


def test_a_setpoint_that_the_schedule_left_outside_comes_back_at_its_rate():
    walk = Walk(scheduled((0.0, 150.0, 175.0), (40.0, 150.0, 175.0))).closed()
    walk.plans = plan_to(T_in_sp=175.0)
    walk.run(3)
    asked = [step.intent.setpoints["T_in_sp"] for step in walk.steps[-3:]]
    assert asked == sorted(asked, reverse=True)
    assert 175.0 < asked[-1] < START["T_in_sp"]
    assert not walk.steps[-1].refusals


# ------------------------------------------------------------------------------------------------------------- lateness


def test_f59_a_late_cycle_stands_still_and_the_next_goes_on():
    walk = Walk().closed()
    walk.plans = plan_to(T_in_sp=190.0)
    walk.now_s += LATE.warn_s - CYCLE_S + 1.0
    step = walk.cycle()
    assert step.decision.watch.action == "hold"
    assert (step.mode, step.record.verdict) == (Mode.CLOSED_LOOP, "stand_still")
    walk.cycle()
    assert walk.cycle().record.verdict == "approved"


def test_f59_a_gap_beyond_the_second_stage_sheds():
    walk = Walk().closed()
    walk.plans = plan_to(T_in_sp=190.0)
    before = dict(walk.plc.setpoints)
    walk.now_s += LATE.trip_s - CYCLE_S + 1.0
    step = walk.cycle()
    assert step.mode is Mode.ADVISORY
    assert "watchdog" in step.reasons
    assert step.intent is None
    assert walk.plc.setpoints == before


def test_the_first_cycle_of_a_process_is_not_late():
    assert Walk().cycle().decision.watch.action == "none"


# -------------------------------------------------------------------------------------------------------------- bypass


def with_bypass():
    lock = Interlock(name="Hot", when=parse("T_out > 100"), then="shed", bypass=BypassRule(longest_s=3600.0))
    return Walk(with_rules(interlocks=(lock,)))


def asked(walk, action="bypass", **what):
    request = walk.request(action, **{"interlock": "Hot", "role": "engineer", "value": 600.0, **what})
    return walk.cycle(request).answer(request.id)


def test_f68_a_bypass_lets_it_go_on_and_ends_by_itself():
    walk = with_bypass().closed()
    assert asked(walk).accepted
    walk.sensors["T_out"] = 101.0
    step = walk.run(3)
    assert step.mode is Mode.CLOSED_LOOP
    assert step.decision.interlocks.bypassed == ("Hot",)
    assert step.record.trips == ()
    step = walk.run(int(600.0 / CYCLE_S))
    assert step.mode is Mode.ADVISORY
    assert "interlocks" in step.reasons


def test_a_bypass_can_be_ended_at_once_by_anybody():
    walk = with_bypass().closed()
    assert asked(walk).accepted
    walk.sensors["T_out"] = 101.0
    assert walk.run(3).mode is Mode.CLOSED_LOOP
    assert asked(walk, "restore", role="viewer", value=None).accepted
    assert walk.cycle().mode is Mode.ADVISORY
    assert asked(walk, "restore").why == "not_bypassed"


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"role": "operator"}, "role"), ({"value": 3601.0}, "too_long"), ({"value": None}, "incomplete"),
        ({"interlock": None}, "incomplete"), ({"interlock": "Cold"}, "unknown_interlock"), ({"why": " "}, "no_reason"),
        ({"value": -1.0}, "too_long"), ({"value": float("nan")}, "too_long"),
    ],
)  # fmt: skip
def test_a_bypass_is_refused_with_its_reason(what, why):
    walk = with_bypass().advisory()
    assert asked(walk, **what).why == why
    walk.sensors["T_out"] = 101.0
    assert walk.run(2).decision.interlocks.action == "shed"


# ------------------------------------------------------------------------------------------------ proof test and guard


def test_in_service_the_gate_is_proven_again_and_again(monkeypatch):
    turns = []
    walk = Walk().closed()
    real = think.prooftest.in_service
    monkeypatch.setattr(
        think.prooftest, "in_service", lambda rules, trials, turn: turns.append(turn) or real(rules, trials, turn)
    )
    rounds = -(-len(walk.rules.trials.all) // PER_CYCLE)
    walk.run(rounds)
    assert {turn % rounds for turn in turns} == set(range(rounds))
    assert walk.steps[-1].mode is Mode.CLOSED_LOOP


def test_a_gate_that_fails_in_service_sheds_until_it_is_armed_anew(monkeypatch):
    walk = Walk().closed()
    monkeypatch.setattr(think.prooftest, "in_service", lambda *_: ("T_in_sp: range_hi: refused for nothing",))
    walk.cycle()
    step = walk.cycle()
    assert step.mode is Mode.ADVISORY
    assert "proof_test" in step.reasons
    monkeypatch.undo()
    assert "proof_test" not in walk.cycle(arm(walk)).reasons
    assert walk.run(3).mode is Mode.CLOSED_LOOP


def test_what_the_guard_stops_trips(monkeypatch):
    walk = Walk().closed()
    stopped = "guard: range_hi T_in_sp"
    monkeypatch.setattr(
        walk.plc,
        "write",
        lambda approval: tuple(
            WriteReceipt(move.mv, WriteOutcome.NOT_SENT, move.value, why=stopped) for move in approval.moves
        ),
    )
    walk.cycle()
    step = walk.cycle()
    assert step.mode is Mode.TRIPPED
    assert step.record.trip_causes == ("guard",)
    walk.run(2)
    assert walk.steps[-1].mode is Mode.TRIPPED
    acknowledged = walk.request("acknowledge")
    assert walk.cycle(acknowledged).answer(acknowledged.id).accepted
    back = walk.request(mode=Mode.ADVISORY)
    assert walk.cycle(back).answer(back.id).accepted
