"""Reading, rolling up and forgetting on both databases."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys

import pytest

from supervisor.audit.bodies import cycle_entries
from supervisor.audit.store import Store
from supervisor.audit.trouble import StoreError
from supervisor.history import keep
from supervisor.history.keep import BATCH, DAY_S, Keeper, Retention
from supervisor.history.pack import pack
from supervisor.history.read import History, HistoryError, Sample, Span

START = 1_000_800.0  # an hour's start
CYCLE_S = 15.0


@pytest.fixture
def fill(make_record):
    def run(url, cycles, start=START):
        store = Store(url)
        entries = []
        for n in range(cycles):
            readings = {"T_out": (float(n), "good", ""), "moist": (None, "bad", "stale")}
            record = make_record(n, utc_s=start + n * CYCLE_S, readings=readings)
            entries += cycle_entries(record, pack(record))
        store.write(entries)
        store.close()

    return run


def test_the_last_one_one_at_a_time_and_by_number(url, fill):
    fill(url, 10)
    history = History(url)
    assert history.last().record.cycle == 9
    assert history.at(START + 44.9).record.cycle == 2
    assert history.at(START + 45.0).record.cycle == 3
    assert history.at(START - 1.0) is None
    assert history.cycle(4).record.utc_s == START + 60.0
    assert history.cycle(99) is None
    assert history.bounds() == (START, START + 135.0)


def test_a_cycle_number_of_two_runs_is_the_newer_one(url, fill):
    fill(url, 3)
    fill(url, 3, START + 1_000.0)
    assert History(url).cycle(1).record.utc_s == START + 1_015.0


def test_samples_of_tags(url, fill):
    fill(url, 6)
    found = History(url).samples(["T_out", "moist", "nothing"], START + 15.0, START + 45.0)
    assert found == {
        "T_out": [Sample(START + 15.0, 1.0, "good"), Sample(START + 30.0, 2.0, "good")],
        "moist": [Sample(START + 15.0, None, "bad"), Sample(START + 30.0, None, "bad")],
        "nothing": [],
    }


def test_a_history_without_cycles(url):
    Store(url).append("note", {}, 1.0)
    history = History(url)
    assert (history.last(), history.bounds(), history.rolled_until(60)) == (None, None, None)
    assert Keeper(url).roll_up(START) == 0
    assert Keeper(url).retain(START) == 0


def test_rolling_up_minutes_and_whole_hours(url, fill):
    fill(url, 300)  # 75 minutes
    keeper, history = Keeper(url), History(url)
    assert keeper.roll_up(START + 299 * CYCLE_S) == 74 + 1  # the last minute and hour are not over
    assert history.spans("T_out", 60, START, START + 120.0) == [
        Span(int(START), 4, 0.0, 1.5, 3.0),
        Span(int(START) + 60, 4, 4.0, 5.5, 7.0),
    ]
    assert history.spans("T_out", 3600, START, START + 9_999.0) == [Span(int(START), 240, 0.0, 119.5, 239.0)]
    assert history.rolled_until(60) == int(START) + 74 * 60
    assert history.spans("moist", 60, 0.0, START * 2) == []


def test_rolling_up_again_changes_nothing_and_goes_on(url, fill, execute):
    fill(url, 300)
    keeper = Keeper(url)
    for now in (START + 600.0, START + 600.0, START + 5_000.0, START + 5_000.0):
        keeper.roll_up(now)
    once = execute(url, "SELECT * FROM rollup ORDER BY span_s, tag, start_utc_s")
    assert len(once) == 75 + 1
    execute(url, "DELETE FROM rollup")
    Keeper(url).roll_up(START + 5_000.0)
    assert execute(url, "SELECT * FROM rollup ORDER BY span_s, tag, start_utc_s") == once


def test_cycles_that_come_late_out_of_the_spool_are_counted(url, fill):
    fill(url, 4)
    keeper = Keeper(url)
    keeper.roll_up(START + 300.0)
    fill(url, 4)  # the same minute again, later
    keeper.roll_up(START + 400.0)
    assert History(url).spans("T_out", 60, START, START + 60.0)[0].count == 8


def test_cycles_of_the_hour_before_are_counted_too(url, fill):
    fill(url, 244)  # an hour and a minute
    keeper = Keeper(url)
    keeper.roll_up(START + 3_660.0)
    fill(url, 4)
    keeper.roll_up(START + 3_720.0)
    assert History(url).spans("T_out", 60, START, START + 60.0)[0].count == 8
    assert History(url).spans("T_out", 3600, START, START + 60.0)[0].count == 244


def test_retention_forgets_raw_after_its_days_and_only_what_is_rolled_up(url, fill, execute):
    fill(url, 300)
    keeper = Keeper(url)
    later = START + 8 * DAY_S
    assert keeper.retain(later) == 0  # nothing is rolled up yet
    keeper.roll_up(START + 1_800.0)
    assert keeper.retain(later) == 120
    assert History(url).bounds()[0] == START + 1_800.0
    assert execute(url, "SELECT count(*) FROM audit WHERE kind = 'cycle'") == [(300,)]  # the audit keeps everything
    keeper.roll_up(START + 5_000.0)
    assert keeper.retain(START + 6 * DAY_S) == 0
    assert keeper.retain(START + 91 * DAY_S) == 180 + 75
    assert len(History(url).spans("T_out", 3600, 0.0, START * 2)) == 1
    assert keeper.retain(START + 91 * DAY_S, Retention(7.0, 90.0, 30.0)) == 1


def test_forgetting_does_not_keep_the_audit_waiting(sqlite_url, fill, monkeypatch):
    """It forgets in small transactions, between which the audit finds the database free."""
    fill(sqlite_url, 3_000)
    Keeper(sqlite_url).roll_up(START + 50_000.0)
    store, notes, real = Store(sqlite_url), [], Keeper._transaction

    @contextlib.contextmanager
    def followed(keeper):
        with real(keeper) as connection:
            yield connection
        notes.append(store.append("note", {}, 1.0))

    monkeypatch.setattr(Keeper, "_transaction", followed)
    assert Keeper(sqlite_url).retain(START + 30 * DAY_S) == 3_000
    store.close()
    assert len(notes) >= 3_000 / BATCH


def test_a_locked_database_is_a_store_error(sqlite_url, fill, monkeypatch):
    fill(sqlite_url, 10)
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(keep, "BUSY_S", 0.1)
    with pytest.raises(StoreError) as trouble:
        Keeper(sqlite_url).roll_up(START + 1_000.0)
    assert trouble.value.reason == "locked"
    assert History(sqlite_url).last().record.cycle == 9  # reading goes on
    holder.execute("ROLLBACK")
    holder.close()


def test_a_database_that_is_not_there_is_a_history_error(tmp_path):
    for url in (f"sqlite:///{tmp_path / 'none.db'}", "postgresql://nobody@127.0.0.1:1/x"):
        with pytest.raises(HistoryError):
            History(url).last()
    assert not (tmp_path / "none.db").exists()


def test_a_damaged_cycle_is_an_error_alone_and_left_out_of_a_range(sqlite_url, fill, execute):
    fill(sqlite_url, 5)
    execute(sqlite_url, "UPDATE history SET packed = x'00' WHERE cycle = 4")
    with pytest.raises(HistoryError):
        History(sqlite_url).last()
    assert [cycle.record.cycle for cycle in History(sqlite_url).between(0.0, START * 2)] == [0, 1, 2, 3]


def test_reading_loads_no_object_mapper(sqlite_url, fill):
    fill(sqlite_url, 1)
    code = (
        "import sys; from supervisor.history.read import History\n"
        f"assert History({sqlite_url!r}).last().record.cycle == 0\n"
        "sys.exit(any(name in sys.modules for name in ('sqlalchemy', 'pydantic', 'psycopg', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
