"""One durable connection to SQLite or PostgreSQL: every setting on which durability hangs is made or checked here.

SQLite: WAL with ``synchronous=FULL``; with NORMAL a power cut loses acknowledged rows (reference: safety §0.6).
PostgreSQL: refused when ``fsync``, ``full_page_writes`` or ``synchronous_commit`` is off, or ``data_sync_retry`` is on.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from supervisor.audit.trouble import StoreError
from supervisor.clock import Stopwatch

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
    from sqlalchemy.pool import ConnectionPoolEntry

BUSY_S = 0.2
"""How long one statement waits for another process's lock: shorter than the deadline of an intent."""
STATEMENT_S = 5.0
"""PostgreSQL: longest statement; the writer thread is free again after this at the latest."""
CONNECT_S = 2
"""PostgreSQL: longest wait for a connection; libpq takes whole seconds, 2 at least."""
SWITCH_PAUSE_S = 0.01
"""Pause before the switch of a new file to WAL is tried again."""
_MUST_BE = {"fsync": "on", "full_page_writes": "on", "data_sync_retry": "off"}


def parse_url(url: str) -> URL:
    """Return ``url`` with the driver that we use. Raise StoreError("cannot_open") for any other kind of database."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("cannot_open", str(error), "use sqlite:///PATH or postgresql://USER@HOST/NAME") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError("cannot_open", f"'{backend}' is not supported", "use sqlite:///PATH or postgresql://...")


def make_engine(url: str, busy_s: float = BUSY_S) -> Engine:
    """Return an engine without a pool, so that a thrown away handle is really gone. Raise StoreError for a bad URL."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, busy_s)
    lock_ms, statement_ms = round(busy_s * 1000), round(STATEMENT_S * 1000)
    return create_engine(
        parsed,
        poolclass=NullPool,
        connect_args={
            "connect_timeout": CONNECT_S,
            "application_name": "setwise",
            "options": f"-c lock_timeout={lock_ms} -c statement_timeout={statement_ms} -c TimeZone=UTC",
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 2,
            "tcp_user_timeout": 5000,
        },
    )


def _sqlite_engine(parsed: URL, busy_s: float) -> Engine:
    engine = create_engine(parsed, poolclass=NullPool, connect_args={"timeout": busy_s, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _settings(handle: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        handle.isolation_level = None  # the driver must not begin transactions by itself
        cursor = handle.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "recursive_triggers=ON", "journal_size_limit=67108864"):
            try:
                _set(cursor, pragma, busy_s)
            except sqlite3.Error:
                handle.close()
                raise
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _set(cursor: DBAPICursor, pragma: str, busy_s: float) -> None:
    """Set ``pragma``. Two that open a new file at once both switch it to WAL, and SQLite refuses one of them at once
    instead of letting it wait its ``busy_s``.
    """
    watch, pause = Stopwatch(), threading.Event()
    while True:
        try:
            cursor.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError as error:
            if watch.laps_ms()["total"] >= 1000.0 * busy_s or "locked" not in str(error):
                raise
            pause.wait(SWITCH_PAUSE_S)
        else:
            return


def check_settings(connection: Connection) -> None:
    """Raise StoreError("settings") unless a committed row survives a power cut with these settings."""
    if connection.dialect.name == "sqlite":
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        level = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        if str(mode).lower() != "wal" or int(level) < 2:  # noqa: PLR2004 - 2 is FULL, 3 EXTRA
            raise StoreError("settings", f"journal_mode={mode}, synchronous={level}", "put the record on a local disk")
        return
    for name, wanted in _MUST_BE.items():
        found = connection.execute(text(f"SHOW {name}")).scalar_one()
        if found != wanted:
            raise StoreError("settings", f"PostgreSQL has {name}={found}", f"set {name}={wanted} in postgresql.conf")
    if (found := connection.execute(text("SHOW synchronous_commit")).scalar_one()) == "off":
        raise StoreError(
            "settings",
            f"PostgreSQL has synchronous_commit={found}",
            "set synchronous_commit=on for this database user: with off, acknowledged rows are lost in a power cut",
        )
