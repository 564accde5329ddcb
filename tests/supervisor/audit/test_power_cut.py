"""The power goes at every single write to the disk: every acknowledged row must be there (invariant I-41).

The store itself runs here, on a SQLite whose file layer records each write and each sync. A disk after a power cut
holds what was synced, and of the rest nothing, everything, or some of it with a torn sector. The same run with
``synchronous=NORMAL`` must lose acknowledged rows: that is the proof that this test can see a loss.
"""

from __future__ import annotations

import functools
import random
import shutil
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy

from supervisor.audit import engine as engine_module
from supervisor.audit import store as store_module
from supervisor.audit.chain import EMPTY, Row, follow, tail_of
from supervisor.audit.store import Entry, Packed, Store, entry

apsw = pytest.importorskip("apsw")

APPENDS = 14
SECTOR = 512


@dataclass
class Log:
    """Every change of the disk in order, and how far the record was acknowledged at each."""

    events: list[tuple] = field(default_factory=list)
    acknowledged: list[tuple[int, int]] = field(default_factory=list)

    def acknowledged_at(self, point: int) -> int:
        return max((seq for at, seq in self.acknowledged if at <= point), default=0)


def _recorder(log: Log) -> str:
    class File(apsw.VFSFile):
        def __init__(self, name, flags):
            super().__init__("", name, flags)
            self.path = str(name.filename() if hasattr(name, "filename") else name)

        def xWrite(self, data, offset):  # noqa: N802
            log.events.append(("write", self.path, offset, bytes(data)))
            super().xWrite(data, offset)

        def xTruncate(self, size):  # noqa: N802
            log.events.append(("truncate", self.path, size))
            super().xTruncate(size)

        def xSync(self, flags):  # noqa: N802
            super().xSync(flags)
            log.events.append(("sync", self.path))

    class Vfs(apsw.VFS):
        def __init__(self):
            self.kept = super().__init__(f"recorder{id(log)}", "")

        def xOpen(self, name, flags):  # noqa: N802
            return File(name, flags)

        def xDelete(self, name, syncdir):  # noqa: N802
            super().xDelete(name, syncdir)
            log.events.append(("delete", str(name)))

    log.vfs = Vfs()
    return f"recorder{id(log)}"


class Shim:
    """As much of the DB-API as SQLAlchemy's SQLite dialect asks of sqlite3, on APSW."""

    paramstyle = "qmark"
    threadsafety = 1
    apilevel = "2.0"
    sqlite_version_info = sqlite3.sqlite_version_info
    version_info = sqlite_version_info
    for _name in ("Error", "DatabaseError", "OperationalError", "IntegrityError", "InterfaceError", "ProgrammingError"):
        locals()[_name] = getattr(sqlite3, _name)
    NotSupportedError, InternalError, DataError = (
        sqlite3.NotSupportedError,
        sqlite3.InternalError,
        sqlite3.DataError,
    )
    PARSE_COLNAMES, PARSE_DECLTYPES, Binary = sqlite3.PARSE_COLNAMES, sqlite3.PARSE_DECLTYPES, bytes

    def __init__(self, vfs, level):
        self.vfs, self.level = vfs, level

    def connect(self, path, **_settings):
        return Handle(apsw.Connection(path, vfs=self.vfs), self.level)


class Handle:
    isolation_level = ""
    total_changes = 0

    def __init__(self, connection, level):
        self.raw, self.level = connection, level

    def cursor(self):
        return Cursor(self.raw.cursor(), self.level)

    def execute(self, sql):
        return self.cursor().execute(sql)

    def create_function(self, *_args, **_more):
        pass

    def commit(self):
        if self.raw.in_transaction:
            self.raw.execute("COMMIT")

    def rollback(self):
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")

    def close(self):
        self.raw.close()


class Cursor:
    arraysize, rowcount, lastrowid = 1, -1, None

    def __init__(self, raw, level):
        self.raw, self.level, self.rows, self.description = raw, level, [], None

    def execute(self, sql, values=()):
        if sql == "PRAGMA synchronous=FULL":
            sql = f"PRAGMA synchronous={self.level}"
        self.raw.exec_trace = self._describe
        self.rows = self.raw.execute(sql, tuple(values)).fetchall()
        return self

    def _describe(self, cursor, _sql, _values):
        """Called before the first row: afterwards a statement without rows has no description any more."""
        self.description = tuple((name, *(None,) * 6) for name, *_ in cursor.get_description()) or None
        return True

    def executemany(self, sql, many):
        for values in many:
            self.execute(sql, values)

    def fetchone(self):
        return self.rows.pop(0) if self.rows else None

    def fetchmany(self, size=1):
        head, self.rows = self.rows[:size], self.rows[size:]
        return head

    def fetchall(self):
        rows, self.rows = self.rows, []
        return rows

    def close(self):
        self.raw.close()


