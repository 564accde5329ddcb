"""Standing still at the end of what can be sent."""

from __future__ import annotations

from safety.fallback import stand_still
from safety.signals import Move
from tests.safety.words import clear, envelope, gate_rules, mv_rule, snapshot, values


def test_it_stands_at_the_end_of_the_encoding_with_both_ways_closed():
    """Nothing nearer than 32767 can be sent, so that is standing still."""
    rule = mv_rule(kind="int16", envelope=envelope(hi=40_000.0, readback=None, distance_from_measured=float("inf")))
    rules = gate_rules(mvs={"sp": rule})
    closed = clear(blocked_up=frozenset({"sp"}), blocked_down=frozenset({"sp"}))
    now = snapshot(values(sp__actual=32_767.4))
    assert stand_still("dryer", now, rules, (), closed).moves == (Move("sp", 32_767.0),)


def test_controllers_are_told_apart_by_their_names():
    """Not by the very text: the plant file and the thinker each bring their own."""
    now = snapshot(values())
    assert len(stand_still("".join(("dry", "er")), now, gate_rules()).moves) == 2
    assert stand_still("dry", now, gate_rules()).moves == ()
