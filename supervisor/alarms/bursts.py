"""Many alarms at once, or one again and again: first-out, flood, chattering. Pure.

Thresholds: more than 10 alarms in 10 minutes are a flood (EEMUA 191, ISA-18.2); three of one within a minute chatter
(ISA-18.2's example, as exida gives it).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from supervisor.alarms.entries import AlarmList, Entry, Raised

WINDOW_S: Final = 600.0
FLOOD: Final = 10
"""More than so many in the window are a flood."""
CHATTER: Final = 3
CHATTER_S: Final = 60.0
BURST_S: Final = 60.0
"""Alarms that follow one another within this belong to one burst."""
RECENT_MAX: Final = 500


def still_recent(lists: AlarmList, utc_s: float) -> tuple[Raised, ...]:
    """Return what was annunciated in the last ten minutes. A clock that went back forgets what lies ahead of it."""
    return tuple(each for each in lists.recent if utc_s - WINDOW_S < each.utc_s <= utc_s)


def with_raised(lists: AlarmList, entry: Entry, utc_s: float) -> AlarmList:
    """Return the list after ``entry`` was annunciated: the first of a burst is marked once another one follows it."""
    follows = bool(lists.recent) and utc_s - lists.recent[-1].utc_s <= BURST_S
    recent = (*lists.recent, Raised(utc_s, entry.id))[-RECENT_MAX:]
    if not follows:
        return replace(lists, recent=recent, first=entry.id)
    entries = {
        key: replace(each, first_out=True) if each.id == lists.first != entry.id else each
        for key, each in lists.entries.items()
    }
    return replace(lists, recent=recent, entries=entries)


def flooding(recent: Iterable[Raised]) -> bool:
    """Whether the last ten minutes were a flood."""
    return sum(1 for _ in recent) > FLOOD


def chatters(times_utc_s: Iterable[float]) -> bool:
    """Whether some minute holds three occurrences of one alarm, at these times."""
    times = sorted(times_utc_s)
    return any(later - earlier <= CHATTER_S for earlier, later in zip(times, times[CHATTER - 1 :], strict=False))
