"""What can go wrong with the store, in one exception whose reason is a code and whose advice is a sentence.

Database drivers raise dozens of classes; control needs to know one thing (it is not on record) and the operator two
(why, and what to do).
"""

from __future__ import annotations

import sqlite3

import psycopg
import psycopg.errors
from sqlalchemy.exc import DBAPIError

STORE_ERRORS = (DBAPIError, OSError)
"""What a database operation may raise; everything else is a bug and ends the process."""

_ADVICE = {
    "full": "free space on the volume of the record, or raise its page limit; export old records first",
    "locked": "another process holds the database: end the backup or the open transaction",
    "read_only": "give this user the right to write to the record's file and folder",
    "io": "check the disk and its cables; the record is reopened and verified before it is used again",
    "corrupt": "the database file is damaged: run 'setwise audit verify' and restore the last good backup",
    "cannot_open": "check the path and the rights on the folder of the record",
    "unreachable": "check the database server and the network; nothing is written to the plant meanwhile",
    "slow": "the database did not answer in time; look for long transactions and disk load",
    "no_rights": "grant SELECT and INSERT on the audit tables to this database user",
    "conflict": "two writers met on one row; check that a single supervisor uses this record",
    "schema": "start the version of Setwise that made this database, or a newer one",
    "settings": "switch the named PostgreSQL setting: without it acknowledged rows may be lost",
    "lost_rows": "acknowledged rows are gone: do not arm; run 'setwise audit verify' against the signed heads",
    "not_a_value": "a value of this record cannot be written exactly; report it with the body",
    "other": "see the detail; the record is reopened and verified before it is used again",
}


class StoreError(Exception):
    """The store could not do it. ``reason`` is a stable code, ``what_to_do`` a sentence for the operator."""

    def __init__(self, reason: str, detail: str = "", what_to_do: str | None = None) -> None:
        self.reason = reason
        self.detail = detail
        self.what_to_do = what_to_do or _ADVICE.get(reason, _ADVICE["other"])
        super().__init__(f"{reason}: {detail or 'no detail'}; {self.what_to_do}")


_SQLITE = (
    ("SQLITE_FULL", "full"),
    ("SQLITE_BUSY", "locked"),
    ("SQLITE_LOCKED", "locked"),
    ("SQLITE_READONLY", "read_only"),
    ("SQLITE_PERM", "read_only"),
    ("SQLITE_AUTH", "read_only"),
    ("SQLITE_IOERR", "io"),
    ("SQLITE_CORRUPT", "corrupt"),
    ("SQLITE_NOTADB", "corrupt"),
    ("SQLITE_CANTOPEN", "cannot_open"),
    ("SQLITE_CONSTRAINT", "conflict"),
)
_POSTGRES: tuple[tuple[type[psycopg.Error], str], ...] = (
    (psycopg.errors.DiskFull, "full"),
    (psycopg.errors.LockNotAvailable, "locked"),
    (psycopg.errors.DeadlockDetected, "locked"),
    (psycopg.errors.ReadOnlySqlTransaction, "read_only"),
    (psycopg.errors.InsufficientPrivilege, "no_rights"),
    (psycopg.errors.QueryCanceled, "slow"),
    (psycopg.errors.IoError, "io"),
    (psycopg.errors.DataCorrupted, "corrupt"),
    (psycopg.errors.IndexCorrupted, "corrupt"),
    (psycopg.errors.IntegrityError, "conflict"),
    (psycopg.OperationalError, "unreachable"),
)


def store_error(error: BaseException) -> StoreError:
    """Return the StoreError of one of ``STORE_ERRORS``."""
    cause: BaseException = error
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return StoreError(_sqlite_reason(cause), str(cause))
    for kind, reason in _POSTGRES:
        if isinstance(cause, kind):
            return StoreError(reason, " ".join(str(cause).split()))
    return StoreError("io" if isinstance(cause, OSError) else "other", f"{type(cause).__name__}: {cause}")


def _sqlite_reason(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "") or ""
    return next((reason for prefix, reason in _SQLITE if name.startswith(prefix)), "other")
