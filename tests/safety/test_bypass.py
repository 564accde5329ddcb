from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.expressions import parse
from safety.interlocks import ACTIONS, Bypass, BypassRule, Interlock, InterlockMemory, bypass, evaluate, reset, restore
from tests.safety.words import snapshot


def lock(name="hot", when="T > 100", **changes):
    return Interlock(**{"name": name, "when": parse(when), "then": "shed", "bypass": BypassRule(), **changes})


def by(until_s=600.0, owner="ann", reason="T probe is being replaced, work order 4711"):
    return Bypass(owner, reason, until_s)


def look(locks, memory, value, now):
    return evaluate(snapshot({"T": value}, now=now), locks, memory)


def bypassed(locks, memory=None, *, until_s=600.0, now=0.0, name="hot"):
    memory, why = bypass(memory or InterlockMemory(), locks, name, by(until_s), "engineer", now)
    assert why == ""
    return memory


@pytest.mark.parametrize("value", [101.0, None])
@pytest.mark.parametrize("then", ["shed", "off", "hold", "ramp", "block_up", "block_down"])
def test_a_bypassed_interlock_asks_for_nothing_and_is_still_shown(value, then):
    locks = (lock(then=then, target="sp" if then.startswith("block") else None),)
    outcome, memory = look(locks, bypassed(locks), value, 0.0)
    assert (outcome.action, outcome.acting, outcome.tripped, outcome.first_out) == ("none", (), (), None)
    assert outcome.blocked_up == outcome.blocked_down == frozenset()
    assert outcome.bypassed == ("hot",)
    assert outcome.states["hot"].condition is (None if value is None else True)
    assert outcome.states["hot"].trips == 0
    assert memory.bypasses == {"hot": by()}


def test_f68_when_its_time_is_over_it_acts_at_once():
    locks = (lock(for_s=30.0),)
    outcome, memory = look(locks, bypassed(locks), 101.0, 0.0)
    outcome, memory = look(locks, memory, 101.0, math.nextafter(600.0, 0.0))
    assert outcome.action == "none"
    outcome, memory = look(locks, memory, 101.0, 600.0)
    assert (outcome.action, outcome.bypassed, outcome.first_out) == ("shed", (), "hot")
    assert outcome.states["hot"].trips == 1
    assert memory.bypasses == {}


def test_only_the_bypassed_one_is_bypassed():
    locks = (lock(), lock("hotter", "T > 100", then="off"))
    outcome, _ = look(locks, bypassed(locks), 101.0, 0.0)
    assert (outcome.action, outcome.tripped, outcome.bypassed) == ("off", ("hotter",), ("hot",))


def test_a_latch_waits_behind_the_bypass_and_gains_nothing_by_it():
    locks = (lock(latch=True),)
    _, memory = look(locks, InterlockMemory(), 101.0, 0.0)
    outcome, memory = look(locks, bypassed(locks, memory), 99.0, 10.0)
    assert outcome.action == "none"
    assert outcome.states["hot"].latched
    memory, why = restore(memory, "hot")
    assert why == ""
    assert look(locks, memory, 99.0, 20.0)[0].action == "shed"
    memory, why = reset(memory, locks, "hot", "operator")
    assert why == ""
    assert look(locks, memory, 99.0, 20.0)[0].action == "none"


def test_nothing_latches_behind_a_bypass():
    locks = (lock(latch=True),)
    _, memory = look(locks, bypassed(locks), 101.0, 0.0)
    outcome, _ = look(locks, memory, 99.0, 700.0)
    assert outcome.action == "none"
    assert not outcome.states["hot"].latched


def test_no_bypass_outlives_the_process_or_a_clock_that_goes_back():
    locks = (lock(),)
    memory = bypassed(locks)
    assert memory.restarted().bypasses == {}
    _, memory = look(locks, memory, 101.0, 100.0)
    assert look(locks, memory, 101.0, 99.0)[0].action == "shed"


@pytest.mark.parametrize(
    ("name", "said", "role", "rule", "why"),
    [
        ("cold", by(), "engineer", BypassRule(), "unknown_interlock"),
        ("hot", by(), "admin", None, "no_bypass"),
        ("hot", by(), "operator", BypassRule(), "role"),
        ("hot", by(), "operator", BypassRule(role="operator"), ""),
        ("hot", by(), "", BypassRule(), "role"),
        ("hot", by(owner=" "), "engineer", BypassRule(), "no_owner"),
        ("hot", by(reason=""), "engineer", BypassRule(), "no_reason"),
        ("hot", by(until_s=100.0 + 28_800.0), "engineer", BypassRule(), ""),
        ("hot", by(until_s=100.1 + 28_800.0), "engineer", BypassRule(), "too_long"),
        ("hot", by(until_s=160.0), "engineer", BypassRule(longest_s=60.0), ""),
        ("hot", by(until_s=161.0), "engineer", BypassRule(longest_s=60.0), "too_long"),
        ("hot", by(until_s=100.0), "engineer", BypassRule(), "too_long"),
        ("hot", by(until_s=100.0 + 0.1), "engineer", BypassRule(longest_s=0.1), ""),
        ("hot", by(until_s=math.nan), "engineer", BypassRule(), "too_long"),
        ("hot", by(until_s=math.inf), "engineer", BypassRule(), "too_long"),
    ],
)
def test_who_may_for_how_long(name, said, role, rule, why):
    locks = (lock(bypass=rule),)
    memory, found = bypass(InterlockMemory(), locks, name, said, role, 100.0)
    assert found == why
    assert memory.bypasses == ({} if why else {"hot": said})


def test_what_is_not_bypassed_cannot_be_restored():
    memory = bypassed((lock(), lock("other")))
    assert restore(memory, "other") == (memory, "not_bypassed")


@pytest.mark.parametrize("wrong", [{"role": "boss"}, {"longest_s": 0.0}, {"longest_s": math.inf}])
def test_a_bypass_rule_that_cannot_be(wrong):
    with pytest.raises(ValueError, match="is not possible"):
        BypassRule(**wrong)


@given(st.lists(st.sampled_from(["block_up", "ramp", "hold", "shed", "off"]), min_size=1, max_size=5), st.data())
def test_i22_without_a_bypass_it_is_never_laxer(thens, data):
    locks = tuple(lock(f"lock {n}", then=then, target="sp" if "_" in then else None) for n, then in enumerate(thens))
    chosen = data.draw(st.sets(st.sampled_from([each.name for each in locks])))
    memory = InterlockMemory(bypasses={name: by() for name in chosen})
    with_it, _ = look(locks, memory, 101.0, 0.0)
    without, _ = look(locks, InterlockMemory(), 101.0, 0.0)
    assert ACTIONS.index(with_it.action) <= ACTIONS.index(without.action)
    assert with_it.blocked_up <= without.blocked_up
    assert set(with_it.tripped) | chosen == set(without.tripped)
