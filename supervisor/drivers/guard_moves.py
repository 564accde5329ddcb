"""What the guard asks of each move by itself: the loop, the number, the limits, the rates, the open ways. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from safety.signals import Snapshot
from supervisor.drivers.guard_ledger import Entry, Ledger, Waiting, paid_until, way_to
from supervisor.drivers.guard_numbers import Around, around, said, survives_float32
from supervisor.drivers.guard_rules import GuardedMv, GuardRules
from supervisor.drivers.guard_words import Evidence, Objection, Sending

YES = 1.0
"""What an ``available`` tag shows while the loop takes our setpoint."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that one move is judged by."""

    evidence: Evidence
    rules: GuardRules
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class _Move:
    """One move of a loop that is at work."""

    mv: str
    value: float
    """What its bytes say."""
    actual: float
    rule: GuardedMv
    entry: Entry


def at_work(mv: str, rule: GuardedMv, snapshot: Snapshot) -> tuple[Objection, ...]:
    """Return why this MV is not at work; nothing where it is."""
    found = []
    if snapshot.good(rule.available) != YES:
        found.append(Objection("unavailable", mv))
    if snapshot.good(rule.actual) is None:
        found.append(Objection("actual_bad", mv))
    if rule.readback is not None and snapshot.good(rule.readback) is None:
        found.append(Objection("readback_bad", mv))
    if rule.schedule is not None and rule.schedule.at(snapshot.good(rule.schedule.tag)) is None:
        found.append(Objection("schedule_bad", mv))
    return tuple(found)


def move_objections(sending: Sending, bench: Bench) -> Iterator[Objection]:
    """Yield what is wrong with each move."""
    for mv, payload in sending.moves:
        rule = bench.rules.mvs.get(mv)
        if rule is None:
            yield Objection("not_listed", mv)
            continue
        if sending.controller != rule.owner:
            yield Objection("not_owner", mv)
        if mv in bench.evidence.unresolved:
            yield Objection("unresolved", mv)
        yield from at_work(mv, rule, bench.evidence.snapshot)
        value, actual = said(payload, rule.encoding), bench.evidence.snapshot.good(rule.actual)
        if value is None or (bench.rules.full and not survives_float32(value)):
            yield Objection("encoding", mv)
        if value is not None and actual is not None:
            move = _Move(mv, value, actual, rule, bench.ledger.entry(mv))
            yield from _limits(move, bench)
            yield from _rates(move, bench)
            yield from _ways(move, bench)


def taken_up(sending: Sending, bench: Bench) -> dict[str, Waiting]:
    """Return what the ledger has to keep of each move until its receipt comes."""
    found = {}
    for mv, payload in sending.moves:
        rule = bench.rules.mvs.get(mv)
        value = said(payload, rule.encoding) if rule is not None else None
        actual = bench.evidence.snapshot.good(rule.actual) if rule is not None else None
        if rule is not None and value is not None and actual is not None:
            entry = bench.ledger.entry(mv)
            judged_at_s = bench.evidence.judged_at_s
            account = paid_until(way_to(value, actual, entry), rule, entry, judged_at_s)
            found[mv] = Waiting(value, actual, judged_at_s, account)
    return found


def _limits(move: _Move, bench: Bench) -> Iterator[Objection]:
    mv, value, rule = move.mv, move.value, move.rule
    if not (math.isfinite(rule.lo) and math.isfinite(rule.hi)):
        yield Objection("no_limits", mv)
    if not value >= rule.lo:
        yield Objection("range_lo", mv, {"value": value, "limit": rule.lo})
    if not value <= rule.hi:
        yield Objection("range_hi", mv, {"value": value, "limit": rule.hi})
    snapshot = bench.evidence.snapshot
    if rule.schedule is not None and (inside := rule.schedule.at(snapshot.good(rule.schedule.tag))) is not None:
        lo, hi = inside
        # Operators may have left the setpoint outside: from there it may come back, never go further out.
        if not (value >= lo or value >= move.actual):
            yield Objection("scheduled_lo", mv, {"value": value, "limit": lo})
        if not (value <= hi or value <= move.actual):
            yield Objection("scheduled_hi", mv, {"value": value, "limit": hi})
    if rule.readback is not None and (measured := snapshot.good(rule.readback)) is not None:
        distance = abs(value - measured)
        if not distance <= rule.distance:
            yield Objection("distance", mv, {"distance": distance, "limit": rule.distance})


def _rates(move: _Move, bench: Bench) -> Iterator[Objection]:
    mv, rule, entry, now_s = move.mv, move.rule, move.entry, bench.evidence.judged_at_s
    way = way_to(move.value, move.actual, entry)
    if not way.rise <= rule.step_up:
        yield Objection("step_up", mv, {"move": way.rise, "limit": rule.step_up})
    if not way.fall <= rule.step_down:
        yield Objection("step_down", mv, {"move": way.fall, "limit": rule.step_down})
    counted = entry.counted(now_s - rule.window_s)
    far = [abs(move.value - place) for write in counted for place in (write.lo, write.hi)]
    if not all(each <= rule.window_delta for each in far):
        yield Objection("window", mv, {"move": max(far), "limit": rule.window_delta})
    if not paid_until(way, rule, entry, now_s) <= now_s + bench.rules.slack_s:
        yield Objection("rate", mv, {"rise": way.rise, "fall": way.fall})


def _ways(move: _Move, bench: Bench) -> Iterator[Objection]:
    mv, value, actual, rule, evidence = move.mv, move.value, move.actual, move.rule, bench.evidence
    near = around(actual, rule.encoding)
    if near is None:  # what stands in the loop is nothing that we could write: no way from there can be told
        yield Objection("encoding", mv, {"actual": actual})
    still = near is not None and near.holds(value)
    if move.entry.paid_until_s is None and not still:
        yield Objection("first_move", mv, {"value": value, "actual": actual})
    if not still and not (evidence.action == "none" or (evidence.action == "ramp" and _toward_safe(move))):
        yield Objection("interlock", mv)
    if not still and evidence.watchdog != "none":
        yield Objection("watchdog", mv)
    snapshot = evidence.snapshot
    if _goes_up(value, actual, near):
        if mv in evidence.blocked_up:
            yield Objection("blocked_up", mv)
        if rule.windup_hi is not None and snapshot.good(rule.windup_hi) != 0.0:
            yield Objection("windup_hi", mv)
    if _goes_down(value, actual, near):
        if mv in evidence.blocked_down:
            yield Objection("blocked_down", mv)
        if rule.windup_lo is not None and snapshot.good(rule.windup_lo) != 0.0:
            yield Objection("windup_lo", mv)


def _toward_safe(move: _Move) -> bool:
    safe = move.rule.safe_value
    return safe is not None and min(move.actual, safe) <= move.value <= max(move.actual, safe)


def _goes_up(value: float, actual: float, near: Around | None) -> bool:
    return value > actual and (near is None or value > near.below)


def _goes_down(value: float, actual: float, near: Around | None) -> bool:
    return value < actual and (near is None or value < near.above)
