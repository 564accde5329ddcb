from __future__ import annotations

import pickle

import pytest

from safety.modes import MODES, NEEDS, PERMITS, WAITS, Facts, ModeMemory, ModeRules, decide, started
from safety.signals import Mode
from tests.safety.acts import ADVISORY, ASKS, CLOSED, MONITOR, OFF, RULES, TRIPPED, ask, at, step

# The table once more, by hand: what a person with the role and a confirmation reaches, and what anybody reaches.
BY_PERSON = {
    TRIPPED: {"off": TRIPPED, "monitor": TRIPPED, "advisory": TRIPPED, "closed_loop": TRIPPED, "acknowledge": TRIPPED},
    OFF: {"off": OFF, "monitor": MONITOR, "advisory": ADVISORY, "closed_loop": OFF, "acknowledge": OFF},
    MONITOR: {"off": OFF, "monitor": MONITOR, "advisory": ADVISORY, "closed_loop": CLOSED, "acknowledge": MONITOR},
    ADVISORY: {"off": OFF, "monitor": MONITOR, "advisory": ADVISORY, "closed_loop": CLOSED, "acknowledge": ADVISORY},
    CLOSED: {"off": OFF, "monitor": MONITOR, "advisory": ADVISORY, "closed_loop": CLOSED, "acknowledge": CLOSED},
}
BY_ANYBODY = {
    TRIPPED: {"off": TRIPPED, "monitor": TRIPPED, "advisory": TRIPPED, "closed_loop": TRIPPED, "acknowledge": TRIPPED},
    OFF: {"off": OFF, "monitor": OFF, "advisory": OFF, "closed_loop": OFF, "acknowledge": OFF},
    MONITOR: {"off": OFF, "monitor": MONITOR, "advisory": MONITOR, "closed_loop": MONITOR, "acknowledge": MONITOR},
    ADVISORY: {"off": OFF, "monitor": MONITOR, "advisory": ADVISORY, "closed_loop": ADVISORY, "acknowledge": ADVISORY},
    CLOSED: {"off": OFF, "monitor": MONITOR, "advisory": ADVISORY, "closed_loop": CLOSED, "acknowledge": CLOSED},
}
AFTER_ACKNOWLEDGING = {"off": TRIPPED, "monitor": MONITOR, "advisory": ADVISORY, "closed_loop": TRIPPED,
                       "acknowledge": TRIPPED}  # fmt: skip


@pytest.mark.parametrize("what", ASKS)
@pytest.mark.parametrize("mode", list(Mode))
def test_every_cell_by_a_person(mode, what):
    decision, _ = step(at(mode), ask(what))
    assert decision.state.actual is BY_PERSON[mode][what]
    assert bool(decision.answers[0].reasons) == (NEEDS[mode][what] in ("refused", "rearm"))


@pytest.mark.parametrize("what", ASKS)
@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("changes", [{"role": "viewer"}, {"role": ""}, {"expires_s": 99.9}])
def test_every_cell_by_anybody(mode, what, changes):
    decision, _ = step(at(mode), ask(what, **changes))
    assert decision.state.actual is BY_ANYBODY[mode][what]
    assert bool(decision.answers[0].reasons) == (NEEDS[mode][what] != "nothing")


@pytest.mark.parametrize("what", ASKS)
@pytest.mark.parametrize("acknowledged", [True, False])
@pytest.mark.parametrize("cause_gone", [True, False])
@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_i23_every_way_out_of_tripped(what, acknowledged, cause_gone, role):
    memory = ModeMemory(ADVISORY, TRIPPED, causes=("no_trip",), acknowledged=acknowledged)
    decision, after = step(memory, ask(what, role=role), no_trip=cause_gone)
    free = acknowledged and cause_gone and role == "operator"
    assert decision.state.actual is (AFTER_ACKNOWLEDGING[what] if free else TRIPPED)
    assert bool(after.causes) == (decision.state.actual is TRIPPED)


def test_the_table_is_complete():
    assert set(NEEDS) == set(Mode)
    assert all(list(cells) == ASKS for cells in NEEDS.values())
    assert set(MODES) == set(ASKS) - {"acknowledge"}
    assert all(cells["off"] == "nothing" for cells in NEEDS.values())


