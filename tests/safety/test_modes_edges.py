"""The modes where nothing was said, and with numbers that only equal a mode."""

from __future__ import annotations

from dataclasses import replace

from safety.modes import PERMITS, WAITS, Facts, ModeMemory, ModeRequest, ModeRules
from safety.signals import Mode
from tests.safety.acts import ADVISORY, CLOSED, MONITOR, OFF, ask, at, step


def test_i16_nothing_is_asked_or_armed_at_start():
    assert ModeMemory() == ModeMemory(
        requested=OFF, actual=OFF, armed=False, arm_until_s=None, causes=(), acknowledged=False, misses=0
    )


def test_what_a_request_has_when_nothing_is_said():
    """No role and no confirmation."""
    asked = ModeRequest(ask="off", who="ann", expires_s=1.0)
    assert (asked.role, asked.confirmed) == ("", False)


def test_what_the_rules_are_when_nothing_is_said():
    assert ModeRules() == ModeRules(permits=PERMITS, waits=WAITS, role="operator", misses_max=3, arm_wait_s=120.0)
    assert Facts(conditions={}, has_candidate=True) == Facts(
        conditions={}, has_candidate=True, cap=Mode.CLOSED_LOOP, requests=()
    )


def test_i16_a_number_that_equals_closed_loop_does_not_keep_it():
    """Read back from somewhere as 3: the mode itself has to be there."""
    decision, after = step(replace(at(CLOSED), requested=3))
    assert not after.armed
    assert decision.state.actual is ADVISORY
    arming = ModeMemory(3, ADVISORY, arm_until_s=1000.0)
    assert not step(arming)[1].armed
    assert not step(replace(arming, requested=CLOSED), cap=3)[1].armed
    assert step(replace(arming, requested=CLOSED))[1].armed


def test_i38_a_candidate_starts_the_count_at_nothing():
    memory = at(CLOSED)
    reached = []
    for candidate in (True, False, False, False):
        decision, memory = step(memory, candidate=candidate)
        reached.append(decision.state.actual)
    assert reached == [CLOSED, CLOSED, CLOSED, ADVISORY]


def test_i18_all_that_waits_for_the_heartbeat_may_wait_at_once():
    decision, memory = step(at(MONITOR), ask("closed_loop"), **dict.fromkeys(WAITS, False))
    assert decision.beat is CLOSED
    assert memory.arm_until_s == 220.0


def test_i20_one_is_not_true():
    """A condition is met when somebody said True, not when a number came instead."""
    assert "no_trip" in step(at(CLOSED), no_trip=1)[0].state.reasons


def test_i38_without_candidates_for_long_it_is_not_armed_either():
    decision, _ = step(replace(at(MONITOR), misses=5), ask("closed_loop"), candidate=False)
    assert decision.answers[0].reasons == ("candidate",)


def test_only_what_keeps_it_below_the_asked_mode_is_named():
    """Tripped, and asked for monitor: interlocks that would allow advisory are not in its way."""
    memory = ModeMemory(MONITOR, Mode.TRIPPED, causes=("no_trip",))
    assert step(memory, interlocks=False)[0].state.reasons == ("tripped", "no_trip")
