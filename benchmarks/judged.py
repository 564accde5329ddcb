"""A plant in closed loop, in memory, cycle after cycle: what the gate's benchmark times. No process, no device.

Every value changes in every cycle and every MV but one moves in every cycle. Every twentieth process tag is bad, in
turn for each of the usual reasons; every tenth interlock blocks the MV that stands still.
"""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.sized import BAD_EVERY, CONTROLLER, CYCLE_S, HI, LO, Plant, process_tags
from safety import handshake, interlocks, modes, prooftest
from safety.encoding import quantise
from safety.gate import GateMemory, Situation, judge, settle
from safety.handshake import HandshakeMemory
from safety.interlocks import InterlockMemory
from safety.modes import Facts, ModeRequest
from safety.signals import (
    Candidate,
    Instant,
    Mode,
    Move,
    Quality,
    Reading,
    Refusal,
    Snapshot,
    WriteOutcome,
    WriteReceipt,
)
from safety.validity import ValidityMemory, validate
from safety.watchdog import watch

UTC_S = 1.8e9
PARTS = ("validate", "evaluate", "observe", "decide", "judge", "settle", "prove")
WAITED_FOR = PARTS[:-1]
"""The proof test in service comes after the write."""


@dataclass(frozen=True, slots=True)
class Laps:
    """What each of ``PARTS`` took in one cycle, microseconds."""

    wall: tuple[float, ...]
    processor: tuple[float, ...]
    """Without the time that the machine gave to others."""


def _mark() -> tuple[int, int]:
    return time.perf_counter_ns(), time.thread_time_ns()


def _between(marks_ns: Sequence[int]) -> tuple[float, ...]:
    return tuple((later - earlier) / 1000.0 for earlier, later in itertools.pairwise(marks_ns))