@pytest.mark.parametrize(
    ("mode", "what", "changes", "conditions", "reasons"),
    [
        (ADVISORY, "closed_loop", {"confirmed": False}, {}, ("not_confirmed",)),
        (ADVISORY, "closed_loop", {"role": "viewer", "expires_s": 0.0}, {}, ("expired", "role")),
        (ADVISORY, "closed_loop", {}, {"audit": False, "plc_echo": False}, ("audit",)),
        (ADVISORY, "closed_loop", {}, {"proof_test": None}, ("proof_test",)),
        (OFF, "closed_loop", {}, {}, ("not_from_here",)),
        (TRIPPED, "advisory", {}, {}, ("not_acknowledged",)),
        (TRIPPED, "advisory", {}, {"no_trip": False, "audit": False}, ("not_acknowledged", "no_trip")),
        (TRIPPED, "closed_loop", {}, {}, ("not_from_here",)),
        (OFF, "advisory", {"role": "auditor"}, {}, ("role",)),
        (OFF, "advisory", {"confirmed": False}, {"audit": False}, ()),
    ],
)
def test_every_refusal_says_why(mode, what, changes, conditions, reasons):
    decision, _ = step(at(mode), ask(what, **changes), **conditions)
    assert decision.answers[0].reasons == reasons


def test_requests_may_be_taken_until_they_expire():
    assert step(at(OFF), ask("advisory", expires_s=100.0))[0].state.actual is ADVISORY


def test_every_answer_names_its_request():
    requests = (ask("advisory", who="bob"), ask("off", who="ann"))
    assert [answer.request for answer in step(at(MONITOR), *requests)[0].answers] == list(requests)


class TestStart:
    @pytest.mark.parametrize("mode", list(Mode))
    def test_i16_never_armed(self, mode):
        memory = started(mode)
        assert memory == ModeMemory(memory.actual, memory.actual)
        assert OFF <= memory.actual <= ADVISORY
        assert memory.actual is {TRIPPED: OFF, CLOSED: ADVISORY}.get(mode, mode)

    def test_i16_not_even_from_what_was_stored(self):
        armed = ModeMemory(CLOSED, CLOSED, armed=True, arm_until_s=1e9)
        assert started(MONITOR, armed) == ModeMemory(MONITOR, MONITOR)
        decision, _ = step(started(CLOSED, armed))
        assert decision.state.actual is ADVISORY

    def test_i23_a_trip_outlives_a_restart(self):
        memory = started(ADVISORY, ModeMemory(CLOSED, TRIPPED, armed=True, causes=("no_trip",), acknowledged=True))
        assert memory == ModeMemory(ADVISORY, TRIPPED, causes=("no_trip",), acknowledged=True)
        assert step(memory)[0].state.actual is TRIPPED

    def test_by_itself_nothing_rises(self):
        memory = started(MONITOR)
        for now in range(5):
            decision, memory = step(memory, now=100.0 + now)
            assert decision.state.actual is MONITOR


class TestArming:
    def test_i18_everything_in_the_same_cycle(self):
        decision, memory = step(at(ADVISORY), ask("closed_loop"))
        assert (decision.state.actual, decision.state.reasons, decision.beat) == (CLOSED, (), CLOSED)
        assert (memory.armed, memory.arm_until_s) == (True, None)
        assert decision.shed == ()

    @pytest.mark.parametrize("name", sorted(PERMITS.keys() - WAITS))
    @pytest.mark.parametrize("state", [False, None])
    def test_i18_i20_each_condition_alone_refuses_it(self, name, state):
        decision, memory = step(at(ADVISORY), ask("closed_loop"), **{name: state})
        assert decision.state.actual < CLOSED
        assert decision.beat < CLOSED
        assert name in decision.answers[0].reasons or decision.state.actual is TRIPPED
        for now in (101.0, 102.0):
            decision, memory = step(memory, now=now)
            assert decision.state.actual < CLOSED

    @pytest.mark.parametrize("name", sorted(WAITS))
    def test_only_the_plcs_answer_is_waited_for(self, name):
        decision, memory = step(at(ADVISORY), ask("closed_loop"), **{name: False})
        assert (decision.state.actual, decision.beat, decision.answers[0].reasons) == (ADVISORY, CLOSED, ())
        assert decision.state.reasons == (name, "arming")
        decision, memory = step(memory, now=220.0)
        assert decision.state.actual is CLOSED

    def test_the_wait_ends(self):
        _, memory = step(at(ADVISORY), ask("closed_loop"), plc_echo=False)
        decision, memory = step(memory, now=220.0, plc_echo=False)
        assert decision.beat is CLOSED
        decision, memory = step(memory, now=220.001)
        assert (decision.state.actual, decision.beat) == (ADVISORY, ADVISORY)
        assert decision.state.reasons == ("rearm_needed",)
        assert decision.shed == ()

    def test_another_trouble_ends_the_wait(self):
        _, memory = step(at(ADVISORY), ask("closed_loop"), plc_echo=False)
        decision, memory = step(memory, plc_echo=False, interlocks=False)
        assert decision.beat is ADVISORY
        decision, memory = step(memory)
        assert decision.state.actual is ADVISORY

    @pytest.mark.parametrize("what", ["off", "monitor", "advisory"])
    def test_a_lower_request_ends_the_wait(self, what):
        _, memory = step(at(ADVISORY), ask("closed_loop"), plc_echo=False)
        decision, memory = step(memory, ask(what))
        assert decision.beat is MODES[what]
        assert step(memory)[0].state.actual is MODES[what]

    def test_the_schedule_ends_the_wait(self):
        _, memory = step(at(ADVISORY), ask("closed_loop"), plc_echo=False)
        _, memory = step(memory, plc_echo=False, cap=ADVISORY)
        assert step(memory)[0].state.actual is ADVISORY

    def test_a_trip_ends_the_wait(self):
        _, memory = step(at(ADVISORY), ask("closed_loop"), plc_echo=False)
        decision, memory = step(memory, no_trip=False)
        assert (decision.state.actual, decision.beat) == (TRIPPED, OFF)
        assert memory.arm_until_s is None

    def test_it_is_not_armed_under_a_lower_schedule(self):
        decision, memory = step(at(ADVISORY), ask("closed_loop"), cap=MONITOR)
        assert (decision.state.actual, decision.state.reasons) == (MONITOR, ("schedule", "rearm_needed"))
        assert step(memory)[0].state.actual is ADVISORY

    def test_without_candidates_it_is_refused(self):
        memory = ModeMemory(ADVISORY, ADVISORY, misses=2)
        assert step(memory, ask("closed_loop"), candidate=False)[0].answers[0].reasons == ("candidate",)
        assert step(memory, ask("closed_loop"))[0].state.actual is CLOSED


