"""The store: durable, gapless, append-only, one kind of error, and no second try on a handle that failed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading

import pytest

from supervisor.audit.chain import tail_of
from supervisor.audit.store import Entry, Packed, Store, entry
from supervisor.audit.trouble import StoreError
from tests.supervisor.audit.chains import rows_checked


def test_rows_are_numbered_without_gaps_and_read_back_exactly(url):
    store = Store(url)
    body = {"text": "°C \u0000 \n \" '", "number": 0.1 + 0.2, "tiny": 5e-324, "huge": 2**70, "none": None}
    assert [store.append("note", body, 1.5 + n / 3) for n in range(5)] == [2, 3, 4, 5, 6]
    rows = rows_checked(store)
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
    assert [row.epoch for row in rows_checked(second)] == [1, 1, 2, 2]
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
    rows_checked(store)
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
    rows = rows_checked(store)
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
        "UPDATE {0} SET {1} = 'x'",
        "DELETE FROM {0}",
        "INSERT OR REPLACE INTO {0} SELECT * FROM {0} LIMIT 1",
        "REPLACE INTO {0} SELECT * FROM {0}",
        "INSERT INTO {0} SELECT * FROM {0} WHERE true ON CONFLICT DO UPDATE SET {1} = 'x'",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement.format(table, column))
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
    rows_checked(again)
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
