"""Interlocks where the plant file says nothing."""

from __future__ import annotations

from safety.expressions import parse
from safety.interlocks import BypassRule, Interlock, InterlockMemory, InterlockState
from safety.samples import History


def test_what_an_interlock_is_when_nothing_is_said():
    """At once, unlatched, reset by an operator, an alarm of medium priority, and nobody may bypass it."""
    when = parse("T > 1")
    assert Interlock(name="i", when=when, then="hold") == Interlock(
        name="i", when=when, then="hold", for_s=0.0, target=None, latch=False, reset_role="operator", alarm="medium",
        bypass=None, proof_due_utc_s=None,
    )  # fmt: skip


def test_a_bypass_is_an_engineers_and_lasts_one_shift():
    assert BypassRule() == BypassRule(role="engineer", longest_s=8 * 3600.0)


def test_nothing_is_known_at_start():
    assert InterlockState() == InterlockState(
        condition=None, met_s=0.0, tripped=False, latched=False, trips=0, was_known=False
    )
    assert InterlockMemory() == InterlockMemory(at_s=None, states={}, history=History(), first_out=None, bypasses={})
