from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.expressions import History, evaluate, parse
from safety.signals import Quality, Reading, Snapshot
from tests.safety.words import snapshot

VALUES = {"a": 2.0, "b": 3.0, "c": -4.0, "zero": 0.0, "u": None, "nan": math.nan, "inf": math.inf, "big": 1e308}
T, F, U = "1 > 0", "0 > 1", "u > 0"
MEANS = {T: True, F: False, U: None}


def value(text, values=VALUES, history=None):
    return evaluate(parse(text), values, history or History())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a + b * c", -10.0), ("a - b", -1.0), ("b / a", 1.5), ("a ** 3", 8.0), ("a ** -1", 0.5), ("-a", -2.0),
        ("(a + b) * c", -20.0), ("abs(c)", 4.0), ("min(a, b, c)", -4.0), ("max(a, b, c)", 3.0), ("avg(a, b, c)", 1 / 3),
        ("median(a, b, c)", 2.0), ("median(a, b)", 2.5), ("median(c)", -4.0), ("max(a)", 2.0), ("4", 4.0),
        ("median(a, b, c, big)", 2.5), ("0 ** 0", 1.0),
        ("a < b", True), ("a <= 2", True), ("a > b", False), ("a >= 2", True), ("a == 2", True), ("a != 2", False),
        ("a < 2", False), ("a > 2", False), ("c < a < b", True), ("c < a < 2", False), ("3 > a >= 2 > c", True),
        ("good(a)", True), ("good(u)", False), ("good(absent)", False), ("good(nan)", False), ("good(inf)", False),
        ("not good(u)", True), ("a > 1 and b > 1", True), ("a > 3 or b > 3", False),
    ],
)  # fmt: skip
def test_known(text, found):
    assert value(text) == found
    assert type(value(text)) is type(found)


@pytest.mark.parametrize(
    "text",
    [
        "u", "absent", "nan", "inf", "a + u", "u - u", "u * 0", "a / zero", "zero / zero", "zero ** -1", "c ** 0.5",
        "big * 10", "big + big", "big ** 2", "avg(big, big, big)", "max(a, u)", "min(u)", "median(a, b, u)", "abs(u)",
        "u > 1", "1 > u", "u == u", "not u > 1", "a < u < b", "rate(a, 60) > 1", "delta(a, 60)", "age(a)", "age(a) > 1",
        "nan == nan", "inf > 1", "a > 1 and u > 1", "a > 3 or u > 1", "-u", "u ** 0",
    ],
)  # fmt: skip
def test_unknown(text):
    assert value(text) is None


@pytest.mark.parametrize(("left", "right"), list(itertools.product(MEANS, MEANS)))
def test_kleene_tables(left, right):
    a, b = MEANS[left], MEANS[right]
    conjunction = False if False in (a, b) else None if None in (a, b) else True
    disjunction = True if True in (a, b) else None if None in (a, b) else False
    assert value(f"{left} and {right}") is conjunction
    assert value(f"{left} or {right}") is disjunction


@pytest.mark.parametrize(("text", "found"), [(f"not {T}", False), (f"not {F}", True), (f"not {U}", None)])
def test_not(text, found):
    assert value(text) is found


def test_a_chain_is_false_as_soon_as_one_link_is():
    assert value("u < a < c") is False


def pushed(points, tag="x", window=60.0):
    history = History()
    for now, number in points:
        history = history.push(snapshot({tag: number}, now=now), frozenset({tag}), {tag: window})
    return history


def at(points, text, window=60.0):
    return value(text, {"x": points[-1][1]}, pushed(points, window=window))


def test_rate_is_per_minute_and_delta_is_plain():
    points = [(0.0, 10.0), (30.0, 12.0), (60.0, 13.0)]
    assert at(points, "delta(x, 60)") == 3.0
    assert at(points, "rate(x, 60)") == 3.0
    assert at(points, "delta(x, 30)") == 1.0
    assert at(points, "rate(x, 30)") == 2.0
    assert at(points, "rate(x, 30) > 1.5") is True


