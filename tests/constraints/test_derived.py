"""Derived tags: the value, and what it is worth, from what the inputs are worth."""

from __future__ import annotations

import math

import pytest

from constraints.derived import DerivedMemory, DerivedTag, derive
from constraints.votes import VoteRule
from safety.expressions import parse
from safety.signals import Instant, Quality, Reading, Snapshot

GOOD, ESTIMATED, BAD = Quality.GOOD, Quality.ESTIMATED, Quality.BAD


def snapshot(at_s: float = 100.0, **readings: Reading) -> Snapshot:
    return Snapshot(1, Instant(at_s, at_s), readings)


def good(value: float, received_at_s: float = 99.0, stamp_s: float | None = 50.0) -> Reading:
    return Reading(value, GOOD, stamp_s, received_at_s)


def bad(why: str = "stale") -> Reading:
    return Reading(math.nan, BAD, None, 90.0, why)


def calc(text: str, name: str = "x", **more: float) -> DerivedTag:
    return DerivedTag(name=name, calc=parse(text), **more)


def made(tag: DerivedTag, **readings: Reading) -> Reading:
    return derive((tag,), snapshot(**readings), DerivedMemory())[0].readings["x"]


def test_a_calculation_of_good_readings_is_good_and_as_old_as_the_oldest() -> None:
    found = made(calc("0.5 * (a + b)"), a=good(80.0, 97.0, 40.0), b=good(82.0, 99.0, 45.0))
    assert found == Reading(81.0, GOOD, 40.0, 97.0)


def test_without_all_stamps_it_has_none() -> None:
    assert made(calc("a + b"), a=good(1.0), b=good(2.0, stamp_s=None)).source_utc_s is None


@pytest.mark.parametrize(
    ("text", "why"), [("a + b", "input:b:stale"), ("max(a, b)", "input:b:stale"), ("a + c", "input:c:no_value")]
)
def test_bad_in_is_bad_out_and_says_why(text: str, why: str) -> None:
    found = made(calc(text), a=good(1.0), b=bad())
    assert (found.quality, found.why, math.isnan(found.value)) == (BAD, why, True)
    assert not found.good


def test_what_stands_in_makes_an_estimate() -> None:
    held = Reading(2.0, ESTIMATED, None, 95.0, "rate")
    found = made(calc("a + b"), a=good(1.0), b=held)
    assert (found.value, found.quality, found.why) == (3.0, ESTIMATED, "input:b:rate")
    assert not found.good


@pytest.mark.parametrize("text", ["a / (b - 2)", "(0 - a) ** 0.5", "delta(a, 60)"])
def test_what_has_no_value_is_undefined(text: str) -> None:
    found = made(calc(text), a=good(1.0), b=good(2.0))
    assert (found.quality, found.why) == (BAD, "undefined")


def test_a_condition_is_one_or_zero() -> None:
    assert made(calc("a > 0.5"), a=good(1.0)).value == 1.0
    assert made(calc("a > 1.5"), a=good(1.0)).value == 0.0
    assert made(calc("a > 0.5 or b > 3"), a=good(1.0), b=bad()).good  # decided by what is good


def test_asking_for_quality_is_how_to_go_on_without_an_input() -> None:
    assert made(calc("quality(a)"), a=bad()).value == 0.0
    assert made(calc("good(a)"), a=bad()).value == 0.0
    held = Reading(2.0, ESTIMATED, None, 95.0, "rate")
    found = made(calc("good(b) or a > 5"), a=Reading(1.0, ESTIMATED, None, 95.0, "rate"), b=held)
    assert found.quality is BAD  # "good" is not answered with readings that only stand in


def test_outside_its_range_it_is_bad() -> None:
    for value, why in ((5.0, ""), (11.0, "range_hi"), (-1.0, "range_lo")):
        found = made(calc("a", lo=0.0, hi=10.0), a=good(value))
        assert (found.good, found.why) == (not why, why)


def test_each_sees_those_before_it() -> None:
    tags = (calc("a + 1", "b"), DerivedTag(name="v", vote=VoteRule(of=("a", "b"))), calc("2 * v", "c"))
    found, _ = derive(tags, snapshot(a=good(1.0)), DerivedMemory())
    assert {name: reading.value for name, reading in found.readings.items()} == {"a": 1.0, "b": 2.0, "v": 1.5, "c": 3.0}


def test_the_past_is_kept_from_look_to_look() -> None:
    tag, memory = calc("delta(a, 60)"), DerivedMemory()
    for at_s in (0.0, 30.0, 60.0, 90.0):
        found, memory = derive((tag,), snapshot(at_s, a=good(at_s / 10.0, at_s)), memory)
    assert found.readings["x"].value == pytest.approx(6.0)


def test_a_vote_is_good_although_a_member_is_bad_and_on_record() -> None:
    tag = DerivedTag(name="x", vote=VoteRule(of=("a", "b", "c"), max_spread=2.0))
    found, memory = derive((tag,), snapshot(a=good(1.0), b=bad(), c=good(2.0)), DerivedMemory())
    assert found.readings["x"] == Reading(1.5, GOOD, 50.0, 99.0)  # the bad one's age says nothing
    assert memory.votes["x"].used == ("a", "c")
    found, memory = derive((tag,), snapshot(a=good(1.0), b=bad(), c=good(9.0)), memory)
    assert (found.readings["x"].quality, found.readings["x"].why) == (BAD, "disagree")
    assert memory.votes["x"].left_out == {"a": 1.0, "c": 9.0}


def test_members_must_disagree_without_a_break_for_as_long_as_the_rule_says() -> None:
    tag = DerivedTag(name="x", vote=VoteRule(of=("a", "b", "c"), max_spread=2.0, disagree_s=30.0))
    memory, told = DerivedMemory(), []
    astray = {0.0: 9.0, 20.0: 9.0, 25.0: 1.0, 30.0: 9.0, 59.0: 9.0, 60.0: 9.0, 61.0: 1.0}
    for at_s, value in astray.items():
        found, memory = derive((tag,), snapshot(at_s, a=good(1.0), b=good(1.5), c=good(value)), memory)
        assert found.readings["x"].good  # whoever is astray is left out at once
        told += [at_s] if memory.disagreeing((tag,), at_s) else []
    assert told == [60.0]
    at_once = DerivedTag(name="x", vote=VoteRule(of=("a", "b"), max_spread=2.0))
    _, memory = derive((at_once,), snapshot(a=good(1.0), b=good(9.0)), DerivedMemory())
    assert memory.disagreeing((at_once,), 100.0)["x"].left_out == {"a": 1.0, "b": 9.0}


def test_nothing_derived_changes_nothing() -> None:
    seen, memory = snapshot(a=good(1.0)), DerivedMemory()
    assert derive((), seen, memory) == (seen, memory)