class TestFalling:
    @pytest.mark.parametrize("name", sorted(PERMITS))
    @pytest.mark.parametrize("state", [False, None])
    def test_each_condition_alone_ends_closed_loop_at_once(self, name, state):
        decision, memory = step(at(CLOSED), **{name: state})
        assert decision.state.actual is PERMITS[name]
        assert decision.state.requested is CLOSED
        assert name in decision.state.reasons
        assert name in decision.shed
        assert decision.beat is max(PERMITS[name], OFF)
        for now in (101.0, 1e6):
            decision, memory = step(memory, now=now)
            assert decision.state.actual is PERMITS[name]
            assert decision.shed == ()

    def test_a_person_brings_it_back(self):
        _, memory = step(at(CLOSED), plc_echo=False)
        assert step(memory, ask("closed_loop"))[0].state.actual is CLOSED

    def test_an_unlisted_condition_counts_too(self):
        assert step(at(CLOSED), weather=False)[0].state.actual is ADVISORY
        assert step(at(CLOSED), weather=True)[0].state.actual is CLOSED

    def test_a_listed_condition_that_nobody_evaluated_counts_as_not_met(self):
        decision, _ = decide(Facts(conditions={}, has_candidate=True), RULES, at(CLOSED), 100.0)
        assert decision.state.actual is TRIPPED

    @pytest.mark.parametrize(("cap", "actual"), [(ADVISORY, ADVISORY), (MONITOR, MONITOR), (OFF, OFF)])
    def test_the_schedule(self, cap, actual):
        decision, memory = step(at(CLOSED), cap=cap)
        assert decision.state.actual is actual
        assert decision.state.reasons == ("schedule", "rearm_needed")
        assert decision.shed == ("schedule", "rearm_needed")
        assert step(memory)[0].state.actual is ADVISORY

    def test_i38_three_cycles_without_a_candidate(self):
        memory, found = at(CLOSED), []
        for _ in range(3):
            decision, memory = step(memory, candidate=False)
            found.append(decision.state.actual)
        assert found == [CLOSED, CLOSED, ADVISORY]
        assert decision.shed == ("candidate", "rearm_needed")

    def test_i38_only_in_a_row(self):
        memory = at(CLOSED)
        for has_candidate in (False, False, True, False, False):
            decision, memory = step(memory, candidate=has_candidate)
        assert decision.state.actual is CLOSED

    def test_i19_off_is_always_at_once(self):
        for mode in Mode:
            for conditions in ({}, dict.fromkeys(PERMITS, False)):
                for changes in ({"role": "", "who": "plc"}, {"expires_s": 0.0, "confirmed": False}):
                    decision, memory = step(at(mode), ask("off", **changes), **conditions)
                    assert decision.state.actual <= OFF
                    assert decision.beat is OFF
                    assert decision.answers[0].reasons == ()
                    assert memory.requested is OFF

    def test_i19_off_wins_whatever_else_is_asked(self):
        for requests in ((ask("off"), ask("closed_loop")), (ask("advisory"), ask("off"), ask("advisory"))):
            decision, _ = step(at(ADVISORY), *requests)
            assert decision.state.actual is OFF
            assert len(decision.answers) == len(requests)

    def test_off_is_said_to_be_asked(self):
        assert step(at(CLOSED), ask("off"))[0].shed == ("asked",)
        assert step(at(ADVISORY), ask("off"))[0].shed == ()

    def test_lower_modes_rise_again_by_themselves(self):
        rules = ModeRules(permits=PERMITS | {"config": MONITOR})
        decision, memory = step(at(ADVISORY), rules=rules, config=False)
        assert (decision.state.actual, decision.state.reasons) == (MONITOR, ("config",))
        decision, memory = step(memory, rules=rules, config=True)
        assert (decision.state.actual, decision.state.reasons) == (ADVISORY, ())

    def test_what_does_not_limit_is_no_reason(self):
        decision, _ = step(at(MONITOR), audit=False, plc_remote=False)
        assert decision.state.reasons == ()

    def test_only_what_limits_is_a_reason(self):
        rules = ModeRules(permits=PERMITS | {"config": MONITOR})
        decision, _ = step(at(ADVISORY), rules=rules, config=False, audit=False)
        assert decision.state.reasons == ("config",)

    def test_a_lower_request_of_anybody_stays(self):
        _, memory = step(at(CLOSED), ask("advisory", role=""))
        decision, _ = step(memory)
        assert (decision.state.requested, decision.state.actual) == (ADVISORY, ADVISORY)

    def test_lower_means_lower_than_now(self):
        """Asking for MONITOR while a condition allows no more than MONITOR gives up the higher request."""
        rules = ModeRules(permits=PERMITS | {"config": MONITOR})
        _, memory = step(at(ADVISORY), rules=rules, config=False)
        _, memory = step(memory, ask("monitor", role=""), rules=rules, config=False)
        assert step(memory, rules=rules, config=True)[0].state.actual is MONITOR