def test_the_sample_nearest_to_the_window_counts():
    assert at([(0.0, 1.0), (10.0, 2.0), (75.0, 4.0)], "delta(x, 60)") == 2.0
    assert at([(0.0, 1.0), (10.0, 2.0), (75.0, 4.0)], "rate(x, 60)") == pytest.approx(2.0 / 65.0 * 60.0)


@pytest.mark.parametrize(("gap", "known"), [(59.0, False), (60.0, True), (120.0, True), (121.0, False)])
def test_the_past_must_be_long_enough_and_not_too_old(gap, known):
    assert (at([(0.0, 1.0), (gap, 2.0)], "delta(x, 60)") is not None) == known


def test_bad_samples_are_no_past():
    assert at([(0.0, None), (60.0, 2.0)], "delta(x, 60)") is None
    assert at([(0.0, 1.0), (60.0, None)], "delta(x, 60)") is None


def test_a_change_too_large_for_a_float_is_unknown():
    assert at([(0.0, -1.7e308), (60.0, 1.7e308)], "delta(x, 60)") is None


def test_age_counts_from_the_newest_good_sample():
    tags = frozenset({"x"})
    old = Reading(1.0, Quality.GOOD, None, 3.0)
    history = History().push(Snapshot(1, snapshot({}, now=10.0).at, {"x": old}), tags, {})
    assert value("age(x)", {}, history) == 7.0
    history = history.push(snapshot({"x": None}, now=25.0), tags, {})
    assert value("age(x)", {}, history) == 22.0
    assert value("age(y)", {}, history) is None


def test_a_long_past_stays_short():
    history = pushed([(0.1 * n, float(n)) for n in range(2000)])
    assert 100 <= len(history.samples["x"]) <= 201
    assert all(199.9 - at_s <= 120.0 for at_s, _ in history.samples["x"])
    assert value("delta(x, 60)", {"x": 1999.0}, history) == pytest.approx(600.0, abs=6.0)


def test_two_looks_at_the_same_time_are_one_sample():
    assert len(pushed([(0.0, 1.0), (0.0, 1.0)]).samples["x"]) == 1


NUMBERS = st.recursive(
    st.sampled_from(["a", "b", "c", "u", "zero", "big", "1", "2.5"]),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max", "avg", "median"]), inner, inner),
    ),
    max_leaves=6,
)
TRUTHS = st.recursive(
    st.one_of(
        st.builds("({} {} {})".format, NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS),
        st.sampled_from(["good(u)", "good(a)"]),
    ),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=4,
)


@settings(max_examples=200)
@given(TRUTHS)
def test_i20_knowing_more_never_changes_what_was_known(text):
    """Whatever the unknown turns out to be, a decided condition stays decided the same way."""
    before = value(text)
    assert before in (True, False, None)
    if before is not None and "good" not in text:
        for number in (-1e9, 0.0, 2.0, 1e9):
            after = value(text, {**VALUES, "u": number})
            assert after in (before, None)
            # None again only where the number itself made something infinite or divided by zero.


@settings(max_examples=200)
@given(NUMBERS)
def test_fuzz_agrees_with_python_where_python_can(text):
    names = {name: number for name, number in VALUES.items() if number is not None}
    functions = {"min": min, "max": max, "avg": lambda a, b: (a + b) / 2, "median": lambda a, b: (a + b) / 2}
    try:
        expected = eval(text, {"__builtins__": {}}, {**names, **functions})  # noqa: S307  # our own text
    except (NameError, ZeroDivisionError):
        expected = math.nan
    found = value(text)
    if found is not None:
        assert found == pytest.approx(expected)
    elif "u" not in text:
        assert not math.isfinite(expected) or "big" in text


def test_the_past_of_a_longer_window_is_too_old_for_a_shorter_one():
    assert at([(0.0, 1.0), (121.0, 2.0)], "delta(x, 60)", window=600.0) is None


def test_a_change_between_large_numbers_is_known():
    assert at([(0.0, 1.7e308), (60.0, 1.7e308)], "delta(x, 60)") == 0.0


def test_samples_are_kept_at_the_smallest_distance():
    assert len(pushed([(0.0, 1.0), (0.6, 2.0), (1.1, 3.0)]).samples["x"]) == 2
