"""The store: durable, gapless, append-only, one kind of error, and no second try on a handle that failed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from supervisor.audit.chain import EMPTY, follow, tail_of
from supervisor.audit.store import Entry, Packed, Store, entry
from supervisor.audit.trouble import StoreError


def _rows(store):
    tail, rows = EMPTY, store.rows(())
    for row in rows:
        assert follow(row, tail) is None
        tail = tail_of(row)
    return rows


def test_rows_are_numbered_without_gaps_and_read_back_exactly(url):
    store = Store(url)
    body = {"text": "°C \u0000 \n \" '", "number": 0.1 + 0.2, "tiny": 5e-324, "huge": 2**70, "none": None}
    assert [store.append("note", body, 1.5 + n / 3) for n in range(5)] == [2, 3, 4, 5, 6]
    rows = _rows(store)
    assert [row.kind for row in rows] == ["opened"] + ["note"] * 5
    assert all(json.loads(row.body) == body for row in rows[1:])
    assert [row.utc_s for row in rows[1:]] == [1.5 + n / 3 for n in range(5)]
    store.close()


def test_the_chain_goes_on_after_a_restart_and_counts_openings(url):
    first = Store(url)
    first.append("note", {}, 1.0)
    first.close()
    second = Store(url)
    assert second.append("note", {}, 2.0) == 4
    assert (first.epoch, second.epoch) == (1, 2)
    assert [row.epoch for row in _rows(second)] == [1, 1, 2, 2]
    second.close()


def test_one_transaction_holds_all_entries_and_their_packed_cycles(url, execute):
    store = Store(url)
    entries = [entry("outcome", {}, 1.0), Entry("cycle", "{}", 1.0, Packed(9, 1.0, b"\x00\xffblob"))]
    assert store.write(entries) == (2, 3)
    assert [(s, t, c, bytes(p)) for s, t, c, p in execute(url, "SELECT seq, utc_s, cycle, packed FROM history")] == [
        (3, 1.0, 9, b"\x00\xffblob")
    ]
    store.close()


def test_nothing_of_a_failed_transaction_stays(url):
    store = Store(url)
    store.append("note", {}, 1.0)
    with pytest.raises(StoreError) as trouble:
        store.write([entry("note", {}, 2.0), Entry("Not A Kind", "{}", 2.0)])
    assert trouble.value.reason == "not_a_value"
    assert store.append("note", {}, 3.0) == 3
    _rows(store)
    store.close()


def test_a_value_without_exact_text_is_named():
    with pytest.raises(StoreError) as trouble:
        entry("note", {"x": float("nan")}, 1.0)
    assert trouble.value.reason == "not_a_value"


def test_two_openers_at_once_share_one_chain(url):
    """Threads here, as two processes would: each has its own connection and its own view of the end."""
    failures: list[Exception] = []

    def work(name):
        try:
            store = Store(url, busy_s=20.0)
            for n in range(40):
                store.append("note", {"who": name, "n": n}, float(n))
            store.close()
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store = Store(url)
    rows = _rows(store)
    assert len(rows) == 3 * 41
    opened = [row.epoch for row in rows if row.kind == "opened"]
    assert sorted(opened) == [1, 2, 3]
    for name in "abc":
        said = [json.loads(row.body)["n"] for row in rows if row.kind == "note" and f'"{name}"' in row.body]
        assert said == list(range(40))
    store.close()


def test_openings_never_share_a_number_though_an_older_one_still_writes(url):
    old, new = Store(url), Store(url)
    old.append("note", {}, 1.0)
    new.append("note", {}, 2.0)
    old.append("note", {}, 3.0)
    third = Store(url)
    third.append("note", {}, 4.0)
    assert (old.epoch, new.epoch, third.epoch) == (1, 2, 3)
    for store in (old, new, third):
        store.close()


@pytest.mark.parametrize("table", ["audit", "audit_head"])
@pytest.mark.parametrize("recursive", [0, 1])
def test_sqlite_refuses_to_change_what_was_written(sqlite_url, table, recursive):
    store = Store(sqlite_url)
    store.append("note", {}, 1.0)
    store.append_head(1, "line")
    store.close()
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    connection.execute(f"PRAGMA recursive_triggers={recursive}")
    column = "body" if table == "audit" else "line"
    for statement in (
        f"UPDATE {table} SET {column} = 'x'",
        f"DELETE FROM {table}",
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1",
        f"REPLACE INTO {table} SELECT * FROM {table}",
        f"INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT DO UPDATE SET {column} = 'x'",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("table", ["audit", "audit_head"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_postgresql_refuses_to_change_what_was_written(postgresql, execute, table, statement):
    import psycopg

    url = postgresql.fresh()
    store = Store(url)
    store.append("note", {}, 1.0)
    store.append_head(1, "line")
    store.close()
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        execute(url, statement.format(table, "body" if table == "audit" else "line"))


def test_sqlite_is_durable_by_its_settings(sqlite_url):
    store = Store(sqlite_url)
    store.append("note", {}, 1.0)
    with store._transaction() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA recursive_triggers").scalar_one() == 1
    store.close()


@pytest.mark.parametrize(
    ("name", "value"), [("synchronous_commit", "off"), ("fsync", "off"), ("full_page_writes", "off")]
)
def test_postgresql_that_may_lose_rows_is_refused(postgresql_alone, name, value):
    url = postgresql_alone.fresh()
    Store(url).close()
    postgresql_alone.stop()
    postgresql_alone.start(**{name: value})
    with pytest.raises(StoreError) as trouble:
        Store(url).append("note", {}, 1.0)
    assert trouble.value.reason == "settings"
    assert f"{name}={value}" in trouble.value.detail
    assert name in trouble.value.what_to_do


def test_postgresql_gone_and_back(postgresql_alone):
    url = postgresql_alone.fresh()
    store = Store(url)
    assert store.append("note", {}, 1.0) == 2
    postgresql_alone.stop("immediate")  # as a crash: what was acknowledged must be there afterwards
    with pytest.raises(StoreError) as trouble:
        store.append("note", {}, 2.0)
    assert trouble.value.reason == "unreachable"
    with pytest.raises(StoreError):
        store.append("note", {}, 3.0)
    postgresql_alone.start()
    assert store.append("note", {"after": True}, 4.0) == 3
    _rows(store)
    store.close()


def test_a_full_database_says_so_and_works_again_when_there_is_room(sqlite_url):
    store = Store(sqlite_url)
    store.append("note", {}, 1.0)
    with store._transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    store.close()

    def limited(pages):
        store.ready(0.0)
        with store._transaction() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    limited(pages + 2)
    written = []
    with pytest.raises(StoreError) as trouble:
        for n in range(100):
            written.append(store.append("note", {"x": "y" * 900}, 1.0))
    assert trouble.value.reason == "full"
    assert 0 < len(written) < 100
    assert store.append("note", {}, 2.0) == written[-1] + 1  # the new handle has no such limit
    _rows(store)
    store.close()


LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE" if sys.argv[2] == "write" else "PRAGMA locking_mode=EXCLUSIVE")
if sys.argv[2] != "write":
    connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
connection.close()
print("free", flush=True)
"""


