"""What administrators do with accounts: each one transaction, with its event in it; it holds at once."""

from __future__ import annotations

import sqlite3

from supervisor.web.accounts import passwords, sessions, tokens, users
from supervisor.web.accounts.events import note
from supervisor.web.accounts.service import Accounts
from supervisor.web.accounts.users import User, UsersError


def add_user(accounts: Accounts, name: str, role: str, by: str) -> str:
    """Add a person; return the password for the first sign-in. Raises UsersError."""
    password = passwords.one_time()
    hash_ = accounts.hasher.hashed(password)
    with accounts.store.writing() as connection:
        user = users.add(connection, users.plain_name(name), role, hash_, accounts.now_s())
        note(connection, "user_added", accounts.now_s(), who=user.name, role=role, by=by)
    return password


def reset_password(accounts: Accounts, name: str, by: str) -> str:
    """End a person's sessions, and return a password for the next sign-in. Raises UsersError."""
    password = passwords.one_time()
    hash_ = accounts.hasher.hashed(password)
    with accounts.store.writing() as connection:
        user = users.known(connection, name)
        connection.execute("UPDATE user SET hash = ?, must_change = 1 WHERE id = ?", (hash_, user.id))
        sessions.end_all(connection, user.id)
        note(connection, "password_reset", accounts.now_s(), who=user.name, by=by)
    return password


def set_role(accounts: Accounts, name: str, role: str, by: str) -> None:
    """Give a person another role; it holds from the next thing that they do. Raises UsersError."""
    users.check_role(role)
    with accounts.store.writing() as connection:
        user = users.known(connection, name)
        if user.role == role:
            return
        if role != "admin":
            _check_not_last(connection, user)
        connection.execute("UPDATE user SET role = ? WHERE id = ?", (role, user.id))
        note(connection, "role_changed", accounts.now_s(), who=user.name, old=user.role, role=role, by=by)


def disable(accounts: Accounts, name: str, by: str) -> None:
    """Keep a person out: sessions end, tokens are worth nothing, at once. Raises UsersError."""
    with accounts.store.writing() as connection:
        user = users.known(connection, name)
        _check_not_last(connection, user)
        connection.execute("UPDATE user SET disabled = 1 WHERE id = ?", (user.id,))
        ended = sessions.end_all(connection, user.id)
        note(connection, "user_disabled", accounts.now_s(), who=user.name, ended=ended, by=by)


def enable(accounts: Accounts, name: str, by: str) -> None:
    """Let a person in again, with the password and the role as they were. Raises UsersError."""
    with accounts.store.writing() as connection:
        user = users.known(connection, name)
        connection.execute("UPDATE user SET disabled = 0 WHERE id = ?", (user.id,))
        note(connection, "user_enabled", accounts.now_s(), who=user.name, by=by)


def end_sessions(accounts: Accounts, name: str, by: str) -> int:
    """End all sessions of a person; return how many there were. Raises UsersError."""
    with accounts.store.writing() as connection:
        user = users.known(connection, name)
        ended = sessions.end_all(connection, user.id)
        note(connection, "sessions_ended", accounts.now_s(), who=user.name, ended=ended, by=by)
    return ended


def add_token(accounts: Accounts, who: str, name: str, scope: str, days: float, by: str) -> tuple[str, tokens.Token]:
    """Make a token in a person's name; its text is returned here and never again. Raises UsersError."""
    with accounts.store.writing() as connection:
        user = users.known(connection, who)
        text, token = tokens.add(connection, user, name, scope, days, accounts.now_s())
        note(connection, "token_added", accounts.now_s(), who=user.name, token=token.number, scope=scope, by=by)
    return text, token


def revoke_token(accounts: Accounts, number: int, by: str) -> tokens.Token:
    """Make a token worthless. Raises UsersError."""
    with accounts.store.writing() as connection:
        token = tokens.revoke(connection, number)
        note(connection, "token_revoked", accounts.now_s(), who=token.who, token=number, by=by)
    return token


def _check_not_last(connection: sqlite3.Connection, user: User) -> None:
    others = [
        each
        for each in users.everybody(connection)
        if each.role == "admin" and not each.disabled and each.id != user.id
    ]
    if user.role == "admin" and not user.disabled and not others:
        raise UsersError(f"{user.name} is the last administrator: make another one first")
