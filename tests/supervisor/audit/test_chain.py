"""The chain: one text per value, one hash per row, every break named."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.audit.chain import (
    EMPTY,
    ChainError,
    Row,
    SignedHead,
    Tail,
    canonical,
    follow,
    head_line,
    head_message,
    link,
    parse_head,
    plain,
    row_hash,
    tail_of,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_canonical_text_reads_back_and_is_stable(value):
    try:
        text = canonical(value)
    except ChainError:
        assert any(0xD800 <= ord(c) <= 0xDFFF for c in json.dumps(value, ensure_ascii=False))
        return
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


def test_canonical_sorts_keys_and_keeps_utf8():
    assert canonical({"b": 1, "a": [1.0, "°C", None, True]}) == '{"a":[1.0,"°C",null,true],"b":1}'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "\ud800", {"x": object()}, {"x": {1, 2}}])
def test_what_has_no_exact_text_is_refused(value):
    with pytest.raises(ChainError):
        canonical({"value": value})


def test_endless_nesting_is_refused():
    value: list = []
    value.append(value)
    with pytest.raises(ChainError):
        canonical(value)


def test_plain_turns_what_json_lacks_into_text():
    assert plain({"a": math.inf, "b": [math.nan, -math.inf, 1.5], "c": (1, "x")}) == {
        "a": "inf",
        "b": ["nan", "-inf", 1.5],
        "c": [1, "x"],
    }


def test_hash_is_sha256_over_the_domain_and_the_canonical_row():
    # Written out once by hand: whoever changes the rule breaks every record there is.
    import hashlib

    text = '{"body":{"x":1},"epoch":2,"kind":"note","prev_hash":"' + "0" * 64 + '","seq":3,"utc_s":4.5}'
    assert canonical(json.loads(text)) == text
    expected = hashlib.sha256(b"setwise.audit.row.v1\n" + text.encode()).hexdigest()
    assert row_hash(3, 4.5, "note", 2, '{"x":1}', "0" * 64) == expected


def test_rows_link_and_follow():
    first = link(EMPTY, "opened", "{}", 1.0, 1)
    second = link(tail_of(first), "note", '{"a":1}', 2.0, 1)
    assert (first.seq, second.seq, second.prev_hash) == (1, 2, first.hash)
    assert follow(first, EMPTY) is None
    assert follow(second, tail_of(first)) is None


CHANGES = {
    "seq": 3,
    "utc_s": 2.5,
    "kind": "cycle",
    "epoch": 2,
    "body": '{"a":2}',
    "prev_hash": "0" * 64,
    "hash": "0" * 64,
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_column_is_covered(name):
    first = link(EMPTY, "opened", "{}", 1.0, 1)
    second = link(tail_of(first), "note", '{"a":1}', 2.0, 1)
    assert follow(replace(second, **{name: CHANGES[name]}), tail_of(first)) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seq", "2"),
        ("seq", True),
        ("seq", 2.0),
        ("epoch", None),
        ("utc_s", 2),
        ("utc_s", math.nan),
        ("utc_s", "2.0"),
        ("kind", "no\nte"),
        ("kind", None),
        ("body", b"{}"),
        ("body", None),
        ("prev_hash", "0"),
        ("prev_hash", None),
    ],
)
def test_a_row_of_wrong_types_is_no_row(name, value):
    first = link(EMPTY, "opened", "{}", 1.0, 1)
    second = link(tail_of(first), "note", "{}", 2.0, 1)
    assert follow(replace(second, **{name: value}), tail_of(first)) is not None


def test_a_row_that_is_well_in_itself_but_hangs_on_another_chain_is_found():
    first = link(EMPTY, "opened", "{}", 1.0, 1)
    other = link(EMPTY, "opened", '{"other":1}', 1.0, 1)
    second = link(tail_of(other), "note", "{}", 2.0, 1)
    assert follow(second, tail_of(other)) is None
    assert follow(second, tail_of(first)) == "prev_hash is not the hash of the row before"


def test_text_that_is_not_utf8_is_named():
    row = link(EMPTY, "note", "{}", 1.0, 1)
    assert follow(replace(row, body='{"a":"\udc80"}'), EMPTY) == "body is not UTF-8"


@pytest.mark.parametrize("kind", ["", "Note", "1x", "a" * 41, "a b", 'x"', "ä"])
def test_kinds_are_words(kind):
    with pytest.raises(ChainError, match="kind"):
        link(EMPTY, kind, "{}", 1.0, 1)


@pytest.mark.parametrize("utc_s", [math.nan, math.inf])
def test_times_are_numbers(utc_s):
    with pytest.raises(ChainError, match="time"):
        link(EMPTY, "note", "{}", utc_s, 1)


def test_minus_zero_and_whole_numbers_become_one_float():
    row = link(EMPTY, "note", "{}", -0.0, 1)
    assert math.copysign(1.0, row.utc_s) == 1.0
    assert type(link(EMPTY, "note", "{}", 3, 1).utc_s) is float


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_no_two_rows_share_a_hash_input(one, two):
    a = row_hash(1, 1.0, "note", 1, canonical({"x": one}), "0" * 64)
    b = row_hash(1, 1.0, "note", 1, canonical({"x": two}), "0" * 64)
    assert (a == b) == (one == two)


def test_heads_travel_as_lines():
    head = SignedHead(1, 7, "a" * 64, 5.0, "", "bb")
    assert parse_head(head_line(head)) == head
    assert b"setwise.audit.head.v1" in head_message(1, 7, "a" * 64, 5.0, "")


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "null", '{"number":1}', head_line(SignedHead(1, 2, "a", 3.0, "", "b"))[:-5], "[" * 100_000]
)
def test_what_is_no_head_is_none(line):
    assert parse_head(line) is None


def test_heads_of_wrong_types_are_none():
    good = json.loads(head_line(SignedHead(1, 2, "a", 3.0, "", "b")))
    for name, bad in (("number", "1"), ("seq", 2.0), ("utc_s", 3), ("hash", 5), ("signature", None), ("previous", 1)):
        assert parse_head(json.dumps(good | {name: bad})) is None
    assert parse_head(json.dumps(good | {"more": 1})) is None


def test_tail_of_a_row():
    row = Row(1, 1.0, "note", 4, "{}", "p", "h")
    assert tail_of(row) == Tail(1, "h", 4)
