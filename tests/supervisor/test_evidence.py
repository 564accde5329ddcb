"""The guard is shown what was decided on, and nothing kinder."""

from __future__ import annotations

from safety.expressions import parse
from safety.interlocks import Interlock
from safety.signals import Mode
from supervisor.evidence import evidence_of
from tests.supervisor.walk import Walk, bad_reading, late_plan, plan_to, with_rules


def test_in_closed_loop_everything_is_shown_as_it_was():
    walk = Walk().closed()
    step = walk.cycle()
    shown, decision = evidence_of(step.decision), step.decision
    assert (shown.mode, shown.refused, shown.action, shown.watchdog) == (Mode.CLOSED_LOOP, False, "none", "none")
    assert shown.snapshot is decision.snapshot
    assert shown.snapshot.at.mono_s < shown.judged_at_s == walk.now_s + 1.1
    assert shown.evaluated == {each.name for each in walk.rules.plant.interlocks}
    assert shown.permit
    approval = decision.verdict.approval
    assert (shown.epoch, shown.sequence) == (approval.epoch, approval.sequence)
    assert shown.interlocks_cycle == shown.link_cycle == shown.snapshot.cycle == approval.cycle
    assert shown.unresolved == frozenset()


def test_a_refusal_before_the_approval_is_shown():
    walk = Walk().closed()
    walk.bad["T_out_b"] = bad_reading()
    step = walk.cycle(plan=plan_to(T_in_sp=190.0))
    assert step.record.verdict == "stand_still"
    shown = evidence_of(step.decision)
    assert (shown.refused, shown.action) == (True, "hold")


def test_where_nothing_was_judged_it_counts_as_refused():
    shown = evidence_of(Walk().advisory().cycle().decision)
    assert (shown.mode, shown.refused) == (Mode.ADVISORY, True)


def test_what_blocks_and_what_is_unresolved_is_shown():
    walk = Walk().closed()
    walk.sensors |= {"T_out": 97.0, "T_out_b": 97.0}
    assert evidence_of(walk.cycle().decision).blocked_up == {"T_in_sp"}
    walk.plc.deaf = True
    walk.cycle(plan=late_plan)
    assert evidence_of(walk.cycle().decision).unresolved == set(walk.plc.setpoints)


def test_a_late_cycle_is_shown():
    walk = Walk().closed()
    walk.now_s += walk.rules.watchdogs["cycle"].warn_s
    assert evidence_of(walk.cycle().decision).watchdog == "hold"
    walk.now_s += walk.rules.watchdogs["cycle"].trip_s
    shown = evidence_of(walk.cycle().decision)
    assert (shown.watchdog, shown.mode) == ("shed", Mode.ADVISORY)


def test_a_plc_that_permits_nothing_is_shown():
    walk = Walk().closed()
    walk.plc.remote = False
    assert not evidence_of(walk.cycle().decision).permit


def test_what_is_blocked_downward_is_shown():
    cold = Interlock(name="Cold", when=parse("T_out < 200"), then="block_down", target="fan_sp")
    walk = Walk(with_rules(interlocks=(cold,))).closed()
    shown = evidence_of(walk.cycle().decision)
    assert (shown.blocked_up, shown.blocked_down) == (frozenset(), {"fan_sp"})
