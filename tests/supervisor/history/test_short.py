"""Many cycles through their chain: the way from one to the next, and the last with something in it."""

from __future__ import annotations

import pytest

from safety.signals import Mode
from supervisor.history.read import HistoryError
from supervisor.history.short import ShortHistory
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


def test_only_an_intent_has_hashes(history):
    record = next(each.record for each in history.newest_first(9e12, 99) if each.record.intent_seq is not None)
    config_hash, limits_hash = history.intent_hashes(record.intent_seq)
    assert len(config_hash) == len(limits_hash) == 64
    assert history.intent_hashes(1) == ("", "")


def test_a_record_that_is_not_there_says_so(tmp_path):
    with pytest.raises(HistoryError):
        ShortHistory(f"sqlite:///{tmp_path}/none.db").last_with("trip", 9e12)
