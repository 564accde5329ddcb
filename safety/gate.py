"""May this move set reach the plant? The whole set, or none of it; nothing is ever repaired.

One cycle of the shell, where every ``..., memory = f(..., memory)`` is pure and ``now_s`` is monotonic:

    snapshot, validity = validate(raw, plant.validity, validity)           # then think, then read and validate again:
    snapshot, validity = validate(fresh_raw, plant.validity, validity)
    outcome, locks = interlocks.evaluate(snapshot, rules.interlocks, locks)
    link, shake = handshake.observe(snapshot, rules.handshake, shake)
    decision, mode = modes.decide(Facts(conditions={**outcome.conditions, **link.conditions, ...}, ...), ..., now_s)
    situation = Situation(decision.state, outcome, link, watch(ages_s, watchdogs))
    verdict, gate = judge(candidate, snapshot, situation, rules, gate, now_s)
    if verdict.refusals:                                                   # stand still, through the same gate
        still = stand_still(candidate.controller, snapshot, rules, link.unresolved, outcome)
        verdict, gate = judge(still, snapshot, situation, rules, gate, now_s)
    if verdict.approval: ...intent stored..., receipts = await driver.write(verdict.approval, ...)
        gate = settle(gate, receipts, now_s); shake = handshake.settle(shake, verdict.approval, receipts, now_s)
    frame, shake = handshake.beat(decision.beat, rules.handshake, shake, now_s)

The first write to an MV after arming or after a refusal may only stand still (I-15): it opens the account that later
moves are paid from. So a refused candidate costs one cycle of standing still, and nothing can ride on a second try.
So let the first closed-loop cycle propose ``stand_still``. An approval that is not written after all is settled with
NOT_SENT receipts. A verdict with action ``shed`` or ``off`` must be told to the modes (condition ``gate``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from safety.approval import _SEAL, Approval, ApprovedMove
from safety.encoding import Encoding, EncodingError, around, decode, encode, resolution
from safety.envelope import Track, check, paid_until, step_to
from safety.fallback import stand_still
from safety.handshake import Link
from safety.interlocks import Action, InterlockOutcome, worst
from safety.plc import move_set_crc
from safety.progress import GateMemory, Pending, settle
from safety.rules import GateRules, MvRule, at_work, closed_ways
from safety.signals import Candidate, Mode, ModeState, Move, Refusal, Snapshot
from safety.watchdog import Watch

__all__ = ["GateMemory", "GateRules", "MvRule", "Situation", "Verdict", "judge", "settle", "stand_still"]

_FLOAT32: Final = Encoding("float32")
_SHEDS: Final = frozenset({"overridden", "min_active_mvs"})
"""Refusals that end closed loop instead of one cycle."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the other rules found in this cycle."""

    mode: ModeState
    interlocks: InterlockOutcome
    link: Link
    watch: Watch


@dataclass(frozen=True, slots=True)
class Verdict:
    """Approval, or every reason against it. Neither for an empty candidate: nothing asked, nothing to write."""

    approval: Approval | None
    refusals: tuple[Refusal, ...]
    trips: tuple[str, ...]
    """Tripped interlocks, the most severe first."""
    action: Action
    """The most severe action that anything asked for."""


def judge(
    candidate: Candidate, snapshot: Snapshot, situation: Situation, rules: GateRules, memory: GateMemory, now_s: float
) -> tuple[Verdict, GateMemory]:
    """Judge ``candidate`` on a fresh, validated snapshot; return the verdict and the memory after it."""
    tracks = _tracks(snapshot, situation.link, rules, memory, now_s)
    here = _Bench(snapshot, situation, rules, memory, tracks, now_s)
    refusals = [*here.circumstances(candidate), *here.set_as_a_whole(candidate)]
    passed: dict[str, _Passed] = {}
    for move in candidate.moves:
        rule = rules.mvs.get(move.mv)
        found = _Passed([Refusal("not_listed", move.mv)]) if rule is None else here.one(move, rule)
        refusals += found.refusals
        passed[move.mv] = found
    severities: list[Action] = ["shed" if each.code in _SHEDS else "hold" for each in refusals]
    action = worst(situation.interlocks.action, situation.watch.action, *severities)
    memory = replace(memory, tracks=here.tracks, judged_at_s=max(now_s, memory.judged_at_s))
    if refusals or not candidate.moves:
        verdict = Verdict(None, tuple(refusals), situation.interlocks.tripped, action)
        return verdict, memory.forgotten() if refusals else memory
    approval = here.approved(candidate, [each.move for each in passed.values() if each.move])
    pending = {mv: each.pending for mv, each in passed.items() if each.pending}
    return Verdict(approval, (), situation.interlocks.tripped, action), replace(memory, pending=pending)


