"""What the audit's own thread does: puts things on record in the right order. Synchronous; one thread, no event loop.

The order at every turn: reopen and verify where the handle was thrown away; what was spooled; outcomes that are owed;
then what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from safety.signals import WriteReceipt
from supervisor.audit.backlog import drain
from supervisor.audit.capacity import Capacity, CapacityState, capacity, free_bytes
from supervisor.audit.chain import Row, SignedHead, head_line
from supervisor.audit.heads import Heads, Witness, witness
from supervisor.audit.orphans import Orphan, closes, never_sent, orphans, outcome_body
from supervisor.audit.spool import Spool, SpoolError
from supervisor.audit.store import Entry, Store, entry
from supervisor.audit.trouble import StoreError
from supervisor.stored import Stored, not_stored

MARK_ROWS = 20_000
"""How often the record says that no intent is open, so that a start need not read a year."""
PAGE_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Opening:
    """What was found when the record was opened."""

    stored: Stored
    """Whether the record takes rows (its ``opened`` row is the probe write of fault F56)."""
    fault: str | None = None
    """``rollback`` or ``rewritten`` where the signed heads outside contradict the database: do not arm."""
    orphans: tuple[Orphan, ...] = ()
    """Intents of earlier runs without an outcome: read the PLC and close each before arming."""


class Desk:
    """The record, its spool and its heads in one pair of hands."""

    def __init__(self, url: str, spool: Spool, heads: Path) -> None:
        self._url = url
        self._store = Store(url)
        self._spool = spool
        self._heads = Heads(heads)
        self._opened = False
        self._owed: list[Entry] = []
        self._open: set[int] = set()
        self._marked = 0

    @property
    def acknowledged_seq(self) -> int | None:
        """The last acknowledged row; None before the first opening. May be read from another thread."""
        return None if self._store.epoch is None else self._store.acknowledged.seq

    def open(self, utc_s: float) -> Opening:
        """Open the record and say what was found; call again, later, where it could not be opened."""
        try:
            self._catch_up(utc_s)
            found = tuple(orphans(self._since_mark()))
            fault = self._witness().fault
        except StoreError as trouble:
            return Opening(not_stored(trouble.reason))
        self._opened = True
        return Opening(Stored(self._store.acknowledged.seq), fault, found)

    def intend(self, intent: Entry) -> Stored:
        """Put an intent on record."""
        return self.write([intent]) if self._opened else not_stored("not_opened")

    def write(self, entries: Sequence[Entry]) -> Stored:
        """Put ``entries`` (at least one) on record; the answer is about the last one."""
        try:
            self._catch_up(entries[0].utc_s)
            return Stored(self._put(entries))
        except StoreError as trouble:
            return not_stored(trouble.reason)

    def regret(self, late: Future[Stored], utc_s: float) -> Stored:
        """Say on record that an intent that landed after its deadline was never sent."""
        stored = late.result()
        try:
            row = None if stored.seq is None else self._store.row(stored.seq)
            if row is not None:
                self._owed.append(entry("outcome", never_sent(row, "stored_late"), utc_s))
            self._catch_up(utc_s)
        except StoreError as trouble:
            return not_stored(trouble.reason)
        return Stored(self._store.acknowledged.seq)

    def close_orphans(self, closed: Sequence[tuple[Orphan, Sequence[WriteReceipt]]], utc_s: float) -> Stored:
        """Put the outcomes of earlier runs' intents on record, and that all of them were looked at."""
        entries = [entry("outcome", outcome_body(orphan.seq, receipts, "orphan"), utc_s) for orphan, receipts in closed]
        return self.write([*entries, entry("resolved", {"intents": len(entries)}, utc_s)])

    def sign(self, utc_s: float) -> SignedHead:
        """Sign the end of the chain, outside first. Raises StoreError and HeadsError."""
        self._catch_up(utc_s)
        head = self._heads.sign(self._store.tail(), utc_s)
        self._store.append_head(head.number, head_line(head))
        return head

    def capacity(self) -> Capacity:
        """Return how full the storage is; a record that cannot even be asked counts as full."""
        try:
            used, limit = self._store.usage()
        except StoreError:
            return Capacity(1.0, CapacityState.DISARM)
        return capacity(used, limit, free_bytes(self._url))

    def close(self) -> None:
        """Close the database and the spool."""
        self._store.close()
        self._spool.close()

    def _catch_up(self, utc_s: float) -> None:
        self._store.ready(utc_s)
        self._owe(self._store.take_landed(), utc_s)
        try:
            for item in drain(self._store, self._spool, utc_s):
                self._track(item, 0)
        except SpoolError as error:
            raise StoreError("spool", str(error), "check the spool file; what it holds belongs on record") from error
        if self._owed:
            self._put(self._owed)
            self._owed = []

    def _owe(self, landed: Sequence[Row], utc_s: float) -> None:
        for row in landed:
            if row.kind == "intent":
                self._owed.append(entry("outcome", never_sent(row, "commit_in_doubt"), utc_s))

    def _put(self, entries: Sequence[Entry]) -> int:
        numbers = self._store.write([*entries, *self._mark(entries)])[: len(entries)]
        for item, seq in zip(entries, numbers, strict=True):
            self._track(item, seq)
        return numbers[-1]

    def _track(self, item: Entry, seq: int) -> None:
        if item.kind == "intent":
            self._open.add(seq)
        elif (closed := closes(item.kind, item.body)) is not None:
            self._open.discard(closed)

    def _mark(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """Return a ``resolved`` row from time to time, when these entries leave no intent open."""
        end = self._store.acknowledged.seq
        if not self._opened or end - self._marked < MARK_ROWS or any(item.kind == "intent" for item in entries):
            return ()
        if self._open - {closes(item.kind, item.body) for item in entries}:
            return ()
        self._marked = end
        return (entry("resolved", {"intents": 0}, entries[-1].utc_s),)

    def _since_mark(self) -> Iterator[Row]:
        mark = self._store.last("resolved")
        at = 0 if mark is None else mark.seq
        while page := self._store.rows(("intent", "outcome", "spooled"), at, PAGE_ROWS):
            yield from page
            at = page[-1].seq

    def _witness(self) -> Witness:
        newest = self._heads.newest
        row = None if newest is None else self._store.row(newest.seq)
        return witness(newest, self._store.tail(), None if row is None else row.hash)
