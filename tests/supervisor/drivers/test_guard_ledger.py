"""What the guard remembers after each kind of receipt."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.signals import WriteOutcome, WriteReceipt
from supervisor.drivers import guard_ledger as ledgers
from supervisor.drivers.guard_ledger import Entry, Ledger, Waiting, Way, Write, noted, paid_until, way_to
from tests.supervisor.drivers.guard_bench import mv, rules, snapshot

OLD = Write(500.0, 180.0, 180.0)
WAITING = Waiting(value=182.0, before=180.0, at_s=1000.0, paid_until_s=1001.0)


def after(*receipts: WriteReceipt, waiting: Waiting = WAITING, now_s: float = 1002.0) -> Entry:
    return noted(Ledger({"t": Entry((OLD,), 970.0, 180.0)}, {"t": waiting}), receipts, now_s).entry("t")


def receipt(outcome: WriteOutcome, actual: float | None = None, mv: str = "t") -> WriteReceipt:
    return WriteReceipt(mv, outcome, 182.0, actual)


@pytest.mark.parametrize(
    ("actual", "expected"), [(182.0, 182.0), (182.00001, 182.00001), (None, 182.0), (math.nan, 182.0)]
)
def test_a_confirmed_write_stands_since_it_was_judged(actual, expected):
    found = after(receipt(WriteOutcome.CONFIRMED, actual))
    assert found == Entry((OLD, Write(1000.0, 182.0, 182.0)), 1001.0, expected)


@pytest.mark.parametrize("outcome", [WriteOutcome.NOT_SENT, WriteOutcome.REJECTED])
def test_what_was_not_sent_or_not_taken_changes_nothing(outcome):
    assert after(receipt(outcome, 175.0)) == Entry((OLD,), 970.0, 180.0)


@pytest.mark.parametrize(
    ("actual", "lo", "hi"),
    [(None, 180.0, 182.0), (175.0, 175.0, 182.0), (190.0, 180.0, 190.0), (math.nan, 180.0, 182.0)],
)
def test_i08_a_write_of_unknown_outcome_may_stand_anywhere_since_now(actual, lo, hi):
    assert after(receipt(WriteOutcome.UNKNOWN, actual)) == Entry((OLD, Write(1002.0, lo, hi)), 1001.0, None)


def test_i08_no_receipt_and_two_that_differ_are_unknown():
    unknown = Entry((OLD, Write(1002.0, 180.0, 182.0)), 1001.0, None)
    assert after() == unknown
    assert after(receipt(WriteOutcome.CONFIRMED, mv="f")) == unknown
    assert after(receipt(WriteOutcome.NOT_SENT), receipt(WriteOutcome.CONFIRMED)) == unknown


def test_i15_an_overridden_write_closes_the_account():
    assert after(receipt(WriteOutcome.OVERRIDDEN, 150.0)) == Entry((OLD, Write(1002.0, 150.0, 182.0)), None, None)


def test_after_the_receipts_nothing_waits_and_others_are_untouched():
    other = Entry((OLD,), 1.0, 2.0)
    found = noted(Ledger({"t": Entry(), "f": other}, {"t": WAITING}), [receipt(WriteOutcome.CONFIRMED)], 1002.0)
    assert found.waiting == {}
    assert found.entry("f") == other
    assert found.used_at_s == 1002.0


def test_time_in_the_ledger_does_not_go_back():
    assert noted(Ledger(used_at_s=2000.0), (), 1002.0).used_at_s == 2000.0


@pytest.mark.parametrize(("value", "actual", "writes", "expected"), [
    (5.0, 4.0, (), Way(1.0, -1.0)),
    (5.0, 4.0, (Write(0.0, 1.0, 9.0),), Way(4.0, 4.0)),
    (5.0, 4.0, (Write(0.0, 1.0, 9.0), Write(1.0, 4.5, 4.5)), Way(1.0, -0.5)),
    (5.0, 7.0, (Write(0.0, 5.0, 5.0),), Way(0.0, 2.0)),
])  # fmt: skip
def test_i08_the_way_is_from_the_worst_place(value, actual, writes, expected):
    assert way_to(value, actual, Entry(writes)) == expected


@pytest.mark.parametrize(("way", "entry", "expected"), [
    (Way(2.0, -2.0), Entry((), 900.0), 960.0),
    (Way(-2.0, 2.0), Entry((), 900.0), 930.0),
    (Way(1.0, 3.0), Entry((), 900.0), 945.0),
    (Way(1.0, 0.5), Entry((), 900.0), 930.0),
    (Way(0.0, 0.0), Entry((), 900.0), 900.0),
    (Way(1.0, -1.0), Entry((Write(950.0, 1.0, 1.0),), 900.0), 980.0),
    (Way(1.0, -1.0), Entry((Write(850.0, 1.0, 1.0),), 900.0), 930.0),
    (Way(9.0, 9.0), Entry((Write(950.0, 1.0, 1.0),), None), 1000.0),
])  # fmt: skip
def test_i08_what_a_move_costs(way, entry, expected):
    """2 a minute up, 4 a minute down."""
    assert paid_until(way, mv("t", rate_up_per_min=2.0, rate_down_per_min=4.0), entry, 1000.0) == expected


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_without_a_rate_there_is_no_end_to_it(rate):
    assert paid_until(Way(1.0, -1.0), mv("t", rate_up_per_min=rate), Entry((), 900.0), 1000.0) == math.inf
    assert paid_until(Way(0.0, 0.0), mv("t", rate_up_per_min=rate), Entry((), 900.0), 1000.0) == 900.0


@pytest.mark.parametrize(("way", "entry", "rate"), [
    (Way(math.nan, 1.0), Entry((), 900.0), 1.0), (Way(1.0, 1.0), Entry((), math.nan), 1.0),
    (Way(1.0, 1.0), Entry((), 900.0), math.nan), (Way(1.0, 1.0), Entry((Write(math.nan, 1.0, 1.0),), 900.0), 1.0),
])  # fmt: skip
def test_i28_an_account_with_something_that_is_no_number_is_none(way, entry, rate):
    assert math.isnan(paid_until(way, mv("t", rate_up_per_min=rate), entry, 1000.0))


def test_a_set_of_an_older_cycle_is_not_kept_but_the_last_two_are():
    ledger = Ledger()
    for cycle in range(1, 6):
        ledger = ledgers.sent(ledger, (cycle, 1, cycle), {}, rules(), 1000.0 + cycle)
    assert ledger.used == {(4, 1, 4), (5, 1, 5)}
    assert ledger.used_at_s == 1005.0


def test_writes_older_than_the_window_go_but_the_last_of_them():
    writes = tuple(Write(at_s, 1.0, 1.0) for at_s in (100.0, 200.0, 700.0, 800.0))
    ledger = ledgers.sent(Ledger({"t": Entry(writes)}), (1, 1, 1), {}, rules(), 1000.0)
    assert [write.at_s for write in ledger.entry("t").writes] == [200.0, 700.0, 800.0]
    alone = ledgers.sent(Ledger({"t": Entry(writes[:2])}), (1, 1, 1), {}, rules(), 1000.0)
    assert [write.at_s for write in alone.entry("t").writes] == [200.0]


def test_a_closed_account_keeps_what_was_written():
    entry = Entry((OLD,), 970.0, 180.0)
    assert ledgers.closed(Ledger({"t": entry})).entry("t") == Entry((OLD,), None, 180.0)


def test_i24_only_a_loop_that_is_clearly_taken_is_forgotten():
    ledger = Ledger({"t": Entry((OLD,), 1.0, 2.0), "f": Entry((OLD,), 1.0, 2.0)})
    for shown, kept in ((0.0, False), (1.0, True), (0.5, True), (None, True)):
        assert ("t" in ledgers.watched(ledger, rules(), snapshot(t_available=shown), ()).entries) is kept
    assert "f" in ledgers.watched(ledger, rules(), snapshot(t_available=0.0), ()).entries
    assert set(ledgers.watched(ledger, rules(), snapshot(t_available=1.0), (), {"t"}).entries) == {"f"}


OUTCOMES = st.sampled_from([*WriteOutcome, None])
STEPS = st.lists(st.tuples(st.floats(-3.0, 3.0), OUTCOMES, st.booleans()), min_size=1, max_size=30)


@given(STEPS)
def test_i08_wherever_the_setpoint_really_stands_the_ledger_has_counted_it(steps):
    """Whatever comes back, and whether or not it landed: the truth is at what stands there or inside the last write."""
    truth, ledger, now_s = 100.0, Ledger({"t": Entry()}), 0.0
    for change, outcome, landed in steps:
        now_s += 15.0
        value, before = truth + change, truth
        sure = outcome in (WriteOutcome.CONFIRMED, WriteOutcome.NOT_SENT, WriteOutcome.REJECTED)
        if outcome is WriteOutcome.CONFIRMED or (landed and not sure):
            truth = value
        waiting = {"t": Waiting(value, before, now_s, now_s)}
        ledger = ledgers.sent(ledger, (1, 1, int(now_s)), waiting, rules(), now_s)
        receipts = [] if outcome is None else [WriteReceipt("t", outcome, value, truth if landed else None)]
        ledger = noted(ledger, receipts, now_s + 1.0)
        writes = ledger.entry("t").writes
        assert not writes or writes[-1].lo <= truth <= writes[-1].hi
        assert ledger.entry("t").expected in (None, truth)
        assert [write.at_s for write in writes] == sorted(write.at_s for write in writes)
