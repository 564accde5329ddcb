"""Every reason is reached: each code, why, answer, transition and action, from lists that are read from the source.

The machine's ordinary lives reach most; where chance will not do, there is a story here. What neither reaches is named.
"""

from __future__ import annotations

import itertools
import math

import pytest

from safety.encoding import Encoding
from safety.envelope import ScheduledLimits
from safety.expressions import parse
from safety.gate import GateMemory
from safety.handshake import HandshakeMemory, HandshakeRule, observe
from safety.interlocks import ACTIONS, Interlock, InterlockMemory, InterlockState, reset
from safety.modes import NEEDS, PERMITS, WAITS, ModeMemory, ModeRules
from safety.progress import Pending
from safety.signals import Candidate, Instant, Mode, Move, Quality, Reading, Snapshot
from safety.validity import ValidityMemory, ValidityRule, validate
from tests.safety import reasons
from tests.safety.acts import ask, at, met, step
from tests.safety.bench import codes, rested
from tests.safety.lived import lived
from tests.safety.reasons import Seen
from tests.safety.wire import Wire
from tests.safety.words import UTC_S, candidate, clear, envelope, gate_rules, mv_rule, snapshot, values

COARSE = Encoding("int16")


def coarse(value, actual=180.0, **changes):
    """Ask for ``value`` where only whole numbers can be sent: what is asked for is in order, what is sent is not."""
    rules = gate_rules(mvs={"sp": mv_rule(encoding=COARSE, envelope=envelope(**changes))})
    memory = GateMemory({"sp": rested(actual)})
    return codes(candidate(sp=value), rules=rules, tags=values(sp__actual=actual, load=50.0), memory=memory)


def one(tags=None, value=180.0, **changes):
    rules = gate_rules(mvs={"sp": mv_rule(envelope=envelope(**changes))})
    return codes(candidate(sp=value), rules=rules, tags=tags)


def scheduled(lo, hi):
    return ScheduledLimits("load", ((0.0, lo, hi), (100.0, lo, hi)))


def both_blocked():
    locks = clear(blocked_up=frozenset({"sp"}), blocked_down=frozenset({"sp"}))
    return codes(candidate(sp=180.5), locks=locks) + codes(candidate(sp=179.5), locks=locks)


def both_wound():
    tags = values(sp__windup_hi=1.0, sp__windup_lo=1.0)
    return codes(candidate(sp=180.5), tags=tags) + codes(candidate(sp=179.5), tags=tags)


GATE = {
    "actual_bad": lambda: one(values(sp__actual=None)),
    "blocked": both_blocked,
    "duplicate": lambda: codes(Candidate("dryer", 1, (Move("sp", 180.0),) * 2)),
    "encoding": lambda: codes(candidate(sp=1e39)),
    "no_limits": lambda: one(lo=-math.inf),
    "not_evaluated": lambda: codes(
        candidate(sp=180.0), rules=gate_rules(interlocks=(Interlock(name="hot", when=parse("T > 0"), then="shed"),))
    ),
    "not_listed": lambda: codes(candidate(valve=1.0)),
    "range_hi": lambda: one(value=206.0),
    "range_lo": lambda: one(value=140.0),
    "rate_up": lambda: one(value=200.0),
    "rate_down": lambda: one(value=160.0),
    "readback_bad": lambda: one(values(T=None)),
    "schedule_bad": lambda: one(values(load=None), scheduled=scheduled(150.0, 200.0)),
    "scheduled_hi": lambda: one(values(load=50.0), 190.0, scheduled=scheduled(170.0, 185.0)),
    "scheduled_lo": lambda: one(values(load=50.0), 165.0, scheduled=scheduled(170.0, 185.0)),
    "sent_distance": lambda: coarse(180.55, distance_from_measured=0.6),
    "sent_range_hi": lambda: coarse(204.55, 204.0, hi=204.6),
    "sent_range_lo": lambda: coarse(150.45, 151.0, lo=150.4),
    "sent_scheduled_hi": lambda: coarse(180.55, scheduled=scheduled(150.0, 180.6)),
    "sent_scheduled_lo": lambda: coarse(179.45, scheduled=scheduled(179.4, 200.0)),
    "sent_step_down": lambda: coarse(179.45, step_down=0.6),
    "sent_step_up": lambda: coarse(180.55, step_up=0.6),
    "sent_window": lambda: coarse(180.55, window_delta=0.6),
    "unsettled": lambda: codes(
        candidate(sp=180.0),
        memory=GateMemory({"sp": rested()}, {"sp": Pending(180.0, 180.0, 990.0, 990.0)}),
    ),
    "windup": both_wound,
}


def test_every_refusal_of_the_gate_is_reached():
    told = {code for story in GATE.values() for code in story()}
    assert reasons.gate_codes() - told - lived().of("gate") == set()
    for name in GATE.keys() & reasons.gate_codes():
        assert name in GATE[name]()


def test_every_reason_of_the_handshake_is_reached():
    told = set()
    for answers in ({"epoch_ack": 1}, {"epoch_ack": 99}, {"sequence_ack": 3}, {"boot_count": 9}, {"probe": 0.0}):
        told |= set(Wire().armed().look(**answers).reasons)
    link, _ = observe(snapshot({}), HandshakeRule(), HandshakeMemory(1))
    told |= set(link.reasons)
    assert reasons.handshake_reasons() - told - lived().of("handshake") == set()


