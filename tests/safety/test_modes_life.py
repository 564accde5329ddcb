from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from safety.modes import PERMITS, started
from tests.safety.acts import ADVISORY, ASKS, CLOSED, MONITOR, RULES, TRIPPED, ask, step

REQUESTS = st.builds(
    ask,
    st.sampled_from(ASKS),
    role=st.sampled_from(["viewer", "operator", "engineer"]),
    confirmed=st.booleans(),
    expires_s=st.sampled_from([0.0, 1e9]),
)
STEPS = st.lists(
    st.tuples(
        st.lists(REQUESTS, max_size=2),
        st.dictionaries(st.sampled_from(sorted(PERMITS)), st.sampled_from([False, None]), max_size=2),
        st.booleans(),
        st.sampled_from([CLOSED, CLOSED, ADVISORY, MONITOR]),
    ),
    max_size=15,
)


@given(STEPS)
def test_i16_i18_i20_closed_loop_only_by_a_person_with_everything_met(steps):
    memory, now, before = started(ADVISORY), 0.0, ADVISORY
    allowed_until = -1.0
    for requests, unmet, has_candidate, cap in steps:
        now += 15.0
        if any(
            each.ask == "closed_loop" and each.role != "viewer" and each.confirmed and each.expires_s > now
            for each in requests
        ):
            allowed_until = now + RULES.arm_wait_s
        decision, memory = step(memory, *requests, now=now, candidate=has_candidate, cap=cap, **unmet)
        state = decision.state
        assert state.actual <= state.requested
        assert bool(state.reasons) == (state.actual < state.requested)
        assert (state.actual is CLOSED) == memory.armed
        if state.actual is CLOSED:
            assert not unmet
            assert cap is CLOSED
            assert before is CLOSED or now <= allowed_until
        assert bool(decision.shed) == (before is CLOSED and state.actual is not CLOSED)
        assert state.actual <= min([cap, *(PERMITS[name] for name in unmet)]) or state.actual is TRIPPED
        if before is TRIPPED and state.actual is not TRIPPED:
            assert any(each.role != "viewer" and each.expires_s > now for each in requests)
        before = state.actual


@given(STEPS, st.sampled_from(sorted(PERMITS)), st.sampled_from([False, None]))
def test_i22_an_unmet_condition_never_makes_the_mode_higher(steps, name, state):
    """Two supervisors live the same life; in the last cycle one of them has one condition less."""
    memory = started(ADVISORY)
    for n, (requests, unmet, has_candidate, cap) in enumerate(steps):
        facts = {"now": 15.0 * n, "candidate": has_candidate, "cap": cap}
        with_it, after = step(memory, *requests, **facts, **unmet)
        without, _ = step(memory, *requests, **facts, **(unmet | {name: state}))
        assert without.state.actual <= with_it.state.actual
        assert without.beat <= with_it.beat
        memory = after
