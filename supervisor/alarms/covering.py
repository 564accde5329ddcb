"""Moving one alarm through the table of states: what a step writes into its entry and into the journal. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from supervisor.alarms.entries import Entry
from supervisor.alarms.states import COVERED, COVERS, TABLE, Event, State, uncovered
from supervisor.record import AlarmStep, Step

_BY_STATE: Mapping[State, Event] = {state: event for event, state in COVERS.items()}


def moved(entry: Entry, event: Event, utc_s: float) -> Entry:
    """Return the entry after ``event``; as it was where the table has nothing for it."""
    state = TABLE[entry.state].get(event, entry.state)
    return entry if state == entry.state else replace(entry, state=state, since_utc_s=utc_s)


def under_cover(entry: Entry, utc_s: float) -> Entry:
    """Return the entry in the state of its strongest cover; as it is where nothing covers it."""
    wanted = cover_of(entry)
    return moved(entry, _BY_STATE[wanted], utc_s) if wanted else entry


def cover_of(entry: Entry) -> State | None:
    """Return the state that covers it: out of service before suppressed by design before shelved; None for none."""
    if entry.out is not None:
        return "out"
    if entry.suppressed:
        return "suppressed"
    return "shelved" if entry.shelf is not None else None


def state_to_be(entry: Entry) -> State:
    """Return the state that this cycle ends in for the entry: of its cover, or once that is gone of its cause."""
    cover = cover_of(entry)
    if cover is None and entry.state in COVERED:
        return TABLE[entry.state][uncovered(entry.status)]
    return cover or entry.state


def step_of(entry: Entry, step: Step, by: str = "", why: str = "", until_utc_s: float | None = None) -> AlarmStep:
    """Return the journal's line about ``entry`` after a step."""
    return AlarmStep(
        id=entry.id,
        step=step,
        state=state_to_be(entry),
        occurrence=entry.occurrence,
        priority=entry.priority,
        text=entry.text,
        by=by,
        why=why,
        until_utc_s=until_utc_s,
    )
