"""Values as YAML text that means the same to every reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plantfile.yamltext import parse
from constraints.plantfile.yamlwrite import flow, is_trap

WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp")), max_size=15)
LEAF = (
    WORD | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
)
TRAPS = ["yes", "No", "ON", "y", "12:30", "190:20:30", "0o17", "010", "0x1F", "1_000", ".inf", "-.INF", "~", "", "1e5"]


@given(
    st.recursive(
        LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=3), max_leaves=6
    )
)
def test_any_value_comes_back(value):
    assert parse(f"a: {flow(value)}\n", "x").data == {"a": value}


@pytest.mark.parametrize("word", TRAPS)
def test_a_word_with_two_meanings_is_quoted(word):
    assert is_trap(word)
    assert flow(word) == f'"{word}"'


@pytest.mark.parametrize(
    "word", ["degC", "kg/h", "m**3/h", "30 degC/min", "Feed (wet)", "percent", "4-20mA", "north", "12 h"]
)
def test_plain_words_are_left_plain_or_quoted_but_no_trap(word):
    assert not is_trap(word)
    assert flow(word).strip('"') == word


@pytest.mark.parametrize("word", ["%", "%rH", "% of span"])
def test_a_percent_sign_cannot_begin_a_plain_word(word):
    assert flow(word) == f'"{word}"'


def test_addresses_are_always_quoted():
    assert flow({"source": "dcs:TIC1", "unit": "degC"}) == '{source: "dcs:TIC1", unit: degC}'