@pytest.mark.parametrize("kind", ["write", "exclusive"])
def test_a_lock_of_another_process_is_said_soon_and_survived(sqlite_url, kind):
    store = Store(sqlite_url)
    store.append("note", {}, 1.0)
    if kind == "exclusive":
        store.close()  # the locker could not get in otherwise
    path = sqlite_url.removeprefix("sqlite:///")
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, path, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as locker:
        assert locker.stdout.readline() == "locked\n"
        for _ in range(2):
            begun = time.monotonic()
            with pytest.raises(StoreError) as trouble:
                store.append("note", {}, 2.0)
            assert trouble.value.reason == "locked"
            assert time.monotonic() - begun < 1.0
        locker.stdin.write("\n")
        locker.stdin.flush()
        assert locker.stdout.readline() == "free\n"
    assert store.append("note", {}, 3.0) == 3
    store.close()


def test_a_read_only_file_is_refused_at_the_opening(sqlite_url, tmp_path):
    """Root may write anything, so SQLite itself is told: a URL of a file opened read-only."""
    store = Store(sqlite_url)
    store.append("note", {}, 1.0)
    store.close()
    path = sqlite_url.removeprefix("sqlite:///")
    read_only = Store(f"sqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(StoreError) as trouble:
        read_only.append("note", {}, 2.0)
    assert trouble.value.reason == "read_only"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreError) as trouble:
        Store(f"sqlite:///{tmp_path / 'no' / 'setwise.db'}").append("note", {}, 1.0)
    assert trouble.value.reason == "cannot_open"


@pytest.mark.parametrize("content", [b"this is no database at all, whatever its name says" * 100, b"SQLite format 3\0" * 600])
def test_a_file_that_is_no_database_is_named(tmp_path, content):
    path = tmp_path / "setwise.db"
    path.write_bytes(content)
    with pytest.raises(StoreError) as trouble:
        Store(f"sqlite:///{path}").append("note", {}, 1.0)
    assert trouble.value.reason == "corrupt"


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "", "sqlite+aiosqlite"])
def test_other_databases_are_refused(url):
    with pytest.raises(StoreError) as trouble:
        Store(url)
    assert trouble.value.reason == "cannot_open"


