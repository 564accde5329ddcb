"""The store in trouble: each kind is named, no handle is used twice after a failure, and no doubt is left."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supervisor.audit.store import Store
from supervisor.audit.trouble import StoreError
from tests.supervisor.audit.chains import rows_checked


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
    rows_checked(store)
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
        while len(written) < 100:
            written += [store.append("note", {"x": "y" * 900}, 1.0)]
    assert trouble.value.reason == "full"
    assert 0 < len(written) < 100
    assert store.append("note", {}, 2.0) == written[-1] + 1  # the new handle has no such limit
    rows_checked(store)
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
            assert time.monotonic() - begun < 4.0  # sqlite3 itself would wait five
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


@pytest.mark.parametrize("content", [b"this is no database, whatever its name says" * 100, b"SQLite format 3\0" * 600])
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
    rows_checked(store)
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


@pytest.mark.parametrize(
    "change", ["DELETE FROM audit WHERE seq = 4", "UPDATE audit SET hash = prev_hash WHERE seq = 4"]
)
def test_a_chain_that_is_changed_under_an_open_handle_stops_everything(url, execute, change):
    store = Store(url)
    for n in range(3):
        store.append("note", {}, float(n))
    dropped = (
        [f"DROP TRIGGER audit_no_{verb}" for verb in ("update", "delete")]
        if url.startswith("sqlite")
        else ["ALTER TABLE audit DISABLE TRIGGER ALL"]
    )
    execute(url, *dropped, change)
    with pytest.raises(StoreError) as trouble:
        store.append("note", {}, 9.0)
    assert trouble.value.reason == "lost_rows"
    store.close()


def test_rows_that_are_gone_are_noticed_when_the_handle_is_opened(sqlite_url, execute):
    store = Store(sqlite_url)
    store.append("note", {}, 1.0)
    store.append("note", {}, 2.0)
    store.close()
    execute(sqlite_url, "DROP TRIGGER audit_no_delete", "DELETE FROM audit WHERE seq = 3")
    with pytest.raises(StoreError, match="lost_rows"):
        store.ready(3.0)


def test_an_acknowledged_row_that_is_another_one_now_stops_everything(sqlite_url, execute):
    store = Store(sqlite_url)
    store.append("note", {}, 1.0)
    store.close()
    execute(sqlite_url, "DROP TRIGGER audit_no_update", "UPDATE audit SET body = '{\"x\":1}' WHERE seq = 2")
    with pytest.raises(StoreError) as trouble:
        store.append("note", {}, 2.0)
    assert trouble.value.reason == "corrupt"
