"""The record's append-only table: a durable transaction per call, one kind of error, no second try on a failed handle.

After a failed commit nobody knows what is on disk (a failed fsync may drop the page and report success to the next
one: PostgreSQL's "fsyncgate"). So the handle is thrown away; the next call opens a new one, checks that everything ever
acknowledged is there, and finds out whether the doubtful rows landed. All methods block and belong to one thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, text

from supervisor.audit import migrate
from supervisor.audit.chain import EMPTY, ChainError, Json, Row, Tail, canonical, follow, link, tail_of
from supervisor.audit.engine import BUSY_S, check_settings, make_engine
from supervisor.audit.tables import AUDIT, HEADS, HISTORY
from supervisor.audit.trouble import STORE_ERRORS, StoreError, store_error

OPEN_BUSY_S = 5.0
"""How long the first opening waits for another opener, which may be making the tables."""
VERIFIED_ROWS = 100
"""Rows at the end of the chain that are checked after each opening; the whole chain is ``setwise audit verify``."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One cycle for the history, stored in the same transaction under the number of its audit row."""

    cycle: int
    utc_s: float
    blob: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be put on record; ``body`` is canonical JSON."""

    kind: str
    body: str
    utc_s: float
    packed: Packed | None = None


def entry(kind: str, body: Mapping[str, Json], utc_s: float) -> Entry:
    """Return the entry of a JSON-ready ``body``. Raise StoreError("not_a_value") where it cannot be written exactly."""
    try:
        return Entry(kind, canonical(dict(body)), utc_s)
    except ChainError as error:
        raise StoreError("not_a_value", str(error)) from error


class Store:
    """The record in the database at ``url``. Opens itself at first use; raises only StoreError."""

    def __init__(self, url: str, busy_s: float = BUSY_S) -> None:
        self._url = url
        self._engine = make_engine(url, busy_s)
        self._connection: Connection | None = None
        self._checked = False
        """Whether this handle's end of the chain was checked: a handle that only read was not."""
        self._epoch: int | None = None
        self._acknowledged = EMPTY
        self._landed: tuple[Row, ...] = ()

    @property
    def epoch(self) -> int | None:
        """Number of this opening, one more than any before; None until the database could be opened."""
        return self._epoch

    @property
    def acknowledged(self) -> Tail:
        """The last row that this object acknowledged."""
        return self._acknowledged

    def append(self, kind: str, body: Mapping[str, Json], utc_s: float) -> int:
        """Put one row on record and return its sequence number once it is durable."""
        return self.write([entry(kind, body, utc_s)])[-1]

    def write(self, entries: Sequence[Entry]) -> tuple[int, ...]:
        """Put ``entries`` (at least one) and their packed cycles on record in one durable transaction."""
        self.ready(entries[0].utc_s)
        with self._transaction() as connection:
            rows = self._append(connection, entries)
            cycles = [(row, item.packed) for row, item in zip(rows, entries, strict=True) if item.packed is not None]
            if cycles:
                connection.execute(insert(HISTORY), [_history_columns(row, packed) for row, packed in cycles])
        self._acknowledged = tail_of(rows[-1])
        return tuple(row.seq for row in rows)

    def ready(self, utc_s: float) -> None:
        """Open the database where it is not open: schema, settings, end of chain, and at first an ``opened`` row."""
        if self._checked:
            return
        if self._epoch is None:
            self._upgrade()
        with self._transaction() as connection:
            check_settings(connection)
            self._verify_end(connection)
        if self._epoch is None:
            with self._transaction() as connection:
                epoch = _last_epoch(connection) + 1
                (row,) = self._append(connection, [entry("opened", {"epoch": epoch}, utc_s)], epoch)
            self._epoch, self._acknowledged = epoch, tail_of(row)
        self._checked = True

    def take_landed(self) -> tuple[Row, ...]:
        """Return, once, rows that a failed or doubtful write of ours turned out to have put on record."""
        landed, self._landed = self._landed, ()
        return landed

    def rows(self, kinds: Sequence[str], after_seq: int = 0, limit: int = 100_000) -> tuple[Row, ...]:
        """Return the rows of these kinds after ``after_seq``, oldest first; every kind where ``kinds`` is empty."""
        query = select(AUDIT).where(AUDIT.c.seq > after_seq).order_by(AUDIT.c.seq).limit(limit)
        return self._read(query.where(AUDIT.c.kind.in_(kinds)) if kinds else query)

    def last(self, kind: str) -> Row | None:
        """Return the newest row of ``kind``."""
        found = self._read(select(AUDIT).where(AUDIT.c.kind == kind).order_by(AUDIT.c.seq.desc()).limit(1))
        return found[0] if found else None

    def row(self, seq: int) -> Row | None:
        """Return row ``seq``."""
        found = self._read(select(AUDIT).where(AUDIT.c.seq == seq))
        return found[0] if found else None

    def tail(self) -> Tail:
        """Return the end of the chain."""
        with self._transaction() as connection:
            return _tail(connection)

    def append_head(self, number: int, line: str) -> None:
        """Keep one signed head beside the chain (a head that is there already is left alone)."""
        with self._transaction() as connection:
            if connection.execute(select(HEADS.c.number).where(HEADS.c.number == number)).first() is None:
                connection.execute(insert(HEADS), {"number": number, "line": line})

    def usage(self) -> tuple[int, int | None]:
        """Return bytes used and, where the database has a limit of its own, that limit in bytes."""
        with self._transaction() as connection:
            if connection.dialect.name != "sqlite":
                return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()), None
            size, count, free, most = (
                int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
                for name in ("page_size", "page_count", "freelist_count", "max_page_count")
            )
            unlimited = most >= 0xFFFFFFFE // 4  # SQLite's own default is 2**30 - 2 pages or more
            return (count - free) * size, None if unlimited else most * size

    def close(self) -> None:
        """Close the handle; the next use would open it again."""
        connection, self._connection, self._checked = self._connection, None, False
        if connection is not None:
            connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Run one transaction; whatever goes wrong in it, the handle is gone and a StoreError says why."""
        if self._connection is None:
            self._connection = self._connect()
        try:
            with self._connection.begin():
                if self._connection.dialect.name == "postgresql":
                    self._connection.exec_driver_sql("LOCK TABLE audit IN EXCLUSIVE MODE")
                yield self._connection
        except STORE_ERRORS as error:
            self._throw_away()
            raise store_error(error) from error
        except StoreError:
            self._throw_away()
            raise

    def _connect(self) -> Connection:
        try:
            return self._engine.connect()
        except STORE_ERRORS as error:
            raise store_error(error) from error

    def _throw_away(self) -> None:
        connection, self._connection, self._checked = self._connection, None, False
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _upgrade(self) -> None:
        engine = make_engine(self._url, OPEN_BUSY_S)
        try:
            with engine.begin() as connection:
                migrate.upgrade(connection)
        except STORE_ERRORS as error:
            raise store_error(error) from error

    def _verify_end(self, connection: Connection) -> None:
        """Check the end of the chain, and that nothing acknowledged is gone; remember what landed beyond it."""
        known, end = self._acknowledged, _tail(connection)
        first = max(min(known.seq, end.seq + 1 - VERIFIED_ROWS), 1)
        query = select(AUDIT).where(AUDIT.c.seq >= first).order_by(AUDIT.c.seq)
        tail: Tail | None = EMPTY if first == 1 else None
        for row in _rows(connection, query):
            tail = tail or Tail(row.seq - 1, row.prev_hash)
            if (fault := follow(row, tail)) is not None:
                raise StoreError("corrupt", f"row {row.seq}: {fault}")
            if row.seq == known.seq and row.hash != known.hash:
                raise StoreError("lost_rows", f"row {known.seq} is not the one that was acknowledged")
            if row.seq > known.seq and row.epoch == self._epoch:
                self._landed += (row,)
            tail = tail_of(row)
        if end.seq < known.seq:
            raise StoreError("lost_rows", f"row {known.seq} was acknowledged; the last one now is {end.seq}")

    def _append(self, connection: Connection, entries: Sequence[Entry], epoch: int | None = None) -> list[Row]:
        # The end is read anew each time: a second opener of the same database must not fork the chain.
        tail = _tail(connection)
        known = self._acknowledged
        if tail.seq < known.seq or (tail.seq == known.seq and tail.hash != known.hash):
            raise StoreError("lost_rows", f"row {known.seq} was acknowledged; the last one now is {tail.seq}")
        rows: list[Row] = []
        for item in entries:
            try:
                row = link(tail, item.kind, item.body, item.utc_s, epoch or self._epoch or 0)
            except ChainError as error:
                raise StoreError("not_a_value", str(error)) from error
            rows.append(row)
            tail = tail_of(row)
        connection.execute(insert(AUDIT), [_columns(row) for row in rows])
        return rows

    def _read(self, query: object) -> tuple[Row, ...]:
        with self._transaction() as connection:
            return _rows(connection, query)


def _rows(connection: Connection, query: object) -> tuple[Row, ...]:
    found = connection.execute(query)  # type: ignore[call-overload]  # every caller selects the whole audit table
    return tuple(Row(*columns) for columns in found)


def _last_epoch(connection: Connection) -> int:
    """Return the newest opening's number; older ones may still be writing, so the tail does not tell."""
    query = select(AUDIT.c.epoch).where(AUDIT.c.kind == "opened").order_by(AUDIT.c.seq.desc()).limit(1)
    return int(connection.execute(query).scalar() or 0)


def _tail(connection: Connection) -> Tail:
    columns = (AUDIT.c.seq, AUDIT.c.hash, AUDIT.c.epoch)
    found = connection.execute(select(*columns).order_by(AUDIT.c.seq.desc()).limit(1)).first()
    return EMPTY if found is None else Tail(*found)


def _history_columns(row: Row, packed: Packed) -> dict[str, object]:
    return {"seq": row.seq, "utc_s": packed.utc_s, "cycle": packed.cycle, "packed": packed.blob}


def _columns(row: Row) -> dict[str, object]:
    return {
        "seq": row.seq,
        "utc_s": row.utc_s,
        "kind": row.kind,
        "epoch": row.epoch,
        "body": row.body,
        "prev_hash": row.prev_hash,
        "hash": row.hash,
    }
