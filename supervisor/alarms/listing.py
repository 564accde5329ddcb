"""The alarm list as a person or a page gets it: each alarm with its state, its words and what to do. Pure.

Made from the newest record and the plant file; nothing here may import a driver or the cycle, for pages read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from constraints.alarms import PRIORITIES, Priority
from constraints.plant import Plant
from supervisor.alarms.bursts import flooding
from supervisor.alarms.entries import Entry, Mark, Shelf
from supervisor.alarms.rules import known, rule_of
from supervisor.alarms.states import ANNUNCIATED, UNACKNOWLEDGED, State
from supervisor.alarms.stored import chattering, count, from_record
from supervisor.record import CycleRecord

STALE_S: Final = 24.0 * 3600.0
"""An alarm that stands so long does not call anybody (ISA-18.2's example, as exida gives it)."""
STATE_WORDS: Final = {
    "normal": "normal",
    "unack": "UNACK active",
    "acked": "ack active",
    "rtn_unack": "UNACK cleared",
    "latched_unack": "UNACK latched",
    "latched_acked": "ack latched",
    "shelved": "shelved",
    "suppressed": "suppressed by design",
    "out": "out of service",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One alarm of the list."""

    id: str
    code: str
    subject: str
    priority: Priority
    state: State
    since_utc_s: float
    raised_utc_s: float | None
    occurrence: int
    """To be given with an acknowledgement."""
    text: str
    value: float | None
    limit: float | None
    response: str
    time_to_respond_s: float
    consequence: str
    active: bool
    """Whether its cause is there, covered or not."""
    acked: Mark | None
    shelf: Shelf | None
    out: Mark | None
    first_out: bool
    chattering: bool
    stale: bool
    count: int
    """How often it came in the last ten minutes."""


@dataclass(frozen=True, slots=True)
class AlarmView:
    """The list as of one record."""

    utc_s: float
    cycle: int
    alarms: tuple[Listed, ...]
    """The ones that call first: not covered, not acknowledged, the most urgent, the newest."""
    flood: bool


def viewed(plant: Plant, record: CycleRecord) -> AlarmView:
    """Return the alarm list of a record. Raises ValueError for a list that this version cannot have written."""
    lists = from_record(record.alarm_list)
    listed = [
        _listed(plant, entry, record.utc_s, chatters=chattering(lists, entry.id), count=count(lists, entry.id))
        for entry in lists.entries.values()
        if known(plant, *entry.key)
    ]
    return AlarmView(record.utc_s, record.cycle, tuple(sorted(listed, key=_calls_first)), flooding(lists.recent))


def _listed(plant: Plant, entry: Entry, utc_s: float, *, chatters: bool, count: int) -> Listed:
    rule = rule_of(plant, *entry.key)
    stands = entry.status != "clear" and entry.raised_utc_s is not None and entry.state in ANNUNCIATED
    return Listed(
        id=entry.id,
        code=entry.code,
        subject=entry.subject,
        priority=entry.priority,
        state=entry.state,
        since_utc_s=entry.since_utc_s,
        raised_utc_s=entry.raised_utc_s,
        occurrence=entry.occurrence,
        text=entry.text,
        value=entry.value,
        limit=entry.limit,
        response=rule.response,
        time_to_respond_s=rule.time_to_respond_s,
        consequence=rule.consequence,
        active=entry.status != "clear",
        acked=entry.acked,
        shelf=entry.shelf,
        out=entry.out,
        first_out=entry.first_out,
        chattering=chatters,
        stale=stands and utc_s - (entry.raised_utc_s or 0.0) > STALE_S,
        count=count,
    )


def _calls_first(alarm: Listed) -> tuple[bool, bool, int, float, str]:
    return (
        alarm.state not in ANNUNCIATED,
        alarm.state not in UNACKNOWLEDGED,
        PRIORITIES.index(alarm.priority),
        -alarm.since_utc_s,
        alarm.id,
    )
