from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.expressions import parse
from safety.interlocks import ACTIONS, Interlock, InterlockMemory, InterlockState, evaluate, reset, worst
from tests.safety.words import snapshot

THENS = ["block_up", "block_down", "ramp", "hold", "shed", "off"]


def lock(when="T > 100", then="shed", name="hot", **changes):
    target = "sp" if then.startswith("block") else None
    return Interlock(name=name, when=parse(when), then=then, **{"target": target, **changes})


def run(locks, points, memory=None):
    """Evaluate at each ``(seconds, T)``; return every outcome and the last memory."""
    memory, outcomes = memory or InterlockMemory(), []
    for now, value in points:
        outcome, memory = evaluate(snapshot({"T": value}, now=now, cycle=int(now)), locks, memory)
        outcomes.append(outcome)
    return outcomes, memory


def actions(locks, points, memory=None):
    return [outcome.action for outcome in run(locks, points, memory)[0]]


@pytest.mark.parametrize(
    ("then", "action"), [("block_up", "none"), ("block_down", "none"), *((then, then) for then in THENS[2:])]
)
@pytest.mark.parametrize("value", [100.5, None])
def test_i20_true_and_unknown_trip(then, action, value):
    outcome = run([lock(then=then)], [(0.0, value)])[0][0]
    assert (outcome.action, outcome.tripped, outcome.acting, outcome.first_out) == (action, ("hot",), ("hot",), "hot")
    assert outcome.blocked_up == (frozenset({"sp"}) if then == "block_up" else frozenset())
    assert outcome.blocked_down == (frozenset({"sp"}) if then == "block_down" else frozenset())


@pytest.mark.parametrize("then", THENS)
def test_clear_asks_for_nothing(then):
    outcome = run([lock(then=then)], [(7.0, 100.0)])[0][0]
    assert (outcome.action, outcome.tripped, outcome.acting, outcome.first_out) == ("none", (), (), None)
    assert (outcome.blocked_up, outcome.blocked_down, outcome.cycle) == (frozenset(), frozenset(), 7)
    assert outcome.states["hot"] == InterlockState(condition=False, was_known=True)


def test_the_delay_runs_while_met():
    points = [(0.0, 101.0), (15.0, 101.0), (29.9, 101.0), (30.0, 101.0)]
    assert actions([lock(for_s=30.0)], points) == ["none", "none", "none", "shed"]


def test_the_time_before_it_was_met_does_not_count():
    assert actions([lock(for_s=15.0)], [(0.0, 99.0), (100.0, 101.0), (114.9, 101.0), (115.0, 101.0)]) == [
        "none", "none", "none", "shed",
    ]  # fmt: skip


def test_i20_unknown_holds_at_once_and_acts_after_the_delay():
    points = [(0.0, None), (15.0, None), (30.0, None)]
    assert actions([lock(for_s=30.0)], points) == ["hold", "hold", "shed"]
    assert actions([lock(for_s=30.0, then="off")], points) == ["hold", "hold", "off"]
    assert actions([lock(for_s=30.0, then="ramp")], points) == ["ramp", "ramp", "ramp"]
    outcomes, _ = run([lock(for_s=30.0, then="block_up")], points)
    assert [outcome.blocked_up for outcome in outcomes] == [frozenset({"sp"})] * 3
    outcomes, _ = run([lock(for_s=30.0)], points)
    assert [outcome.acting for outcome in outcomes] == [("hot",)] * 3
    assert [outcome.tripped for outcome in outcomes] == [(), (), ("hot",)]


def test_a_flapping_condition_cannot_put_it_off_for_ever():
    points = [(10.0 * n, 101.0 if n % 3 else 99.0) for n in range(30)]
    assert "shed" in actions([lock(for_s=30.0)], points)


def test_the_delay_runs_back_at_half_speed_and_not_below_zero():
    hot = lock(for_s=100.0)
    _, memory = run([hot], [(0.0, 101.0), (40.0, 101.0), (60.0, 99.0)])
    assert memory.states["hot"].met_s == 30.0
    assert run([hot], [(1000.0, 99.0)], memory)[1].states["hot"].met_s == 0.0


def test_the_delay_counts_no_further_than_it_needs():
    _, memory = run([lock(for_s=30.0)], [(0.0, 101.0), (1000.0, 101.0)])
    assert memory.states["hot"].met_s == 30.0


@pytest.mark.parametrize("back", [99.0, -math.inf, math.nan])
def test_a_clock_that_goes_back_passes_every_delay(back):
    _, memory = run([lock(for_s=30.0)], [(100.0, 101.0)])
    now = snapshot({"T": 101.0}, now=100.0)
    outcome, _ = evaluate(now.__class__(1, now.at.__class__(back, 0.0), now.readings), [lock(for_s=30.0)], memory)
    assert outcome.action == "shed"


