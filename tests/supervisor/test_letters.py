"""Requests as text: exact both ways, and nothing that others write is taken for one that is not."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.signals import Mode
from supervisor.letters import LETTER_BYTES_MAX, LetterError, from_text, to_text
from supervisor.record import Request

GOOD = Request(
    id="r1",
    action="limit",
    who="eva",
    role="operator",
    why="CIP",
    asked_utc_s=10.0,
    expires_utc_s=70.0,
    saw_cycle=4,
    confirmed=True,
    mode=Mode.ADVISORY,
    variable="moist",
    side="hi",
    value=3.9,
    interlock="trip",
    sampled_utc_s=9.5,
    lasts_s=7200.0,
)
NO_NUMBERS = replace(GOOD, value=None, sampled_utc_s=None, lasts_s=None)
BARE = replace(NO_NUMBERS, mode=None, variable=None, side=None, interlock=None, saw_cycle=None, confirmed=False)
BYPASS = replace(BARE, action="bypass", role="engineer", interlock="Hot", value=7200.0)
RESTORE = replace(BARE, action="restore", role="engineer", interlock="Hot")


@pytest.mark.parametrize(
    "request_", [GOOD, BARE, BYPASS, RESTORE, replace(GOOD, mode=Mode.TRIPPED), replace(GOOD, mode=Mode.OFF)]
)
def test_a_request_comes_back_whole(request_):
    assert from_text("r1", to_text(request_).encode()) == request_


def test_every_field_travels():
    assert set(json.loads(to_text(GOOD))) == {field.name for field in fields(Request)}


BAD = [
    ("id", "other"),
    ("id", None),
    ("action", "format_disk"),
    ("action", None),
    ("action", []),
    ("who", 5),
    ("who", "x" * 2_001),
    ("who", "\ud800"),
    ("role", "root"),
    ("why", None),
    ("asked_utc_s", "now"),
    ("asked_utc_s", True),
    ("asked_utc_s", float("nan")),
    ("expires_utc_s", float("inf")),
    ("expires_utc_s", 10**400),
    ("expires_utc_s", None),
    ("saw_cycle", 1.5),
    ("saw_cycle", True),
    ("saw_cycle", 2**60),
    ("confirmed", 1),
    ("confirmed", "true"),
    ("confirmed", None),
    ("mode", 4),
    ("mode", "3"),
    ("mode", 3.0),
    ("mode", True),
    ("variable", 7),
    ("side", "middle"),
    ("value", float("-inf")),
    ("value", "3.9"),
    ("value", False),
    ("interlock", {}),
    ("sampled_utc_s", "08:00"),
    ("sampled_utc_s", float("nan")),
    ("lasts_s", True),
    ("lasts_s", float("inf")),
    ("more", 1),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_field_that_is_not_one_is_refused(name, value):
    raw = json.loads(to_text(GOOD)) | {name: value}
    with pytest.raises(LetterError):
        from_text("r1", json.dumps(raw).encode())


@pytest.mark.parametrize("name", ["id", "action", "who", "role", "why", "asked_utc_s", "expires_utc_s"])
def test_a_missing_field_is_refused(name):
    raw = json.loads(to_text(GOOD))
    del raw[name]
    with pytest.raises(LetterError):
        from_text("r1", json.dumps(raw).encode())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b"[" * 10_000,
        b"{" * 9_000,
        b" " * (LETTER_BYTES_MAX + 1),
        "text",
        None,
    ],
)
def test_what_is_no_object_is_refused(text):
    with pytest.raises(LetterError):
        from_text("r1", text)


@pytest.mark.parametrize("over", [{"value": float("nan")}, {"who": "x" * 3_000}, {"why": "\ud800"}, {"id": ""}])
def test_what_could_not_be_read_back_is_not_written(over):
    with pytest.raises(LetterError):
        to_text(replace(GOOD, **over))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_it(text):
    with pytest.raises(LetterError):
        from_text("r1", text)