class Run:
    """The plant in closed loop, cycle after cycle; ``SystemExit`` where a cycle is not judged as it should be."""

    def __init__(self, of: Plant, seed: int = 1) -> None:
        self.plant, self.trials = of, prooftest.prepare(of.gate)
        self.random = random.Random(seed)  # noqa: S311 - values, not secrets
        self.cycle, self.now_s = 0, 1000.0
        self.actual = {mv: 40.0 + number % 20 for number, mv in enumerate(of.gate.mvs)}
        self.answers = {"heartbeat_echo": 0, "epoch_ack": 6, "sequence_ack": 40}
        self.validity, self.locks, self.gate = ValidityMemory(), InterlockMemory(), GateMemory()
        self.shake, self.mode = HandshakeMemory(0xAB), modes.started(Mode.ADVISORY)
        self.approved = 0
        self.refusals: tuple[Refusal, ...] = ()

    def warm(self) -> None:
        """Fill every window, arm, and move: from then on each cycle's moves are approved."""
        fill = 2 * self.plant.size.window + 5
        who = ModeRequest(ask="closed_loop", who="bench", role="operator", confirmed=True, expires_s=math.inf)
        for requests in [()] * fill + [(who,)] + [()] * fill:
            self.step(*requests)

    def measured(self, cycles: int) -> Iterator[Laps]:
        """Yield for each cycle how long each of ``PARTS`` took."""
        for _ in range(cycles):
            yield self.step()
            if self.approved != len(self.plant.gate.mvs):
                raise SystemExit(f"cycle {self.cycle} was not approved: {self.refusals}")

    def step(self, *requests: ModeRequest) -> Laps:
        """Run one cycle; only the calls into safety/ are timed."""
        self.cycle += 1
        self.now_s += CYCLE_S
        raw, candidate, rules, now_s = self.raw(), self.candidate(), self.plant.gate, self.now_s
        receipts = [WriteReceipt(move.mv, WriteOutcome.CONFIRMED, move.value, move.value) for move in candidate.moves]
        met = dict.fromkeys(modes.PERMITS, True)
        marks = [_mark()]

        snapshot, self.validity = validate(raw, self.plant.validity, self.validity)
        marks.append(_mark())
        outcome, self.locks = interlocks.evaluate(snapshot, rules.interlocks, self.locks)
        marks.append(_mark())
        link, self.shake = handshake.observe(snapshot, rules.handshake, self.shake)
        marks.append(_mark())
        conditions = {**met, **outcome.conditions, **link.conditions}
        facts = Facts(conditions=conditions, has_candidate=True, requests=requests)
        decision, self.mode = modes.decide(facts, self.plant.modes, self.mode, now_s)
        guard = watch({"cycle": CYCLE_S}, self.plant.watchdogs)
        marks.append(_mark())
        situation = Situation(decision.state, outcome, link, guard)
        verdict, self.gate = judge(candidate, snapshot, situation, rules, self.gate, now_s)
        marks.append(_mark())
        if verdict.approval is not None:
            self.gate = settle(self.gate, receipts, now_s)
            self.shake = handshake.settle(self.shake, verdict.approval, receipts, now_s)
        marks.append(_mark())
        if self.approved and prooftest.in_service(rules, self.trials, self.cycle):
            raise SystemExit("the gate does not pass its own proof test")
        marks.append(_mark())

        self.refusals = verdict.refusals
        self.approved = 0 if verdict.approval is None else len(verdict.approval.moves)
        if verdict.approval is not None:
            self.actual = {move.mv: move.value for move in verdict.approval.moves}
            self.answers["sequence_ack"] = verdict.approval.sequence
        frame, self.shake = handshake.beat(decision.beat, rules.handshake, self.shake, now_s)
        if frame is not None:
            self.answers |= {"heartbeat_echo": frame.heartbeat, "epoch_ack": frame.epoch}
        wall, processor = zip(*marks, strict=True)
        return Laps(_between(wall), _between(processor))

    def candidate(self) -> Candidate:
        """Return the next moves, 10 cycles up and 10 down; the first MV, blocked upward, stands still."""
        moves = []
        for number, (mv, rule) in enumerate(self.plant.gate.mvs.items()):
            stands = number == 0 or not self.approved
            way = 0.0 if stands else 0.75 if (self.cycle + number) // 10 % 2 else -0.75
            actual = self.actual[mv]
            moves.append(Move(mv, quantise(actual + way, actual, LO, HI, rule.encoding)))
        return Candidate(CONTROLLER, self.cycle, tuple(moves))

    def raw(self) -> Snapshot:
        """Return what drivers would hand over: new values, new stamps, a few of them bad."""
        now_s, utc_s = self.now_s, UTC_S + self.now_s
        readings = {}
        for number, tag in enumerate(process_tags(self.plant.size)):
            readings[tag] = Reading(45.0 + 10.0 * self.random.random(), Quality.GOOD, utc_s, now_s - 0.1)
            if number % BAD_EVERY == 0:
                readings[tag] = self.bad(readings[tag], (self.cycle + number // BAD_EVERY) % 5)
        states = {**self.answers, "reject": 0, "remote": 1, "clamped": 0, "boot_count": 3, "probe": 1234.5}
        values = {f"plc.{name}": float(state) for name, state in states.items()}
        for mv, actual in self.actual.items():
            values |= {f"{mv}.actual": actual, f"{mv}.available": 1.0, f"{mv}.windup_hi": 0.0, f"{mv}.windup_lo": 0.0}
        for tag, value in values.items():
            readings[tag] = Reading(value, Quality.GOOD, utc_s, now_s - 0.1)
        return Snapshot(self.cycle, Instant(now_s, utc_s), readings)

    def bad(self, reading: Reading, kind: int) -> Reading:
        """Return it as a link that is down, a failed sensor, a spike out of range, a doubtful or a standing stamp."""
        match kind:
            case 0:
                return replace(reading, value=math.nan, quality=Quality.BAD, why="comm")
            case 1:
                return replace(reading, quality=Quality.BAD, why="sensor_failure")
            case 2:
                return replace(reading, value=1e6)
            case 3:
                return replace(reading, quality=Quality.UNCERTAIN)
            case _:
                return replace(reading, source_utc_s=UTC_S)
