"""Read what happened: the last cycle, one at a time or by number, values of tags. Never locks out the writer.

Only the databases' own drivers are used: a command that asks for one cycle must not load an object mapper first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from supervisor.history.pack import PackError, StoredCycle, unpack

CONNECT_S = 5
BATCH = 200
SqlValue = int | float | str | bytes | None


class HistoryError(Exception):
    """The history cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of one tag."""

    utc_s: float
    value: float | None
    quality: str


@dataclass(frozen=True, slots=True)
class Span:
    """One tag over one minute or hour, good readings only."""

    start_utc_s: int
    count: int
    low: float
    mean: float
    high: float


class History:
    """The history in the database at ``url``. Opens it anew for each question; raises HistoryError."""

    def __init__(self, url: str) -> None:
        self._url = url

    def newest(self) -> int | None:
        """Return the number of the newest row: cheap to ask, and higher with each new cycle; None before the first."""
        for (sequence,) in self._rows("SELECT MAX(seq) FROM history"):
            return None if sequence is None else _int(sequence)
        return None

    def last(self) -> StoredCycle | None:
        """Return the newest cycle; None where there is none yet."""
        return self._one("SELECT packed FROM history ORDER BY seq DESC LIMIT 1")

    def at(self, utc_s: float) -> StoredCycle | None:
        """Return the newest cycle that is not after ``utc_s``."""
        query = "SELECT packed FROM history WHERE utc_s <= ? ORDER BY utc_s DESC, seq DESC LIMIT 1"
        return self._one(query, utc_s)

    def cycle(self, number: int) -> StoredCycle | None:
        """Return cycle ``number`` (the newest one, where several runs counted so far)."""
        return self._one("SELECT packed FROM history WHERE cycle = ? ORDER BY seq DESC LIMIT 1", number)

    def between(self, start_utc_s: float, end_utc_s: float) -> Iterator[StoredCycle]:
        """Yield the cycles of [start, end), oldest first. A damaged one is left out: ``audit verify`` names it."""
        query = "SELECT packed FROM history WHERE utc_s >= ? AND utc_s < ? ORDER BY utc_s, seq"
        for (blob,) in self._rows(query, start_utc_s, end_utc_s):
            try:
                yield unpack(_bytes(blob))
            except PackError:
                continue

    def samples(self, tags: Sequence[str], start_utc_s: float, end_utc_s: float) -> dict[str, list[Sample]]:
        """Return every reading of ``tags`` in [start, end), as stored cycle by cycle; bad ones too, without value."""
        found: dict[str, list[Sample]] = {tag: [] for tag in tags}
        for cycle in self.between(start_utc_s, end_utc_s):
            for tag in tags:
                reading = cycle.record.readings.get(tag)
                if reading is not None:
                    found[tag].append(Sample(cycle.record.utc_s, reading[0], reading[1]))
        return found

    def spans(self, tag: str, span_s: int, start_utc_s: float, end_utc_s: float) -> list[Span]:
        """Return the roll-ups of ``tag`` over ``span_s`` (60 or 3600) that start in [start, end)."""
        query = (
            "SELECT start_utc_s, count, low, mean, high FROM rollup "
            "WHERE span_s = ? AND tag = ? AND start_utc_s >= ? AND start_utc_s < ? ORDER BY start_utc_s"
        )
        rows = self._rows(query, span_s, tag, start_utc_s, end_utc_s)
        return [
            Span(_int(start), _int(count), _float(low), _float(mean), _float(high))
            for start, count, low, mean, high in rows
        ]

    def bounds(self) -> tuple[float, float] | None:
        """Return the times of the oldest and the newest raw cycle; None where there is none."""
        for first, last in self._rows("SELECT MIN(utc_s), MAX(utc_s) FROM history"):
            return None if first is None or last is None else (_float(first), _float(last))
        return None

    def rolled_until(self, span_s: int) -> int | None:
        """Return the end of the newest roll-up over ``span_s``; None where there is none."""
        for (start,) in self._rows("SELECT MAX(start_utc_s) FROM rollup WHERE span_s = ?", span_s):
            return None if start is None else _int(start) + span_s
        return None

    def _one(self, query: str, *values: SqlValue) -> StoredCycle | None:
        for (blob,) in self._rows(query, *values):
            try:
                return unpack(_bytes(blob))
            except PackError as error:
                raise HistoryError(str(error)) from error
        return None

    def _rows(self, query: str, *values: SqlValue) -> Iterator[tuple[SqlValue, ...]]:
        return read_rows(self._url, query, *values)


def read_rows(url: str, query: str, *values: SqlValue) -> Iterator[tuple[SqlValue, ...]]:
    """Yield what ``query``, with ``?`` for each value, finds in the database at ``url``. Raises HistoryError."""
    if url.startswith(("postgresql", "postgres")):
        yield from _postgresql_rows(url, query, values)
        return
    try:
        with _sqlite(url) as connection:
            cursor = connection.execute(query, values)
            while batch := cursor.fetchmany(BATCH):
                yield from batch
    except sqlite3.Error as error:
        raise HistoryError(f"{url}: {error}") from error


@contextmanager
def _sqlite(url: str) -> Iterator[sqlite3.Connection]:
    path = Path(url.removeprefix("sqlite+pysqlite:///").removeprefix("sqlite:///"))
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=CONNECT_S)) as connection:
        yield connection


def _postgresql_rows(url: str, query: str, values: Sequence[SqlValue]) -> Iterator[tuple[SqlValue, ...]]:
    import psycopg  # noqa: PLC0415 - only where the record is in PostgreSQL

    plain = "postgresql://" + url.partition("://")[2]
    try:
        with psycopg.connect(plain, connect_timeout=CONNECT_S) as connection, connection.cursor("history") as cursor:
            cursor.itersize = BATCH
            yield from cursor.execute(query.replace("?", "%s").encode(), values)
    except psycopg.Error as error:
        raise HistoryError(str(error)) from error


def _bytes(value: SqlValue) -> bytes:
    return value if isinstance(value, bytes) else b""


def _int(value: SqlValue) -> int:
    return value if isinstance(value, int) else 0


def _float(value: SqlValue) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
