"""A PLC that ignores what is written, and one that holds a setpoint back (F34, F35)."""

from __future__ import annotations

import pytest

from safety.signals import WriteOutcome, WriteReceipt
from supervisor.heed import HELD_CYCLES, UNHEEDED_MAX, Heed, heeded


def receipt(outcome: WriteOutcome, mv: str = "a", value: float = 10.0, actual: float | None = None) -> WriteReceipt:
    return WriteReceipt(mv, outcome, value, actual)


@pytest.mark.parametrize("outcome", [WriteOutcome.UNKNOWN, WriteOutcome.REJECTED])
def test_sets_of_which_nothing_arrives_are_ignored_after_some_in_a_row(outcome: WriteOutcome) -> None:
    heed = Heed()
    for cycle in range(UNHEEDED_MAX):
        assert not heed.ignored
        heed = heeded(heed, [receipt(outcome)], cycle)
    assert heed.ignored


@pytest.mark.parametrize("outcome", [WriteOutcome.CONFIRMED, WriteOutcome.OVERRIDDEN])
def test_one_that_arrives_begins_the_count_anew(outcome: WriteOutcome) -> None:
    heed = Heed(unheeded=UNHEEDED_MAX - 1)
    heed = heeded(heed, [receipt(WriteOutcome.UNKNOWN), receipt(outcome, "b", actual=10.0)], 7)
    assert heed.unheeded == 0


def test_what_never_left_says_nothing_about_the_plc() -> None:
    heed = Heed(2, {"a": 5}, {"b": 6})
    assert heeded(heed, [receipt(WriteOutcome.NOT_SENT)], 9) == heed
    assert heeded(heed, [], 9) == heed


@pytest.mark.parametrize(("actual", "up", "down"), [(9.0, {"a"}, set()), (11.0, set(), {"a"}), (10.0, set(), set())])
def test_a_setpoint_held_back_closes_that_way_for_a_while(actual: float, up: set[str], down: set[str]) -> None:
    heed = heeded(Heed(), [receipt(WriteOutcome.OVERRIDDEN, actual=actual), receipt(WriteOutcome.CONFIRMED, "b")], 40)
    for cycle, closed in ((40, True), (40 + HELD_CYCLES, True), (41 + HELD_CYCLES, False)):
        assert heed.closed_up(cycle) == (up if closed else set())
        assert heed.closed_down(cycle) == (down if closed else set())


def test_a_way_stays_closed_while_other_sets_arrive() -> None:
    heed = heeded(Heed(), [receipt(WriteOutcome.OVERRIDDEN, actual=9.0)], 1)
    heed = heeded(heed, [receipt(WriteOutcome.CONFIRMED)], 2)
    assert heed.closed_up(3) == {"a"}


def test_a_value_that_could_not_be_read_closes_nothing() -> None:
    heed = heeded(Heed(), [receipt(WriteOutcome.OVERRIDDEN)], 1)
    assert heed == Heed()
