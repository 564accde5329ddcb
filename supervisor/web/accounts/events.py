"""What happened to accounts, in rows that hang on one another like the audit's: a changed or removed row is seen.

A chain of its own beside the accounts, written in the same transaction as what it tells of. Not in the audit: a wrong
password must not need control to be running, nor take room in a cycle's record. Names and addresses come from
strangers, so a row is canonical JSON, never a line of text that somebody could break.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from supervisor.audit.chain import EMPTY, Json, Row, Tail, canonical, follow, link, plain, tail_of

TEXT_MAX = 200
_COLUMNS = "seq, utc_s, kind, epoch, body, prev_hash, hash"


@dataclass(frozen=True, slots=True)
class Event:
    """One row, for people."""

    seq: int
    utc_s: float
    kind: str
    body: dict[str, Json]


def note(connection: sqlite3.Connection, kind: str, utc_s: float, **body: str | float | bool | None) -> None:
    """Append an event in the transaction of ``connection``; long texts are cut, what UTF-8 lacks is replaced."""
    told: dict[str, Json] = {name: _storable(value) for name, value in body.items()}
    row = link(_tail(connection), kind, canonical(told), utc_s, epoch=1)
    connection.execute(
        f"INSERT INTO event ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own column names
        (row.seq, row.utc_s, row.kind, row.epoch, row.body, row.prev_hash, row.hash),
    )


def latest(connection: sqlite3.Connection, limit: int = 200) -> tuple[Event, ...]:
    """Return the newest events, the newest first."""
    found = connection.execute("SELECT seq, utc_s, kind, body FROM event ORDER BY seq DESC LIMIT ?", (limit,))
    return tuple(Event(seq, utc_s, kind, json.loads(body)) for seq, utc_s, kind, body in found)


def broken(connection: sqlite3.Connection) -> str:
    """Return what is wrong with the chain and where; empty where every row is as it was written.

    Rows cut off at the end leave a shorter chain that holds: compare ``head`` with what was noted elsewhere.
    """
    tail = EMPTY
    for values in connection.execute(f"SELECT {_COLUMNS} FROM event ORDER BY seq"):  # noqa: S608
        row = Row(*values)
        fault = follow(row, tail)
        if fault is not None:
            return f"event {row.seq}: {fault}"
        tail = tail_of(row)
    return ""


def head(connection: sqlite3.Connection) -> Tail:
    """Return the end of the chain, to be noted outside this file."""
    return _tail(connection)


def _tail(connection: sqlite3.Connection) -> Tail:
    found = connection.execute("SELECT seq, hash, epoch FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return EMPTY if found is None else Tail(*found)


def _storable(value: str | float | bool | None) -> Json:  # noqa: FBT001 - a JSON value
    if isinstance(value, str):
        return value[:TEXT_MAX].encode("utf-8", "replace").decode("utf-8")
    return plain(value)
