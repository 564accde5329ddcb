"""The writer while the database is locked, stuck, full or in doubt: nothing waits, nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time

import pytest
from sqlalchemy import event

from supervisor.audit.capacity import CapacityState
from supervisor.audit.orphans import orphans
from supervisor.audit.spool import SpoolError
from supervisor.audit.verify import verify
from supervisor.history.read import History
from supervisor.stored import Stored
from tests.supervisor.audit.records import (
    DEADLINE_S,
    SOON_S,
    frozen,
    locked,
    opened,
    rows_of,
    ticking,
    until,
)


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
            assert time.monotonic() - begun < SOON_S
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
            assert DEADLINE_S <= time.monotonic() - begun < SOON_S
            took_s = []
            for n in range(3, 8):
                begun = time.monotonic()
                assert await writer.intend(make_intent(n)) == Stored(None, "busy")
                took_s.append(time.monotonic() - begun)
            assert min(took_s) < 0.05
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
        assert (await asyncio.to_thread(writer.capacity)).state is CapacityState.DISARM
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
