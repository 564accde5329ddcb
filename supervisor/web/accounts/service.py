"""The first account, and what persons do with theirs: each one transaction, with its event in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from supervisor.clock import machine_utc_s
from supervisor.web.accounts import attempts, passwords, sessions, tokens, users
from supervisor.web.accounts.events import note
from supervisor.web.accounts.passwords import Hasher
from supervisor.web.accounts.sessions import Session, Times
from supervisor.web.accounts.store import Store, StoreError
from supervisor.web.accounts.users import User

FIRST = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What everything about accounts stands on."""

    store: Store
    hasher: Hasher
    plant: str = ""
    """Name of the plant, which no password may hold."""
    now_s: Callable[[], float] = machine_utc_s
    """UTC: sessions outlive a restart."""
    times: Times = field(default_factory=Times)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A password was right."""

    session: Session
    token: str
    """For the cookie; replaces the one before."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why not: ``wrong wait too_short too_long common has_name same``."""

    code: str
    wait_s: float = 0.0


def first_start(accounts: Accounts) -> str:
    """Make the first administrator where nobody is there; return the password for the console, else empty."""
    with accounts.store.reading() as connection:
        if users.everybody(connection):
            return ""
    password = passwords.one_time()
    hash_ = accounts.hasher.hashed(password)
    with accounts.store.writing() as connection:
        if users.everybody(connection):  # the web process and a command were both first
            return ""
        users.add(connection, FIRST, "admin", hash_, accounts.now_s())
        note(connection, "user_added", accounts.now_s(), who=FIRST, role="admin", by="first start")
    return password


def sign_in(accounts: Accounts, name: str, password: str, address: str, old_token: str = "") -> SignedIn | Refused:
    """Begin a session. What is wrong is never said; a name that nobody has takes as long as one that somebody has.

    ``old_token``: of the cookie that came along, whoever put it there; its session ends.
    """
    now_s, name = accounts.now_s(), users.plain_name(name)
    user = _tried(accounts, name, password, address)
    if isinstance(user, Refused):
        return user
    with accounts.store.writing() as connection:
        attempts.succeeded(connection, user.name, address)
        old = sessions.by_token(connection, old_token, now_s, accounts.times)
        if old is not None:
            sessions.end(connection, old.number)
        sessions.forget_old(connection, now_s, accounts.times)
        token, number = sessions.begin(connection, user, address, now_s)
        session = sessions.by_number(connection, number, now_s, accounts.times)
        if session is None or not _same(connection, user):  # disabled, or another password, since it was looked at
            sessions.end(connection, number)
            return Refused("wrong")
        note(connection, "signed_in", now_s, who=user.name, address=address, session=number)
    return SignedIn(session, token)


def prove(accounts: Accounts, session: Session, password: str, address: str) -> SignedIn | Refused:
    """Unlock a session, or renew the proof that its person sits there; it goes on under another token."""
    now_s = accounts.now_s()
    user = _tried(accounts, session.who, password, address)
    if isinstance(user, Refused):
        return user
    with accounts.store.writing() as connection:
        attempts.succeeded(connection, user.name, address)
        if session.kind != "browser" or not _alive(accounts, connection, session, now_s) or not _same(connection, user):
            return Refused("wrong")
        token = sessions.proved(connection, session.number, now_s)
        note(connection, "password_given", now_s, who=user.name, address=address, session=session.number)
    return SignedIn(replace(session, locked=False, proved_utc_s=now_s), token)


def change_password(accounts: Accounts, session: Session, old: str, new: str, address: str) -> SignedIn | Refused:
    """Change the own password, with the old one; the person's other sessions end."""
    now_s = accounts.now_s()
    code = passwords.refusal(new, session.who, accounts.plant) or (
        "same" if passwords.shaped(new) == passwords.shaped(old) else ""
    )
    if code:
        return Refused(code)
    user = _tried(accounts, session.who, old, address)
    if isinstance(user, Refused):
        return user
    hash_ = accounts.hasher.hashed(new)
    with accounts.store.writing() as connection:
        attempts.succeeded(connection, user.name, address)
        if session.kind != "browser" or not _alive(accounts, connection, session, now_s) or not _same(connection, user):
            return Refused("wrong")
        connection.execute("UPDATE user SET hash = ?, must_change = 0 WHERE id = ?", (hash_, user.id))
        sessions.end_all(connection, user.id, but=session.number)
        token = sessions.proved(connection, session.number, now_s)
        note(connection, "password_changed", now_s, who=user.name, address=address)
    return SignedIn(replace(session, locked=False, must_change=False, proved_utc_s=now_s), token)


