"""The gate with more than two MVs, late in the day and soon after boot, and before an encoder that errs."""

from __future__ import annotations

import pytest

from safety import gate
from safety.encoding import Encoding, encode
from safety.gate import GateMemory
from safety.handshake import HandshakeRule
from safety.signals import Candidate, Move
from safety.watchdog import Watch
from tests.safety.bench import codes, rested, subjects, verdict
from tests.safety.words import calm, candidate, clear, closed, envelope, gate_rules, link, mv_rule, snapshot, values


def test_i06_evidence_from_long_ago_is_stale_whatever_the_clock_shows():
    """990 s is a multiple of the reading's 10 s."""
    assert "clock" in codes(candidate(sp=180.0), now=1000.0, read=10.0)


def test_the_mask_has_a_bit_for_each_mv():
    order = ("a", "b", "c", "d")
    free = envelope(readback=None, distance_from_measured=float("inf"))
    rules = gate_rules(
        mvs={mv: mv_rule(mv, envelope=free) for mv in order}, handshake=HandshakeRule(kind="full", mv_order=order)
    )
    tags = {f"{mv}.{name}": value for mv in order for name, value in
            {"actual": 180.0, "available": 1.0, "windup_hi": 0.0, "windup_lo": 0.0}.items()}  # fmt: skip
    found, _ = verdict(candidate(d=180.0, a=180.0, c=180.0), rules=rules, tags=tags)
    assert found.approval.mask == 0b1101
    assert [move.mv for move in found.approval.moves] == ["a", "c", "d"]


def test_owners_are_told_apart_by_their_names():
    """Not by the very text: the plant file and the thinker each bring their own."""
    same = Candidate("".join(("dry", "er")), 1, (Move("sp", 180.0),))
    assert codes(same) == []


def test_cycles_are_compared_as_numbers():
    """Beyond the small integers, of which Python keeps one object each."""
    situation = gate.Situation(closed(), clear(cycle=int("70000")), link(cycle=int("70000")), calm())
    now = snapshot(values(), cycle=int("70000"))
    memory = GateMemory({mv: rested() for mv in ("sp", "fan")})
    found, _ = gate.judge(candidate(int("70000"), sp=180.0), now, situation, gate_rules(), memory, 1000.0)
    assert found.refusals == ()


@pytest.mark.parametrize("value", [180.1, 180.4])
def test_i03_what_float32_would_round_is_refused_either_way(value):
    """The setpoints of the PLC contract travel as float32: 180.1 would arrive as more, 180.4 as less."""
    rules = gate_rules(mvs={"sp": mv_rule(kind="float64")})
    assert "encoding" in codes(candidate(sp=value), rules=rules)


@pytest.mark.parametrize(("off", "refused"), [(0.0, False), (1.0, False), (2.0, True), (-2.0, True)])
def test_i03_an_encoder_that_errs_by_more_than_the_resolution_is_noticed(monkeypatch, off, refused):
    """The bytes are decoded again before they are believed."""
    monkeypatch.setattr(gate, "encode", lambda value, how: encode(value + off * (how.kind == "int16"), how))
    rules = gate_rules(mvs={"sp": mv_rule(encoding=Encoding("int16"))})
    assert ("encoding" in codes(candidate(sp=180.0), rules=rules)) == refused


def test_how_far_ahead_is_told_in_seconds():
    """One unit up at two a minute costs 30 s; it is 10 s after boot."""
    memory = GateMemory({"sp": rested(since=10.0), "fan": rested(since=10.0)})
    found, _ = verdict(candidate(sp=181.0), memory=memory, now=10.0, read=10.0)
    (refusal,) = found.refusals
    assert (refusal.code, refusal.detail) == ("rate_up", {"value": 181.0, "ahead_s": 30.0})


def test_of_several_reasons_the_worst_is_named():
    late, locks = Watch("hold", ("plan", "beat")), clear(action="hold", acting=("hot", "low"))
    moving = candidate(sp=180.4)
    found = subjects(moving, locks=locks, rules=gate_rules(mvs={"sp": mv_rule()}), late=late)
    assert ("interlock", "hot") in found
    assert ("watchdog", "plan") in found


def test_an_interlock_that_sheds_is_named_once():
    locks = clear(action="shed", acting=("hot",))
    found = subjects(candidate(sp=180.4), locks=locks)
    assert found.count(("interlock", "hot")) == 1


@pytest.mark.parametrize(
    ("kind", "expected", "actual", "overridden"),
    [
        ("float32", 90.0, 180.0, True),
        ("int16", 1e6, 1e6, False),
        ("int16", 1e6, 180.0, True),
        ("int16", 1e6, 2e6, True),
    ],
)
def test_i24_another_setpoint_than_ours_is_noticed(kind, expected, actual, overridden):
    """Also a multiple of ours, and where ours could not be sent any more."""
    rules = gate_rules(mvs={"sp": mv_rule(kind=kind)})
    tags = values(sp__actual=float(str(actual)))
    found = codes(candidate(sp=180.0), rules=rules, tags=tags, memory=GateMemory({"sp": rested(expected=expected)}))
    assert ("overridden" in found) == overridden


def test_i24_one_loop_in_local_does_not_hide_what_happened_to_another():
    memory = GateMemory({"sp": rested(), "fan": rested(expected=170.0)})
    found = subjects(candidate(fan=180.0), tags=values(sp__available=0.0), memory=memory)
    assert ("overridden", "fan") in found
