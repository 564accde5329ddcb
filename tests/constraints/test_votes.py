"""Votes, by the cases that a plant meets."""

from __future__ import annotations

import itertools
import math
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.votes import VoteRule, voted
from safety.signals import Quality, Reading

GOOD, ESTIMATED, BAD = Quality.GOOD, Quality.ESTIMATED, Quality.BAD


def reading(value: float, quality: Quality = GOOD) -> Reading:
    return Reading(math.nan if quality is BAD else value, quality, None, 0.0)


def vote(values: list[float | tuple[float, Quality] | None], **rule: object):
    names = [f"t{i}" for i in range(len(values))]
    there = {
        name: reading(*value) if isinstance(value, tuple) else reading(value)
        for name, value in zip(names, values, strict=True)
        if value is not None
    }
    return voted(VoteRule(of=tuple(names), **rule), there)


@pytest.mark.parametrize(
    ("values", "rule", "value", "used", "left_out"),
    [
        ([80.0, 81.0, 82.0], {}, 81.0, 3, 0),
        ([80.0, 81.0, 150.0], {"max_spread": 2.0}, 80.5, 2, 1),
        ([80.0, 81.0, 82.0], {"max_spread": 1.0, "by": "2oo3"}, 81.0, 3, 0),
        ([80.0, 81.0, 82.1], {"max_spread": 1.0, "by": "2oo3"}, 80.5, 2, 1),
        ([80.0, 82.0], {"max_spread": 2.0}, 81.0, 2, 0),
        ([80.0, 81.0, 85.0], {"by": "mean"}, 82.0, 3, 0),
        ([80.0, 81.0, 85.0], {"by": "mean", "max_spread": 2.0}, 80.5, 2, 1),
        ([82.0, 81.0, 80.0], {"by": "first_good", "min_good": 1}, 82.0, 3, 0),
        ([150.0, 81.0, 80.0], {"by": "first_good", "min_good": 1, "max_spread": 2.0}, 81.0, 2, 1),
        ([None, 81.0, 80.0], {"by": "first_good", "min_good": 1}, 81.0, 2, 0),
        ([80.0, None, (0.0, BAD)], {"min_good": 1, "max_spread": 2.0}, 80.0, 1, 0),
        ([1.0, 0.0, 1.0], {"by": "2oo3", "max_spread": 0.5}, 1.0, 2, 1),
        ([5.0, 5.0, 5.0, 9.0], {"max_spread": 1.0}, 5.0, 3, 1),
    ],
)
def test_what_agrees_decides(values, rule, value, used, left_out) -> None:
    found = vote(values, **rule)
    assert (found.value, found.quality, len(found.used), len(found.left_out)) == (value, GOOD, used, left_out)


@pytest.mark.parametrize(
    ("values", "rule", "why"),
    [
        ([80.0, 82.1], {"max_spread": 2.0, "min_good": 1}, "disagree"),
        ([80.0, 85.0, 90.0], {"max_spread": 2.0, "min_good": 1}, "disagree"),
        ([0.0, 0.0, 5.0, 5.0], {"max_spread": 1.0}, "disagree"),
        ([80.0, 81.0, 150.0], {"max_spread": 2.0, "min_good": 3}, "disagree"),
        ([80.0, None, None], {}, "few"),
        ([80.0, (0.0, BAD), 81.0], {"min_good": 3}, "few"),
        ([None, None], {"min_good": 1}, "few"),
    ],
)
def test_what_cannot_be_decided_is_bad(values, rule, why) -> None:
    found = vote(values, **rule)
    assert (found.value, found.quality, found.used, found.why) == (None, BAD, (), why)


def test_a_member_that_stands_in_makes_an_estimate_only_where_it_is_needed() -> None:
    assert vote([80.0, 81.0, (90.0, ESTIMATED)]).value == 80.5
    found = vote([80.0, (82.0, ESTIMATED), None])
    assert (found.value, found.quality, found.used) == (81.0, ESTIMATED, ("t0", "t1"))


def test_good_members_that_disagree_are_not_outvoted_by_old_values() -> None:
    assert vote([80.0, 90.0, (90.0, ESTIMATED)], max_spread=2.0).why == "disagree"


values_ = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=7)


@given(values_, st.floats(0.0, 1e6), st.sampled_from(["median", "2oo3", "mean", "first_good"]))
def test_whatever_comes_out_lies_among_those_that_agree_and_near_the_middle(values, spread, by) -> None:
    found = vote(values, max_spread=spread, by=by, min_good=1)
    if found.value is None:
        return
    agreeing = [values[int(tag[1:])] for tag in found.used]
    assert 2 * len(agreeing) > len(values)
    assert min(agreeing) <= found.value + 1e-9 * abs(found.value)
    assert found.value - 1e-9 * abs(found.value) <= max(agreeing)
    assert all(abs(each - median(values)) <= spread + 1e-9 * abs(each) for each in agreeing)


@given(st.permutations([1.0, 2.0, 3.5, 9.0, 9.1]))
def test_the_order_of_the_members_says_nothing_but_for_first_good(values) -> None:
    assert vote(values, max_spread=3.0).value == vote(sorted(values), max_spread=3.0).value


def test_one_wild_member_of_three_never_moves_the_value_beyond_the_others() -> None:
    for wild in (-1e9, 0.0, 79.0, 80.4, 82.0, 1e9):
        for values in itertools.permutations([80.0, 81.0, wild]):
            found = vote(list(values), max_spread=2.0, by="2oo3")
            assert found.value is not None
            assert 79.0 <= found.value <= 82.0
