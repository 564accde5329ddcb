"""Interlocks where the plant file says nothing."""

from __future__ import annotations

import pytest

from safety.expressions import parse
from safety.interlocks import (
    Bypass,
    BypassRule,
    Interlock,
    InterlockMemory,
    InterlockState,
    bypass,
    evaluate,
    reset,
    restore,
)
from safety.samples import History
from tests.safety.words import snapshot

INFINITE = float("inf")
"""Another object than ``math.inf``."""


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


@pytest.mark.parametrize("longest_s", [-1.0, 0.0, INFINITE])
def test_a_bypass_that_could_last_for_ever_or_never_begin(longest_s):
    with pytest.raises(ValueError, match="is not possible"):
        BypassRule(longest_s=longest_s)


def test_a_delay_without_end_is_refused():
    with pytest.raises(ValueError, match="is not possible"):
        Interlock(name="i", when=parse("T > 1"), then="hold", for_s=INFINITE)


def test_a_past_shorter_than_a_second_stays_short():
    """``rate(T, 0.5)`` looks back one second at most, so what is older is not kept."""
    rule, memory = Interlock(name="i", when=parse("rate(T, 0.5) > 1"), then="hold"), InterlockMemory()
    for now_s in (1000.0, 1001.5):
        _, memory = evaluate(snapshot({"T": 1.0}, now=now_s), [rule], memory)
    assert memory.history.samples["T"] == ((1001.5, 1.0),)


@pytest.mark.parametrize(("now_s", "acting"), [(1014.9, ()), (1015.0, ("i",)), (1016.0, ("i",)), (2000.0, ("i",))])
def test_f68_a_bypass_has_ended_however_late_one_looks(now_s, acting):
    rule = Interlock(name="i", when=parse("T > 1"), then="hold", bypass=BypassRule())
    memory, why = bypass(InterlockMemory(), [rule], "i", Bypass("ann", "x", 1015.0), "engineer", 1000.0)
    assert why == ""
    assert evaluate(snapshot({"T": 2.0}, now=now_s), [rule], memory)[0].acting == acting


@pytest.mark.parametrize("name", ["a", "b", "c"])
@pytest.mark.parametrize("order", ["abc", "cba"])
def test_a_reset_needs_the_role_of_that_very_interlock(name, order):
    roles = {"a": "engineer", "b": "operator", "c": "engineer"}
    rules = [
        Interlock(name=each, when=parse("T > 1"), then="hold", latch=True, reset_role=roles[each]) for each in order
    ]
    memory = InterlockMemory(states=dict.fromkeys(roles, InterlockState(condition=False, tripped=True, latched=True)))
    _, why = reset(memory, rules, name, "operator")
    assert why == ("" if name == "b" else "role")


def test_an_interlock_is_found_by_its_name():
    """Not by the very text: a person's request brings its own."""
    rule = Interlock(name="too hot", when=parse("T > 1"), then="hold", latch=True)
    memory = InterlockMemory(states={"too hot": InterlockState(condition=False, tripped=True, latched=True)})
    assert reset(memory, [rule], " ".join(("too", "hot")), "operator")[1] == ""
    open_to_all = Interlock(name="too hot", when=parse("T > 1"), then="hold", bypass=BypassRule())
    asked = Bypass("ann", "x", 10.0)
    assert bypass(memory, [open_to_all], " ".join(("too", "hot")), asked, "engineer", 0.0)[1] == ""


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_a_bypass_is_of_that_very_interlock_and_so_is_its_end(name):
    rules = [Interlock(name="b", when=parse("T > 1"), then="hold", bypass=BypassRule())]
    assert bypass(InterlockMemory(), rules, name, Bypass("ann", "x", 10.0), "engineer", 0.0)[1] == (
        "" if name == "b" else "unknown_interlock"
    )
    memory = InterlockMemory(bypasses=dict.fromkeys("abc", Bypass("ann", "x", 10.0)))
    assert set(restore(memory, name)[0].bypasses) == set("abc") - {name}


def test_the_end_of_a_bypass_names_it_in_its_own_text():
    memory = InterlockMemory(bypasses={"too hot": Bypass("ann", "x", 10.0)})
    assert restore(memory, " ".join(("too", "hot")))[0].bypasses == {}


@pytest.mark.parametrize("until_s", [-1.0, 500.0, 1000.0])
def test_a_bypass_that_has_ended_before_it_begins(until_s):
    rule = Interlock(name="i", when=parse("T > 1"), then="hold", bypass=BypassRule())
    memory, why = bypass(InterlockMemory(), [rule], "i", Bypass("ann", "x", until_s), "engineer", 1000.0)
    assert (why, memory.bypasses) == ("too_long", {})


def test_a_delay_counts_down_at_half_speed():
    """Not in whole seconds."""
    rule = Interlock(name="i", when=parse("T > 1"), then="hold", for_s=60.0)
    memory = InterlockMemory(1000.0, {"i": InterlockState(condition=True, met_s=20.0)})
    _, memory = evaluate(snapshot({"T": 0.0}, now=1015.0), [rule], memory)
    assert memory.states["i"].met_s == 12.5


def test_a_delay_that_was_made_shorter_has_passed():
    """The rule came from a new plant file; the count is the old one's."""
    rule = Interlock(name="i", when=parse("T > 1"), then="hold", for_s=30.0)
    memory = InterlockMemory(1000.0, {"i": InterlockState(condition=False, met_s=60.0)})
    assert evaluate(snapshot({"T": 2.0}, now=1015.0), [rule], memory)[0].tripped == ("i",)
