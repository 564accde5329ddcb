"""Expressions at the very limits of length, and where exactly an error is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety.expressions import History, evaluate
from safety.grammar import ExpressionError, Node, parse


def test_a_thousand_characters_and_no_more():
    assert parse("T > 1".ljust(1000)).sort == "truth"
    with pytest.raises(ExpressionError, match="longer than 1000 characters") as error:
        parse("T > 1".ljust(1001))
    assert error.value.column == 1000


def test_two_hundred_nodes_and_no_more():
    """The function and 199 values."""
    assert parse(f"max({','.join('1' * 199)})").sort == "number"
    with pytest.raises(ExpressionError, match="too deep or too long"):
        parse(f"max({','.join('1' * 200)})")


@pytest.mark.parametrize("indent", range(9))
@pytest.mark.parametrize(("text", "column"), [("T > > 1", 4), ("T + U + True", 8), ("Tür + True", 6)])
def test_an_error_stands_where_it_was_written(indent, text, column):
    with pytest.raises(ExpressionError) as error:
        parse(" " * indent + text)
    assert error.value.column == indent + column


@pytest.mark.parametrize(
    ("text", "found"), [("-abs(T)", -3.0), ("-(T + 1)", -4.0), ("-T", -3.0), ("-2", -2.0), ("+T", 3.0)]
)
def test_a_sign_before_anything(text, found):
    assert evaluate(parse(text), {"T": 3.0}, History()) == found


@pytest.mark.parametrize("text", ["T ** abs(2)", "T ** (1 + 1)", "T ** U"])
def test_an_exponent_is_written_out(text):
    with pytest.raises(ExpressionError, match="an exponent must be a plain number"):
        parse(text)


def test_an_expression_is_its_text_and_its_tree():
    """What was worked out from these is neither compared nor shown."""
    made = parse("for_time(rate(T, 60) > 1, 5)")
    assert replace(made, names=frozenset(), windows={}, timers=()) == made
    assert "names=" not in repr(made)
    assert "windows=" not in repr(made)
    assert "timers=" not in repr(made)


def test_what_a_node_is_when_nothing_is_said():
    assert Node("tag").column == 0
    assert Node("tag") == Node("tag", args=(), tag="", number=0.0, column=7)
