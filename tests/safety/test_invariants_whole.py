"""I-14: a set is approved whole or not at all, its mask and sum say just what is in it, no half set is built on."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.gate import GateMemory, Situation, judge, settle, stand_still
from safety.signals import Candidate, Move, WriteOutcome, WriteReceipt
from tests.safety.bench import NOW, rested, verdict
from tests.safety.wire import RULE, Wire
from tests.safety.words import calm, clear, closed, gate_rules, link, snapshot, values

ORDER = ("fan", "sp")
MOVES = st.lists(
    st.tuples(st.sampled_from(["sp", "sp", "fan", "fan", "valve"]), st.floats(178.5, 181.5) | st.floats()), max_size=4
)


def crc_by_bits(payload):
    """CRC-16/MODBUS again, from its definition, bit by bit."""
    register = 0xFFFF
    for byte in payload:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register


@given(MOVES, st.integers(0, 2**32 - 2), st.integers(0, 2**32 - 1))
def test_i14_whole_or_not_at_all(moves, epoch, sequence):
    proposal = Candidate("dryer", 1, tuple(Move(mv, value) for mv, value in moves))
    found, memory = verdict(proposal, shake=link(epoch=epoch, sequence=sequence))
    if found.approval is None:
        assert dict(memory.pending) == {}
        assert found.refusals or not moves
        return
    approval = found.approval
    asked = dict(moves)
    assert [move.mv for move in approval.moves] == [mv for mv in ORDER if mv in asked]
    assert len(asked) == len(moves)
    assert memory.pending.keys() == asked.keys()
    assert approval.mask == sum(1 << ORDER.index(mv) for mv in asked)
    told = struct.pack(">III", approval.epoch, approval.sequence, approval.mask)
    told += b"".join(struct.pack(">f", move.value) for move in approval.moves)
    assert approval.crc == crc_by_bits(told)
    assert (approval.epoch, approval.sequence) == (epoch, sequence)


@given(st.sampled_from(ORDER), st.floats())
def test_i14_one_move_too_far_refuses_all(mv, value):
    legal = {"sp": 180.0, "fan": 180.0}
    alone, _ = verdict(Candidate("dryer", 1, (Move(mv, value),)))
    pair = Candidate("dryer", 1, tuple(Move(name, value if name == mv else legal[name]) for name in ORDER))
    together, _ = verdict(pair)
    assert (together.approval is None) == (alone.approval is None)


@pytest.mark.parametrize(("one", "other"), list(itertools.product([*WriteOutcome, None], repeat=2)))
def test_i14_half_a_set_is_not_built_on(one, other):
    """Whatever became of each half: no new set before both are known, and if one is not, none in the same epoch."""
    wire = Wire().armed()
    before = wire.link
    outcomes = {mv: outcome for mv, outcome in (("sp", one), ("fan", other)) if outcome is not None}
    approval = wire.write(**outcomes)
    unknown = {mv for mv in ORDER if outcomes.get(mv) in (None, WriteOutcome.UNKNOWN)}
    assert set(wire.memory.unresolved) == unknown
    if unknown:
        assert wire.memory.epoch == approval.epoch + 1
        assert not wire.look(15.0).permit  # the PLC has not heard of the new epoch
        assert wire.link.unresolved == unknown
    else:
        assert wire.memory.epoch == before.epoch


@pytest.mark.parametrize("answered", [(), ("sp",), ("fan",), ("fan", "sp")])
def test_i14_a_set_without_all_its_receipts_holds_back_the_next(answered):
    rules = gate_rules(handshake=RULE)
    now, here = snapshot(values(), now=NOW), Situation(closed(), clear(), link(), calm())
    still = stand_still("dryer", now, rules)
    memory = GateMemory({mv: rested() for mv in ORDER})
    first, waiting = judge(still, now, here, rules, memory, NOW)
    again, _ = judge(still, now, here, rules, waiting, NOW)
    assert first.approval is not None
    assert sorted(refusal.subject for refusal in again.refusals if refusal.code == "unsettled") == list(ORDER)
    after = settle(waiting, [WriteReceipt(mv, WriteOutcome.CONFIRMED, 180.0, 180.0) for mv in answered], NOW + 0.1)
    assert after.pending == {}
    for mv in ORDER:
        assert (after.tracks[mv].expected is not None) == (mv in answered)
