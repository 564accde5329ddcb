from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plantfile.issues import distance, nearest


@pytest.mark.parametrize(
    ("word", "choices", "expected"),
    [
        ("sourse", ["source", "course_of"], "source"),
        ("T_bedb", ["T_bed", "T_bed_b"], "T_bed_b"),
        ("dead-time", ["lags", "dead_time"], "dead_time"),
        ("KW", ["kWh", "kW"], "kW"),
        ("gird", ["grid", "girder"], "grid"),
        ("nite", ["day", "night"], "night"),
        ("colour", ["hold", "unit", "range"], ""),
        ("a", ["b", "c"], ""),
        ("", ["b"], ""),
        ("tag0999", [f"tag{i:04d}" for i in range(2000)], "tag0999"),
        ("tgs1999", [f"tag{i:04d}" for i in range(2000)], "tag1999"),
        ("x" * 10_000, ["x" * 10, "y"], ""),
    ],
)
def test_the_nearest_word(word: str, choices: list[str], expected: str) -> None:
    assert nearest(word, choices) == expected


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("abc", "xbcd", 2),
     ("kitten", "sitting", 3), ("ca", "abc", 3)],
)  # fmt: skip
def test_the_distance_of_words(one: str, other: str, edits: int) -> None:
    assert distance(one, other, 10) == distance(other, one, 10) == edits
    assert distance(one, other, 1) == min(edits, 1)


@given(st.text("ab_c", max_size=8), st.text("ab_c", max_size=8), st.integers(1, 9))
def test_the_distance_ends_early_without_another_answer(one: str, other: str, most: int) -> None:
    assert distance(one, other, most) == min(distance(one, other, 99), most)
