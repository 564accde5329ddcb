from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plantfile.bounds import outcomes
from safety.expressions import evaluate
from safety.grammar import parse
from safety.samples import History

RANGES = {"a": (0.0, 10.0), "b": (5.0, 20.0)}
BOTH = frozenset({True, False})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 10", {False}),
        ("a >= 10", BOTH),
        ("a > -1", {True}),
        ("a < 0", {False}),
        ("a <= 10", {True}),
        ("a + b > 30", {False}),
        ("a - b > 5", {False}),
        ("a - b > 4.9", BOTH),
        ("a * b > 201", {False}),
        ("abs(a - b) > 20", {False}),
        ("max(a, b) < 5", {False}),
        ("min(a, b) > 10", {False}),
        ("a == 11", {False}),
        ("a != 11", {True}),
        ("not a > 10", {True}),
        ("a > 10 or b > 6", BOTH),
        ("a > 10 and b > 6", {False}),
        ("a >= 0 or b > 6", {True}),
        ("5 <= b <= 20", {True}),
        ("nothing > 3", BOTH),
        ("good(a)", BOTH),
        ("age(a) < 0", {False}),
        ("rate(a, 60) > 1e9", BOTH),
        ("a / b > 2", {False}),
        ("b / a > 1e9", BOTH),
        ("a / (b - 25) < -3", {False}),
        ("a / 0 > 3", set()),
        ("a > 3 or a / 0 > 3", {True}),
        ("a > 3 and a / 0 > 3", {False}),
        ("a > 10 and a / 0 > 3", {False}),
        ("a >= 0 or a / 0 > 3", {True}),
        ("not a / 0 > 3", set()),
        ("max(a, b / 0) > 3", set()),
        ("(a - 5) ** 2 >= 0", {True}),
        ("(a - 5) ** 3 >= 0", BOTH),
        ("quality(a) > 192", {False}),
        ("quality(a) >= 0", {True}),
        ("quality(a) < 192", BOTH),
        ("for_time(a > 3, 60)", BOTH),
        ("for_time(a > 10, 60)", {False}),
        ("for_time(a >= 0, 60)", {True}),
        ("not for_time(a > 10, 60)", {True}),
        ("for_time(a / 0 > 1, 60)", set()),
    ],
)
def test_outcomes(text: str, expected: set[bool]) -> None:
    assert outcomes(parse(text), RANGES) == expected


NUMBER = st.integers(-30, 30).map(lambda n: f"({n})")
VALUE = st.recursive(
    st.one_of(NUMBER, st.sampled_from(["a", "b"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda x: f"abs({x})"),
        st.tuples(st.sampled_from(["min", "max", "avg"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
    ),
    max_leaves=6,
)
CONDITION = st.recursive(
    st.tuples(VALUE, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), VALUE).map(" ".join).map(lambda c: f"({c})"),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join).map(lambda c: f"({c})"),
        inner.map(lambda c: f"(not {c})"),
    ),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(CONDITION, st.floats(0, 10), st.floats(5, 20))
def test_what_happens_was_possible(text: str, a: float, b: float) -> None:
    expression = parse(text)
    outcome = evaluate(expression, {"a": a, "b": b}, History())
    assert outcome is None or outcome in outcomes(expression, RANGES)
