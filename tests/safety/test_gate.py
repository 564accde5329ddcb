from __future__ import annotations

import math
import pickle
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.encoding import Encoding
from safety.envelope import Track, Written
from safety.expressions import parse
from safety.gate import GateMemory, Situation, judge, settle, stand_still
from safety.handshake import HandshakeRule, move_set_crc
from safety.interlocks import Interlock
from safety.progress import Pending
from safety.signals import Candidate, Instant, Mode, Move, Snapshot, WriteOutcome, WriteReceipt
from tests.safety.bench import F32, NOW, codes, rested, subjects, verdict
from tests.safety.words import (
    HI,
    LIFE_S,
    LO,
    calm,
    candidate,
    clear,
    closed,
    envelope,
    gate_rules,
    link,
    mv_rule,
    snapshot,
    values,
)

UP, DOWN = math.inf, -math.inf


class TestApproval:
    def test_what_is_approved(self):
        found, memory = verdict(candidate(sp=180.4, fan=179.5))
        approval = found.approval
        assert (found.refusals, found.trips, found.action) == ((), (), "none")
        assert (approval.controller, approval.cycle, approval.epoch, approval.sequence) == ("dryer", 1, 7, 41)
        assert [(move.mv, move.value, move.payload) for move in approval.moves] == [
            ("fan", 179.5, struct.pack(">f", 179.5)),
            ("sp", F32, struct.pack(">f", 180.4)),
        ]
        assert (approval.mask, approval.crc) == (0b11, move_set_crc(7, 41, 0b11, [179.5, F32]))
        assert (approval.limits_hash, approval.config_hash) == ("L", "C")
        assert approval.deadline_s == NOW + LIFE_S
        assert memory.pending["sp"] == Pending(F32, 180.0, NOW, pytest.approx(912.0))
        assert memory.pending["fan"] == Pending(179.5, 180.0, NOW, 907.5)
        assert memory.judged_at_s == NOW

    def test_the_mask_follows_the_order(self):
        assert verdict(candidate(sp=180.5))[0].approval.mask == 0b10
        assert verdict(candidate(fan=180.5))[0].approval.mask == 0b01

    def test_lesser_plcs_get_no_crc_and_any_encoding(self):
        rules = gate_rules(
            handshake=HandshakeRule(kind="heartbeat", mv_order=("sp", "fan")),
            mvs={"sp": mv_rule(kind="float64"), "fan": mv_rule("fan")},
        )
        approval = verdict(candidate(sp=180.4), rules=rules)[0].approval
        assert (approval.crc, approval.mask, approval.moves[0].value) == (0, 1, 180.4)

    def test_nothing_asked_nothing_approved_nothing_refused(self):
        found, memory = verdict(Candidate("dryer", 1, ()))
        assert (found.approval, found.refusals, found.action) == (None, (), "none")
        assert memory.tracks == {mv: rested() for mv in ("sp", "fan")}
        assert memory.pending == {}

    def test_one_refusal_refuses_the_whole_set(self):
        found, memory = verdict(candidate(sp=300.0, fan=179.5))
        assert found.approval is None
        assert {refusal.subject for refusal in found.refusals} == {"sp"}
        assert found.action == "hold"
        assert memory.pending == {}

    def test_nothing_is_repaired(self):
        assert codes(candidate(sp=math.nextafter(HI, UP))) != []

    def test_after_a_refusal_the_account_is_closed(self):
        _, memory = verdict(candidate(sp=300.0))
        assert memory.tracks == {mv: rested(paid_until_s=None) for mv in ("sp", "fan")}
        assert codes(candidate(sp=180.4), memory=memory) == ["first_move"]
        assert codes(candidate(sp=180.0), memory=memory) == []


