"""Gate, handshake and modes together against a small PLC: whatever happens, what stands there was allowed to.

The PLC of this test obeys the contract (safety.md 3.1) and nothing more; packets may arrive late, twice or never.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from safety import handshake, modes
from safety.expressions import parse
from safety.gate import GateMemory, Situation, judge, settle, stand_still
from safety.handshake import HandshakeMemory
from safety.interlocks import Interlock, InterlockMemory, evaluate
from safety.modes import PERMITS, Facts, ModeRequest, ModeRules
from safety.signals import Candidate, Mode, Move, WriteOutcome, WriteReceipt
from tests.safety.words import HI, LO, SLACK_S, gate_rules, snapshot

MVS = ("fan", "sp")
STEP = {"up": 1.0, "down": 2.0}
PER_MIN = {"up": 2.0, "down": 4.0}
HOT = Interlock(name="hot", when=parse("hot > 0"), then="shed")
NO_HEAT = Interlock(name="no heat", when=parse("warm > 0"), then="block_up", target="sp")
RULES = gate_rules(interlocks=(HOT, NO_HEAT))
MODES = ModeRules(permits=PERMITS, arm_wait_s=60.0)


@dataclass
class Plc:
    """The other side, and a log of what it applied: (time, epoch, sequence, setpoints)."""

    sp: dict = field(default_factory=lambda: dict.fromkeys(MVS, 180.0))
    remote: bool = True
    boot: int = 1
    epoch: int = 0
    sequence: int = 0
    fresh_epoch: bool = False
    heard_at: float = -math.inf
    echo: int = 0
    asked: int = 0
    applied: list = field(default_factory=list)

    def hear(self, frame, now):
        if frame.epoch >= self.epoch:
            self.fresh_epoch |= frame.epoch > self.epoch
            self.epoch, self.echo, self.heard_at, self.asked = frame.epoch, frame.heartbeat, now, frame.mode_request

    def in_hand(self, now):
        return self.remote and self.asked == 3 and now - self.heard_at <= 90.0

    def commit(self, approval, now):
        higher = approval.epoch > self.epoch
        right = approval.sequence == self.sequence + 1 or higher or self.fresh_epoch
        accepted = approval.epoch >= self.epoch and right and self.in_hand(now)
        if accepted:
            self.epoch, self.fresh_epoch = approval.epoch, False
            for move in approval.moves:
                self.sp[move.mv] = move.value
            self.applied.append((now, approval.epoch, approval.sequence))
        self.sequence = approval.sequence
        return accepted

    def tags(self, now):
        tags = {
            "plc.heartbeat_echo": self.echo, "plc.epoch_ack": self.epoch, "plc.sequence_ack": self.sequence,
            "plc.remote": float(self.remote), "plc.boot_count": self.boot, "plc.probe": 1234.5,
        }  # fmt: skip
        for mv in MVS:
            tags |= {f"{mv}.actual": self.sp[mv], f"{mv}.available": float(self.in_hand(now))}
            tags |= {f"{mv}.windup_hi": 0.0, f"{mv}.windup_lo": 0.0}
        return tags


class Machine(RuleBasedStateMachine):
    @initialize(start=st.floats(LO, HI))
    def begin(self, start):
        self.plc, self.now, self.cycle = Plc(), 1000.0, 0
        self.plc.sp = dict.fromkeys(MVS, float(round(start)))
        self.gate, self.shake, self.locks = GateMemory(), HandshakeMemory(7), InterlockMemory()
        self.mode = modes.started(Mode.ADVISORY)
        self.decision, self.requests = None, []
        self.late, self.used, self.in_doubt = [], set(), {}
        self.tags = {"T": 180.0, "hot": 0.0, "warm": 0.0}
        self.moved = {mv: [(self.now, self.plc.sp[mv])] for mv in MVS}
        self.by_person = False

    # --- what people and the world do

    @rule(
        ask=st.sampled_from(["closed_loop", "closed_loop", "advisory", "off"]),
        role=st.sampled_from(["operator", "viewer"]),
    )
    def person(self, ask, role):
        self.requests.append(ModeRequest(ask=ask, who="ann", role=role, confirmed=True, expires_s=self.now + 60.0))

    @rule()
    def person_arms_properly(self):
        """From wherever it is, in order, with all well around it: so that closed loop is reached often."""
        self.tags |= {"hot": 0.0, "T": 180.0}
        self.plc.remote = True
        for ask in ("advisory", "closed_loop"):
            self.requests = []
            self.person(ask, "operator")
            for _ in range(3):
                self.step({}, WriteOutcome.CONFIRMED)

    @rule(mv=st.sampled_from(MVS), value=st.floats(LO, HI))
    def operator_takes_local_and_moves(self, mv, value):
        self.plc.remote = False
        self.plc.sp[mv] = value
        self.moved[mv] = []

    @rule()
    def operator_gives_back(self):
        self.plc.remote = True

    @rule(tag=st.sampled_from(["hot", "warm", "T"]), value=st.sampled_from([0.0, 1.0, 180.0, None]))
    def measurement(self, tag, value):
        self.tags[tag] = value

    @rule()
    def plc_restarts(self):
        self.plc.boot += 1
        self.plc.echo, self.plc.heard_at, self.plc.asked = 0, -math.inf, 0

    @rule()
    def another_supervisor_claims(self):
        self.plc.epoch += 1
        self.plc.fresh_epoch = True
        self.plc.echo = 0x7777_0001 + self.plc.epoch

    @rule(data=st.data())
    def a_late_packet_arrives(self, data):
        if self.late:
            approval = data.draw(st.sampled_from(self.late))
            if self.plc.commit(approval, self.now):
                self.note(approval)

    # --- the supervisor

    @rule(
        wishes=st.fixed_dictionaries({mv: st.one_of(st.none(), st.floats(-2.5, 1.5), st.just(0.4)) for mv in MVS}),
        outcome=st.sampled_from([*WriteOutcome, WriteOutcome.CONFIRMED, WriteOutcome.CONFIRMED]),
        landed=st.booleans(),
        heard=st.sampled_from([True, True, True, False]),
        wait=st.sampled_from([15.0, 15.0, 14.0, 3.0, 50.0]),
    )
    def step(self, wishes, outcome, landed=True, heard=True, wait=15.0):
        self.now += wait
        self.cycle += 1
        now = snapshot(self.tags | self.plc.tags(self.now), cycle=self.cycle, now=self.now)
        locks, self.locks = evaluate(now, RULES.interlocks, self.locks)
        link, self.shake = handshake.observe(now, RULES.handshake, self.shake)
        met = dict.fromkeys(PERMITS, True) | locks.conditions | link.conditions
        met["mvs_active"] = now.good("sp.available") == 1.0
        before = self.mode.actual
        facts = Facts(conditions=met, has_candidate=True, requests=tuple(self.requests))
        armed = any(each.ask == "closed_loop" and each.role == "operator" for each in self.requests)
        self.by_person = armed or (self.by_person and self.mode.arm_until_s is not None)
        self.requests = []
        self.decision, self.mode = modes.decide(facts, MODES, self.mode, self.now)
        if self.decision.state.actual is Mode.CLOSED_LOOP and before is not Mode.CLOSED_LOOP:
            assert self.by_person
            assert all(met.values())
            self.gate = GateMemory(pending=self.gate.pending, judged_at_s=self.gate.judged_at_s)
        situation = Situation(self.decision.state, locks, link)
        moves = [Move(mv, self.plc.sp[mv] + wish) for mv, wish in wishes.items() if wish is not None]
        verdict, self.gate = judge(Candidate("x", self.cycle, tuple(moves)), now, situation, RULES, self.gate, self.now)
        if verdict.approval is None:
            still = stand_still("x", now, RULES, link.unresolved, locks)
            verdict, self.gate = judge(still, now, situation, RULES, self.gate, self.now)
        if verdict.approval is not None:
            self.write(verdict.approval, outcome, landed, situation)
        frame, self.shake = handshake.beat(self.decision.beat, RULES.handshake, self.shake, self.now)
        if frame is not None and heard:
            self.plc.hear(frame, self.now)

    def write(self, approval, outcome, landed, situation):
        assert self.decision.state.actual is Mode.CLOSED_LOOP
        assert self.plc.in_hand(self.now)
        assert situation.interlocks.action == "none"
        assert (approval.epoch, approval.sequence) not in self.used  # I-05: nothing that left is ever said again
        assert approval.epoch == self.plc.epoch  # I-25
        for move in approval.moves:
            assert self.in_doubt.get(move.mv, approval.epoch) <= approval.epoch  # I-11: only under a newer epoch
            if move.mv == "sp" and self.tags["warm"] != 0.0:
                assert move.value <= self.plc.sp["sp"]
        if outcome is not WriteOutcome.NOT_SENT:
            self.used.add((approval.epoch, approval.sequence))
        answer = outcome
        if outcome is WriteOutcome.UNKNOWN:
            self.late.append(approval)
            self.in_doubt |= dict.fromkeys((move.mv for move in approval.moves), approval.epoch + 1)
            if landed and self.plc.commit(approval, self.now):
                self.note(approval)
        elif outcome is not WriteOutcome.NOT_SENT:
            accepted = self.plc.commit(approval, self.now)
            if accepted:
                self.note(approval)
            answer = WriteOutcome.CONFIRMED if accepted else WriteOutcome.REJECTED
        known = answer in (WriteOutcome.CONFIRMED, WriteOutcome.REJECTED)
        receipts = [
            WriteReceipt(move.mv, answer, move.value, self.plc.sp[move.mv] if known else None)
            for move in approval.moves
        ]
        self.gate = settle(self.gate, receipts, self.now + 0.2)
        self.shake = handshake.settle(self.shake, approval, receipts, self.now + 0.2)

    def note(self, approval):
        for move in approval.moves:
            self.moved[move.mv].append((self.now, move.value))

    # --- what must hold

    @invariant()
    def i01_inside_the_box(self):
        if hasattr(self, "plc"):
            assert all(LO <= value <= HI for value in self.plc.sp.values())

    @invariant()
    def i08_no_faster_than_its_rate(self):
        """Over any window since a person last moved it, late packets included."""
        for moves in getattr(self, "moved", {}).values():
            for i, (start, before) in enumerate(moves):
                for end, after in moves[i + 1 :]:
                    minutes = (end - start + SLACK_S) / 60.0
                    assert after - before <= PER_MIN["up"] * minutes + 1e-3
                    assert before - after <= PER_MIN["down"] * minutes + 1e-3

    @invariant()
    def i08_no_larger_than_its_step(self):
        for moves in getattr(self, "moved", {}).values():
            for (_, before), (_, after) in itertools.pairwise(moves):
                assert after - before <= STEP["up"] + 1e-3
                assert before - after <= STEP["down"] + 1e-3

    @invariant()
    def nothing_is_applied_twice_or_backwards(self):
        applied = [(epoch, sequence) for _, epoch, sequence in getattr(self, "plc", Plc()).applied]
        assert len(set(applied)) == len(applied)
        assert [epoch for epoch, _ in applied] == sorted(epoch for epoch, _ in applied)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)


def test_closed_loop_is_reached_and_moves():
    """The positive control of the machine above: without trouble it writes, and the setpoint gets there."""
    machine = Machine()
    machine.begin(180.0)
    machine.person_arms_properly()
    for _ in range(8):
        machine.step({"sp": 0.4, "fan": -0.9}, WriteOutcome.CONFIRMED)
    assert machine.decision.state.actual is Mode.CLOSED_LOOP
    assert machine.plc.sp["sp"] > 182.0
    assert machine.plc.sp["fan"] < 174.0
    machine.step({"sp": 0.4}, WriteOutcome.UNKNOWN, landed=False)
    late = machine.late[-1]
    for _ in range(3):
        machine.step({"sp": 0.4}, WriteOutcome.CONFIRMED)
    stands = machine.plc.sp["sp"]
    assert not machine.plc.commit(late, machine.now)
    assert machine.plc.sp["sp"] == stands
