from __future__ import annotations

import math

import pytest

from safety import gate, prooftest
from safety.approval import OnceOnly
from safety.encoding import Encoding
from safety.envelope import ScheduledLimits
from safety.expressions import parse
from safety.handshake import HandshakeRule
from safety.interlocks import Interlock
from safety.rules import at_work
from tests.safety.words import envelope, gate_rules, mv_rule


def tried(rules):
    return prooftest.run(rules, prooftest.prepare(rules))


def lock(name, then, target=None):
    return Interlock(name=name, when=parse("T > 100"), then=then, target=target, for_s=60.0, latch=True)


LOCKS = (lock("heat", "block_up", "sp"), lock("cold", "block_down", "sp"), lock("co", "ramp"), lock("diff", "hold"),
         lock("hot", "shed"), lock("esd", "off"))  # fmt: skip
SCHEDULED = ScheduledLimits("load", ((0.0, 160.0, 190.0), (50.0, 165.0, 180.0), (100.0, 150.0, 205.0)))
SOUND = gate_rules(
    mvs={"sp": mv_rule(envelope=envelope(scheduled=SCHEDULED)), "fan": mv_rule("fan", envelope=envelope())},
    interlocks=LOCKS,
)


def test_sound_rules_pass():
    assert tried(SOUND) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"encoding": Encoding("int16", scale=0.1)},
        {"encoding": Encoding("uint16", scale=0.01, offset=100.0)},
        {"windup_hi": None, "windup_lo": None},
        {"safe_value": 160.0},
        {"safe_value": 200.0},
        {"envelope": envelope(readback=None, distance_from_measured=math.inf, window_delta=math.inf)},
        {"envelope": envelope(distance_from_measured=math.inf)},
        {"envelope": envelope(step_up=100.0, step_down=100.0)},
        {"envelope": envelope(rate_up_per_min=1e6, rate_down_per_min=1e6)},
        {"encoding": Encoding("float64")},
        {"encoding": Encoding("uint16", scale=0.01, offset=100.0), "envelope": envelope(lo=100.0, hi=755.35)},
        {"envelope": envelope(scheduled=SCHEDULED)},
        {"envelope": envelope(scheduled=ScheduledLimits("load", ((0.0, 150.0, 205.0), (1.0, 150.0, 205.0))))},
    ],
)
def test_other_sound_rules_pass_too(changes):
    kind = "full" if "encoding" not in changes else "heartbeat"
    rules = gate_rules(
        mvs={"sp": mv_rule(**changes)}, interlocks=LOCKS, handshake=HandshakeRule(kind=kind, mv_order=("sp",))
    )
    assert tried(rules) == ()


def test_nothing_to_write_is_nothing_proven():
    assert tried(gate_rules(mvs={})) == ("there is no MV to write",)


def test_an_envelope_beyond_its_encoding_is_reported():
    rules = gate_rules(mvs={"sp": mv_rule(kind="int16", envelope=envelope(hi=1e9))})
    assert tried(rules)[0].startswith("sp: its envelope does not fit its encoding")


def test_an_envelope_without_limits_is_reported():
    found = tried(gate_rules(mvs={"sp": mv_rule(envelope=envelope(lo=-1e30, hi=math.inf))}))
    assert found
    assert "sp" in found[0]


def test_rules_that_refuse_everything_are_reported():
    found = tried(gate_rules(min_active_mvs=3))
    assert "sp: control: refused for min_active_mvs" in found


def test_nothing_approved_here_can_be_used(monkeypatch):
    seen = []
    real = gate.judge

    def spy(*args):
        verdict, memory = real(*args)
        seen.extend([verdict.approval] if verdict.approval else [])
        return verdict, memory

    monkeypatch.setattr(gate, "judge", spy)
    tried(SOUND)
    assert seen
    assert all(approval.deadline_s < 0.0 and OnceOnly().use(approval) for approval in seen)


CODES = {
    "mode", "handshake", "cycle", "not_listed", "duplicate", "not_finite", "unresolved", "unavailable", "actual_bad",
    "overridden", "readback_bad", "distance", "window", "range_hi", "range_lo", "step_up", "step_down", "rate_up",
    "rate_down", "first_move", "windup_hi", "windup_lo", "blocked_up", "blocked_down", "interlock",
    "not_owner", "encoding", "schedule_bad", "scheduled_hi", "scheduled_lo", "clock", "unsettled", "min_active_mvs",
    "watchdog", "not_evaluated",
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(CODES))
def test_it_notices_when_one_rule_is_dead(monkeypatch, code):
    """Take one refusal out of the gate: the proof test must say so."""
    real = gate.judge

    def lame(*args):
        verdict, memory = real(*args)
        left = tuple(refusal for refusal in verdict.refusals if refusal.code != code)
        approval = verdict.approval if left or not verdict.refusals else object()
        return gate.Verdict(approval, left, verdict.trips, verdict.action), memory

    monkeypatch.setattr(gate, "judge", lame)
    found = tried(SOUND)
    assert found
    assert all("refused for" in line for line in found)
    assert any(code in line or (code in ("interlock", "blocked_up", "blocked_down")) for line in found)


@pytest.mark.parametrize("name", [each.name for each in LOCKS])
def test_every_interlock_is_tried(monkeypatch, name):
    seen = []
    real = gate.judge

    def spy(candidate, snapshot, situation, *rest):
        seen.extend(situation.interlocks.tripped)
        return real(candidate, snapshot, situation, *rest)

    monkeypatch.setattr(gate, "judge", spy)
    tried(SOUND)
    assert name in seen


def test_in_service_every_trial_has_its_turn(monkeypatch):
    seen = []
    monkeypatch.setattr(prooftest, "_wrong", lambda trial, rules: seen.append(trial) or "")
    trials = prooftest.prepare(SOUND)
    turns = math.ceil(len(trials.all) / prooftest.PER_CYCLE)
    for turn in range(100, 100 + turns):
        before = len(seen)
        assert prooftest.in_service(SOUND, trials, turn) == ()
        assert len(seen) - before <= prooftest.PER_CYCLE
    assert len(seen) == len(trials.all)
    assert all(trial in seen for trial in trials.all)


def test_in_service_says_what_fails():
    wrong = gate_rules(min_active_mvs=3)
    trials = prooftest.prepare(wrong)
    assert any("min_active_mvs" in line for turn in range(20) for line in prooftest.in_service(wrong, trials, turn))
    assert prooftest.in_service(gate_rules(mvs={}), prooftest.prepare(gate_rules(mvs={})), 5) == (
        "there is no MV to write",
    )


def test_it_notices_a_gate_that_refuses_for_another_reason(monkeypatch):
    monkeypatch.setattr(gate, "at_work", lambda mv, rule, snapshot: at_work(mv, mv_rule(available=""), snapshot))
    assert tried(SOUND)
