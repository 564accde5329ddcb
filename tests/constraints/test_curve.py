"""Values and derivatives of expressions: against Python's own arithmetic, and against differences."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from constraints.curve import NotFiniteError, renamed, tangent, variables
from safety.expressions import evaluate
from safety.grammar import parse
from safety.samples import History

NAMES = ("a", "b", "c")
LEAF = st.one_of(st.sampled_from(NAMES), st.floats(0.25, 4.0).map(lambda x: f"{x:.3f}"))


def branch(inner):
    two = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, st.sampled_from(("2", "3", "0.5", "-1", "1", "0"))).map(lambda t: f"({t[0]}) ** {t[1]}"),
        inner.map(lambda t: f"abs({t})"),
        st.tuples(st.sampled_from(("min", "max", "avg", "median")), two).map(lambda t: f"{t[0]}({t[1][0]}, {t[1][1]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"median({', '.join(t)})"),
    )


TEXTS = st.recursive(LEAF, branch, max_leaves=8)
# not on a corner where two of them are equal
POINTS = st.fixed_dictionaries(
    {name: st.floats(0.3, 3.0).map(lambda x, i=i: x + 1.2345e-4 * (i + 1)) for i, name in enumerate(NAMES)}
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, POINTS)
def test_values_are_those_of_the_gate_and_slopes_those_of_differences(text, at):
    expression = parse(text)
    found = evaluate(expression, at, History())
    try:
        mine = tangent(expression.root, at)
    except NotFiniteError:
        # a slope may be infinite where the value is not: the root of zero
        assert found is None or abs(found) < 1e-6 or not math.isfinite(found) or "** 0.5" in text or "/" in text
        return
    assert mine.value == pytest.approx(found, rel=1e-12)
    assert set(mine.slope) <= expression.names
    step = 1e-6
    for name in variables(expression.root):
        sides = [evaluate(expression, {**at, name: at[name] + d}, History()) for d in (-step, step)]
        assume(None not in sides)
        slopes = [(found - sides[0]) / step, (sides[1] - found) / step]
        scale = 1e-3 * (1.0 + abs(found) + max(map(abs, slopes)))
        # at a corner the slopes of both sides differ, and ours is one of them or between them
        assume(max(map(abs, slopes)) < 1e4)
        assert min(slopes) - scale <= mine.slope.get(name, 0.0) <= max(slopes) + scale


@pytest.mark.parametrize("text", ["1 / (a - a)", "(a - 2) ** 0.5", "(a * 1e200) ** 2 * 1e200"])
def test_no_finite_value_is_said(text):
    with pytest.raises(NotFiniteError):
        tangent(parse(text).root, {"a": 1.0})


def test_a_slope_that_is_not_finite_is_said():
    with pytest.raises(NotFiniteError):
        tangent(parse("a ** 0.5").root, {"a": 0.0})


def test_what_is_no_function_of_values_is_refused():
    with pytest.raises(ValueError, match="rate is not"):
        tangent(parse("2 + rate(a, 60)").root, {"a": 1.0})


def test_tags_are_renamed_and_told_once():
    node = renamed(parse("a * b + a").root, {"a": "x"})
    assert variables(node) == ("x", "b")
    assert tangent(node, {"x": 2.0, "b": 3.0}).slope == {"x": 4.0, "b": 2.0}


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        ("a * b", "a / b", "(a + 2 * b) ** 3 / c", "a ** 0.5 * b ** -1", "a * b * c + a ** 2", "avg(a * a, b)")
    ),
    POINTS,
)
def test_second_derivatives_are_those_of_differences_of_slopes(text, at):
    node = parse(text).root
    found, step = tangent(node, at), 1e-6
    for one in NAMES:
        sides = [tangent(node, {**at, one: at[one] + d}).slope for d in (-step, step)]
        for other in NAMES:
            measured = (sides[1].get(other, 0.0) - sides[0].get(other, 0.0)) / (2.0 * step)
            assert found.bend.get((one, other), 0.0) == pytest.approx(
                measured, rel=1e-4, abs=1e-3 + 1e-5 * abs(measured)
            )
            assert found.bend.get((one, other), 0.0) == pytest.approx(found.bend.get((other, one), 0.0))


def test_where_a_curve_bends_infinitely_the_tangent_stays():
    assert tangent(parse("(a - 1) ** 1.5").root, {"a": 1.0}).bend == {}
