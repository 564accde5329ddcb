"""The alarm list against a reference of a few lines, under random causes, people, times and restarts."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from constraints.alarms import AlarmRule
from safety.expressions import parse
from supervisor.alarms.bursts import RECENT_MAX, WINDOW_S
from supervisor.alarms.states import STATES
from supervisor.alarms.stored import on_record, restarted
from tests.supervisor.alarms.following import Board

IDS = ("link:dcs", "tag:T_out", "interlock:Fan vibration")
TAG, HOT = IDS[1], IDS[2]
RULES = {
    "link": AlarmRule(on_delay_s=0.0, off_delay_s=0.0),
    TAG: AlarmRule(on_delay_s=0.0, off_delay_s=0.0, suppress_when=parse("P_fan < 5")),
}
REACHED: set[str] = set()


class Reference:
    """One alarm without delays, as ISA-18.2 tells it: is it called for, was it acknowledged, what covers it."""

    def __init__(self) -> None:
        self.there = self.latched = self.called = self.acked = self.hidden = False
        self.shelf_until_s: float | None = None
        self.out = self.suppressed = False

    def covered(self) -> str:
        return "out" if self.out else "suppressed" if self.suppressed else "shelved" if self.shelf_until_s else ""

    def cycle(self, now_s: float, *, there: bool, latched: bool, suppressed: bool) -> None:
        if self.shelf_until_s is not None and now_s >= self.shelf_until_s:
            self.shelf_until_s = None
        was_covered, self.suppressed = self.hidden, suppressed
        self.hidden = bool(self.covered())
        came = there and (not self.there or was_covered or (self.latched and not latched))
        self.there, self.latched = there, latched
        if self.hidden or came or not there:
            self.acked = False
        self.called = not self.hidden and (came or (self.called and not was_covered))

    def state(self) -> str:
        if self.covered():
            return self.covered()
        if not self.there:
            return "rtn_unack" if self.called else "normal"
        return ("latched_" if self.latched else "") + ("unack" if self.called else "acked")


class Operators(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.board = Board(RULES)
        self.board.after()
        self.reference = {id_: Reference() for id_ in IDS}
        self.there: set[str] = set()
        self.seen = dict.fromkeys(IDS, 0)
        self.greatest = 0

    def cycle(self, seconds: float, *asks) -> list[bool]:
        self.board.after(seconds, *sorted(self.there), ask=asks)
        return [each.accepted for each in self.board.answers]

    def follow(self) -> None:
        for id_, reference in self.reference.items():
            suppressed = id_ == TAG and self.board.sensors["P_fan"] < 5
            latched = id_ in self.board.latched
            reference.cycle(self.board.now_s, there=id_ in self.there, latched=latched, suppressed=suppressed)

    @rule(seconds=st.sampled_from([1.0, 59.0, 700.0]), there=st.sets(st.sampled_from(IDS)), latch=st.booleans())
    def causes(self, seconds, there, latch):
        self.there = there
        self.board.latched = {HOT} if latch and HOT in there else set()
        self.cycle(seconds)
        self.follow()

    @rule(low=st.booleans())
    def fan(self, low):
        self.board.sensors["P_fan"] = 2.0 if low else 80.0
        self.cycle(1.0)
        self.follow()

    @rule(id_=st.sampled_from(IDS), behind=st.integers(0, 1))
    def acknowledge(self, id_, behind):
        reference, occurrence = self.reference[id_], self.board.occurrence(id_) - behind
        (accepted,) = self.cycle(1.0, self.board.asks("ack", id_, occurrence=occurrence))
        assert accepted == (behind == 0 and reference.called and not reference.covered())
        if accepted:
            reference.called, reference.acked = False, reference.there
        self.follow()

    @rule(id_=st.sampled_from(IDS), lasts_s=st.sampled_from([30.0, 3_600.0, 50_000.0]))
    def shelve(self, id_, lasts_s):
        (accepted,) = self.cycle(1.0, self.board.asks("shelve", id_, lasts_s=lasts_s))
        assert accepted == (id_ != HOT and lasts_s <= 43_200.0)
        if accepted:
            self.reference[id_].shelf_until_s = self.board.now_s + lasts_s
        self.follow()

    @rule(id_=st.sampled_from(IDS), action=st.sampled_from(["unshelve", "out", "in"]))
    def cover(self, id_, action):
        reference = self.reference[id_]
        (accepted,) = self.cycle(1.0, self.board.asks(action, id_))
        wanted = {
            "unshelve": reference.shelf_until_s is not None,
            "out": id_ != HOT and not reference.out,
            "in": reference.out,
        }
        assert accepted == wanted[action]
        if accepted and action == "unshelve":
            reference.shelf_until_s = None
        elif accepted:
            reference.out = action == "out"
        self.follow()

    @rule()
    def restart(self):
        """What is on record is all that a new process knows; causes that stand are seen in its first cycle."""
        raw = json.loads(json.dumps(on_record(self.board.lists)))
        self.board.lists = replace(restarted(self.board.plant, raw), steps=())
        self.cycle(1.0)
        self.follow()

    @invariant()
    def they_agree(self):
        for id_, reference in self.reference.items():
            assert self.board.state(id_) == reference.state(), id_
            REACHED.add(self.board.state(id_))

    @invariant()
    def no_number_is_used_twice(self):
        raised = [each.occurrence for each in self.board.journal if each.step == "raised"]
        assert raised == list(range(1, len(raised) + 1))

    @invariant()
    def it_stays_small(self):
        assert len(self.board.lists.entries) <= len(IDS)
        assert len(self.board.lists.recent) <= RECENT_MAX
        assert all(self.board.at.utc_s - each.utc_s < WINDOW_S for each in self.board.lists.recent)


TestOperators = Operators.TestCase
TestOperators.settings = settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True)


def test_every_state_was_reached():
    """Sometimes-assertion: a machine that never gets anywhere agrees with every reference."""
    assert set(STATES) == REACHED
