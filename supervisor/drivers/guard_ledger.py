"""What the guard remembers: for each MV what was written, what that left standing, and the account of its rates. Pure.

An account is a time: up to ``paid_until_s`` the movement so far has used up the rates. It is closed (None) until a
first write that stands still has opened it. All times are monotonic seconds, all values in the MV's unit.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from safety.signals import Snapshot, WriteOutcome, WriteReceipt
from supervisor.drivers.guard_rules import GuardedMv, GuardRules

Key = tuple[int, int, int]
"""Cycle, epoch and sequence of a set."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write: the setpoint lies between ``lo`` and ``hi`` since; they differ where its outcome is not known."""

    at_s: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one MV."""

    writes: tuple[Write, ...] = ()
    """Oldest first."""
    paid_until_s: float | None = None
    expected: float | None = None
    """What the last confirmed write left standing; None where that is not known."""

    def counted(self, since_s: float) -> tuple[Write, ...]:
        """Return the writes at or after ``since_s``, and the one that stood at that moment."""
        first = next((at for at, write in enumerate(self.writes) if write.at_s >= since_s), len(self.writes))
        return self.writes[max(first - 1, 0) :]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A setpoint that was let through and whose receipt has not come."""

    value: float
    before: float
    """What stood in the loop when it was judged."""
    at_s: float
    paid_until_s: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that the guard hands from one set to the next."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    """By MV."""
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    used: frozenset[Key] = frozenset()
    used_at_s: float = -math.inf
    """When this ledger was used last."""

    def entry(self, mv: str) -> Entry:
        """Return what is known of ``mv``."""
        return self.entries.get(mv, Entry())


@dataclass(frozen=True, slots=True)
class Way:
    """How far a setpoint goes from the worst place where it may stand, both ways; negative: not that way at all."""

    rise: float
    fall: float


def way_to(value: float, actual: float, entry: Entry) -> Way:
    """Return the way to ``value`` from wherever the setpoint may stand: at ``actual``, or where the last write left it
    (invariant I-08: a write of unknown outcome counts in its worst direction).
    """
    places = [actual, *((entry.writes[-1].lo, entry.writes[-1].hi) if entry.writes else ())]
    return Way(rise=value - min(places), fall=max(places) - value)


def paid_until(way: Way, rule: GuardedMv, entry: Entry, now_s: float) -> float:
    """Return the account after a move; the first one only opens it. NaN where a number behind it is none."""
    if entry.paid_until_s is None:
        return now_s
    costs = (_cost_s(way.rise, rule.rate_up_per_min), _cost_s(way.fall, rule.rate_down_per_min))
    starts = (entry.paid_until_s, *(write.at_s for write in entry.writes[-1:]))
    if any(math.isnan(each) for each in (*costs, *starts)):
        return math.nan
    return max(starts) + max(costs)


def watched(
    ledger: Ledger, rules: GuardRules, snapshot: Snapshot, unresolved: Collection[str], by_hand: Collection[str] = ()
) -> Ledger:
    """Return the ledger without the loops that operators have taken, at the PLC or here (``by_hand``): what we wrote
    there no longer counts.

    Where a write of unknown outcome is resolved, what is read back is what it left standing; read outside its range,
    the nearer end of that is expected, and somebody else was there (I-24).
    """
    entries = {}
    for mv, entry in ledger.entries.items():
        rule = rules.mvs.get(mv)
        if mv in by_hand or (rule is not None and snapshot.good(rule.available) == 0.0):
            continue
        seen = None if rule is None or mv in unresolved else snapshot.good(rule.actual)
        if seen is not None and entry.expected is None and entry.writes:
            lo, hi = entry.writes[-1].lo, entry.writes[-1].hi
            entries[mv] = replace(entry, expected=min(max(seen, lo), hi))
        else:
            entries[mv] = entry
    return replace(ledger, entries=entries)


def closed(ledger: Ledger) -> Ledger:
    """Return the ledger with every account closed: the next write of each MV may only stand still (I-15)."""
    return replace(ledger, entries={mv: replace(each, paid_until_s=None) for mv, each in ledger.entries.items()})


def sent(ledger: Ledger, key: Key, moves: Mapping[str, Waiting], rules: GuardRules, now_s: float) -> Ledger:
    """Return the ledger after a set was let through: it is used up, and its moves wait for their receipts."""
    entries = {
        mv: replace(entry, writes=entry.counted(now_s - rules.mvs[mv].window_s)) if mv in rules.mvs else entry
        for mv, entry in ledger.entries.items()
    }
    # A set of an older cycle cannot come again: its evidence is out of date. So the memory stays small.
    used = frozenset({each for each in ledger.used if each[0] >= key[0] - 1} | {key})
    return Ledger(entries, {**ledger.waiting, **moves}, used, now_s)


def noted(ledger: Ledger, receipts: Sequence[WriteReceipt], now_s: float) -> Ledger:
    """Return the ledger after the receipts; whatever still waits and has none is of unknown outcome.

    Receipts of one MV that contradict each other leave its outcome unknown too.
    """
    entries = dict(ledger.entries)
    for mv, waiting in ledger.waiting.items():
        found = [receipt for receipt in receipts if receipt.mv == mv]
        agreed = len({receipt.outcome for receipt in found}) == 1
        outcome = found[0].outcome if agreed else WriteOutcome.UNKNOWN
        read = [receipt.actual for receipt in found if receipt.actual is not None and math.isfinite(receipt.actual)]
        entries[mv] = _after(ledger.entry(mv), waiting, outcome, read, now_s)
    return replace(ledger, entries=entries, waiting={}, used_at_s=max(ledger.used_at_s, now_s))


def _after(entry: Entry, waiting: Waiting, outcome: WriteOutcome, read: Sequence[float], now_s: float) -> Entry:
    if outcome in (WriteOutcome.NOT_SENT, WriteOutcome.REJECTED):
        return entry
    if outcome is WriteOutcome.CONFIRMED:
        write = Write(waiting.at_s, waiting.value, waiting.value)
        return Entry((*entry.writes, write), waiting.paid_until_s, read[-1] if read else waiting.value)
    places = (waiting.value, waiting.before, *read)
    account = None if outcome is WriteOutcome.OVERRIDDEN else waiting.paid_until_s
    return Entry((*entry.writes, Write(now_s, min(places), max(places))), account, None)


def _cost_s(size: float, per_min: float) -> float:
    """Return the seconds that a way takes at its rate; NaN where one of them is no number."""
    if size <= 0.0:
        return 0.0
    if per_min <= 0.0:
        return math.inf
    return size * 60.0 / per_min