@dataclass(slots=True)
class _Passed:
    """What became of one move."""

    refusals: list[Refusal]
    move: ApprovedMove | None = None
    pending: Pending | None = None


def _tracks(snapshot: Snapshot, link: Link, rules: GateRules, memory: GateMemory, now_s: float) -> Mapping[str, Track]:
    """Forget what lies before the longest window, and all of it where the operator has taken the loop.

    A write whose outcome was unknown has been read back when it is not unresolved any more: what it left standing,
    somewhere in its range, is what is expected from then on.
    """
    tracks = {}
    for mv, track in memory.tracks.items():
        rule = rules.mvs.get(mv)
        if rule is None or snapshot.good(rule.available) == 0.0:
            continue
        kept = track.since(now_s - rule.envelope.window_s)
        actual = snapshot.good(rule.actual)
        if kept.expected is None and kept.writes and actual is not None and mv not in link.unresolved:
            last = kept.writes[-1]
            kept = replace(kept, expected=min(max(actual, last.lo), last.hi))
        tracks[mv] = kept
    return tracks


@dataclass(frozen=True, slots=True)
class _Bench:
    snapshot: Snapshot
    situation: Situation
    rules: GateRules
    memory: GateMemory
    tracks: Mapping[str, Track]
    now_s: float

    def circumstances(self, candidate: Candidate) -> list[Refusal]:
        """Refuse whatever is proposed: wrong mode, stale evidence, an interlock, the PLC's side."""
        mode, interlocks, link = self.situation.mode, self.situation.interlocks, self.situation.link
        found: list[Refusal] = []
        if mode.actual is not Mode.CLOSED_LOOP:
            found.append(Refusal("mode", mode.actual.name))
        age_s = self.now_s - self.snapshot.at.mono_s
        if not (0.0 <= age_s <= self.rules.approval_life_s and self.now_s >= self.memory.judged_at_s):
            found.append(Refusal("clock", "snapshot", {"age_s": age_s}))
        cycles = {"candidate": candidate.cycle, "interlocks": interlocks.cycle, "handshake": link.cycle}
        for subject, cycle in cycles.items():
            if cycle != self.snapshot.cycle:
                found.append(Refusal("cycle", subject, {"cycle": cycle, "now": self.snapshot.cycle}))
        missing = [each.name for each in self.rules.interlocks if each.name not in interlocks.states]
        found += [Refusal("not_evaluated", name) for name in missing]
        if interlocks.action in ("shed", "off"):
            found.append(Refusal("interlock", interlocks.acting[0]))
        if self.situation.watch.action == "shed":
            found.append(Refusal("watchdog", self.situation.watch.late[0]))
        if not link.permit:
            found += [Refusal("handshake", reason) for reason in link.reasons or ("no_permit",)]
        found += [Refusal("unsettled", mv) for mv in self.memory.pending]
        return found

    def set_as_a_whole(self, candidate: Candidate) -> list[Refusal]:
        """Refuse for what concerns more than one move."""
        names = [move.mv for move in candidate.moves]
        found = [Refusal("duplicate", mv) for mv in sorted({mv for mv in names if names.count(mv) > 1})]
        foreign = {mv for mv in names if mv in self.rules.mvs and self.rules.mvs[mv].owner != candidate.controller}
        found += [Refusal("not_owner", mv) for mv in sorted(foreign)]
        active = sum(not at_work(mv, rule, self.snapshot) for mv, rule in self.rules.mvs.items())
        if active < self.rules.min_active_mvs:
            found.append(Refusal("min_active_mvs", "plant", {"active": active, "needed": self.rules.min_active_mvs}))
        for mv, track in self.tracks.items():
            actual, expected = self.snapshot.good(self.rules.mvs[mv].actual), track.expected
            if actual is not None and expected is not None and not _same(actual, expected, self.rules.mvs[mv]):
                found.append(Refusal("overridden", mv, {"expected": expected, "actual": actual}))
        return found

    def one(self, move: Move, rule: MvRule) -> _Passed:
        """Judge one move of an MV on the write list."""
        found = at_work(move.mv, rule, self.snapshot)
        if move.mv in self.situation.link.unresolved:
            found.append(Refusal("unresolved", move.mv))
        if not math.isfinite(move.value):
            found.append(Refusal("not_finite", move.mv))
        actual, scheduled = self.snapshot.good(rule.actual), rule.envelope.scheduled_limits(self.snapshot)
        if found or actual is None or scheduled is None:
            return _Passed(found)
        track = self.tracks.get(move.mv, Track())
        measured = None if rule.envelope.readback is None else self.snapshot.good(rule.envelope.readback)
        try:
            payload = encode(move.value, rule.encoding)
            sent = decode(payload, rule.encoding)
            below, above = around(actual, rule.encoding)
            gap = resolution(move.value, rule.encoding)
            travels = decode(encode(sent, _FLOAT32), _FLOAT32)  # as which the PLC contract's setpoints travel
        except EncodingError:
            return _Passed([Refusal("encoding", move.mv, {"value": move.value})])
        if not abs(sent - move.value) <= gap or (self.rules.handshake.kind == "full" and travels != sent):
            found.append(Refusal("encoding", move.mv, {"value": move.value, "sent": sent}))
        step = step_to(move.mv, move.value, actual=actual, measured=measured, scheduled=scheduled, track=track)
        found += check(step, rule.envelope, track, self.now_s)
        if sent != move.value:  # then what would really be sent, where what was asked for is in order
            step = step_to(move.mv, sent, actual=actual, measured=measured, scheduled=scheduled, track=track)
            wrong = () if found else check(step, rule.envelope, track, self.now_s)
            found += [replace(each, code=f"sent_{each.code}") for each in wrong]
        approved = ApprovedMove(move.mv, sent, payload)
        found += self.direction(approved, rule, actual, below, above)
        paid_s = paid_until(step, rule.envelope, track, self.now_s)
        detail = {"value": sent, "ahead_s": paid_s - self.now_s}
        if track.paid_until_s is None and not below <= sent <= above:
            found.append(Refusal("first_move", move.mv, detail))
        if not paid_s <= self.now_s + self.rules.rate_slack_s:
            found.append(Refusal("rate_up" if sent > actual else "rate_down", move.mv, detail))
        pending = Pending(sent, actual, self.now_s, paid_s)
        return _Passed(found, approved, pending)

    def direction(self, move: ApprovedMove, rule: MvRule, actual: float, below: float, above: float) -> list[Refusal]:
        """Refuse a way that is closed: by an interlock, or because the loop below cannot follow.

        It stands still with the bytes nearest to where it stands, on either side where it stands between two.
        """
        outcome, sent, found = self.situation.interlocks, move.value, []
        if not below <= sent <= above:
            if self.situation.watch.action == "hold":
                found.append(Refusal("watchdog", self.situation.watch.late[0]))
            goal = rule.safe_value
            safe = goal is not None and min(actual, goal) <= sent <= max(actual, goal)
            if outcome.action == "hold" or (outcome.action == "ramp" and not safe):
                found.append(Refusal("interlock", outcome.acting[0]))
        up, down = closed_ways(move.mv, rule, self.snapshot, outcome)
        if sent > actual and sent > below:
            found += [Refusal(code, move.mv) for code in up]
        if sent < actual and sent < above:
            found += [Refusal(code, move.mv) for code in down]
        return found

    def approved(self, candidate: Candidate, moves: list[ApprovedMove]) -> Approval:
        """Seal it."""
        link, bits = self.situation.link, {mv: bit for bit, mv in enumerate(self.rules.handshake.mv_order)}
        moves = sorted(moves, key=lambda move: bits[move.mv])
        mask = sum(1 << bits[move.mv] for move in moves)
        values = [move.value for move in moves]
        full = self.rules.handshake.kind == "full"
        crc = move_set_crc(link.epoch, link.sequence, mask, values) if full else 0
        return Approval(
            controller=candidate.controller,
            cycle=candidate.cycle,
            epoch=link.epoch,
            sequence=link.sequence,
            mask=mask,
            crc=crc,
            moves=tuple(moves),
            limits_hash=self.rules.limits_hash,
            config_hash=self.rules.config_hash,
            deadline_s=self.now_s + self.rules.approval_life_s,
            seal=_SEAL,
        )


def _same(actual: float, expected: float, rule: MvRule) -> bool:
    """Return whether two readings of one setpoint agree but for the rounding of what we write."""
    try:
        return abs(actual - expected) <= resolution(expected, rule.encoding) / 2.0
    except EncodingError:
        return actual == expected
