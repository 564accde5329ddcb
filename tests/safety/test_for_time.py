"""``for_time`` and ``quality`` in expressions."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.expressions import ExpressionError, History, evaluate, parse, timed
from safety.signals import Quality, Reading, Snapshot
from tests.safety.words import reading, snapshot


def over_time(text, points):
    """Evaluate at each ``(time, value of a)``."""
    expression, history, found = parse(text), History(), []
    for now, value in points:
        history = history.push(snapshot({"a": value}, now=now), expression.names, expression.windows)
        history = timed(expression, {"a": value}, history)
        found.append(evaluate(expression, {"a": value}, history))
    return found


def test_it_must_last_without_a_break():
    points = [(0.0, 5.0), (10.0, 5.0), (29.9, 5.0), (30.0, 5.0), (40.0, 1.0), (50.0, 5.0), (79.0, 5.0), (80.0, 5.0)]
    assert over_time("for_time(a > 3, 30)", points) == [False, False, False, True, False, False, False, True]


def test_what_was_unknown_meanwhile_is_unknown_while_it_matters():
    points = [(0.0, 5.0), (10.0, None), (20.0, 5.0), (30.0, 5.0), (40.0, 5.0), (50.0, 5.0)]
    assert over_time("for_time(a > 3, 30)", points) == [False, False, False, None, None, True]
    assert over_time("for_time(a > 3, 30)", [(0.0, None), (29.0, None), (30.0, None), (31.0, 1.0)]) == [
        False, False, None, False,
    ]  # fmt: skip


def test_not_met_is_as_certain():
    assert over_time("not for_time(a > 3, 10)", [(0.0, 5.0), (5.0, 5.0), (10.0, 5.0)]) == [True, True, False]


def test_one_inside_another():
    points = [(10.0 * n, 5.0) for n in range(5)]
    assert over_time("for_time(for_time(a > 3, 10) and a > 4, 20)", points) == [False, False, False, True, True]


def test_the_same_condition_for_two_times():
    points = [(10.0 * n, 5.0) for n in range(4)]
    assert over_time("for_time(a > 3, 10) and not for_time(a > 3, 30)", points) == [False, True, True, False]


def test_a_clock_that_goes_back_begins_anew():
    assert over_time("for_time(a > 3, 30)", [(100.0, 5.0), (140.0, 5.0), (50.0, 5.0), (79.0, 5.0), (80.0, 5.0)]) == [
        False, True, False, False, True,
    ]  # fmt: skip


def test_one_that_was_never_looked_at_is_unknown():
    assert evaluate(parse("for_time(a > 3, 30)"), {"a": 5.0}, History()) is None


@given(st.lists(st.tuples(st.floats(0.0, 50.0), st.sampled_from([5.0, 1.0, None])), max_size=20))
def test_i20_it_is_true_only_when_it_surely_lasted(steps):
    now, points = 0.0, []
    for wait, value in steps:
        now += wait
        points.append((now, value))
    found = over_time("for_time(a > 3, 30)", points)
    times, seen = [at for at, _ in points], [value for _, value in points]
    for index, now in enumerate(times):
        last_not = max((n for n in range(index + 1) if seen[n] != 5.0), default=-1)
        last_false = max((n for n in range(index + 1) if seen[n] == 1.0), default=-1)
        surely = last_not < index and now - times[last_not + 1] >= 30.0
        perhaps = last_false < index and now - times[last_false + 1] >= 30.0
        assert found[index] is (True if surely else None if perhaps else False)


@pytest.mark.parametrize("text", ["for_time(a > 3)", "for_time(a > 3, a)", "for_time(a > 3, 1, 2)", "for_time()"])
def test_it_needs_a_condition_and_seconds(text):
    with pytest.raises(ExpressionError, match="for_time needs a condition and seconds as a plain number"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("for_time(a, 3)", "a condition"),
        ("for_time(a > 3, 0)", "seconds must be above 0"),
        ("for_time(a > 3, 86401)", "at most 86400"),
        ("for_time(a > 3, 5) > 1", "a number is needed"),
    ],
)
def test_what_it_is_made_of(text, message):
    with pytest.raises(ExpressionError, match=message):
        parse(text)


def test_its_condition_is_not_part_of_its_sort():
    assert parse("for_time(a > 3, 86400)").sort == "truth"
    assert [node.number for node in parse("for_time(a > 3, 5) or for_time(a > 3, 6)").timers] == [6.0, 5.0]
    assert parse("a > 3").timers == ()


def test_quality_counts_as_opc_does():
    readings = {
        "a": reading(1.0),
        "b": reading(1.0, Quality.ESTIMATED, why="stale"),
        "c": reading(math.nan, Quality.BAD, why="comm"),
        "d": reading(1.0, Quality.UNCERTAIN),
    }
    now = Snapshot(1, snapshot({}).at, readings)
    expression = parse("min(quality(a), quality(b), quality(c), quality(d), quality(e))")
    history = History().push(now, expression.names, {})
    found = [evaluate(parse(f"quality({tag})"), {}, history) for tag in "abcde"]
    assert found == [192.0, 64.0, 0.0, 0.0, 0.0]
    assert evaluate(parse("quality(a) == 192"), {}, history) is True
    assert evaluate(parse("quality(a)"), {}, History()) == 0.0


def test_quality_is_of_one_tag():
    with pytest.raises(ExpressionError, match="quality needs one tag"):
        parse("quality(3)")
    assert parse("quality(a) < 192").names == frozenset({"a"})
    assert replace(Reading(1.0, Quality.GOOD, None, 0.0), value=2.0).good
