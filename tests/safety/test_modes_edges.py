"""The modes where nothing was said, and with numbers that only equal a mode."""

from __future__ import annotations

from dataclasses import replace

from safety.modes import PERMITS, WAITS, Facts, ModeMemory, ModeRequest, ModeRules
from safety.signals import Mode
from tests.safety.acts import ADVISORY, CLOSED, OFF, at, step


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
