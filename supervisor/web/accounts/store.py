"""The file ``accounts.db``: persons, sessions, tokens, failed attempts, signatures, and the chained record of events.

A SQLite file of its own, readable by its owner alone: neither control nor the record needs it, and no copy of the
record holds a password's hash. WAL, so that a page reads while another writes; FULL, so that a disabled account stays
disabled after a power cut. Nobody is ever deleted, and events are append-only: triggers refuse it (whoever may write
the file can drop a trigger, but not the chain; see ``supervisor.web.accounts.events``).
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

FILE = "accounts.db"
BUSY_S = 2.0
_SCHEMA = (
    # AUTOINCREMENT: a number is never given twice (21 CFR 11.100), whatever became of its row.
    """CREATE TABLE IF NOT EXISTS user (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'energy_manager', 'engineer', 'admin')),
        hash TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0, must_change INTEGER NOT NULL,
        created_utc_s REAL NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS session (
        number INTEGER PRIMARY KEY AUTOINCREMENT, token_hash TEXT NOT NULL UNIQUE,
        user INTEGER NOT NULL REFERENCES user (id), started_utc_s REAL NOT NULL, seen_utc_s REAL NOT NULL,
        proved_utc_s REAL NOT NULL, locked INTEGER NOT NULL DEFAULT 0, address TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS token (
        number INTEGER PRIMARY KEY AUTOINCREMENT, token_hash TEXT NOT NULL UNIQUE,
        user INTEGER NOT NULL REFERENCES user (id), name TEXT NOT NULL,
        scope TEXT NOT NULL CHECK (scope IN ('read', 'act')), created_utc_s REAL NOT NULL,
        expires_utc_s REAL NOT NULL, revoked INTEGER NOT NULL DEFAULT 0)""",
    "CREATE TABLE IF NOT EXISTS failure (subject TEXT PRIMARY KEY, count INTEGER NOT NULL, last_utc_s REAL NOT NULL)",
    """CREATE TABLE IF NOT EXISTS acted (
        id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, asked_utc_s REAL NOT NULL, accepted INTEGER, why TEXT)""",
    """CREATE TABLE IF NOT EXISTS signature (
        plan_sha256 TEXT NOT NULL, user INTEGER NOT NULL REFERENCES user (id), utc_s REAL NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (plan_sha256, user))""",
    """CREATE TABLE IF NOT EXISTS released (
        unit TEXT PRIMARY KEY, mode INTEGER NOT NULL, user INTEGER NOT NULL REFERENCES user (id),
        utc_s REAL NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS event (
        seq INTEGER PRIMARY KEY, utc_s REAL NOT NULL, kind TEXT NOT NULL, epoch INTEGER NOT NULL, body TEXT NOT NULL,
        prev_hash TEXT NOT NULL, hash TEXT NOT NULL)""",
    *(
        f"CREATE TRIGGER IF NOT EXISTS {table}_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table}: append-only'); END"
        for table, verb in (("event", "UPDATE"), ("event", "DELETE"), ("user", "DELETE"))
    ),
)


class StoreError(Exception):
    """The file of accounts cannot be used; the message says why and what to do."""


class Store:
    """The file at ``path``, made where it is missing. Each transaction opens it anew. Raises StoreError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Made with its rights, never given them later; the files that SQLite puts beside it take over the same.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            mode = path.stat().st_mode
        except OSError as error:
            raise StoreError(f"cannot make {path}: {error}; the data folder must be writable") from error
        if mode & 0o077:
            raise StoreError(f"{path} is open to others, and holds hashes of passwords: chmod 600 {path}")
        with self._opened() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        with self.writing() as connection:
            for statement in _SCHEMA:
                connection.execute(statement)
        # Who closes the file last folds the WAL into it, with an fsync: as long as this one is open, no page does.
        kept = sqlite3.connect(path, check_same_thread=False)
        weakref.finalize(self, kept.close)
        kept.execute("SELECT COUNT(*) FROM user").fetchone()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open the file for reading; all that is read is of one moment."""
        with self._opened() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open the file for a transaction; what raises inside undoes it."""
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous=FULL")
                connection.execute("PRAGMA foreign_keys=ON")
                yield connection
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}; OFF without it: setwise mode off, or at the PLC") from error
