"""What must outlive a restart of the web process: acts that were done, signatures, the released mode."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from safety.signals import Mode
from supervisor.changes.signing import Signature
from supervisor.web.accounts.users import Role, numbered

ACTS_S_MAX = 7 * 86_400.0
"""So long a repeated act is known as one."""


@dataclass(frozen=True, slots=True)
class Done:
    """An act as it was asked first; ``accepted`` is None until it is answered."""

    fingerprint: str
    asked_utc_s: float
    accepted: bool | None
    why: str


def first(connection: sqlite3.Connection, id_: str, fingerprint: str, now_s: float) -> Done:
    """Note an act, or return what is known of it: what it was, and when it was asked for the first time."""
    connection.execute("DELETE FROM acted WHERE asked_utc_s < ?", (now_s - ACTS_S_MAX,))
    connection.execute(
        "INSERT OR IGNORE INTO acted (id, fingerprint, asked_utc_s) VALUES (?, ?, ?)", (id_, fingerprint, now_s)
    )
    print_, asked_s, accepted, why = connection.execute(
        "SELECT fingerprint, asked_utc_s, accepted, why FROM acted WHERE id = ?", (id_,)
    ).fetchone()
    return Done(print_, asked_s, None if accepted is None else bool(accepted), why or "")


def answered(connection: sqlite3.Connection, id_: str, why: str, *, accepted: bool) -> None:
    """Note what became of an act."""
    connection.execute("UPDATE acted SET accepted = ?, why = ? WHERE id = ?", (accepted, why, id_))


def sign(connection: sqlite3.Connection, plan_sha256: str, user: int, why: str, now_s: float) -> None:
    """Put down a person's signature under exactly this plan; a second one of the same person is the same one."""
    connection.execute("INSERT OR IGNORE INTO signature VALUES (?, ?, ?, ?)", (plan_sha256, user, now_s, why))


def signers(connection: sqlite3.Connection, plan_sha256: str) -> tuple[tuple[Role, Signature], ...]:
    """Return who signed and is still let in, with the role that each has now."""
    rows = connection.execute(
        "SELECT user, utc_s, why FROM signature WHERE plan_sha256 = ? ORDER BY utc_s", (plan_sha256,)
    ).fetchall()
    found = [(numbered(connection, user), utc_s, why) for user, utc_s, why in rows]
    return tuple((user.role, Signature(user.name, utc_s, why)) for user, utc_s, why in found if not user.disabled)


def release(connection: sqlite3.Connection, unit: str, mode: Mode, user: int, now_s: float) -> None:
    """Operators may go as high as ``mode`` from now on."""
    connection.execute("INSERT OR REPLACE INTO released VALUES (?, ?, ?, ?)", (unit, int(mode), user, now_s))


def released(connection: sqlite3.Connection, unit: str) -> Mode:
    """Return the highest mode that an engineer released; ADVISORY where nobody did: writing takes a person's word."""
    found = connection.execute("SELECT mode FROM released WHERE unit = ?", (unit,)).fetchone()
    return Mode.ADVISORY if found is None else Mode(found[0])
