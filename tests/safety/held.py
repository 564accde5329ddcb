"""What happened, held against the model and the PLC's own log; every check names its invariant."""

from __future__ import annotations

import itertools
import math

from safety.encoding import decode, resolution
from safety.interlocks import ACTIONS
from safety.signals import Mode, WriteOutcome
from tests.safety.life import LOCKS, NAMES, RULES, VALIDITY
from tests.safety.model import SLACK_S, Lock, People, Setpoint, silent

NEVER_GOOD = {"bad", "comm", "nan", "tiny", "forced", "uncertain", "future"}
CLOSED, STALE_S = Mode.CLOSED_LOOP, 30.0


class Held:
    def __init__(self, plc, me):
        self.plc, self.people = plc, People(NAMES)
        asks = {"block_up": "none", "block_down": "none"}
        self.locks = {each.name: Lock(asks.get(each.then, each.then), each.for_s, each.latch) for each in LOCKS}
        self.setpoints = {mv: Setpoint(rule.envelope) for mv, rule in RULES.mvs.items()}
        self.bypassed, self.doubts = {}, {}
        self.segments = {mv: [(plc.clock, value)] for mv, value in plc.sp.items()}
        self.allowed = {mv: {value} for mv, value in plc.sp.items()}
        self.known = dict.fromkeys(plc.sp, False)  # the supervisor knows what must stand there
        self.owned, self.checked, self.taken = {}, 0, 0
        self.epoch_forgotten = self.must_shed = False
        self.process_restarts(me, me.mode.requested)

    # --- what happened

    def process_restarts(self, me, start_in):
        """I-16, I-23: at most advisory, never armed; a trip stays."""
        wanted = min(max(start_in, Mode.OFF), Mode.ADVISORY)
        tripped = self.people.mode is Mode.TRIPPED
        self.people = People(NAMES, wanted, Mode.TRIPPED if tripped else wanted, self.people.causes)
        assert (me.mode.actual is Mode.TRIPPED) == tripped, "I-23"
        assert me.mode.actual <= Mode.ADVISORY, "I-16"
        assert not me.mode.armed, "I-16"
        assert me.shake.epoch is None
        self.bypassed = {}
        if self.epoch_forgotten:
            self.epoch_forgotten, self.plc.applied, self.taken, self.doubts = False, [], 0, {}
        for lock in self.locks.values():
            lock.since = math.inf
        for setpoint in self.setpoints.values():
            setpoint.places, setpoint.still = [], True
        self.known = dict.fromkeys(self.known, False)

    def person_moves(self, mv, value):
        """A person's setpoint; it can be told from ours unless it is the same or nobody knows what ours is."""
        value = float(value)
        if self.known[mv] and abs(value - self.plc.sp[mv]) > resolution(value, RULES.mvs[mv].encoding):
            self.owned[mv] = value
        self.plc.put(mv, value, "person")

    def stranger(self, taken):
        if taken:
            self.setpoints["sp"].places = []

    # --- one cycle

    def cycle(self, done, faults, frozen, world, facts):
        self.done, snapshot, now = done, done.snapshot, facts["now"]
        for tag, kind in faults.items():
            useless = kind in NEVER_GOOD or (kind == "out" and tag in VALIDITY)
            useless |= kind == "stale" and snapshot.at.mono_s - frozen[tag] > STALE_S
            assert not (useless and snapshot.good(tag) is not None), f"I-28 to I-30: {tag} {kind}"
        self.people.cycle(now, facts["requests"], done.conditions, facts["fit"], facts["cap"])
        state = done.decision.state
        assert state.actual is self.people.mode, f"I-16 I-18 I-19 I-23 I-38: {state} {self.people}"
        assert state.actual <= state.requested
        assert bool(state.reasons) == (state.actual < state.requested)
        if any(request.ask == "off" for request in facts["requests"]):
            assert state.actual <= Mode.OFF, "I-19"
            assert done.decision.beat is Mode.OFF, "I-19"
        self.interlocks(done, snapshot)
        age_s = facts["plan_age_s"]
        self.late = "shed" if not 0.0 <= age_s <= 60.0 else "hold" if age_s > 30.0 else "none"
        for mv, setpoint in self.setpoints.items():
            if snapshot.good(RULES.mvs[mv].available) == 0.0:
                setpoint.places, setpoint.still = [], True
                self.known[mv] = False
                self.owned.pop(mv, None)
            setpoint.still |= state.actual is not CLOSED or bool(done.verdicts[0].refusals)
        assert not (self.must_shed and state.actual is CLOSED), "I-24"
        if done.before is not CLOSED and state.actual is CLOSED:
            self.owned = {}
        seen = {mv: snapshot.good(RULES.mvs[mv].actual) for mv in self.owned}
        self.must_shed = state.actual is CLOSED and any(seen[mv] == value for mv, value in self.owned.items())
        if state.actual is CLOSED:
            assert set(NAMES) <= {name for name, met in done.conditions.items() if met is True}, "I-18 I-20"

    def interlocks(self, done, snapshot):
        now, outcome = snapshot.at.mono_s, done.outcome
        self.asks = {}
        for each in LOCKS:
            met = snapshot.good(each.name)
            bypassed = now < self.bypassed.get(each.name, now) and each.name in outcome.bypassed
            action = self.locks[each.name].see(None if met is None else met > 0.0, now, bypassed)
            self.asks[each.name] = action
            assert ACTIONS.index(outcome.action) >= ACTIONS.index(action), f"I-20 I-21: {each.name}"
        assert set(outcome.bypassed) <= {name for name, until in self.bypassed.items() if now < until}, "F68"
        worst = max(self.asks.values(), key=ACTIONS.index)
        assert not (worst in ("shed", "off") and done.conditions["interlocks"]), "I-21"
        assert not (worst == "off" and done.conditions["no_trip"]), "I-21"
        assert not (done.conditions["no_trip"] is not True and done.decision.state.actual is not Mode.TRIPPED), "I-23"

    def beat(self, frame, decision):
        if frame is not None:
            assert (frame.mode_request is CLOSED) <= (decision.state.actual is CLOSED or self.people.until > 0), "I-19"

    # --- one write

    def approval(self, done, now, instance):
        approval, snapshot = done.approval, done.snapshot
        plc = {name: snapshot.good(f"plc.{name}") for name in ("remote", "epoch_ack")}
        doubts = [self.doubts[move.mv] for move in approval.moves if move.mv in self.doubts]
        action = max(self.asks.values(), key=ACTIONS.index)
        asks = {action, self.late}
        why = silent(self.people.mode, plc, approval.epoch, doubts, asks, now - snapshot.at.mono_s)
        assert not why, why
        assert int(snapshot.good("plc.heartbeat_echo")) >> 16 == instance, "I-25: another one's heart beats there"
        assert all(RULES.mvs[move.mv].owner == approval.controller for move in approval.moves), "I-07: not its own"
        assert len({move.mv for move in approval.moves}) == len(approval.moves), "I-14"
        for move in approval.moves:
            self.move(move, snapshot, now, action, entering=done.before is not CLOSED)

    def move(self, move, snapshot, now, action, *, entering):
        assert move.mv in RULES.mvs, "I-07"
        rule, value = RULES.mvs[move.mv], move.value
        actual, gap = snapshot.good(rule.actual), resolution(value, rule.encoding)
        assert decode(move.payload, rule.encoding) == value, "I-03"
        assert rule.envelope.lo <= value <= rule.envelope.hi, "I-01 I-03"
        assert snapshot.good(rule.available) == 1.0, "I-24"
        lo, hi = self.setpoints[move.mv].room(now, actual)
        hold = action == "hold" or self.late == "hold" or entering
        hold |= action == "ramp" and rule.safe_value is None
        if action == "ramp" and not hold:
            lo, hi = max(lo, min(actual, rule.safe_value)), min(hi, max(actual, rule.safe_value))
        target = {each.name: each.target for each in LOCKS}
        blocked = [snapshot.good(name) != 0.0 and target[name] == move.mv for name in ("warm", "cold")]
        wound = [tag is not None and snapshot.good(tag) != 0.0 for tag in (rule.windup_hi, rule.windup_lo)]
        if hold or blocked[0] or wound[0]:
            hi = min(hi, actual)
        if hold or blocked[1] or wound[1]:
            lo = max(lo, actual)
        if rule.envelope.scheduled is not None:
            low, high = rule.envelope.scheduled.at(snapshot.good(rule.envelope.scheduled.tag))
            lo, hi = max(lo, min(low, actual)), min(hi, max(high, actual))
        # What was read back under a new epoch is certain (I-11): to leave it there moves nothing, whatever is owed.
        inside = lo - gap <= value <= hi + gap or abs(value - actual) <= gap
        assert inside, f"I-08 I-15 I-21 I-27: {move.mv} {actual} to {value}, room {lo} {hi}"
        if move.mv in self.owned:
            assert abs(value - self.owned[move.mv]) <= gap, "I-24"
        self.allowed[move.mv] |= {value, self.plc.clamp if move.mv == "sp" else value}

    def settled(self, approval, receipts, now):
        judged_at_s = approval.deadline_s - RULES.approval_life_s
        if all(receipt.outcome is WriteOutcome.NOT_SENT for receipt in receipts):
            return
        for move, receipt in zip(approval.moves, receipts, strict=True):
            setpoint, stood = self.setpoints[move.mv], self.done.snapshot.good(RULES.mvs[move.mv].actual)
            if receipt.outcome is WriteOutcome.CONFIRMED:
                setpoint.places.append((judged_at_s, move.value, move.value))
                setpoint.still, self.known[move.mv] = False, True
            elif receipt.outcome is WriteOutcome.OVERRIDDEN:
                setpoint.places, setpoint.still, self.known[move.mv] = [], True, False
            elif receipt.outcome in (WriteOutcome.UNKNOWN, "lost"):
                setpoint.places.append((now, min(stood, move.value), max(stood, move.value)))
                setpoint.still, self.known[move.mv] = False, False
                self.doubts[move.mv] = approval.epoch

    # --- the PLC's log

    def plc_log(self):
        """I-01, I-08, I-24: every new entry, and what stands there now."""
        for n in range(self.checked, len(self.plc.log)):
            at, who, mv, value = self.plc.log[n]
            if who != "set":
                self.segments[mv] = [(at, value)]
                self.allowed[mv] |= {value}
                continue
            its, segment = RULES.mvs[mv].envelope, self.segments[mv]
            change = value - segment[-1][1]
            assert -its.step_down - 1e-3 <= change <= its.step_up + 1e-3, f"I-08 step {segment[-1]} {at} {value}"
            for since, before in segment[-40:]:
                minutes = (at - since + SLACK_S) / 60.0
                low, high = minutes * its.rate_down_per_min, minutes * its.rate_up_per_min
                assert -low - 1e-3 <= value - before <= high + 1e-3, f"I-08 rate {mv} {since} {before} {at} {value}"
            segment.append((at, value))
        self.checked = len(self.plc.log)
        for mv, value in self.plc.sp.items():
            assert RULES.mvs[mv].envelope.lo <= value <= RULES.mvs[mv].envelope.hi, "I-01"
            assert value in self.allowed[mv], "I-01: nobody put it there"

    def applied(self):
        new, self.taken = self.plc.applied[self.taken :], len(self.plc.applied)
        if new:
            assert len(set(self.plc.applied)) == len(self.plc.applied), "I-05"
            assert all(a <= b for a, b in itertools.pairwise(each[0] for each in self.plc.applied)), "I-25"
