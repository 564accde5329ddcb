"""What persons do, as rules of the machine: they ask, arm, acknowledge, reset, bypass, take their loops back."""

from __future__ import annotations

import math

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from safety import interlocks
from safety.interlocks import Bypass
from safety.modes import ModeRequest
from safety.signals import Mode
from tests.safety.emulated import MVS
from tests.safety.life import ALARMS, LOCKS
from tests.safety.words import HI, LO

ASKS = ["closed_loop", "closed_loop", "advisory", "monitor", "off", "acknowledge"]
LACKS = ["audit", "proof_test", "guard", "watchdog"]


class Persons(RuleBasedStateMachine):
    """Half of the machine; the other half has the plant, and the cycle."""

    @rule(
        ask=st.sampled_from(ASKS),
        role=st.sampled_from(["operator", "operator", "viewer", "engineer", "", "root"]),
        confirmed=st.sampled_from([True, True, False]),
        late=st.sampled_from([False, False, True]),
    )
    def person(self, ask, role="operator", confirmed=True, late=False):
        until = self.now - 1.0 if late else self.now + 200.0
        self.requests.append(ModeRequest(ask=ask, who="ann", role=role, confirmed=confirmed, expires_s=until))

    @rule()
    def person_arms_properly(self):
        """From wherever it is, in order, with all well around it: so that closed loop is reached often."""
        self.all_is_well()
        for ask in ("acknowledge", "advisory", "closed_loop"):
            self.requests = []
            self.person(ask)
            self.cycle("still")
        self.cycle("still")
        self.cycle("still")

    @rule(
        wrong=st.sampled_from(["confirmed", "late", "role", "hot", "leak", *LACKS]),
        mode=st.sampled_from(["advisory", "monitor"]),
    )
    def person_arms_with_one_thing_wrong(self, wrong, mode):
        self.all_is_well()
        self.person(mode)
        self.cycle("still")
        if wrong in ALARMS:
            self.world[wrong] = 1.0
        elif wrong in LACKS:
            self.lacks.add(wrong)
        self.requests = []
        what = {"confirmed": {"confirmed": False}, "late": {"late": True}, "role": {"role": "viewer"}}.get(wrong, {})
        self.person("closed_loop", **what)
        for _ in range(3):
            self.cycle("ramp")

    @rule(
        cause=st.sampled_from(["fire", "guard", "leak"]),
        restarts=st.booleans(),
        acts=st.lists(st.sampled_from([*ASKS, "reset", "clear"]), max_size=4),
    )
    def trip_and_what_persons_do(self, cause, restarts, acts):
        (self.world.update({cause: 1.0}) if cause in ALARMS else self.lacks.add(cause))
        self.cycle("ramp")
        if restarts:
            self.process_restarts(Mode.ADVISORY)
        for act in acts:
            if act == "clear":
                self.world |= {"fire": 0.0, "leak": 0.0}
                self.lacks.discard(cause)
            elif act == "reset":
                self.person_resets("fire", "engineer")
            else:
                self.person(act)
            self.cycle("ramp")

    @rule(
        mv=st.sampled_from(MVS), value=st.floats(LO, HI), how=st.sampled_from(["a little", "over", "local", "one loop"])
    )
    def person_moves(self, mv, value, how):
        """In cascade, without asking anybody; after taking all to local; or this loop alone."""
        if how == "local":
            self.plc.local(remote=False)
        elif how == "one loop":
            self.plc.kept.add(mv)
            self.plc.cascade[mv] = False
        near = min(HI, max(LO, self.plc.sp[mv] + (value - LO) / 100.0))
        self.held.person_moves(mv, near if how == "a little" else value)

    @rule(name=st.sampled_from(ALARMS), role=st.sampled_from(["engineer", "operator"]))
    def person_resets(self, name, role):
        before = self.me.locks.states.get(name)
        self.me.locks, why = interlocks.reset(self.me.locks, LOCKS, name, role)
        self.seen.count("reset", why or "done")
        if not why:
            assert before.condition is False, "I-23: not while its cause stands"
            assert role == "engineer" or name != "fire", "I-23: not by anybody"
            self.held.locks[name].latched = False

    @rule(
        name=st.sampled_from(["leak", "leak", "leak", "hot", "nothing"]),
        role=st.sampled_from(["engineer", "engineer", "operator"]),
        seconds=st.sampled_from([60.0, 60.0, 600.0, 601.0, math.nan]),
        said=st.sampled_from([("ann", "test"), ("ann", "test"), ("ann", "test"), ("", "x"), ("ann", " ")]),
        again=st.booleans(),
    )
    def person_bypasses(self, name, role, seconds, said, again):
        if again:
            self.person_restores()
        bypass = Bypass(*said, self.now + seconds)
        self.me.locks, why = interlocks.bypass(self.me.locks, LOCKS, name, bypass, role, self.now)
        self.seen.count("bypass", why or "done")
        may = name == "leak" and role == "engineer" and all(each.strip() for each in said) and 0.0 < seconds <= 600.0
        assert may == (not why), f"F68: {name} {role} {said} {seconds}"
        if not why:
            self.held.bypassed[name] = self.now + seconds

    def person_restores(self):
        self.me.locks, why = interlocks.restore(self.me.locks, "leak")
        self.seen.count("restore", why or "done")
        self.held.bypassed.pop("leak", None)