class TestCircumstances:
    @pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.CLOSED_LOOP])
    @pytest.mark.parametrize("proposal", [candidate(sp=180.0), Candidate("dryer", 1, ())])
    def test_only_in_closed_loop(self, mode, proposal):
        assert subjects(proposal, mode=mode) == [("mode", mode.name)]

    @pytest.mark.parametrize(
        ("now", "read", "found"),
        [
            (NOW, NOW, []),
            (NOW + LIFE_S, NOW, []),
            (NOW + LIFE_S + 0.001, NOW, ["clock"]),
            (NOW - 0.001, NOW, ["clock"]),
            (math.nan, NOW, ["clock"]),
            (NOW, math.nan, ["clock"]),
        ],
    )
    def test_i06_evidence_must_be_fresh(self, now, read, found):
        memory = GateMemory({"sp": rested(since=0.0)})
        assert [
            code for code in codes(candidate(sp=180.0), now=now, read=read, memory=memory) if code == "clock"
        ] == found

    def test_time_does_not_go_back(self):
        assert codes(candidate(sp=180.0), memory=GateMemory({}, {}, NOW + 0.001)) == ["clock"]
        _, memory = verdict(candidate(sp=180.0), memory=GateMemory({}, {}, NOW + 1.0))
        assert memory.judged_at_s == NOW + 1.0
        assert codes(candidate(sp=180.0), memory=GateMemory({}, {}, NOW)) == []

    def test_everything_belongs_to_this_cycle(self):
        assert subjects(candidate(cycle=2, sp=180.0)) == [("cycle", "candidate")]
        assert subjects(candidate(sp=180.0), locks=clear(cycle=0)) == [("cycle", "interlocks")]
        assert subjects(candidate(sp=180.0), shake=link(cycle=0)) == [("cycle", "handshake")]

    def test_i20_every_interlock_was_evaluated(self):
        rules = gate_rules(
            interlocks=tuple(Interlock(name=name, when=parse("T > 1"), then="hold") for name in ("a", "b"))
        )
        locks = clear(states={"b": object()})
        assert subjects(candidate(sp=180.0), rules=rules, locks=locks) == [("not_evaluated", "a")]

    @pytest.mark.parametrize("action", ["shed", "off"])
    @pytest.mark.parametrize("proposal", [candidate(sp=180.0), Candidate("dryer", 1, ())])
    def test_a_shed_lets_nothing_through(self, action, proposal):
        locks = clear(action=action, acting=("hot", "x"), tripped=("hot",))
        assert subjects(proposal, locks=locks) == [("interlock", "hot")]
        found = verdict(proposal, locks=locks)[0]
        assert (found.action, found.trips) == (action, ("hot",))

    def test_the_plc_must_permit(self):
        shake = link(permit=False, reasons=("plc_remote", "plc_echo"))
        assert subjects(candidate(sp=180.0), shake=shake) == [("handshake", "plc_remote"), ("handshake", "plc_echo")]
        assert subjects(candidate(sp=180.0), shake=link(permit=False)) == [("handshake", "no_permit")]

    def test_what_was_approved_must_be_settled_first(self):
        _, memory = verdict(candidate(sp=180.4))
        assert subjects(candidate(sp=180.4), memory=memory) == [("unsettled", "sp")]


