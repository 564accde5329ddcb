"""Sessions: on the server; the browser has a random number whose hash is stored. Idle ones lock, old ones end.

A locked session sees everything and may press OFF; for all else its person gives the password again (IEC 62443-4-2
CR 2.5). The times are those of NIST SP 800-63B §4.2.3 (AAL2): 30 minutes idle, 12 hours in all.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Literal

from supervisor.web.accounts.users import Role, User, numbered

IDLE_S, ABSOLUTE_S = 1_800.0, 43_200.0
PROOF_S = 300.0
"""A password that was given so long ago still counts where it is asked for again."""
TOUCH_S = 30.0
"""What a person does is noted at most so often: a page must not cost a disk write."""
CLOCK_BACK_S = 120.0
"""A session that begins so far in the future was begun by a clock that was wrong: it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person at a browser, or a program with a person's token, as of now."""

    number: int
    """Of the session, or of the token; stays the same when the password is given again."""
    kind: Literal["browser", "token"]
    user: int
    who: str
    role: Role
    """A token that may only read is a viewer's."""
    locked: bool
    must_change: bool
    seen_utc_s: float
    """When the person did something last, to some ten seconds."""
    proved_utc_s: float
    """When the password was given last; minus infinity for a token."""
    started_utc_s: float
    ends_utc_s: float


@dataclass(frozen=True, slots=True)
class Times:
    """How long sessions last, seconds."""

    idle_s: float = IDLE_S
    absolute_s: float = ABSOLUTE_S
    proof_s: float = PROOF_S


def token_hash(token: str) -> str:
    """Return what is stored of a token of 256 random bits: nothing slower than SHA-256 is needed for one."""
    return hashlib.sha256(b"setwise.token.v1\n" + token.encode("utf-8", "replace")).hexdigest()


def new_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def begin(connection: sqlite3.Connection, user: User, address: str, now_s: float) -> tuple[str, int]:
    """Begin a session; return its token, which nobody had before, and its number."""
    token = new_token()
    made = connection.execute(
        "INSERT INTO session (token_hash, user, started_utc_s, seen_utc_s, proved_utc_s, address) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (token_hash(token), user.id, now_s, now_s, now_s, address[:64]),
    )
    return token, made.lastrowid or 0


def by_token(connection: sqlite3.Connection, token: str, now_s: float, times: Times) -> Session | None:
    """Return the session of a cookie's token; None where it has ended or never was."""
    return _found(connection, "token_hash = ?", token_hash(token), now_s, times)


def by_number(connection: sqlite3.Connection, number: int, now_s: float, times: Times) -> Session | None:
    """Return a session as it is now: an action is judged by this, not by what a page was drawn from."""
    return _found(connection, "number = ?", number, now_s, times)


def of_user(connection: sqlite3.Connection, user: int, now_s: float, times: Times) -> tuple[Session, ...]:
    """Return a person's sessions that have not ended."""
    numbers = connection.execute("SELECT number FROM session WHERE user = ? ORDER BY number", (user,)).fetchall()
    found = (by_number(connection, number, now_s, times) for (number,) in numbers)
    return tuple(each for each in found if each is not None)


def proved(connection: sqlite3.Connection, number: int, now_s: float) -> str:
    """The person gave the password again: unlock, and return the token that replaces the old one (ASVS 7.2.4)."""
    token = new_token()
    connection.execute(
        "UPDATE session SET token_hash = ?, seen_utc_s = ?, proved_utc_s = ?, locked = 0 WHERE number = ?",
        (token_hash(token), now_s, now_s, number),
    )
    return token


def touched(connection: sqlite3.Connection, number: int, now_s: float) -> None:
    """The person did something."""
    connection.execute("UPDATE session SET seen_utc_s = ? WHERE number = ? AND locked = 0", (now_s, number))


def lock(connection: sqlite3.Connection, number: int) -> bool:
    """Lock a session; return whether it was not locked before. It stays locked until the password is given."""
    return connection.execute("UPDATE session SET locked = 1 WHERE number = ? AND locked = 0", (number,)).rowcount > 0


def is_locked(connection: sqlite3.Connection, number: int) -> bool:
    """Return whether it is noted that a session is locked."""
    return connection.execute("SELECT 1 FROM session WHERE number = ? AND locked = 1", (number,)).fetchone() is not None


def end(connection: sqlite3.Connection, number: int) -> None:
    """End a session: its token is worth nothing from now on."""
    connection.execute("DELETE FROM session WHERE number = ?", (number,))


def end_all(connection: sqlite3.Connection, user: int, *, but: int = 0) -> int:
    """End a person's sessions, all ``but`` one; return how many there were."""
    return connection.execute("DELETE FROM session WHERE user = ? AND number <> ?", (user, but)).rowcount


def forget_old(connection: sqlite3.Connection, now_s: float, times: Times) -> None:
    """Take out the rows of sessions that have ended by time."""
    connection.execute("DELETE FROM session WHERE started_utc_s < ?", (now_s - times.absolute_s,))


def _found(connection: sqlite3.Connection, where: str, value: str | int, now_s: float, times: Times) -> Session | None:
    row = connection.execute(
        f"SELECT number, user, started_utc_s, seen_utc_s, proved_utc_s, locked FROM session WHERE {where}",  # noqa: S608 - one of the two texts above
        (value,),
    ).fetchone()
    if row is None:
        return None
    number, user_id, started_s, seen_s, proved_s, locked = row
    user = numbered(connection, user_id)
    ends_s = started_s + times.absolute_s
    if user.disabled or not started_s - CLOCK_BACK_S <= now_s < ends_s:
        return None
    return Session(
        number=number,
        kind="browser",
        user=user.id,
        who=user.name,
        role=user.role,
        locked=bool(locked) or abs(now_s - seen_s) >= times.idle_s,
        must_change=user.must_change,
        seen_utc_s=seen_s,
        proved_utc_s=proved_s,
        started_utc_s=started_s,
        ends_utc_s=ends_s,
    )
