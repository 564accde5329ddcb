"""I-25, I-26: two supervisors of one plant, in any interleaving: the PLC obeys one epoch, the other falls silent."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from safety.modes import ModeRequest
from safety.signals import Instant, Mode, Quality, Reading, Snapshot, WriteOutcome, WriteReceipt
from tests.safety.emulated import Plc
from tests.safety.life import ALARMS, Supervisor, proposal
from tests.safety.words import HI, LO, UTC_S

WHO = st.sampled_from([0, 1])
ARM = ("advisory", "closed_loop")


class Two(RuleBasedStateMachine):
    """Each has its own process and its own person; they share the PLC and nothing else."""

    @initialize()
    def begin(self):
        self.now, self.number, self.plc = 1000.0, 0, Plc(LO, HI)
        self.both = [Supervisor(7), Supervisor(9)]
        self.wrote, self.last = [], [None, None]

    def read(self):
        world = dict.fromkeys(ALARMS, 0.0) | {"load": 50.0, "sp.windup_hi": 0.0, "sp.windup_lo": 0.0}
        tags = {**world, **self.plc.tags(), "T": 180.0 + 0.01 * (self.number % 7)}
        stamp_s = UTC_S + self.now
        readings = {tag: Reading(value, Quality.GOOD, stamp_s, self.now) for tag, value in tags.items()}
        return Snapshot(self.number, Instant(self.now, stamp_s), readings)

    @rule(
        who=WHO,
        ask=st.sampled_from([None, None, "closed_loop", "advisory"]),
        heard=st.sampled_from([True, True, False]),
    )
    def cycle(self, who, ask, heard=True):
        self.now += 7.5
        self.number += 1
        self.plc.passes(7.5)
        me = self.both[who]
        person = {"who": "ann", "role": "operator", "confirmed": True, "expires_s": self.now + 60.0}
        requests = [ModeRequest(ask=ask, **person)] if ask else []
        raw = self.read()
        done = me.cycle(
            raw, lambda still: proposal("ramp", still, self.plc.sp, 1, raw.cycle), requests=requests, now=self.now
        )
        if done.approval is not None:
            seen = done.snapshot.good("plc.epoch_ack")
            assert done.approval.epoch == seen, "I-25: only under the epoch that the PLC shows as its highest"
            self.write(who, me, done.approval)
        frame = me.beat(done.decision, self.now)
        if frame is not None and heard:
            self.plc.hear(frame.heartbeat, frame.epoch, frame.mode_request)
        self.last[who] = done

    def write(self, who, me, approval):
        moves = {move.mv: move.value for move in approval.moves}
        taken = self.plc.commit(approval.epoch, approval.sequence, moves, approval.cycle)
        outcome = WriteOutcome.CONFIRMED if taken else WriteOutcome.REJECTED
        me.settle(
            approval, [WriteReceipt(mv, outcome, value, self.plc.sp[mv]) for mv, value in moves.items()], self.now
        )
        if taken:
            self.wrote.append((approval.epoch, who))

    @rule(who=WHO)
    def arms_alone(self, who):
        for ask in (*ARM, None, None, None):
            self.cycle(who, ask)

    @rule(first=WHO)
    def both_arm_together(self, first):
        for ask in (*ARM, None, None, None, None):
            self.cycle(first, ask)
            self.cycle(1 - first, ask)

    @invariant()
    def i25_each_epoch_has_one_owner_and_epochs_only_rise(self):
        wrote = getattr(self, "wrote", [])
        assert len({epoch for epoch, _ in wrote}) == len(set(wrote)), "I-26: one epoch, two writers"
        assert [epoch for epoch, _ in wrote] == sorted(epoch for epoch, _ in wrote)

    @invariant()
    def i25_who_has_seen_the_other_writes_no_more(self):
        for done in getattr(self, "last", []):
            if done is not None and done.approval is not None:
                assert {"foreign_heartbeat", "epoch_higher", "foreign_sequence"}.isdisjoint(done.link.reasons)


TestTwo = Two.TestCase
TestTwo.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


def test_i26_the_one_alone_gets_in_and_of_two_at_once_at_most_one():
    """The positive control: without the other, each would be armed."""
    for who in (0, 1):
        alone = Two()
        alone.begin()
        alone.arms_alone(who)
        assert alone.both[who].mode.actual is Mode.CLOSED_LOOP
        assert alone.wrote
    for first in (0, 1):
        two = Two()
        two.begin()
        two.both_arm_together(first)
        assert sum(each.mode.actual is Mode.CLOSED_LOOP for each in two.both) <= 1