class Failing:
    """Lets the commit itself fail, before or after it took effect: the two things nobody can tell apart."""

    def __init__(self, store, landed):
        self.store, self.landed = store, landed

    def __enter__(self):
        self.store.ready(0.0)
        dialect = self.store._engine.dialect
        dialect.do_commit = lambda connection: self._once(dialect, connection)
        return self

    def _once(self, dialect, connection):
        del dialect.do_commit
        if self.landed:
            connection.dbapi_connection.commit()
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        raise error

    def __exit__(self, *_):
        self.store._engine.dialect.__dict__.pop("do_commit", None)


@pytest.mark.parametrize("landed", [False, True])
def test_after_a_failed_commit_the_handle_is_gone_and_the_doubt_is_cleared(sqlite_url, landed):
    store = Store(sqlite_url)
    store.append("note", {}, 1.0)
    handle = store._connection
    with Failing(store, landed), pytest.raises(StoreError) as trouble:
        store.append("note", {"doubt": True}, 2.0)
    assert trouble.value.reason == "io"
    assert store._connection is None
    assert handle.closed
    store.ready(3.0)
    assert [json.loads(row.body) for row in store.take_landed()] == ([{"doubt": True}] if landed else [])
    assert store.take_landed() == ()
    assert store.append("note", {}, 4.0) == (4 if landed else 3)
    _rows(store)
    store.close()


def test_acknowledged_rows_that_are_gone_stop_everything(sqlite_url, tmp_path):
    store = Store(sqlite_url)
    for n in range(5):
        store.append("note", {}, float(n))
    store.close()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    copy = path.read_bytes()
    for n in range(5):
        store.append("note", {}, float(n))
    store.close()
    for leftover in path.parent.glob("setwise.db-*"):
        leftover.unlink()
    path.write_bytes(copy)  # an old copy is restored under a running supervisor
    for _ in range(3):
        with pytest.raises(StoreError) as trouble:
            store.append("note", {}, 9.0)
        assert trouble.value.reason == "lost_rows"


def test_an_acknowledged_row_that_is_another_one_now_stops_everything(sqlite_url, execute):
    store = Store(sqlite_url)
    store.append("note", {}, 1.0)
    store.close()
    execute(
        sqlite_url, "DROP TRIGGER audit_no_update", "UPDATE audit SET body = '{\"x\":1}' WHERE seq = 2"
    )
    with pytest.raises(StoreError) as trouble:
        store.append("note", {}, 2.0)
    assert trouble.value.reason == "corrupt"


def test_rows_of_a_kind_and_the_last_of_a_kind(url):
    store = Store(url)
    for n in range(3):
        store.append("intent", {"n": n}, float(n))
        store.append("outcome", {"n": n}, float(n))
    assert [json.loads(row.body)["n"] for row in store.rows(("intent",), 2)] == [1, 2]
    assert json.loads(store.last("outcome").body) == {"n": 2}
    assert store.last("cycle") is None
    assert store.row(1).kind == "opened"
    assert store.row(99) is None
    assert store.tail() == tail_of(store.rows(())[-1])
    store.close()


def test_reading_first_does_not_skip_the_opening(url):
    store = Store(url)
    store.append("note", {}, 1.0)
    store.close()
    again = Store(url)
    assert len(again.rows(())) == 2
    assert again.append("note", {}, 2.0) == 4
    assert again.epoch == 2
    _rows(again)
    again.close()


def test_heads_are_kept_once(url, execute):
    store = Store(url)
    store.append("note", {}, 1.0)
    for _ in range(2):
        store.append_head(1, "one")
    store.append_head(2, "two")
    assert execute(url, "SELECT number, line FROM audit_head ORDER BY number") == [(1, "one"), (2, "two")]
    store.close()


def test_usage_counts_bytes(url):
    store = Store(url)
    store.append("note", {}, 1.0)
    used, limit = store.usage()
    assert used > 10_000
    assert limit is None
    store.close()


def test_usage_knows_the_databases_own_limit(sqlite_url):
    store = Store(sqlite_url)
    store.append("note", {}, 1.0)
    with store._transaction() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000")
    assert store.usage()[1] == 1000 * 4096
    store.close()


def test_the_second_opening_does_not_load_alembic(sqlite_url):
    Store(sqlite_url).append("note", {}, 1.0)
    code = (
        "import sys; from supervisor.audit.store import Store\n"
        f"Store({sqlite_url!r}).append('note', {{}}, 2.0)\n"
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
