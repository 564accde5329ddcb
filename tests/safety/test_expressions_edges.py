"""Medians of more than a few."""

from __future__ import annotations

import pytest

from safety.expressions import History, evaluate, parse


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ("3", 3.0),
        ("4, 1", 2.5),
        ("9, 1, 2", 2.0),
        ("9, 1, 2, 4", 3.0),
        ("9, 1, 16, 2, 4", 4.0),
        ("32, 9, 1, 16, 2, 4", 6.5),
    ],
)
def test_the_median_is_the_middle_of_any_number(numbers, found):
    assert evaluate(parse(f"median({numbers})"), {}, History()) == found