def whys(*looks, **rule):
    """Every why of one tag ``x`` over looks 10 s apart; each look changes a reading in order, or has none at all."""
    found, memory = set(), ValidityMemory()
    for n, change in enumerate(looks):
        now = 10.0 * n
        fields = {"value": 12.0, "quality": Quality.GOOD, "source_utc_s": UTC_S + now, "received_at_s": now}
        readings = {} if change is None else {"x": Reading(**(fields | change))}
        rules = {"x": ValidityRule(**rule)}
        done, memory = validate(Snapshot(n, Instant(now, UTC_S + now), readings), rules, memory)
        found.add(done.readings["x"].why)
    return found


def test_every_why_of_a_reading_is_reached():
    said = [{"quality": Quality.BAD, "why": why} for why in ("comm", "late", "bad_status")]
    told = set().union(
        whys({}, {}, *said, {"why": "forced"}, {"why": "initial"}, {"quality": Quality.UNCERTAIN}, None, {}, {}),
        whys({}, {}, {"value": math.nan}, {"value": 1e-40}, {"value": -1.0}, {"value": 99.0}, lo=0.0, hi=50.0),
        whys({}, {"value": 3.7}, {"value": 3.5}, signal_4_20=True),
        whys({}, {"source_utc_s": 0.0}, {"received_at_s": 99.0}, {"value": 80.0}, rate_per_s_max=1.0),
        whys({}, {}, {}, {}, frozen_s=15.0),
        whys({}, {}, *[{"source_utc_s": UTC_S + 10.0, "received_at_s": 10.0}] * 5),
    )
    assert reasons.validity_whys() - told - lived().of("validity") == set()


def test_every_answer_about_an_interlock_is_reached():
    lock = Interlock(name="hot", when=parse("T > 0"), then="off", latch=True, reset_role="engineer")
    latched = InterlockMemory(states={"hot": InterlockState(condition=False, tripped=True, latched=True)})
    told = {reset(latched, (lock,), "hot", role)[1] or "done" for role in ("operator", "engineer")}
    assert reasons.interlock_answers("reset") - told - lived().of("reset") == set()
    assert reasons.interlock_answers("bypass") - lived().of("bypass") == set()
    assert reasons.interlock_answers("restore") - lived().of("restore") == set()


def test_every_action_is_reached():
    seen = lived()
    assert seen.of("action") == set(ACTIONS)
    assert seen.of("watch") == {"none", "hold", "shed"}
    assert seen.of("acting") == {"hot", "fire", "leak", "damp", "icy", "warm", "cold"}


def asked(seen, mode, what, outcome):
    """One request that must come to this outcome."""
    memory = at(mode)
    if mode is Mode.TRIPPED and outcome != "not_acknowledged":
        memory = ModeMemory(Mode.ADVISORY, Mode.TRIPPED, causes=("no_trip", "guard"), acknowledged=True)
    changes = {"expired": {"expires_s": 0.0}, "role": {"role": "viewer"}, "not_confirmed": {"confirmed": False}}
    unmet = {outcome: False} if outcome in PERMITS else {}
    if outcome == "candidate":
        memory = ModeMemory(mode, mode, misses=2)
    request = ask(what, **changes.get(outcome, {}))
    decision, _ = step(memory, request, candidate=outcome != "candidate", **unmet)
    seen.answers(mode, met(**unmet), decision)
    return decision.answers[0].reasons


@pytest.mark.parametrize("mode", list(Mode))
def test_i18_every_request_comes_to_every_answer_in_every_mode(mode):
    seen = Seen()
    expected = {each for each in reasons.mode_answers(ModeRules()) if each[0] == mode.name}
    for _, what, outcome in sorted(expected):
        assert asked(seen, mode, what, outcome) == (() if outcome == "taken" else (outcome,)), (what, outcome)
    assert seen.of("ask") == expected


def test_what_only_our_heartbeat_can_meet_does_not_stop_a_person_from_arming():
    for name in WAITS:
        assert asked(Seen(), Mode.ADVISORY, "closed_loop", "taken") == ()
        decision, _ = step(at(Mode.ADVISORY), ask("closed_loop"), **{name: None})
        assert decision.answers[0].reasons == ()
        assert decision.state.reasons == (name, "arming")


def test_every_transition_that_is_possible_is_reached_and_no_other():
    told = set()
    asks = [(), *([each] for each in NEEDS[Mode.OFF]), ["advisory", "off"]]
    for mode, whats, cap in itertools.product(Mode, asks, Mode):
        if cap is Mode.TRIPPED:
            continue
        memory = at(mode)
        if mode is Mode.TRIPPED:
            memory = ModeMemory(Mode.ADVISORY, Mode.TRIPPED, causes=("no_trip",), acknowledged=True)
        for unmet in ({}, {"no_trip": False}, {"plc_remote": None}):
            decision, _ = step(memory, *(ask(each) for each in whats), cap=cap, **unmet)
            told.add(f"{mode.name} {decision.state.actual.name}")
    impossible = {f"{mode} CLOSED_LOOP" for mode in ("OFF", "TRIPPED")}
    assert told == {f"{one.name} {other.name}" for one in Mode for other in Mode} - impossible
    assert lived().of("transition") <= told


def test_a_code_without_a_story_would_be_named(monkeypatch, tmp_path):
    """The lists are read from the source: a new code is in them as soon as it is written."""
    for name in ("gate", "envelope", "rules"):
        (tmp_path / f"{name}.py").write_text((reasons.SAFETY / f"{name}.py").read_text())
    with (tmp_path / "rules.py").open("a") as rules:
        rules.write('\n\ndef new(mv: str) -> Refusal:\n    return Refusal("too_new", mv)\n')
    known = reasons.gate_codes()
    monkeypatch.setattr(reasons, "SAFETY", tmp_path)
    assert reasons.gate_codes() - known == {"too_new"}
