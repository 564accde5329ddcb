"""What might pass for the seal and is not, and which used approvals are still remembered."""

from __future__ import annotations

import pytest

from safety.approval import Approval, ApprovedMove, OnceOnly, SealError
from safety.gate import GateMemory, Situation, judge, stand_still
from tests.safety.words import calm, clear, closed, gate_rules, link, snapshot, values

NAMES = (
    "controller", "cycle", "epoch", "sequence", "mask", "crc", "moves", "limits_hash", "config_hash", "deadline_s",
)  # fmt: skip


class EqualToAll:
    def __eq__(self, other):
        return True

    __hash__ = None


def approved(cycle):
    rules, now = gate_rules(), snapshot(values(), cycle=cycle)
    situation = Situation(closed(), clear(cycle=cycle), link(cycle=cycle), calm())
    return judge(stand_still("dryer", now, rules), now, situation, rules, GateMemory(), 1000.0)[0].approval


def forged(approval, seal):
    made = object.__new__(Approval)
    for name in NAMES:
        object.__setattr__(made, name, getattr(approval, name))
    object.__setattr__(made, "_seal", seal)
    return made


def test_i02_what_claims_to_equal_the_seal_is_not_the_seal():
    fields = dict.fromkeys(NAMES, 1) | {"moves": (ApprovedMove("sp", 1.0, b""),)}
    with pytest.raises(SealError):
        Approval(**fields, seal=EqualToAll())
    assert not forged(approved(6), EqualToAll()).genuine


def test_two_approvals_are_compared_by_what_they_allow():
    """So equality proves nothing about the seal; ``genuine`` does."""
    assert forged(approved(6), object()) == approved(6)
    assert approved(6) != approved(7)


@pytest.mark.parametrize("cycle", [5, 6, 8])
def test_i05_this_cycle_and_the_one_before_are_remembered(cycle):
    old = OnceOnly(frozenset({(before, 7, 1) for before in range(cycle - 4, cycle + 1)}))
    assert old.use(approved(cycle)).used == {(cycle - 1, 7, 1), (cycle, 7, 1), (cycle, 7, 41)}
