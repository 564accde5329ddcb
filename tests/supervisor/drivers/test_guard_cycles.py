"""Gate and guard over many cycles, each with a memory of its own: what the gate approves the guard permits."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import islice

from safety.gate import judge
from safety.progress import GateMemory, settle
from safety.signals import Candidate, Instant, Move, WriteOutcome, WriteReceipt
from supervisor.drivers.guard import objections, sent, witnessed
from supervisor.drivers.guard_ledger import Entry, Ledger, noted
from supervisor.drivers.guard_numbers import around
from supervisor.drivers.guard_words import sending_of
from tests.supervisor.drivers.guard_moment import Vector, ledger_of
from tests.supervisor.drivers.guard_vectors import vectors


class Cycles:
    """A few hundred cycles of one plant: both keep their own memory and are told the same."""

    def __init__(self, vector: Vector, rng) -> None:
        self.rng = rng
        wide = {"lo": -1e4, "hi": 1e4, "step_up": 5.0, "step_down": 5.0, "window_delta": 12.0, "scheduled": None}
        self.gate = replace(
            vector.gate,
            mvs={
                mv: replace(rule, windup_hi=None, windup_lo=None, envelope=replace(rule.envelope, **wide))
                for mv, rule in vector.gate.mvs.items()
            },
        )
        wide.pop("scheduled")
        self.guard = replace(
            vector.guard,
            mvs={
                mv: replace(rule, **wide, schedule=None, windup_hi=None, windup_lo=None)
                for mv, rule in vector.guard.mvs.items()
            },
        )
        self.vector = vector
        self.memory, self.ledger = GateMemory(), Ledger()
        self.cycle, self.now_s = vector.snapshot.cycle, vector.now_s
        self.values = {tag: reading.value for tag, reading in vector.snapshot.readings.items()}
        self.unresolved: frozenset[str] = frozenset()
        self.approved = self.moved = 0

    def run(self, cycles: int) -> None:
        for _ in range(cycles):
            self.one()

    def one(self) -> None:
        rng = self.rng
        self.cycle += 1
        self.now_s += rng.choice((15.0, 15.0, 14.0, 13.5, 16.0, 47.0))
        self.operators()
        readings = {
            tag: replace(reading, value=self.values[tag]) for tag, reading in self.vector.snapshot.readings.items()
        }
        snapshot = replace(
            self.vector.snapshot, cycle=self.cycle, at=Instant(self.now_s - 0.3, 1.8e9), readings=readings
        )
        told = self.vector.situation
        link = replace(told.link, cycle=self.cycle, sequence=self.cycle, permit=True, unresolved=self.unresolved)
        situation = replace(told, interlocks=replace(told.interlocks, cycle=self.cycle), link=link)
        refused = False
        for candidate in (self.bold(), self.still()):
            verdict, self.memory = judge(candidate, snapshot, situation, self.gate, self.memory, self.now_s)
            moment = replace(self.vector, snapshot=snapshot, situation=situation, guard=self.guard, now_s=self.now_s)
            if verdict.approval is not None:
                self.go(verdict.approval, replace(moment.evidence, refused=refused))
                return
            refused = True
        self.ledger = witnessed(self.ledger, replace(moment.evidence, refused=True), self.guard)

    def go(self, approval, evidence) -> None:
        rng, sending = self.rng, sending_of(approval)
        self.now_s += rng.choice((0.0, 0.01, 0.3, 2.0))  # the intent is stored first, and that takes what it takes
        assert objections(sending, evidence, self.guard, self.ledger, self.now_s) == ()
        self.approved += 1
        self.moved += any(each.value != self.values[self.gate.mvs[each.mv].actual] for each in approval.moves)
        self.ledger = sent(sending, evidence, self.guard, self.ledger, self.now_s)
        again = objections(sending, evidence, self.guard, self.ledger, self.now_s)
        assert [str(each) for each in again if each.code != "clock"] == [
            f"unsettled {min(self.ledger.waiting)}", "used"
        ]  # fmt: skip
        receipts = [each for each in map(self.receipt, approval.moves) if each is not None]
        self.now_s += rng.choice((0.1, 1.0, 2.5))
        self.memory = settle(self.memory, receipts, self.now_s)
        self.ledger = noted(self.ledger, receipts, self.now_s)
        self.unresolved = frozenset(each.mv for each in receipts if each.outcome is WriteOutcome.UNKNOWN)
        self.same_memory()

    def receipt(self, move):
        tag = self.gate.mvs[move.mv].actual
        outcome = self.rng.choices((*WriteOutcome, None), (90, 3, 3, 3, 3, 2))[0]
        landed = outcome is WriteOutcome.CONFIRMED or (outcome is not WriteOutcome.REJECTED and self.rng.random() < 0.5)
        if landed:
            self.values[tag] = move.value
        if outcome is WriteOutcome.OVERRIDDEN:
            self.values[tag] = move.value + self.rng.choice((1.0, -2.0))
        read = self.values[tag] if self.rng.random() < 0.7 else None
        return WriteReceipt(move.mv, outcome, move.value, read) if outcome is not None else None

    def operators(self) -> None:
        for mv, rule in self.gate.mvs.items():
            self.values[rule.available] = 0.0 if self.rng.random() < 0.03 else 1.0
            if self.values[rule.available] == 0.0 or self.rng.random() < 0.01:
                self.values[rule.actual] += self.rng.choice((0.0, 2.0, -3.0))
            track = self.memory.tracks.get(mv)
            if track is not None and track.expected is not None and self.rng.random() < 0.3:
                self.values[rule.actual] = track.expected  # they put it back

    def bold(self) -> Candidate:
        moves = []
        for mv, rule in self.gate.mvs.items():
            near = around(self.values[rule.actual] + self.rng.uniform(-0.6, 0.6), rule.encoding)
            moves.append(Move(mv, near.below))
        return Candidate("main", self.cycle, tuple(moves))

    def still(self) -> Candidate:
        places = {mv: around(self.values[rule.actual], rule.encoding).below for mv, rule in self.gate.mvs.items()}
        working = [mv for mv, rule in self.gate.mvs.items() if self.values[rule.available] == 1.0]
        return Candidate("main", self.cycle, tuple(Move(mv, places[mv]) for mv in working if mv not in self.unresolved))

    def same_memory(self) -> None:
        theirs = ledger_of(self.memory.tracks, self.memory.pending, 0.0).entries
        for mv in self.gate.mvs:
            gates, ours = theirs.get(mv, Entry()), self.ledger.entry(mv)
            assert (gates.paid_until_s, gates.expected) == (ours.paid_until_s, ours.expected)
            assert gates.writes[-1:] == ours.writes[-1:]
            since_s = self.now_s - self.gate.mvs[mv].envelope.window_s
            assert gates.counted(since_s) == ours.counted(since_s)


def calm(vector: Vector) -> bool:
    told, rules = vector.situation, vector.gate
    quiet = told.mode.actual.name == "CLOSED_LOOP" and told.interlocks.action == told.watch.action == "none"
    whole = len(told.interlocks.states) == len(rules.interlocks) and rules.min_active_mvs == 1
    free = not told.interlocks.blocked_up and not told.interlocks.blocked_down and not vector.memory.pending
    tags = {tag for rule in rules.mvs.values() for tag in (rule.actual, rule.available, rule.envelope.readback) if tag}
    seen = all(vector.snapshot.good(tag) is not None for tag in tags)
    fits = all(rule.encoding.scale in (1.0, 0.5, 0.25, 0.125, 2.0) for rule in rules.mvs.values())
    return quiet and whole and free and seen and (fits or rules.handshake.kind != "full")


def test_i08_i11_i24_over_many_cycles_what_the_gate_approves_the_guard_permits():
    rng = random.Random(5)
    plants = [Cycles(vector, rng) for vector in islice(filter(calm, vectors(5, 4000)), 40)]
    for plant in plants:
        plant.run(80)
    assert len(plants) == 40
    assert sum(plant.approved for plant in plants) > 1200
    assert sum(plant.moved for plant in plants) > 500
