"""What is called convex is convex: judged against values between two points."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from constraints.curve import NotFiniteError, tangent
from constraints.plantfile.curvature import judged
from safety.grammar import parse
from tests.constraints.test_curve import TEXTS

RANGES = {"a": (0.5, 2.0), "b": (-1.0, 2.0), "c": (-3.0, -1.0)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", "constant"),
        ("2 * a - b / 4", "affine"),
        ("a * b", "unknown"),
        ("b * b", "convex"),
        ("-b ** 2", "concave"),
        ("b ** 2", "convex"),
        ("b ** 3", "unknown"),
        ("a ** 3", "convex"),
        ("a ** 0.5", "concave"),
        ("b ** 0.5", "unknown"),
        ("1 / a", "convex"),
        ("1 / b", "unknown"),
        ("-2 / a ** 0.5", "concave"),
        ("a / b", "unknown"),
        ("max(a ** 2, b, 1)", "convex"),
        ("min(a ** 2, b)", "unknown"),
        ("min(a ** 0.5, b)", "concave"),
        ("abs(b)", "convex"),
        ("abs(a)", "affine"),
        ("abs(c)", "affine"),
        ("a ** 2 - b ** 2", "unknown"),
        ("a ** 2 + 1 / a", "convex"),
        ("avg(a ** 2, b)", "convex"),
        ("median(a, b, c)", "unknown"),
        ("rate(a, 60)", "unknown"),
        ("(1 - a) ** 2", "convex"),
        ("(b ** 2 + 1) ** 2", "convex"),
        ("1 / (3 - b ** 2)", "unknown"),
        ("d * a", "unknown"),
    ],
)
def test_rules(text, expected):
    assert judged(parse(text).root, RANGES).shape.curvature == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a * b", "affine"), ("a * b ** 2", "convex"), ("c * b ** 2", "concave"), ("b / a", "affine"),
        ("b / (a + c)", "unknown"), ("b ** 2 * (a + c)", "unknown"), ("a ** 0.5 * b", "affine"),
        ("max(a, c)", "constant"),
    ],
)  # fmt: skip
def test_what_is_a_known_number_bends_nothing(text, expected):
    assert judged(parse(text).root, RANGES, fixed={"a", "c"}).shape.curvature == expected


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.data())
def test_what_is_called_convex_lies_below_its_chords_and_inside_its_interval(text, data):
    node = parse(text).root
    shape = judged(node, RANGES).shape
    one, other = ({name: data.draw(st.floats(lo, hi)) for name, (lo, hi) in RANGES.items()} for _ in range(2))
    middle = {name: 0.5 * (one[name] + other[name]) for name in one}
    try:
        ends = [tangent(node, at).value for at in (one, other)]
        between = tangent(node, middle).value
    except NotFiniteError:
        assume(False)
        return
    chord = 0.5 * sum(ends)
    slack = 1e-9 * (1.0 + max(map(abs, (*ends, between))))
    if shape.curvature in ("convex", "affine", "constant"):
        assert between <= chord + slack
    if shape.curvature in ("concave", "affine", "constant"):
        assert between >= chord - slack
    for value in (*ends, between):
        assert shape.range[0] - slack <= value <= shape.range[1] + slack


def test_the_part_that_bends_wrongly_is_told():
    found = judged(parse("2 + 3 * (a + b * c)").root, RANGES)
    assert found.at is not None
    assert (found.at.op, found.at.column) == ("*", 13)
    assert judged(parse("a + b").root, RANGES).at is None
