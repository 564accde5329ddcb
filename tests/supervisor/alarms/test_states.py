"""The table of states, cell by cell."""

from __future__ import annotations

from typing import get_args

import pytest

from supervisor.alarms.states import ANNUNCIATED, COVERED, STATES, TABLE, Event, events_of, uncovered

COVER = {"shelve": "shelved", "suppress": "suppressed", "take_out": "out"}
BACK = {"back_active": "unack", "back_latched": "latched_unack", "back_clear": "normal"}
OWN = {
    "normal": {"come": "unack"},
    "unack": {"latch": "latched_unack", "go": "rtn_unack", "ack": "acked"},
    "acked": {"latch": "latched_acked", "go": "normal"},
    "rtn_unack": {"come": "unack", "ack": "normal"},
    "latched_unack": {"come": "unack", "go": "rtn_unack", "ack": "latched_acked"},
    "latched_acked": {"come": "unack", "go": "normal"},
    "shelved": {},
    "suppressed": {},
    "out": {},
}
"""Written a second time, from ISA-18.2's diagram: a pair of eyes of its own."""


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", get_args(Event))
def test_each_cell(state, event):
    wanted = OWN[state].get(event)
    if wanted is None and state in ANNUNCIATED | {"normal"}:
        wanted = COVER.get(event)
    if wanted is None and state in COVERED:
        wanted = BACK.get(event) or (COVER.get(event) if COVER.get(event) != state else None)
    assert TABLE[state].get(event) == wanted


@pytest.mark.parametrize(
    ("state", "status", "events"),
    [
        ("normal", "active", ("come",)),
        ("normal", "latched", ("come", "latch")),
        ("normal", "clear", ()),
        ("unack", "active", ()),
        ("unack", "latched", ("latch",)),
        ("unack", "clear", ("go",)),
        ("acked", "active", ()),
        ("acked", "latched", ("latch",)),
        ("acked", "clear", ("go",)),
        ("rtn_unack", "active", ("come",)),
        ("rtn_unack", "latched", ("come", "latch")),
        ("rtn_unack", "clear", ()),
        ("latched_unack", "active", ("come",)),
        ("latched_unack", "latched", ()),
        ("latched_unack", "clear", ("go",)),
        ("latched_acked", "active", ("come",)),
        ("latched_acked", "latched", ()),
        ("latched_acked", "clear", ("go",)),
    ],
)
def test_what_the_cause_brings_about(state, status, events):
    assert events_of(state, status) == events


def test_no_state_is_a_dead_end():
    reached = {after for row in TABLE.values() for after in row.values()}
    assert reached == set(STATES)
    assert all(TABLE[state] for state in STATES)


def test_when_a_cover_goes_the_cause_says_what_is_left():
    assert [TABLE["shelved"][uncovered(each)] for each in ("active", "latched", "clear")] == list(BACK.values())