def sign_out(accounts: Accounts, session: Session) -> None:
    """End a session of a browser (a token is revoked, not signed out)."""
    if session.kind != "browser":
        return
    with accounts.store.writing() as connection:
        sessions.end(connection, session.number)
        note(connection, "signed_out", accounts.now_s(), who=session.who, session=session.number)


def end_others(accounts: Accounts, session: Session) -> None:
    """End all sessions of the same person but this one."""
    with accounts.store.writing() as connection:
        ended = sessions.end_all(connection, session.user, but=session.number)
        note(connection, "sessions_ended", accounts.now_s(), who=session.who, ended=ended, by=session.who)


def lock(accounts: Accounts, session: Session, why: str = "asked") -> None:
    """Lock a session of a browser; ``why``: ``asked`` or ``idle``."""
    if session.kind != "browser":
        return
    with accounts.store.writing() as connection:
        if sessions.lock(connection, session.number):
            note(connection, "locked", accounts.now_s(), who=session.who, session=session.number, why=why)


def of_cookie(accounts: Accounts, token: str) -> Session | None:
    """Return the session of a cookie's token, None where there is none; one that was idle too long is locked."""
    with accounts.store.reading() as connection:
        session = sessions.by_token(connection, token, accounts.now_s(), accounts.times)
        fresh = session is not None and session.locked and not sessions.is_locked(connection, session.number)
    if session is not None and fresh:
        # So that it is on record, and a clock that is set back does not unlock it. It is locked in any case.
        with suppress(StoreError):
            lock(accounts, session, "idle")
    return session


def of_bearer(accounts: Accounts, text: str) -> Session | None:
    """Return what a token may do; None where it is worth nothing."""
    with accounts.store.reading() as connection:
        return tokens.by_token(connection, text, accounts.now_s())


def live(accounts: Accounts, session: Session) -> Session | None:
    """Return ``session`` as it is at this moment, None where it has ended: what an action is judged by."""
    with accounts.store.reading() as connection:
        if session.kind == "token":
            return tokens.by_number(connection, session.number, accounts.now_s())
        return sessions.by_number(connection, session.number, accounts.now_s(), accounts.times)


def touch(accounts: Accounts, session: Session) -> None:
    """The person of a browser's session did something (a stream or a poll is nothing that a person does).

    On a full disk it is not noted, and the session locks the earlier: OFF comes by here, and must not fail.
    """
    with suppress(StoreError), accounts.store.writing() as connection:
        sessions.touched(connection, session.number, accounts.now_s())


def _tried(accounts: Accounts, name: str, password: str, address: str) -> User | Refused:
    """Return the person whose password this is. The try is counted before the password is looked at."""
    now_s = accounts.now_s()
    with accounts.store.reading() as connection:  # a flood of tries must not become a flood of disk writes
        wait_s = attempts.to_wait_s(connection, name, address, now_s)
    if wait_s > 0.0:
        return Refused("wait", wait_s)
    with accounts.store.writing() as connection:
        wait_s = attempts.begun(connection, name, address, now_s)
        user = users.named(connection, name)
    if wait_s > 0.0:
        return Refused("wait", wait_s)
    right = accounts.hasher.is_right(None if user is None else user.hash, password)
    if right and user is not None and not user.disabled:
        return user
    with accounts.store.writing() as connection:
        note(connection, "sign_in_failed", now_s, who=name, address=address)
    return Refused("wrong")


def _same(connection: sqlite3.Connection, user: User) -> bool:
    """Whether the person is as the password was compared with: that took 0.1 s without holding the file."""
    now = users.numbered(connection, user.id)
    return now.hash == user.hash and not now.disabled


def _alive(accounts: Accounts, connection: sqlite3.Connection, session: Session, now_s: float) -> bool:
    return sessions.by_number(connection, session.number, now_s, accounts.times) is not None
