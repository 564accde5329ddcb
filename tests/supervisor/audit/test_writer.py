"""The writer: answers by its deadline whatever the database does, loses nothing, and leaves no intent open."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import event

from safety.signals import WriteOutcome, WriteReceipt
from supervisor.audit import desk as desk_module
from supervisor.audit.capacity import CapacityState
from supervisor.audit.chain import EMPTY, follow, tail_of
from supervisor.audit.orphans import orphans, resolve
from supervisor.audit.spool import SpoolError
from supervisor.audit.store import Store
from supervisor.audit.trouble import StoreError
from supervisor.audit.verify import verify
from supervisor.audit.writer import AuditWriter
from supervisor.history.read import History
from supervisor.stored import Stored

DEADLINE_S = 0.3
LOOP_GAP_S = 0.15
"""Longest gap of a 10 ms ticker on a machine that other tests share; a blocked loop shows as a deadline or more."""


@contextlib.asynccontextmanager
async def opened(url, folder, **over):
    writer = AuditWriter(url, folder / "spool.bin", folder / "heads", **over)
    try:
        yield writer
    finally:
        await writer.close(9_000.0)


@contextlib.asynccontextmanager
async def ticking():
    """Measure the longest time that the event loop gave nobody a turn."""
    gaps: list[float] = [0.0]

    async def tick():
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            now = time.monotonic()
            gaps[0] = max(gaps[0], now - last - 0.01)
            last = now

    task = asyncio.create_task(tick())
    await asyncio.sleep(0.02)
    try:
        yield gaps
    finally:
        task.cancel()
    assert gaps[0] < LOOP_GAP_S, f"the event loop stood still for {gaps[0]:.3f} s"


def rows_of(url):
    store = Store(url)
    rows = store.rows(())
    store.close()
    tail = EMPTY
    for row in rows:
        assert follow(row, tail) is None
        tail = tail_of(row)
    return rows


async def until(condition, timeout_s=5.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        await asyncio.sleep(0.01)


async def test_intent_then_cycle_with_its_outcome(url, tmp_path, make_intent, make_record):
    async with opened(url, tmp_path) as writer:
        assert (await writer.start(1.0)).stored.stored
        stored = await writer.intend(make_intent(1))
        assert stored == Stored(2)
        assert await writer.settle(make_record(1, intent_seq=stored.seq)) == Stored(4)
        assert await writer.note("armed", {"who": "eva"}, 3.0) == Stored(5)
    rows = rows_of(url)
    assert [row.kind for row in rows][:5] == ["opened", "intent", "outcome", "cycle", "armed"]
    assert json.loads(rows[1].body)["setpoints"] == {"T_in_sp": 181.0}
    assert json.loads(rows[2].body)["intent_seq"] == 2
    assert json.loads(rows[2].body)["outcomes"][0]["outcome"] == "confirmed"
    assert orphans(rows) == ()
    record = History(url).last().record
    assert record == make_record(1, intent_seq=2)
    import hashlib

    (packed,) = History(url)._rows("SELECT packed FROM history")
    assert json.loads(rows[3].body)["packed_sha256"] == hashlib.sha256(packed[0]).hexdigest()
    assert verify(url, tmp_path / "heads", 9_000.0).intact


async def test_no_intent_is_taken_before_the_record_was_opened_and_looked_at(url, tmp_path, make_intent):
    async with opened(url, tmp_path) as writer:
        assert await writer.intend(make_intent(1)) == Stored(None, "not_opened")
        await writer.start(1.0)
        assert (await writer.intend(make_intent(1))).stored


async def test_what_has_no_exact_text_is_not_stored_and_not_a_crash(url, tmp_path, make_intent, make_record):
    async with opened(url, tmp_path) as writer:
        await writer.start(1.0)
        assert (await writer.intend(make_intent(1, reason="\ud800"))).why == "not_a_value"
        assert (await writer.settle(make_record(1, plan={"status": "\ud800"}))).why == "not_a_value"
        assert (await writer.note("x", {"a": float("nan")}, 1.0)).why == "not_a_value"
        assert writer.lost == 2
        odd = make_record(2, plan={"status": "ok", "worth": float("nan")}, money={"x": float("inf")})
        assert (await writer.settle(odd)).stored
    assert History(url).last().record.money == {"x": float("inf")}


async def test_orphans_of_an_earlier_run_are_found_and_closed(url, tmp_path, make_intent):
    async with opened(url, tmp_path) as writer:
        await writer.start(1.0)
        for n in range(3):
            await writer.intend(make_intent(n))
    async with opened(url, tmp_path) as writer:
        opening = await writer.start(2.0)
        assert [orphan.setpoints for orphan in opening.orphans] == [{"T_in_sp": 180.0 + n} for n in range(3)]
        actual = {"T_in_sp": 181.0}
        closed = [(orphan, resolve(orphan, actual, None)) for orphan in opening.orphans]
        assert (await writer.close_orphans(closed, 3.0)).stored
    async with opened(url, tmp_path) as writer:
        assert (await writer.start(4.0)).orphans == ()
    outcomes = [json.loads(row.body) for row in rows_of(url) if row.kind == "outcome"]
    assert [body["outcomes"][0]["outcome"] for body in outcomes] == ["overridden", "confirmed", "not_sent"]
    assert all(body["how"] == "orphan" for body in outcomes)


LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""


@contextlib.contextmanager
def locked(url):
    """Another process holds the write lock of the database."""
    path = url.removeprefix("sqlite:///")
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as locker:
        assert locker.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            locker.kill()


async def test_a_locked_database_holds_writes_spools_cycles_and_heals(sqlite_url, tmp_path, make_intent, make_record):
    async with opened(sqlite_url, tmp_path) as writer, ticking():
        await writer.start(1.0)
        first = await writer.intend(make_intent(1))
        with locked(sqlite_url):
            begun = time.monotonic()
            settled = await writer.settle(make_record(1, intent_seq=first.seq))
            assert not settled.stored
            assert settled.spooled
            refused = await writer.intend(make_intent(2))
            assert refused.why in ("locked", "late", "busy")
            assert time.monotonic() - begun < 3 * DEADLINE_S + 0.2
            assert (await writer.note("shed", {"why": "record"}, 5.0)).spooled
            assert writer.spooled == 3  # outcome, cycle, shed
        await until(lambda: not writer.busy)
        third = await writer.intend(make_intent(3))
        assert third.stored
        assert writer.spooled == 0
        await writer.settle(make_record(3, intent_seq=third.seq))
    rows = rows_of(sqlite_url)
    kinds = [row.kind for row in rows]
    assert kinds[:2] == ["opened", "intent"]
    assert kinds.index("spooled") < third.seq - 1  # what was spooled came first
    assert [json.loads(row.body)["was"] for row in rows if row.kind == "spooled"] == ["outcome", "cycle", "shed"]
    assert orphans(rows) == ()
    cycles = [cycle.record.cycle for cycle in History(sqlite_url).between(0.0, 9_000.0)]
    assert cycles == [1, 3]
    assert verify(sqlite_url, tmp_path / "heads", 9_000.0).intact


@contextlib.contextmanager
def frozen(url):
    """Every PostgreSQL backend of this database is stopped in mid-air: no error, no answer."""
    import psycopg

    with psycopg.connect(url) as connection:
        name = connection.info.dbname
        pids = [
            pid
            for (pid,) in connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name = 'setwise'", (name,)
            )
        ]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def test_a_stuck_database_is_busy_at_once_and_a_late_intent_gets_its_outcome(
    postgresql, tmp_path, make_intent, make_record
):
    url = postgresql.fresh()
    async with opened(url, tmp_path) as writer, ticking():
        await writer.start(1.0)
        first = await writer.intend(make_intent(1))
        with frozen(url):
            begun = time.monotonic()
            assert await writer.intend(make_intent(2)) == Stored(None, "late")
            assert DEADLINE_S <= time.monotonic() - begun < DEADLINE_S + 0.15
            for n in range(3, 8):
                begun = time.monotonic()
                assert await writer.intend(make_intent(n)) == Stored(None, "busy")
                assert time.monotonic() - begun < 0.05
            settled = await writer.settle(make_record(1, intent_seq=first.seq))
            assert (settled.why, settled.spooled) == ("busy", True)
        await until(lambda: not writer.busy)
        last = await writer.intend(make_intent(8))
        assert last.stored
        await writer.settle(make_record(8, intent_seq=last.seq))
    rows = rows_of(url)
    intents = {json.loads(row.body)["cycle"]: row.seq for row in rows if row.kind == "intent"}
    assert set(intents) == {1, 2, 8}  # 2 landed late, 3 to 7 never
    late = [json.loads(row.body) for row in rows if row.kind == "outcome" and '"late"' in row.body]
    assert [(body["intent_seq"], body["outcomes"][0]["outcome"]) for body in late] == [(intents[2], "not_sent")]
    assert orphans(rows) == ()
    assert verify(url, tmp_path / "heads", 9_000.0).intact


async def test_a_cycle_that_lands_late_is_on_record_once_although_it_was_spooled(postgresql, tmp_path, make_record):
    url = postgresql.fresh()
    async with opened(url, tmp_path) as writer:
        await writer.start(1.0)
        with frozen(url):
            settled = await writer.settle(make_record(1))
            assert (settled.why, settled.spooled) == ("late", True)
        await until(lambda: not writer.busy)
        assert (await writer.note("after", {}, 2.0)).stored
        assert writer.spooled == 0
    assert [row.kind for row in rows_of(url)].count("cycle") == 1
    assert [row.kind for row in rows_of(url)].count("spooled") == 0


async def test_work_that_never_began_by_its_deadline_never_begins(postgresql, tmp_path, make_intent):
    url = postgresql.fresh()
    async with opened(url, tmp_path) as writer:
        await writer.start(1.0)
        with frozen(url):
            answers = await asyncio.gather(*(writer.intend(make_intent(n)) for n in range(4)))
            assert [answer.why for answer in answers] == ["late"] * 4
        await until(lambda: not writer.busy)
    rows = rows_of(url)
    assert [json.loads(row.body)["cycle"] for row in rows if row.kind == "intent"] == [0]
    assert orphans(rows) == ()


async def test_a_cancelled_intent_is_closed_too(postgresql, tmp_path, make_intent):
    url = postgresql.fresh()
    async with opened(url, tmp_path) as writer:
        await writer.start(1.0)
        with frozen(url):
            task = asyncio.create_task(writer.intend(make_intent(1)))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await until(lambda: not writer.busy)
    rows = rows_of(url)
    assert [row.kind for row in rows].count("intent") == 1
    assert orphans(rows) == ()


async def test_a_full_database_stores_no_intent_spools_and_heals(sqlite_url, tmp_path, make_intent, make_record):
    limit = {"pages": 0}

    def apply(handle, _entry):
        if limit["pages"]:
            handle.execute(f"PRAGMA max_page_count={limit['pages']}")

    async with opened(sqlite_url, tmp_path) as writer, ticking():
        store = writer._desk._store
        event.listen(store._engine, "connect", apply)
        await writer.start(1.0)
        limit["pages"] = 1  # SQLite takes the present size where less is asked for
        store._throw_away()
        open_seq, why = None, ""
        for n in range(200):
            answer = await writer.intend(make_intent(n, reason="x" * 500))
            if not answer.stored:
                why = answer.why
                break
            open_seq = answer.seq
            settled = await writer.settle(make_record(n, intent_seq=open_seq))
            if not settled.stored:
                assert (settled.why, settled.spooled) == ("full", True)
        assert why == "full"
        assert (await writer.note("shed", {}, 1.0)).spooled
        assert writer.capacity().state is CapacityState.DISARM
        limit["pages"] = 0
        store._throw_away()
        assert (await writer.intend(make_intent(999))).stored
        assert writer.spooled == 0
    rows = rows_of(sqlite_url)
    assert [orphan.sequence for orphan in orphans(rows)] == [999]


async def test_a_commit_in_doubt_that_landed_is_closed_as_never_sent(sqlite_url, tmp_path, make_intent):
    async with opened(sqlite_url, tmp_path) as writer:
        await writer.start(1.0)
        dialect = writer._desk._store._engine.dialect

        def fail_after_commit(connection):
            del dialect.do_commit
            connection.dbapi_connection.commit()
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error

        dialect.do_commit = fail_after_commit
        assert await writer.intend(make_intent(1)) == Stored(None, "io")
        assert (await writer.note("next", {}, 2.0)).stored
    rows = rows_of(sqlite_url)
    assert [row.kind for row in rows][:4] == ["opened", "intent", "outcome", "next"]
    assert "commit_in_doubt" in rows[2].body
    assert orphans(rows) == ()


async def test_a_drain_cut_short_before_the_file_is_cleared_doubles_nothing(sqlite_url, tmp_path, make_record):
    async with opened(sqlite_url, tmp_path) as writer:
        await writer.start(1.0)
        with locked(sqlite_url):
            for n in range(3):
                assert (await writer.settle(make_record(n))).spooled
                await until(lambda: not writer.busy)
        clear, writer._spool.clear = writer._spool.clear, lambda count: (_ for _ in ()).throw(SpoolError("power cut"))
        assert (await writer.note("a", {}, 2.0)).why == "spool"
        writer._spool.clear = clear
        assert (await writer.note("b", {}, 2.0)).stored
        assert writer.spooled == 0
    rows = rows_of(sqlite_url)
    was = [json.loads(row.body)["was"] for row in rows if row.kind == "spooled"]
    assert was == ["cycle", "cycle", "cycle", "a"]


async def test_the_spool_outlives_the_process(sqlite_url, tmp_path, make_record):
    async with opened(sqlite_url, tmp_path) as writer:
        await writer.start(1.0)
        with locked(sqlite_url):
            assert (await writer.settle(make_record(1))).spooled
            await writer.close(2.0)
        async with opened(sqlite_url, tmp_path) as again:
            assert again.spooled == 1
            assert (await again.start(3.0)).stored.stored
            assert again.spooled == 0
    assert [row.kind for row in rows_of(sqlite_url)].count("spooled") == 1


async def test_when_neither_takes_it_the_loss_is_counted(sqlite_url, tmp_path, make_record):
    async with opened(sqlite_url, tmp_path) as writer:
        await writer.start(1.0)

        def full(_item):
            raise SpoolError("full")

        writer._spool.append = full
        with locked(sqlite_url):
            settled = await writer.settle(make_record(1))
            assert not settled.stored
            assert not settled.spooled
        assert writer.lost == 1


async def test_an_older_database_is_seen_at_start(sqlite_url, tmp_path, make_intent):
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    async with opened(sqlite_url, tmp_path) as writer:
        await writer.start(1.0)
    shutil.copy(path, tmp_path / "backup.db")
    async with opened(sqlite_url, tmp_path) as writer:
        await writer.start(2.0)
        await writer.note("more", {}, 3.0)
    async with opened(sqlite_url, tmp_path) as writer:
        assert (await writer.start(4.0)).fault is None
        writer._desk._heads.sign = lambda *_: (_ for _ in ()).throw(StoreError("other"))  # as killed: no last head
    shutil.copy(tmp_path / "backup.db", path)
    async with opened(sqlite_url, tmp_path) as writer:
        assert (await writer.start(5.0)).fault == "rollback"
        writer._desk._heads.sign = lambda *_: (_ for _ in ()).throw(StoreError("other"))
        for _ in range(5):
            await writer.note("grown", {}, 6.0)
    async with opened(sqlite_url, tmp_path) as writer:
        assert (await writer.start(7.0)).fault == "rewritten"


async def test_heads_are_signed_and_the_last_one_at_the_end(url, tmp_path):
    async with opened(url, tmp_path) as writer:
        await writer.start(1.0)
        first = await asyncio.to_thread(writer.sign_head, 2.0)
        assert first.seq == 1
        await writer.note("more", {}, 3.0)
        last = await writer.close(4.0)
        assert (last.number, last.seq) == (2, 2)
    report = verify(url, tmp_path / "heads", 5.0)
    assert report.intact
    assert (report.rows, report.heads, report.head_age_s) == (2, 2, 1.0)


async def test_the_record_says_now_and_then_that_no_intent_is_open(url, tmp_path, make_intent, make_record, monkeypatch):
    monkeypatch.setattr(desk_module, "MARK_ROWS", 10)
    monkeypatch.setattr(desk_module, "PAGE_ROWS", 3)
    async with opened(url, tmp_path) as writer:
        await writer.start(1.0)
        for n in range(12):
            stored = await writer.intend(make_intent(n))
            await writer.settle(make_record(n, intent_seq=stored.seq))
        left = await writer.intend(make_intent(12))
        for n in range(13, 30):
            stored = await writer.intend(make_intent(n))
            await writer.settle(make_record(n, intent_seq=stored.seq))
    rows = rows_of(url)
    marks = [row.seq for row in rows if row.kind == "resolved"]
    assert marks
    assert max(marks) < left.seq  # an open intent is never left behind a mark
    async with opened(url, tmp_path) as writer:
        assert [orphan.seq for orphan in (await writer.start(2.0)).orphans] == [left.seq]


async def test_a_bug_in_the_thread_ends_the_caller(sqlite_url, tmp_path, make_intent):
    async with opened(sqlite_url, tmp_path) as writer:
        await writer.start(1.0)
        keep, writer._desk._store.write = writer._desk._store.write, lambda *_: 1 / 0
        with pytest.raises(ZeroDivisionError):
            await writer.intend(make_intent(1))
        writer._desk._store.write = keep


async def test_a_database_that_cannot_be_opened_says_why_and_may_be_tried_again(tmp_path, make_intent, make_record):
    path = tmp_path / "setwise.db"
    path.write_bytes(b"not a database" * 1000)
    url = f"sqlite:///{path}"
    async with opened(url, tmp_path) as writer:
        assert (await writer.start(1.0)).stored.why == "corrupt"
        assert (await writer.intend(make_intent(1))).why == "not_opened"
        assert (await writer.settle(make_record(1))).spooled
        path.unlink()
        assert (await writer.start(2.0)).stored.stored
        assert writer.spooled == 0
    assert [row.kind for row in rows_of(url)][:2] == ["opened", "spooled"]


async def test_receipts_of_a_cycle_are_in_its_row_even_without_an_intent(sqlite_url, tmp_path, make_record):
    receipt = WriteReceipt("mv", WriteOutcome.NOT_SENT, 1.0, None, "not on record: busy")
    async with opened(sqlite_url, tmp_path) as writer:
        await writer.start(1.0)
        await writer.settle(make_record(1, receipts=(receipt,)))
    (row,) = [row for row in rows_of(sqlite_url) if row.kind == "cycle"]
    assert json.loads(row.body)["receipts"] == [["mv", "not_sent", 1.0, None, "not on record: busy"]]