def test_a_clock_that_stands_passes_none():
    assert actions([lock(for_s=30.0)], [(100.0, 101.0), (100.0, 101.0)]) == ["none", "none"]


def test_without_a_latch_it_clears_itself():
    assert actions([lock()], [(0.0, 101.0), (1.0, 100.0)]) == ["shed", "none"]


def test_a_latch_stays_until_reset_by_the_role():
    locks = [lock(latch=True, reset_role="engineer")]
    outcomes, memory = run(locks, [(0.0, 101.0), (1.0, 99.0), (2.0, None), (3.0, 101.0)])
    assert [outcome.action for outcome in outcomes] == ["shed"] * 4
    assert outcomes[-1].states["hot"].latched
    assert memory.states["hot"].trips == 1
    assert reset(memory, locks, "hot", "engineer") == (memory, "still_tripped")
    outcomes, memory = run(locks, [(4.0, 99.0)], memory)
    assert reset(memory, locks, "hot", "operator") == (memory, "role")
    assert reset(memory, locks, "cold", "engineer") == (memory, "no_latch")
    assert reset(memory, [], "hot", "engineer") == (memory, "no_latch")
    memory, why = reset(memory, locks, "hot", "engineer")
    assert why == ""
    assert memory.states["hot"] == InterlockState(condition=False, trips=1, was_known=True)
    outcomes, memory = run(locks, [(5.0, 99.0)], memory)
    assert (outcomes[0].action, outcomes[0].first_out) == ("none", None)
    assert not outcomes[0].states["hot"].latched
    assert reset(memory, locks, "hot", "engineer") == (memory, "no_latch")


def test_a_latch_cannot_be_reset_while_unknown():
    locks = [lock(latch=True)]
    _, memory = run(locks, [(0.0, 101.0), (1.0, None)])
    assert reset(memory, locks, "hot", "operator")[1] == "still_tripped"


def test_after_a_reset_the_delay_starts_anew():
    locks = [lock(latch=True, for_s=10.0)]
    _, memory = run(locks, [(0.0, 101.0), (10.0, 101.0), (11.0, 99.0)])
    memory, _ = reset(memory, locks, "hot", "operator")
    assert actions(locks, [(12.0, 101.0), (21.0, 101.0), (22.0, 101.0)], memory) == ["none", "none", "shed"]


def test_what_was_never_known_does_not_latch():
    locks = [lock(latch=True)]
    outcomes, memory = run(locks, [(0.0, None), (1.0, 99.0)])
    assert [outcome.action for outcome in outcomes] == ["shed", "none"]
    assert actions(locks, [(2.0, None), (3.0, 99.0)], memory) == ["shed", "shed"]


def test_what_was_never_known_and_then_is_true_latches():
    assert actions([lock(latch=True)], [(0.0, None), (1.0, 101.0), (2.0, 99.0)]) == ["shed"] * 3


def test_a_latch_outlives_its_declaration():
    _, memory = run([lock(latch=True)], [(0.0, 101.0)])
    assert actions([lock(latch=False)], [(1.0, 99.0)], memory) == ["shed"]


def test_trips_are_counted_at_their_beginning():
    _, memory = run([lock()], [(0.0, 101.0), (1.0, 101.0), (2.0, 99.0), (3.0, 101.0)])
    assert memory.states["hot"].trips == 2


def test_i23_latches_and_counters_outlive_a_restart_and_nothing_else():
    locks = [lock(latch=True), lock(name="b", for_s=10.0)]
    _, memory = run(locks, [(0.0, 101.0), (9.0, 101.0)])
    again = memory.restarted()
    assert again.states["hot"] == InterlockState(tripped=True, latched=True, trips=1)
    assert again.states["b"] == InterlockState()
    assert (again.at_s, again.first_out, again.history.samples) == (None, "hot", {})
    outcomes, _ = run(locks, [(5.0, 99.0)], again)
    assert outcomes[0].tripped == ("hot",)
    assert outcomes[0].states["hot"].trips == 1


def test_first_out_is_the_first_and_stays_until_all_is_clear():
    a, b = lock(name="a", when="T > 10", then="hold"), lock(name="b", when="T > 20", then="off")
    outcomes, _ = run([b, a], [(0.0, 15.0), (1.0, 25.0), (2.0, 25.0), (3.0, 5.0), (4.0, 25.0)])
    assert [outcome.first_out for outcome in outcomes] == ["a", "a", "a", None, "b"]
    assert outcomes[1].tripped == ("b", "a")


def test_equal_ones_come_by_name():
    locks = [lock(name=name) for name in "cab"]
    assert run(locks, [(0.0, 101.0)])[0][0].tripped == ("a", "b", "c")


