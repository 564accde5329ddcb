"""A good record and the tools of somebody who has every right on its database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from supervisor.audit.chain import head_line
from supervisor.audit.heads import Heads
from supervisor.audit.store import Store
from supervisor.audit.verify import verify

ROWS = 12


NOW = 1_000.0


COLUMNS = ("seq", "utc_s", "kind", "epoch", "body", "prev_hash", "hash")


FLIP = {column: "UPDATE OR REPLACE audit SET " + column + " = ? WHERE seq = ?" for column in COLUMNS}  # noqa: S608


def make_good(url: str, folder: Path, rows: int = ROWS) -> None:
    store, heads = Store(url), Heads(folder)
    for n in range(rows):
        store.append("note", {"n": n, "text": "Grüße"}, float(n))
        if n % 3 == 2:
            sign_head(store, heads, float(n))
    sign_head(store, heads, NOW)
    store.close()


def sign_head(store: Store, heads: Heads, utc_s: float) -> None:
    head = heads.sign(store.tail(), utc_s)
    store.append_head(head.number, head_line(head))


def tamper(path: Path, *statements: str | tuple[str, tuple], keep_triggers: bool = False) -> None:
    """Change the database as somebody with all rights on it would, and put the triggers back after."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    if not keep_triggers:
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        sql, values = statement if isinstance(statement, tuple) else (statement, ())
        connection.execute(sql, values)
    if not keep_triggers:
        for _, sql in triggers:
            connection.execute(sql)
    connection.commit()
    connection.close()


def verify_copy(record: Path):
    return verify(f"sqlite:///{record / 'setwise.db'}", record / "heads", NOW)


def typed(column: str, text: str) -> object:
    try:
        return {"seq": int, "epoch": int, "utc_s": float}.get(column, str)(text)
    except ValueError:
        return text  # no number any more: SQLite stores it as text all the same


def select(path: Path, query: str, *values: object) -> list[tuple]:
    connection = sqlite3.connect(path)
    rows = connection.execute(query, values).fetchall()
    connection.close()
    return rows