class TestTripped:
    def test_i23_neither_time_nor_the_cause_going_leads_out(self):
        decision, memory = step(at(CLOSED), no_trip=False)
        assert decision.state.reasons == ("tripped", "no_trip")
        for now in (1e3, 1e9):
            decision, memory = step(memory, now=now)
            assert decision.state.actual is TRIPPED
            assert decision.state.reasons == ("tripped", "no_trip")

    def test_i23_acknowledge_then_rearm_then_arm(self):
        _, memory = step(at(CLOSED), no_trip=False)
        _, memory = step(memory, ask("acknowledge"))
        assert memory.acknowledged
        decision, memory = step(memory, ask("advisory"))
        assert (decision.state.actual, memory.causes, memory.acknowledged) == (ADVISORY, (), False)
        assert step(memory)[0].state.actual is ADVISORY
        assert step(memory, ask("closed_loop"))[0].state.actual is CLOSED

    def test_all_in_one_cycle_still_takes_each_act(self):
        _, memory = step(at(CLOSED), no_trip=False)
        decision, _ = step(memory, ask("acknowledge"), ask("advisory"), ask("closed_loop"))
        assert [answer.reasons for answer in decision.answers] == [(), (), ()]
        assert decision.state.actual is CLOSED

    def test_a_new_cause_must_be_acknowledged_anew(self):
        rules = ModeRules(permits=PERMITS | {"esd": TRIPPED})
        _, memory = step(at(CLOSED), rules=rules, esd=True, no_trip=False)
        _, memory = step(memory, ask("acknowledge"), rules=rules, esd=True, no_trip=False)
        _, memory = step(memory, rules=rules, esd=True, no_trip=False)
        assert memory.acknowledged
        _, memory = step(memory, rules=rules, esd=False)
        assert (memory.acknowledged, memory.causes) == (False, ("no_trip", "esd"))

    def test_a_request_meets_the_mode_of_its_own_cycle(self):
        decision, _ = step(at(ADVISORY), ask("monitor"), no_trip=False)
        assert decision.answers[0].reasons == ("not_acknowledged", "no_trip")

    def test_off_in_tripped_is_remembered(self):
        _, memory = step(at(TRIPPED), ask("off"))
        assert (memory.requested, memory.actual) == (OFF, TRIPPED)


def test_a_role_of_ones_own_choice():
    rules = ModeRules(role="engineer")
    assert step(at(ADVISORY), ask("closed_loop"), rules=rules)[0].answers[0].reasons == ("role",)
    assert step(at(ADVISORY), ask("closed_loop", role="engineer"), rules=rules)[0].state.actual is CLOSED


def test_the_memory_can_be_stored():
    _, memory = step(at(ADVISORY), ask("closed_loop"), plc_echo=False)
    assert pickle.loads(pickle.dumps(memory)) == memory  # noqa: S301