def test_rates_find_their_past_between_cycles():
    rising = lock(when="rate(T, 60) > 3 or delta(T, 30) > 2")
    outcomes, _ = run([rising], [(0.0, 10.0), (30.0, 11.0), (60.0, 12.0), (90.0, 14.5)])
    assert [outcome.states["hot"].condition for outcome in outcomes] == [None, None, False, True]


def test_interlocks_share_one_past_as_long_as_the_longest_needs():
    for order in (slice(None), slice(None, None, -1)):
        locks = [lock(name="a", when="delta(T, 600) > 5"), lock(name="b", when="delta(T, 60) > 5")][order]
        outcomes, _ = run(locks, [(100.0 * n, float(n)) for n in range(10)])
        assert outcomes[-1].states["a"].condition is True
        assert outcomes[-1].states["b"].condition is False


def test_the_conditions_for_the_modes():
    for then, found in {
        "hold": {"interlocks": True, "no_trip": True},
        "ramp": {"interlocks": True, "no_trip": True},
        "shed": {"interlocks": False, "no_trip": True},
        "off": {"interlocks": False, "no_trip": False},
    }.items():
        assert run([lock(then=then)], [(0.0, 101.0)])[0][0].conditions == found


def test_worst():
    assert worst() == "none"
    assert worst("hold", "ramp") == "hold"
    assert worst("shed", "off", "hold") == "off"
    assert ACTIONS == ("none", "ramp", "hold", "shed", "off")


@pytest.mark.parametrize(
    "changes",
    [
        {"when": "T + 1"},
        {"then": "panic"},
        {"then": "block_up", "target": None},
        {"then": "hold", "target": "sp"},
        {"for_s": -1.0},
        {"for_s": math.inf},
        {"for_s": math.nan},
        {"reset_role": "auditor"},
    ],
)
def test_an_interlock_that_could_never_work(changes):
    with pytest.raises(ValueError, match="interlock 'hot'"):
        lock(**changes)


def test_the_memory_can_be_stored():
    _, memory = run([lock(when="rate(T, 60) > 3")], [(0.0, 10.0), (30.0, 11.0)])
    assert pickle.loads(pickle.dumps(memory)) == memory  # noqa: S301


LOCKS = st.builds(
    lambda when, then, for_s, latch, target: (when, then, for_s, latch, target if then.startswith("block") else None),
    st.sampled_from(["T > 100", "T > 50", "S > 1", "good(T)", "rate(T, 10) > 1"]),
    st.sampled_from(THENS),
    st.sampled_from([0.0, 5.0, 20.0]),
    st.booleans(),
    st.sampled_from(["sp", "fan"]),
)
POINTS = st.lists(
    st.tuples(st.floats(0.0, 30.0), st.one_of(st.none(), st.floats(0, 200)), st.sampled_from([0, 2, None])),
    min_size=1,
    max_size=8,
)


def built(specs):
    return [
        Interlock(name=f"i{n}", when=parse(when), then=then, for_s=for_s, latch=latch, target=target)
        for n, (when, then, for_s, latch, target) in enumerate(specs)
    ]


def history(locks, points):
    memory, now, found = InterlockMemory(), 0.0, []
    for step, temperature, switch in points:
        now += step
        outcome, memory = evaluate(snapshot({"T": temperature, "S": switch}, now=now), locks, memory)
        found.append(outcome)
    return found


@given(st.lists(LOCKS, min_size=1, max_size=5), POINTS, st.randoms(use_true_random=False))
def test_i21_the_order_of_the_rules_does_not_matter(specs, points, shuffler):
    locks = built(specs)
    shuffled = list(locks)
    shuffler.shuffle(shuffled)
    assert history(locks, points) == history(shuffled, points)


@given(st.lists(LOCKS, max_size=4), LOCKS, POINTS)
def test_i22_adding_a_condition_never_makes_it_laxer(specs, extra, points):
    fewer, more = history(built(specs), points), history(built([*specs, extra]), points)
    for a, b in zip(fewer, more, strict=True):
        assert ACTIONS.index(b.action) >= ACTIONS.index(a.action)
        assert b.blocked_up >= a.blocked_up
        assert b.blocked_down >= a.blocked_down
        assert set(b.tripped) >= set(a.tripped)


@given(st.lists(LOCKS, min_size=1, max_size=4), POINTS)
def test_i20_not_knowing_is_never_laxer_than_knowing(specs, points):
    """With every tag bad in the last cycle, each rule asks for at least a hold, a ramp or its block."""
    locks = [each for each in built(specs) if "good" not in each.when.text]
    last = history(locks, [*points, (1.0, None, None)])[-1]
    assert set(last.acting) == {each.name for each in locks}
