"""Cycles of the pure half: what persons, the calendar and the plant file ask, and what is put on record."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from safety.signals import Mode, MvStatus, WriteOutcome
from supervisor import think
from supervisor.history.pack import pack, unpack
from supervisor.rules import rules_of
from tests.supervisor.walk import (
    CYCLE_S,
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
    monkeypatch.setattr(think.prooftest, "run", lambda *_: ("T_in_sp: range_hi: refused for nothing",))
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


def test_an_mv_in_the_operators_hands_is_moved_no_more_until_it_is_given_back():
    walk = Walk().closed()
    walk.plans = plan_to(T_in_sp=190.0, feed_sp=3000.0)
    taken = walk.request("mv_opr", variable="T_in_sp")
    assert walk.cycle(taken).answer(taken.id).accepted
    after = [walk.cycle() for _ in range(5)]
    assert all(step.view.inputs.mv_status["T_in_sp"] is MvStatus.OPR for step in after)
    assert after[-1].record.by_hand == ("T_in_sp",)
    assert all("T_in_sp" not in step.intent.setpoints and "feed_sp" in step.intent.setpoints for step in after[1:])
    walk.cycle(walk.request("mv_apc", variable="T_in_sp"))
    assert [walk.cycle() for _ in range(3)][-1].view.inputs.mv_status["T_in_sp"] is MvStatus.ON


def test_an_operator_may_set_what_was_taken_and_the_others_go_on():
    walk = Walk().closed()
    walk.plans = plan_to(feed_sp=3000.0)
    walk.cycle(walk.request("mv_opr", variable="T_in_sp"))
    walk.cycle()
    walk.plc.setpoints["T_in_sp"] = 183.0  # in the control system, the loop still in remote cascade
    steps = [walk.cycle() for _ in range(3)]
    assert all(step.mode is Mode.CLOSED_LOOP and step.refusals == set() for step in steps)
    assert walk.plc.setpoints["T_in_sp"] == 183.0
    walk.plans = plan_to(T_in_sp=190.0, feed_sp=3000.0)
    back = [walk.cycle(walk.request("mv_apc", variable="T_in_sp")), *(walk.cycle() for _ in range(6))]
    assert all(step.mode is Mode.CLOSED_LOOP and step.refusals == set() for step in back)
    written = [step.intent.setpoints["T_in_sp"] for step in back if "T_in_sp" in step.intent.setpoints]
    assert written[0] == 183.0  # bumpless: it stands still first
    assert written[-1] > 183.0


@pytest.mark.parametrize(
    ("what", "why"), [({"variable": "moist"}, "unknown_variable"), ({"variable": "T_in_sp", "role": "viewer"}, "role")]
)
def test_only_an_operator_takes_an_mv_and_only_one_that_there_is(what, why):
    walk = Walk().advisory()
    request = walk.request("mv_opr", **what)
    step = walk.cycle(request)
    assert step.answer(request.id).why == why
    assert step.record.by_hand == ()


def test_a_critical_mv_is_not_taken_alone():
    plant = demo_plant()
    mvs = {**plant.mvs, "T_in_sp": replace(plant.mvs["T_in_sp"], critical=True)}
    walk = Walk(rules_of(replace(plant, mvs=mvs))).advisory()
    request = walk.request("mv_opr", variable="T_in_sp")
    assert walk.cycle(request).answer(request.id).why == "critical_mv"


def test_an_mv_that_operators_took_is_not_advised_on():
    walk = Walk().advisory()
    walk.cycle(walk.request("mv_opr", variable="T_in_sp"))
    step = walk.cycle()
    assert step.view.inputs.mv_status["T_in_sp"] is MvStatus.OPR
    assert step.view.inputs.mv_status["feed_sp"] is not MvStatus.OPR


def test_the_record_says_who_asked_for_what_why_and_what_was_there_before():
    walk = Walk().advisory()
    request = walk.request("limit", variable="moist", side="hi", value=3.9, why="grade B")
    record = walk.cycle(request).record
    assert record.requests == (request,)
    assert [(each.id, each.accepted, each.was) for each in record.answers] == [(request.id, True, 4.0)]
    assert unpack(pack(record)).record.requests == (request,)