def _run(folder: Path, level: str, monkeypatch) -> Log:
    """Let the real store make a database and append to it, close it once in between, and checkpoint."""
    log = Log()
    shim = Shim(_recorder(log), level)
    monkeypatch.setattr(engine_module, "create_engine", functools.partial(sqlalchemy.create_engine, module=shim))
    if level != "FULL":
        monkeypatch.setattr(store_module, "check_settings", lambda _connection: None)
    store = Store(f"sqlite:///{folder / 'setwise.db'}")
    for n in range(APPENDS):
        if n == APPENDS // 2:
            store.close()
        rows = [
            entry("intent", {"n": n, "fill": "x" * (n * 400 % 3000)}, float(n)),
            Entry("cycle", "{}", float(n), Packed(n, float(n), bytes(2000))),
        ]
        seq = store.write(rows)[-1]
        log.acknowledged.append((len(log.events), seq))
        if n % 5 == 4:
            store._connection.exec_driver_sql("COMMIT")  # what SQLAlchemy began stands in the way of a checkpoint
            store._connection.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(RESTART)")
            store._throw_away()
    store.close()
    return log


def _disks(log: Log, point: int, how: str) -> dict[str, bytes]:
    """Return every file as the disk may hold it when the power goes after ``point`` events."""
    rng = random.Random(f"{point} {how}")
    durable: dict[str, bytearray] = {}
    pending: dict[str, list[tuple]] = {}
    for event in log.events[:point]:
        kind, path = event[0], event[1]
        if kind == "sync":
            for waiting in pending.pop(path, ()):
                _apply(durable, waiting)
            durable.setdefault(path, bytearray())
        elif kind == "delete":
            durable.pop(path, None)
            pending.pop(path, None)
        else:
            pending.setdefault(path, []).append(event)
    for unsynced in pending.values():
        for waiting in unsynced:
            if how == "everything" or (how == "some" and rng.random() < 0.5):
                _apply(durable, _torn(waiting, rng) if how == "some" else waiting)
    return {Path(path).name: bytes(content) for path, content in durable.items()}


def _torn(event: tuple, rng: random.Random) -> tuple:
    if event[0] != "write" or len(event[3]) <= SECTOR or rng.random() < 0.5:
        return event
    sectors = rng.randrange(1, -(-len(event[3]) // SECTOR))
    return (*event[:3], event[3][: sectors * SECTOR])


def _apply(files: dict[str, bytearray], event: tuple) -> None:
    content = files.setdefault(event[1], bytearray())
    if event[0] == "truncate":
        del content[event[2] :]
        return
    offset, data = event[2], event[3]
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _survivors(folder: Path, files: dict[str, bytes]) -> int:
    """Start on this disk as the next run would, with another SQLite; return the last row. Damage is a failure."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        if not name.endswith("-shm"):
            (folder / name).write_bytes(content)
    connection = sqlite3.connect(folder / "setwise.db")
    connection.execute("PRAGMA synchronous=OFF")  # only looking: what the checkpoint at the end writes does not count
    try:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone():
            return 0
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tail = EMPTY
        for columns in connection.execute("SELECT * FROM audit ORDER BY seq"):
            assert follow(Row(*columns), tail) is None
            tail = tail_of(Row(*columns))
        cycles = connection.execute("SELECT count(*) FROM audit WHERE kind = 'cycle'").fetchone()
        assert connection.execute("SELECT count(*) FROM history").fetchone() == cycles
        return tail.seq
    finally:
        connection.close()


def _lost(log: Log, folder: Path, step: int) -> tuple[int, int]:
    """Return how many power cuts were tried and how many of them lost an acknowledged row."""
    tried = lost = 0
    for point in range(0, len(log.events) + 1, step):
        for how in ("nothing", "everything", "some"):
            last = _survivors(folder, _disks(log, point, how))
            tried += 1
            lost += last < log.acknowledged_at(point)
    return tried, lost


def test_no_acknowledged_row_is_lost_by_a_power_cut_at_any_write(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    log = _run(tmp_path / "run", "FULL", monkeypatch)
    assert any(event[0] == "sync" for event in log.events)
    tried, lost = _lost(log, tmp_path / "disk", step=1)
    assert tried > 400
    assert lost == 0


def test_control_with_normal_rows_are_lost(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    log = _run(tmp_path / "run", "NORMAL", monkeypatch)
    tried, lost = _lost(log, tmp_path / "disk", step=9)
    assert lost > tried // 10
