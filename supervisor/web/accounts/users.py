"""Persons: a name, a role, a password's hash. Nobody is deleted, no number or name is used again."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

Role = Literal["viewer", "operator", "energy_manager", "engineer", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
NAME_RULE = "2 to 32 of a-z, 0-9, dot, dash and underscore, a letter first"
_COLUMNS = "id, name, role, hash, disabled, must_change, created_utc_s"


class UsersError(Exception):
    """What was asked for cannot be; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class User:
    """One person."""

    id: int
    name: str
    role: Role
    hash: str
    disabled: bool
    must_change: bool
    """The password was made by somebody else."""
    created_utc_s: float


def named(connection: sqlite3.Connection, name: str) -> User | None:
    """Return the person by that name, however it is capitalised; None where there is nobody."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM user WHERE name = ?",  # noqa: S608 - our own column names
        (plain_name(name),),
    ).fetchone()
    return None if found is None else _user(found)


def known(connection: sqlite3.Connection, name: str) -> User:
    """Return the person by that name. Raises UsersError."""
    found = named(connection, name)
    if found is None:
        raise UsersError(f"there is no user '{name[:64]}'; setwise user list shows who there is")
    return found


def numbered(connection: sqlite3.Connection, id_: int) -> User:
    """Return the person with that number, which a row of ours names."""
    found = connection.execute(f"SELECT {_COLUMNS} FROM user WHERE id = ?", (id_,)).fetchone()  # noqa: S608
    return _user(found)


def everybody(connection: sqlite3.Connection) -> tuple[User, ...]:
    """Return every person, by name, the disabled ones too."""
    return tuple(_user(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM user ORDER BY name"))  # noqa: S608


def add(connection: sqlite3.Connection, name: str, role: str, hash_: str, now_s: float) -> User:
    """Add a person whose password was made by somebody else. Raises UsersError."""
    if not NAME.fullmatch(name):
        raise UsersError(f"'{name[:64]}' is no name of a user: {NAME_RULE}")
    check_role(role)
    if named(connection, name) is not None:
        raise UsersError(f"there is, or was, a user '{name}': names are not used again; setwise user enable {name}")
    connection.execute(
        "INSERT INTO user (name, role, hash, must_change, created_utc_s) VALUES (?, ?, ?, 1, ?)",
        (name, role, hash_, now_s),
    )
    return known(connection, name)


def check_role(role: str) -> None:
    """Raise UsersError where there is no such role."""
    if role not in ROLES:
        raise UsersError(f"there is no role '{role[:64]}': {', '.join(ROLES)}")


def plain_name(name: str) -> str:
    """Return a typed name as it is stored; half a surrogate pair, which JSON can say, is a "?"."""
    return name.strip().casefold().encode("utf-8", "replace").decode()


def _user(row: tuple[int, str, str, str, int, int, float]) -> User:
    id_, name, role, hash_, disabled, must_change, created_utc_s = row
    return User(id_, name, cast("Role", role), hash_, bool(disabled), bool(must_change), created_utc_s)
