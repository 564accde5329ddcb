"""What the database would not take: spooled meanwhile, put on record first when the database is back, each once.

A write that seemed to fail may have landed; an entry whose twin is found on record after the point where it was spooled
is dropped. The same comparison makes a drain safe that was cut short between its commit and the clearing of the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

from supervisor.audit.chain import Row, canonical
from supervisor.audit.spool import Spool, Spooled
from supervisor.audit.store import Entry, Packed, Store, entry

CHUNK = 200
"""Entries per transaction: some 20 ms, so that an intent that waits behind one keeps its deadline."""
UNKNOWN_TAIL = 5_000
"""How far back twins are looked for when the record was not open at the time of spooling."""


def drain(store: Store, spool: Spool, utc_s: float) -> tuple[Entry, ...]:
    """Put every spooled entry on record that is not there, as rows of kind ``spooled``, and clear the file.

    Returns what was added. Raises StoreError and SpoolError; nothing is lost or doubled by either.
    """
    if spool.count == 0:
        return ()
    waiting = spool.read()
    store.ready(utc_s)
    known = _on_record(store, waiting)
    missing = tuple(_entry(item, utc_s) for item in waiting if _digest(item.kind, item.utc_s, item.body) not in known)
    for first in range(0, len(missing), CHUNK):
        store.write(missing[first : first + CHUNK])
    spool.clear(len(waiting))
    return missing


def spooled(items: Sequence[Entry], after_seq: int | None) -> Iterator[Spooled]:
    """Yield ``items`` as the spool takes them."""
    for item in items:
        packed = item.packed
        yield Spooled(
            kind=item.kind,
            body=item.body,
            utc_s=item.utc_s,
            after_seq=after_seq,
            cycle=None if packed is None else packed.cycle,
            blob=b"" if packed is None else packed.blob,
        )


def _entry(item: Spooled, utc_s: float) -> Entry:
    made = entry("spooled", {"was": item.kind, "at": item.utc_s, "body": json.loads(item.body)}, utc_s)
    if item.cycle is None or not item.blob:
        return made
    return Entry(made.kind, made.body, made.utc_s, Packed(item.cycle, item.utc_s, item.blob))


def _on_record(store: Store, waiting: Sequence[Spooled]) -> set[bytes]:
    ends = [item.after_seq for item in waiting]
    known = [end for end in ends if end is not None]
    first = min(known) if len(known) == len(ends) else max(store.tail().seq - UNKNOWN_TAIL, 0)
    return {_row_digest(row) for row in store.rows((), first)}


def _row_digest(row: Row) -> bytes:
    if row.kind != "spooled":
        return _digest(row.kind, row.utc_s, row.body)
    inner = json.loads(row.body)
    return _digest(inner["was"], inner["at"], canonical(inner["body"]))


def _digest(kind: str, utc_s: float, body: str) -> bytes:
    return hashlib.sha256(f"{kind}\n{utc_s!r}\n{body}".encode()).digest()
