"""The second look at every move set, in the last step before a driver, by other code than the gate's.

The gate decides; the guard only objects. Both hold the same rules, written twice by different hands and compared by
random trials (tests/supervisor/drivers/test_guard_differential.py). It judges the bytes that would leave, by its own
arithmetic, its own reading of the plant file and its own memory of what was written. What is no number breaks every
rule that it meets. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from safety.signals import Mode, Snapshot
from supervisor.drivers import guard_ledger as ledgers
from supervisor.drivers.guard_ledger import Ledger
from supervisor.drivers.guard_moves import Bench, at_work, move_objections, taken_up
from supervisor.drivers.guard_numbers import move_set_sum, resolution, said
from supervisor.drivers.guard_rules import GuardRules
from supervisor.drivers.guard_words import Evidence, Objection, Sending

HALF: Final = 0.5
"""A setpoint farther than half a resolution from ours was moved by somebody else."""


def objections(
    sending: Sending, evidence: Evidence, rules: GuardRules, ledger: Ledger, now_s: float
) -> tuple[Objection, ...]:
    """Return every rule that sending this set now, monotonic, would break; none means that it may leave."""
    ledger = witnessed(ledger, evidence, rules)
    return (
        *_circumstances(sending, evidence, rules, ledger, now_s),
        *_as_a_whole(sending, evidence, rules, ledger),
        *move_objections(sending, Bench(evidence, rules, ledger)),
        *_telegram(sending, evidence, rules),
        *_validity(sending, rules, ledger, now_s),
    )


def witnessed(ledger: Ledger, evidence: Evidence, rules: GuardRules) -> Ledger:
    """Return the ledger after one more look, in every cycle and whether or not a set is sent: operators may have taken
    a loop, and after a refusal or outside closed loop the accounts are closed.
    """
    seen = ledgers.watched(ledger, rules, evidence.snapshot, evidence.unresolved, evidence.by_hand)
    return ledgers.closed(seen) if evidence.refused or evidence.mode is not Mode.CLOSED_LOOP else seen


def sent(sending: Sending, evidence: Evidence, rules: GuardRules, ledger: Ledger, now_s: float) -> Ledger:
    """Return the ledger after a set without objections was handed on at ``now_s``: it waits for its receipts."""
    ledger = witnessed(ledger, evidence, rules)
    waiting = taken_up(sending, Bench(evidence, rules, ledger))
    return ledgers.sent(ledger, sending.key, waiting, rules, now_s)


def _circumstances(
    sending: Sending, evidence: Evidence, rules: GuardRules, ledger: Ledger, now_s: float
) -> Iterator[Objection]:
    snapshot = evidence.snapshot
    if evidence.mode is not Mode.CLOSED_LOOP:
        yield Objection("mode", evidence.mode.name)
    age_s, judged_at_s = now_s - snapshot.at.mono_s, evidence.judged_at_s
    in_turn = snapshot.at.mono_s <= judged_at_s <= now_s and ledger.used_at_s <= judged_at_s
    if not (in_turn and age_s <= rules.life_s):
        yield Objection("clock", "", {"age_s": age_s, "life_s": rules.life_s})
    cycles = {sending.cycle, evidence.interlocks_cycle, evidence.link_cycle}
    if cycles != {snapshot.cycle}:
        yield Objection("cycle", "", {"cycle": snapshot.cycle})
    for name in sorted(rules.interlocks - evidence.evaluated):
        yield Objection("not_evaluated", name)
    if evidence.action not in ("none", "ramp", "hold"):
        yield Objection("interlock", "")
    if evidence.watchdog not in ("none", "hold"):
        yield Objection("watchdog", "")
    if not evidence.permit:
        yield Objection("handshake", "")
    if ledger.waiting:
        yield Objection("unsettled", min(ledger.waiting))


def _as_a_whole(sending: Sending, evidence: Evidence, rules: GuardRules, ledger: Ledger) -> Iterator[Objection]:
    names = [mv for mv, _ in sending.moves]
    for mv in sorted({mv for mv in names if names.count(mv) > 1}):
        yield Objection("duplicate", mv)
    for mv in sorted(evidence.by_hand & set(names)):
        yield Objection("by_hand", mv)
    working = sum(not at_work(mv, rule, evidence.snapshot) for mv, rule in rules.mvs.items())
    if working < rules.min_active_mvs:
        yield Objection("min_active_mvs", "", {"at_work": working, "limit": rules.min_active_mvs})
    yield from _overridden(evidence.snapshot, rules, ledger)


def _overridden(snapshot: Snapshot, rules: GuardRules, ledger: Ledger) -> Iterator[Objection]:
    """Yield every MV, of this set or not, whose setpoint somebody else has moved since our last write (I-24)."""
    for mv, rule in rules.mvs.items():
        expected, actual = ledger.entry(mv).expected, snapshot.good(rule.actual)
        if expected is None or actual is None:
            continue
        if not abs(actual - expected) <= HALF * resolution(expected, rule.encoding):
            yield Objection("overridden", mv, {"actual": actual, "expected": expected})


def _telegram(sending: Sending, evidence: Evidence, rules: GuardRules) -> Iterator[Objection]:
    if not sending.moves:
        yield Objection("telegram", "empty")
    if sending.epoch != evidence.epoch:
        yield Objection("telegram", "epoch")
    if sending.sequence != evidence.sequence:
        yield Objection("telegram", "sequence")
    places = [rules.mv_order.index(mv) for mv, _ in sending.moves if mv in rules.mv_order]
    if places != sorted(places):
        yield Objection("telegram", "order")
    if sending.mask != sum(1 << place for place in set(places)):
        yield Objection("telegram", "mask")
    if not rules.full:
        return
    if len(places) != len(sending.moves):
        yield Objection("telegram", "mask")
    numbers = [said(payload, rules.mvs[mv].encoding) for mv, payload in sending.moves if mv in rules.mvs]
    setpoints = [number for number in numbers if number is not None]
    total = move_set_sum(sending.epoch, sending.sequence, sending.mask, setpoints)
    if len(setpoints) != len(sending.moves) or total is None or sending.crc != total:
        yield Objection("telegram", "crc")


def _validity(sending: Sending, rules: GuardRules, ledger: Ledger, now_s: float) -> Iterator[Objection]:
    if not (now_s <= sending.deadline_s <= now_s + rules.life_s and math.isfinite(sending.deadline_s)):
        yield Objection("deadline", "", {"deadline_s": sending.deadline_s, "now_s": now_s})
    if sending.limits_hash != rules.limits_hash:
        yield Objection("hashes", "limits")
    if sending.config_hash != rules.config_hash:
        yield Objection("hashes", "config")
    if sending.key in ledger.used:
        yield Objection("used", "")
