"""Many cycles through their chain: the way from one to the next, and the last with something in it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from safety.signals import Mode
from supervisor.audit.bodies import cycle_entries
from supervisor.audit.store import Store
from supervisor.history.pack import pack
from supervisor.history.read import HistoryError
from supervisor.history.short import ShortHistory
from supervisor.history.trips import TripCount
from tests.supervisor.cli.conftest import site

__all__ = ["site"]


@pytest.fixture
def history(site):
    return ShortHistory(site.database_url)


def test_neighbours_are_the_cycles_before_and_after(history):
    first, second, third = [each.record.utc_s for each in history.between(0.0, 9e12)][:3]
    assert history.neighbours(second) == (first, third)
    assert history.neighbours(first) == (None, second)


def test_the_chain_says_the_same_as_the_packed_cycles(history):
    whole = [each.record for each in history.between(0.0, 9e12)]
    short = history.short(0.0, 9e12)
    assert [each.cycle for each in short] == [each.cycle for each in whole]
    assert [(each.requested, each.actual) for each in short] == [
        (each.mode.requested, each.mode.actual) for each in whole
    ]
    assert short[-1].limits["moist"] == whole[-1].limits["moist"]
    assert {each.actual for each in short} > {Mode.CLOSED_LOOP}
    assert len(history.short(0.0, 9e12, every=5)) == sum(each.cycle % 5 == 0 for each in whole)


@pytest.mark.parametrize(
    ("mark", "holds"),
    [
        ("refusal", lambda record: record.refusals),
        ("answer", lambda record: record.answers),
        ("alarm", lambda record: record.alarms),
    ],
)
def test_the_last_with_a_mark_is_the_last_that_holds_it(history, mark, holds):
    marked = [each.record.utc_s for each in history.between(0.0, 9e12) if holds(each.record)]
    assert history.last_with(mark, 9e12) == marked[-1]
    assert history.last_with(mark, marked[0]) is None
    assert [each.utc_s for each in history.marked(mark, 0.0, 1)] == marked[-1:]


def test_the_newest_come_first_and_are_as_many_as_asked(history):
    cycles = [each.record.cycle for each in history.newest_first(9e12, 4)]
    assert len(cycles) == 4
    assert cycles == sorted(cycles, reverse=True)


def test_both_databases_answer_alike(history, url):
    whole = [each.record for each in history.between(0.0, 9e12)]
    store = Store(url)
    for record in whole:
        alone = replace(record, intent_seq=None)
        store.write(cycle_entries(alone, pack(alone)))
    store.close()
    copy, middle = ShortHistory(url), whole[len(whole) // 2].utc_s
    assert copy.short(0.0, 9e12, every=2) == history.short(0.0, 9e12, every=2)
    assert copy.neighbours(middle) == history.neighbours(middle)
    assert copy.marked("alarm", middle, 3) == history.marked("alarm", middle, 3)
    assert copy.last_with("refusal", 9e12) == history.last_with("refusal", 9e12)
    assert copy.count(0.0, 9e12) == len(whole)
    assert list(copy.newest_readings(0.0, 9e12, 3)) == list(history.newest_readings(0.0, 9e12, 3))
    assert TripCount(url).trips(9e9 + middle) == {}
    assert TripCount(url, days=1e6).trips(middle) == TripCount(history._url, days=1e6).trips(middle)


def test_a_cycle_that_came_late_out_of_the_spool_tells_when_it_was(sqlite_url, history):
    record = next(each.record for each in history.newest_first(9e12, 99) if each.record.refusals)
    late = cycle_entries(replace(record, intent_seq=None), pack(record))[-1]
    store = Store(sqlite_url)
    body = {"was": "cycle", "at": record.utc_s, "body": json.loads(late.body)}
    store.append("spooled", body, record.utc_s + 500.0)
    store.append("spooled", {"was": "intent", "at": record.utc_s, "body": {}}, record.utc_s + 500.0)
    store.close()
    assert ShortHistory(sqlite_url).last_with("refusal", 9e12) == record.utc_s


def test_only_an_intent_has_hashes(history):
    record = next(each.record for each in history.newest_first(9e12, 99) if each.record.intent_seq is not None)
    config_hash, limits_hash = history.intent_hashes(record.intent_seq)
    assert len(config_hash) == len(limits_hash) == 64
    assert history.intent_hashes(1) == ("", "")


def test_a_record_that_is_not_there_says_so(tmp_path):
    with pytest.raises(HistoryError):
        ShortHistory(f"sqlite:///{tmp_path}/none.db").last_with("trip", 9e12)
