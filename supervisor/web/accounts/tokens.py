"""Tokens for programs: in the name of a person, read-only unless asked for otherwise, for a limited time."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from typing import Literal, cast

from supervisor.web.accounts.sessions import Session, new_token, token_hash
from supervisor.web.accounts.users import User, UsersError, numbered

PREFIX = "swt_"
"""So that a scanner of files and logs finds a token that got there."""
DAY_S = 86_400.0
DAYS, DAYS_MAX = 90.0, 366.0
NAME_MAX = 64
Scope = Literal["read", "act"]


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; not the token."""

    number: int
    name: str
    who: str
    scope: Scope
    created_utc_s: float
    expires_utc_s: float
    revoked: bool


def add(
    connection: sqlite3.Connection, user: User, name: str, scope: str, days: float, now_s: float
) -> tuple[str, Token]:
    """Make a token for ``user``; it is returned here and never again. Raises UsersError."""
    if user.disabled:
        raise UsersError(f"{user.name} is disabled: setwise user enable {user.name}")
    if not (0 < len(name) <= NAME_MAX and name.isprintable() and name.strip() == name):
        raise UsersError(f"name the token after what uses it, in 1 to {NAME_MAX} printable characters")
    if scope not in ("read", "act"):
        raise UsersError(f"there is no scope '{scope[:64]}': read or act")
    if not (math.isfinite(days) and 0.0 < days <= DAYS_MAX):
        raise UsersError(f"a token lasts more than 0 and at most {DAYS_MAX:g} days")
    text = PREFIX + new_token()
    made = connection.execute(
        "INSERT INTO token (token_hash, user, name, scope, created_utc_s, expires_utc_s) VALUES (?, ?, ?, ?, ?, ?)",
        (token_hash(text), user.id, name, scope, now_s, now_s + days * DAY_S),
    )
    return text, _token(connection, made.lastrowid or 0)


def every(connection: sqlite3.Connection) -> tuple[Token, ...]:
    """Return all tokens there ever were, the oldest first."""
    numbers = connection.execute("SELECT number FROM token ORDER BY number").fetchall()
    return tuple(_token(connection, number) for (number,) in numbers)


def revoke(connection: sqlite3.Connection, number: int) -> Token:
    """Make a token worthless. Raises UsersError."""
    if not connection.execute("UPDATE token SET revoked = 1 WHERE number = ?", (number,)).rowcount:
        raise UsersError(f"there is no token {number}; setwise token list shows them")
    return _token(connection, number)


def by_token(connection: sqlite3.Connection, text: str, now_s: float) -> Session | None:
    """Return what a program may do with its token, as a session; None where it is worth nothing."""
    found = connection.execute("SELECT number FROM token WHERE token_hash = ?", (token_hash(text),)).fetchone()
    return None if found is None else by_number(connection, found[0], now_s)


def by_number(connection: sqlite3.Connection, number: int, now_s: float) -> Session | None:
    """Return a token as it is now."""
    row = connection.execute("SELECT user FROM token WHERE number = ?", (number,)).fetchone()
    if row is None:
        return None
    user, token = numbered(connection, row[0]), _token(connection, number)
    if user.disabled or token.revoked or not token.created_utc_s <= now_s < token.expires_utc_s:
        return None
    return Session(
        number=number,
        kind="token",
        user=user.id,
        who=user.name,
        role=user.role if token.scope == "act" else "viewer",
        locked=False,
        must_change=user.must_change,
        seen_utc_s=now_s,
        proved_utc_s=-math.inf,
        started_utc_s=token.created_utc_s,
        ends_utc_s=token.expires_utc_s,
    )


def _token(connection: sqlite3.Connection, number: int) -> Token:
    name, who, scope, created, expires, revoked = connection.execute(
        "SELECT token.name, user.name, scope, token.created_utc_s, expires_utc_s, revoked FROM token "
        "JOIN user ON user.id = token.user WHERE number = ?",
        (number,),
    ).fetchone()
    return Token(number, name, who, cast("Scope", scope), created, expires, bool(revoked))