class TestSet:
    def test_duplicates(self):
        twice = Candidate("dryer", 1, (Move("sp", 180.0), Move("sp", 180.0), Move("fan", 180.0)))
        assert subjects(twice) == [("duplicate", "sp")]

    @pytest.mark.parametrize("mv", ["nowhere", "", "T", "sp.actual", "SP"])
    def test_i07_only_what_is_listed(self, mv):
        assert subjects(Candidate("dryer", 1, (Move(mv, 180.0),))) == [("not_listed", mv)]

    @pytest.mark.parametrize(("needed", "found"), [(0, []), (1, []), (2, ["min_active_mvs"])])
    def test_enough_mvs_must_be_at_work(self, needed, found):
        rules = gate_rules(min_active_mvs=needed)
        assert codes(candidate(sp=180.0), rules=rules, tags=values(fan__available=0.0)) == found

    def test_too_few_mvs_shed(self):
        found = verdict(candidate(sp=180.0), rules=gate_rules(min_active_mvs=2), tags=values(fan__available=0.0))[0]
        assert found.action == "shed"
        assert found.refusals[0].detail == {"active": 1, "needed": 2}

    @pytest.mark.parametrize("actual", [180.1, 179.9])
    def test_i24_somebody_elses_setpoint_stays(self, actual):
        found, _ = verdict(candidate(fan=180.0), tags=values(sp__actual=actual))
        assert [(each.code, each.subject, dict(each.detail)) for each in found.refusals] == [
            ("overridden", "sp", {"expected": 180.0, "actual": actual})
        ]
        assert found.action == "shed"

    def test_rounding_is_nobody(self):
        gap = 2.0**-16  # of float32 at 180
        assert codes(candidate(fan=180.0), tags=values(sp__actual=180.0 + gap / 2)) == []
        assert codes(candidate(fan=180.0), tags=values(sp__actual=180.0 + 0.51 * gap)) == ["overridden"]

    def test_an_unreadable_setpoint_is_not_compared(self):
        assert codes(candidate(fan=180.0), tags=values(sp__actual=None)) == []

    def test_what_cannot_be_encoded_must_be_equal(self):
        rules = gate_rules(mvs={"sp": mv_rule(kind="int16"), "fan": mv_rule("fan")})
        memory = GateMemory({"sp": rested(expected=40000.0)})
        assert codes(candidate(fan=180.0), rules=rules, memory=memory, tags=values(sp__actual=40000.0)) == []
        assert codes(candidate(fan=180.0), rules=rules, memory=memory, tags=values(sp__actual=40000.1)) == [
            "overridden"
        ]

    @pytest.mark.parametrize(("available", "kept"), [(0.0, False), (1.0, True), (None, True)])
    def test_what_the_operator_takes_is_forgotten(self, available, kept):
        _, memory = verdict(candidate(fan=180.0), tags=values(sp__available=available, sp__actual=180.0))
        assert ("sp" in memory.tracks) == kept

    def test_tracks_of_strangers_are_dropped_and_old_writes_too(self):
        old, stood, new = (Written(at, 180.0, 180.0) for at in (100.0, 600.0, 900.0))
        memory = GateMemory({"sp": rested(writes=(old, stood, new)), "gone": rested()})
        _, memory = verdict(candidate(fan=180.0), memory=memory)
        assert memory.tracks == {"sp": rested(writes=(stood, new))}


def test_a_cycle_as_the_shell_does_it():
    rules, now = gate_rules(), snapshot(values())
    here = Situation(closed(), clear(), link(), calm())
    found, memory = judge(candidate(sp=180.4), now, here, rules, GateMemory(), NOW)
    assert [refusal.code for refusal in found.refusals] == ["first_move"]
    found, memory = judge(stand_still("dryer", now, rules), now, here, rules, memory, NOW)
    assert [move.value for move in found.approval.moves] == [180.0, 180.0]
    receipts = [WriteReceipt(mv, WriteOutcome.CONFIRMED, 180.0, 180.0) for mv in ("sp", "fan")]
    memory = settle(memory, receipts, NOW + 0.5)
    assert memory.pending == {}
    later = snapshot(values(), cycle=2, now=NOW + 15.0)
    here = Situation(closed(), clear(cycle=2), link(cycle=2, sequence=42), calm())
    found, memory = judge(candidate(cycle=2, sp=180.4), later, here, rules, memory, NOW + 15.0)
    assert found.approval.sequence == 42
    assert pickle.loads(pickle.dumps(memory)) == memory  # noqa: S301


NUMBERS = st.one_of(
    st.floats(140.0, 215.0), st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([LO, HI, 180.0])
)
ENCODINGS = st.builds(
    Encoding,
    st.sampled_from(["float32", "float64", "int16", "uint16", "int32"]),
    scale=st.sampled_from([1.0, 0.1, 0.5, 0.01, -0.25]),
    offset=st.sampled_from([0.0, 100.0, -7.3]),
)


