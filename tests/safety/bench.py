"""How the tests of the gate ask it: one call, everything in order unless it is changed."""

from __future__ import annotations

import struct

from safety.envelope import Track, Written
from safety.gate import GateMemory, Situation, judge
from safety.signals import Mode
from tests.safety.words import calm, clear, closed, gate_rules, link, snapshot, values

NOW = 1000.0


def rested(actual=180.0, *, since=900.0, **changes):
    """An MV that has stood still for a while; its account is open."""
    return Track(**{"writes": (Written(since, actual, actual),), "paid_until_s": since, "expected": actual, **changes})


def verdict(
    proposal, *, rules=None, tags=None, memory=None, mode=None, locks=None, shake=None, late=None, now=NOW, read=NOW
):
    rules = rules or gate_rules()
    memory = memory or GateMemory({mv: rested() for mv in rules.mvs})
    asked = closed(Mode.CLOSED_LOOP if mode is None else mode)
    situation = Situation(asked, locks or clear(), shake or link(), late or calm())
    return judge(proposal, snapshot(tags or values(), now=read), situation, rules, memory, now)


def codes(*args, **kwargs):
    found, _ = verdict(*args, **kwargs)
    assert (found.approval is None) == bool(found.refusals) or not args[0].moves
    return sorted({refusal.code for refusal in found.refusals})


def subjects(*args, **kwargs):
    return [(refusal.code, refusal.subject) for refusal in verdict(*args, **kwargs)[0].refusals]


F32 = float(struct.unpack(">f", struct.pack(">f", 180.4))[0])
