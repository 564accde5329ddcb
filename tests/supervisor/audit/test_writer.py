"""The writer: answers by its deadline whatever the database does, loses nothing, and leaves no intent open."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from safety.signals import WriteOutcome, WriteReceipt
from supervisor.audit import desk as desk_module
from supervisor.audit.orphans import orphans, resolve
from supervisor.audit.trouble import StoreError
from supervisor.audit.verify import verify
from supervisor.history.read import History
from supervisor.stored import Stored
from tests.supervisor.audit.records import (
    opened,
    rows_of,
)

"""Longest gap of a 10 ms ticker on a machine that other tests share; a blocked loop shows as a deadline or more."""


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


async def test_the_record_says_now_and_then_that_no_intent_is_open(
    url, tmp_path, make_intent, make_record, monkeypatch
):
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


async def test_receipts_of_a_cycle_are_in_its_row_even_without_an_intent(sqlite_url, tmp_path, make_record):
    receipt = WriteReceipt("mv", WriteOutcome.NOT_SENT, 1.0, None, "not on record: busy")
    async with opened(sqlite_url, tmp_path) as writer:
        await writer.start(1.0)
        await writer.settle(make_record(1, receipts=(receipt,)))
    (row,) = [row for row in rows_of(sqlite_url) if row.kind == "cycle"]
    assert json.loads(row.body)["receipts"] == [["mv", "not_sent", 1.0, None, "not on record: busy"]]