@given(NUMBERS, NUMBERS, NUMBERS, ENCODINGS, st.floats(0.0, 5.0), st.floats(0.0, 5.0))
def test_i01_i03_i04_whatever_is_proposed_and_measured_what_is_approved_is_inside(
    value, actual, measured, encoding, step_up, step_down
):
    limits = envelope(step_up=step_up, step_down=step_down)
    rules = gate_rules(
        mvs={"sp": mv_rule(envelope=limits, encoding=encoding)},
        handshake=HandshakeRule(kind="heartbeat", mv_order=("sp",)),
    )
    tags = values(sp__actual=actual, T=measured)
    for each in ("sp.actual", "T"):
        tags[each] = tags[each] if math.isfinite(tags[each]) else None
    memory = GateMemory({"sp": Track(paid_until_s=0.0)})
    found, _ = verdict(candidate(sp=value), rules=rules, tags=tags, memory=memory)
    if found.approval is not None:
        (move,) = found.approval.moves
        assert LO <= value <= HI
        assert LO <= move.value <= HI
        assert move.value - actual <= step_up
        assert actual - move.value <= step_down
        assert abs(move.value - measured) <= 30.0


@given(
    value=st.sampled_from([179.0, 180.0, 180.5]),
    lists=st.tuples(st.sets(st.sampled_from(["sp", "fan"])), st.sets(st.sampled_from(["sp", "fan"]))),
    extra=st.tuples(st.sets(st.sampled_from(["sp", "fan"])), st.sets(st.sampled_from(["sp", "fan"]))),
    actions=st.tuples(st.sampled_from(range(5)), st.sampled_from(range(5))),
    unresolved=st.tuples(st.sets(st.sampled_from(["sp", "fan"])), st.sets(st.sampled_from(["sp", "fan"]))),
    permits=st.tuples(st.booleans(), st.booleans()),
)
def test_i22_adding_a_condition_never_makes_it_laxer(value, lists, extra, actions, unresolved, permits):
    ladder = ("none", "ramp", "hold", "shed", "off")
    rules = gate_rules(mvs={"sp": mv_rule(safe_value=190.0), "fan": mv_rule("fan")})

    def approved(action, up, down, open_, permit):
        locks = clear(action=ladder[action], blocked_up=up, blocked_down=down, acting=("x",))
        shake = link(unresolved=frozenset(open_), permit=permit)
        return verdict(candidate(sp=value), rules=rules, locks=locks, shake=shake)[0].approval is not None

    laxer = approved(actions[0], lists[0], lists[1], unresolved[0], permits[0])
    stricter = approved(
        max(actions), lists[0] | extra[0], lists[1] | extra[1], unresolved[0] | unresolved[1], all(permits)
    )
    assert laxer or not stricter


def test_a_snapshot_of_nothing_approves_nothing():
    empty = Snapshot(1, Instant(NOW, 0.0), {})
    found, _ = judge(
        candidate(sp=180.0), empty, Situation(closed(), clear(), link(), calm()), gate_rules(), GateMemory(), NOW
    )
    assert found.approval is None


@pytest.mark.parametrize(("actual", "overridden"), [(179.0, False), (180.5, False), (182.0, False), (182.5, True)])
def test_i24_what_an_unknown_write_left_is_expected_once_it_was_read_back(actual, overridden):
    doubt = GateMemory({"sp": rested(writes=(Written(900.0, 179.0, 182.0),), expected=None), "fan": rested()})
    tags = values(sp__actual=actual, T=actual)
    found, memory = verdict(candidate(fan=180.0), tags=tags, memory=doubt)
    assert [(each.code, each.subject) for each in found.refusals] == ([("overridden", "sp")] if overridden else [])
    assert memory.tracks["sp"].expected == min(actual, 182.0)
    later = values(sp__actual=actual + 0.5, T=actual)
    assert "overridden" in codes(candidate(fan=180.0), tags=later, memory=memory)
    _, memory = verdict(candidate(fan=180.0), tags=tags, memory=doubt, shake=link(unresolved=frozenset({"sp"})))
    assert memory.tracks["sp"].expected is None
