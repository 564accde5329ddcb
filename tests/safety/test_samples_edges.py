"""The short past: how densely it is kept, and at exactly which moment something has lasted."""

from __future__ import annotations

import pytest

from safety.grammar import Node
from safety.samples import OPC_QUALITY, SAMPLES_PER_WINDOW, Change, History, Since
from safety.signals import Quality
from tests.safety.words import snapshot

TIMER = Node("for_time", number=30.0)


def test_a_hundred_samples_in_a_window():
    assert SAMPLES_PER_WINDOW == 100
    history = History()
    for tenth in range(501):
        history = history.push(snapshot({"T": tenth}, now=1000.0 + tenth / 8.0), frozenset({"T"}), {"T": 25.0})
    assert len(history.samples["T"]) == 201
    assert history.samples["T"][-1] == (1062.5, 500.0)


def test_the_numbers_of_opc():
    assert OPC_QUALITY == {Quality.GOOD: 192.0, Quality.ESTIMATED: 64.0}


def test_nothing_is_known_at_the_beginning():
    assert History() == History(now_s=0.0, samples={}, new_at_s={}, qualities={}, since={})
    assert History().age("T") is None
    assert History().lasted(TIMER) is None


@pytest.mark.parametrize(
    ("surely_s", "maybe_s", "found"),
    [
        (970.0, 970.0, True), (970.1, 960.0, None), (None, 970.0, None), (None, 970.1, False), (None, None, False),
        (980.0, 975.0, False), (960.0, 950.0, True),
    ],
)  # fmt: skip
def test_whether_it_has_lasted_for_thirty_seconds(surely_s, maybe_s, found):
    assert History(1000.0, since={TIMER: Since(surely_s, maybe_s)}).lasted(TIMER) is found


@pytest.mark.parametrize(
    ("at_s", "over_s"), [(990.0, 10.0), (985.0, 15.0), (980.0, 20.0), (990.1, None), (979.9, None)]
)
def test_a_change_over_ten_seconds_is_one_over_ten_to_twenty(at_s, over_s):
    history = History(1000.0, samples={"T": ((at_s, 3.0),)})
    assert history.change("T", 5.0, 10.0) == (None if over_s is None else Change(2.0, over_s))


def test_met_is_given_by_name():
    """A bare True beside a timer would not say what is true."""
    with pytest.raises(TypeError):
        History().timed(TIMER, True)
