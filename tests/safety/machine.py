"""The machine: persons, PLC, solver, faults, time and restarts in any order, each cycle held against the model.

Rules change the world or run cycles; ``held.Held`` checks every cycle and every write by the ids of the invariants.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from safety.approval import OnceOnly, SealError
from safety.signals import Instant, Mode, Quality, Reading, Snapshot, WriteOutcome, WriteReceipt
from tests.safety.emulated import FAULTS, MVS, Plc, spoiled
from tests.safety.held import Held
from tests.safety.life import ALARMS, PLANS, Supervisor, proposal
from tests.safety.persons import LACKS, Persons
from tests.safety.reasons import Seen
from tests.safety.words import HI, LO, UTC_S

OUTCOMES = [WriteOutcome.CONFIRMED] * 4 + [WriteOutcome.UNKNOWN, WriteOutcome.NOT_SENT, "lost"]
IN_THE_WAY = [*ALARMS, "sp.windup_hi", "sp.windup_lo", "T", "load"]
FAULTY = [*ALARMS, "T", "load", "sp.actual", "fan.actual", "sp.available", "sp.windup_hi", "plc.heartbeat_echo",
          "plc.epoch_ack", "plc.sequence_ack", "plc.remote", "plc.probe", "plc.boot_count"]  # fmt: skip


class Machine(Persons):
    def __init__(self, seen=None):
        super().__init__()
        self.seen = Seen() if seen is None else seen

    @initialize(start=st.integers(LO, HI), start_in=st.sampled_from([Mode.ADVISORY, *Mode]))
    def begin(self, start=180, start_in=Mode.ADVISORY):
        self.now, self.latest, self.number = 1000.0, 1000.0, 0
        self.plc, self.me = Plc(LO, HI, dict.fromkeys(MVS, float(start))), Supervisor(7)
        self.me = self.me.restarted(start_in)
        self.held = Held(self.plc, self.me)
        self.world = dict.fromkeys(ALARMS, 0.0) | {"T": 180.0, "load": 50.0, "sp.windup_hi": 0.0, "sp.windup_lo": 0.0}
        self.faults, self.frozen, self.lacks = {}, {}, set()
        self.requests, self.late, self.cap, self.plan_age_s = [], [], Mode.CLOSED_LOOP, 5.0
        self.once = OnceOnly()

    # --- the plant, its measurements and its PLC

    @rule(
        tag=st.sampled_from([*ALARMS, "sp.windup_hi", "sp.windup_lo", "T", "T", "load", "load"]),
        where=st.sampled_from([0.0, 0.25, 0.6, 1.0, 1.2]),
    )
    def process_moves(self, tag, where):
        span = {"T": (140.0, 60.0), "load": (0.0, 100.0)}.get(tag, (0.0, 1.0))
        self.world[tag] = span[0] + where * span[1] if tag in ("T", "load") else float(where > 0.3)

    @rule(tag=st.sampled_from(FAULTY), kind=st.sampled_from(FAULTS))
    def tag_fails(self, tag, kind):
        self.faults[tag] = kind
        self.frozen[tag] = self.latest

    @rule(
        what=st.sampled_from(
            [*ALARMS, "sp.windup_hi", "sp.windup_lo", "T", "load", "plan", "stranger", "restart", "person", "off"]
        ),
        unknown=st.booleans(),
        plans=st.lists(st.sampled_from(["ramp", "back", "greedy", "one", "foreign"]), min_size=1, max_size=5),
    )
    def something_stands_in_the_way(self, what, unknown, plans):
        """Closed loop first, so that there is something to stand in the way of."""
        self.person_arms_properly()
        if what == "plan":
            self.plan_age_s = 31.0
        elif what == "stranger":
            self.another_supervisor(higher=unknown, writes=False)
        elif what == "restart":
            self.plc_restarts(forgets=unknown)
        elif what == "person":
            self.cycle("ramp")
            self.person_moves("sp" if unknown else "fan", HI, "a little")
        elif what == "off":
            self.person("off", role="", late=unknown)
        elif unknown:
            self.tag_fails(what, "bad")
        else:
            self.world[what] = {"T": 150.0, "load": 5.0}.get(what, 1.0)
        for plan in plans:
            self.cycle(plan)

    def all_is_well(self):
        self.faults, self.lacks, self.plan_age_s, self.cap = {}, set(), 5.0, Mode.CLOSED_LOOP
        self.world |= dict.fromkeys((*ALARMS, "sp.windup_hi", "sp.windup_lo"), 0.0) | {"T": 180.0, "load": 50.0}
        for name in ("fire", "leak"):
            self.person_resets(name, "engineer")
        self.plc.remote, self.plc.deaf, self.plc.echo_late, self.plc.clamp = True, False, False, math.inf
        self.plc.kept.clear()

    def plc_restarts(self, forgets):
        """It may forget its epoch, which the contract forbids: then the supervisor remembers, while it lives."""
        forgets = forgets and self.me.shake.epoch_top >= self.plc.epoch
        self.plc.restart(forgets=forgets)
        self.held.epoch_forgotten |= forgets

    @rule(what=st.sampled_from(["deaf", "echo_late", "clamp", "local", "restart", "forgets"]))
    def plc_misbehaves(self, what):
        if what == "clamp":
            self.plc.clamp = self.plc.sp["sp"] + 0.25
        elif what == "local":
            self.plc.local(remote=False)
        elif what in ("restart", "forgets"):
            self.plc_restarts(forgets=what == "forgets")
        else:
            setattr(self.plc, what, True)

    @rule(higher=st.booleans(), writes=st.booleans())
    def another_supervisor(self, higher, writes):
        """It beats as if it were alone; maybe it writes too."""
        self.plc.hear(0x7777_0000 + self.number + 1, self.plc.epoch + higher, 3)
        if writes:
            self.held.stranger(self.plc.commit(self.plc.epoch, self.plc.sequence + 1, {"sp": 177.0}))

    @precondition(lambda self: self.late)
    @rule(which=st.integers(0, 5))
    def late_packet_arrives(self, which):
        if self.late:
            self.plc.commit(*self.late[which % len(self.late)])

    # --- the supervisor's own troubles

    @rule(what=st.sampled_from([*LACKS, 31.0, 61.0, math.nan, -1.0, Mode.ADVISORY, Mode.MONITOR, Mode.OFF]))
    def something_is_lacking(self, what):
        """A condition, a fresh plan (its age), or the schedule's permission."""
        if isinstance(what, Mode):
            self.cap = what
        elif isinstance(what, float):
            self.plan_age_s = what
        else:
            self.lacks.add(what)

    @rule(start_in=st.sampled_from(list(Mode)))
    def process_restarts(self, start_in):
        self.me = self.me.restarted(start_in)
        self.requests = []
        if self.held.epoch_forgotten:
            self.late = []  # both have forgotten: nothing could fence these, and the contract says so
        self.held.process_restarts(self.me, start_in)

    @rule(times=st.integers(1, 4))
    def thinker_is_silent(self, times):
        for _ in range(times):
            self.cycle("none", fit=False)

    @rule(plan=st.sampled_from(["ramp", "back", "swing", "greedy"]), times=st.integers(1, 8))
    def all_goes_its_way(self, plan, times):
        for _ in range(times):
            self.cycle(plan)

    @rule(plan=st.sampled_from(["ramp", "back", "greedy"]), wait=st.sampled_from([0.6, 1.0, 3.0, 13.6, 16.4, 40.0]))
    def beats_are_uneven(self, plan, wait):
        for each in (wait, 15.0, wait):
            self.cycle(plan, wait=each)

    @rule(
        plan=st.sampled_from(["ramp", "back", "still"]),
        outcome=st.sampled_from([WriteOutcome.UNKNOWN, WriteOutcome.UNKNOWN, "lost", WriteOutcome.NOT_SENT]),
        landed=st.booleans(),
        heard=st.booleans(),
        wait=st.sampled_from([15.0, 15.0, 3.0]),
        then=st.integers(0, 4),
    )
    def a_write_goes_wrong(self, plan, outcome, landed, heard, wait, then):
        """And what was sent may land while nobody looks."""
        self.cycle(plan, outcome, landed=landed, heard=heard, wait=wait)
        for n in range(then):
            if n == 1 and not landed:
                self.late_packet_arrives(-1)
            self.cycle(plan, wait=wait, heard=heard or n > 0)

    @rule(
        plan=st.sampled_from(PLANS),
        outcome=st.sampled_from(OUTCOMES),
        landed=st.booleans(),
        heard=st.sampled_from([True, True, True, False]),
        wait=st.sampled_from([15.0, 15.0, 14.0, 3.0, 1.0, 50.0, 300.0, -4.0]),
        delays=st.sampled_from([(0.5, 0.2), (0.5, 0.2), (0.5, 30.0), (13.0, 0.2), (400.0, 0.2), (-6.0, 0.2)]),
    )
    def cycle(
        self, plan, outcome=WriteOutcome.CONFIRMED, landed=True, heard=True, wait=15.0, delays=(0.5, 0.2), fit=True
    ):
        """Wait, read, think, judge, write, beat; each of them may take too long, or the clock may go back."""
        self.passes(wait)
        self.number += 1
        raw, plan_of = self.read(), (lambda still: proposal(plan, still, self.plc.sp, self.number, self.number))
        self.passes(delays[0])
        lacks = dict.fromkeys(self.lacks, False)
        requests, self.requests = self.requests, []
        facts = {"requests": requests, "now": self.now, "fit": fit, "cap": self.cap, "plan_age_s": self.plan_age_s}
        done = self.me.cycle(raw, plan_of, **facts, **lacks)
        self.seen.cycle(done, requests, self.me)
        self.held.cycle(done, self.faults, self.frozen, self.world, facts)
        if done.approval is not None:
            self.held.approval(done, self.now, self.me.instance)
            self.passes(delays[1])
            self.write(done, outcome, landed)
        frame = self.me.beat(done.decision, self.now)
        self.held.beat(frame, done.decision)
        if frame is not None and heard:
            self.plc.hear(frame.heartbeat, frame.epoch, frame.mode_request)

    def passes(self, seconds):
        """The supervisor's clock may go back; the PLC's own never does."""
        self.now += seconds
        self.latest = max(self.now, self.latest)
        self.plc.passes(max(seconds, 0.0))

    def read(self):
        tags = {**self.world, **self.plc.tags()}
        tags["T"] += 0.01 * (self.number % 7)
        stamp_s = UTC_S + self.now
        readings = {tag: Reading(value, Quality.GOOD, stamp_s, self.now) for tag, value in tags.items()}
        for tag, kind in self.faults.items():
            readings[tag] = spoiled(readings[tag], kind, self.frozen[tag], UTC_S)
        return Snapshot(self.number, Instant(self.now, stamp_s), readings)

    def write(self, done, outcome, landed):
        """The driver's part: once, never late, and what came of it as well as it can be known."""
        approval, moves = done.approval, {move.mv: move.value for move in done.approval.moves}
        if self.now > approval.deadline_s:
            outcome = WriteOutcome.NOT_SENT
        self.once = self.once.use(approval)
        with pytest.raises(SealError):  # I-05
            self.once.use(approval)
        packet = (approval.epoch, approval.sequence, moves, approval.cycle)
        unknown = outcome in (WriteOutcome.UNKNOWN, "lost") or (self.plc.deaf and outcome is not WriteOutcome.NOT_SENT)
        if unknown:
            outcome = "lost" if outcome == "lost" else WriteOutcome.UNKNOWN
            self.late.append(packet)
        taken = outcome is not WriteOutcome.NOT_SENT and (landed or not unknown) and self.plc.commit(*packet)
        if outcome is WriteOutcome.CONFIRMED and not taken:
            outcome = WriteOutcome.REJECTED
        receipts = []
        for mv, value in moves.items():
            stands = self.plc.sp[mv] if outcome is not WriteOutcome.NOT_SENT else None
            over = outcome is WriteOutcome.CONFIRMED and stands != value
            receipts.append(WriteReceipt(mv, WriteOutcome.OVERRIDDEN if over else outcome, value, stands))
        self.me.settle(approval, () if outcome == "lost" else receipts, self.now)
        self.held.settled(approval, receipts, self.now)
        self.seen.count("outcome", outcome)

    # --- what must hold whatever happens

    @invariant()
    def i01_i08_i24_what_stands_in_the_plc_was_allowed_to(self):
        if hasattr(self, "held"):
            self.held.plc_log()

    @invariant()
    def i05_i25_nothing_is_applied_twice_or_backwards(self):
        if hasattr(self, "held"):
            self.held.applied()
