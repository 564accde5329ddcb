"""How many alarms an operator gets, against what one can handle. Pure: from the lines of the journal.

Targets of EEMUA 191 and ISA-18.2 for one operator: about 150 alarms a day are acceptable, 300 the most that can be
managed (one, two in ten minutes on average); ten-minute spans with more than ten are floods, fewer than 1 % of all; the
ten alarms that come most are at most 5 % of all; fewer than five stale ones; about 80 % low, 15 % medium, 5 % above.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from constraints.alarms import PRIORITIES, Priority
from supervisor.alarms.bursts import FLOOD, WINDOW_S, chatters
from supervisor.alarms.journal import Line
from supervisor.alarms.listing import AlarmView

DAY_S: Final = 86_400.0
TOP: Final = 10
PER_DAY_MAX: Final = 150.0
PER_10_MIN_MAX: Final = 1.0
FLOOD_SHARE_MAX: Final = 0.01
TOP_SHARE_MAX: Final = 0.05
STALE_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class Bad:
    """One of the alarms that come most."""

    id: str
    count: int
    share: float
    """Of all, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Target:
    """One figure against what it should be."""

    name: str
    value: float
    at_most: float

    @property
    def met(self) -> bool:
        """Whether it is as it should be."""
        return self.value <= self.at_most


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Alarms that called somebody, in a span of time."""

    start_utc_s: float
    end_utc_s: float
    count: int
    per_day: float
    per_10_min: float
    """On average."""
    peak_10_min: int
    """The most in any ten minutes."""
    flood_share: float
    """Share of the ten-minute spans from the start that hold more than ten, 0 to 1."""
    mix: Mapping[Priority, float]
    """Share of each priority, 0 to 1; 0 for all where there was no alarm."""
    top: tuple[Bad, ...]
    chattering: tuple[str, ...]
    """Ids that came three times within a minute."""
    stale: tuple[str, ...]
    """Ids that stand for more than a day."""

    @property
    def top_share(self) -> float:
        """Share of the ten that come most, 0 to 1."""
        return math.fsum(each.share for each in self.top)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Return the figures that have a target, with it."""
        return (
            Target("per_day", self.per_day, PER_DAY_MAX),
            Target("per_10_min", self.per_10_min, PER_10_MIN_MAX),
            Target("flood_share", self.flood_share, FLOOD_SHARE_MAX),
            Target("top_share", self.top_share, TOP_SHARE_MAX),
            Target("stale", float(len(self.stale)), float(STALE_MAX)),
        )


def rates(lines: Iterable[Line], start_utc_s: float, end_utc_s: float, now: AlarmView | None = None) -> Rates:
    """Return the rates of [start, end), seconds since 1970 UTC; ``now``: the list at its end, for stale alarms.

    Raises ValueError for a span that has no length.
    """
    if not end_utc_s > start_utc_s:
        raise ValueError(f"no span of time: from {start_utc_s} to {end_utc_s}")
    came = [each for each in lines if each.step.step == "raised" and start_utc_s <= each.utc_s < end_utc_s]
    times = sorted(each.utc_s for each in came)
    by_id: dict[str, list[float]] = {}
    for each in came:
        by_id.setdefault(each.step.id, []).append(each.utc_s)
    span_s, count = end_utc_s - start_utc_s, len(came)
    priorities = Counter(each.step.priority for each in came)
    most = sorted(by_id.items(), key=lambda item: (-len(item[1]), item[0]))[:TOP]
    return Rates(
        start_utc_s=start_utc_s,
        end_utc_s=end_utc_s,
        count=count,
        per_day=count / span_s * DAY_S,
        per_10_min=count / span_s * WINDOW_S,
        peak_10_min=_peak(times),
        flood_share=_flood_share(times, start_utc_s, span_s),
        mix={each: priorities[each] / count if count else 0.0 for each in PRIORITIES},
        top=tuple(Bad(id_, len(found), len(found) / count) for id_, found in most),
        chattering=tuple(sorted(id_ for id_, found in by_id.items() if chatters(found))),
        stale=tuple(sorted(each.id for each in now.alarms if each.stale)) if now is not None else (),
    )


def _peak(times: list[float]) -> int:
    """Return the most of the sorted ``times`` that lie inside any ten minutes."""
    most = first = 0
    for last, time in enumerate(times):
        while time - times[first] >= WINDOW_S:
            first += 1
        most = max(most, last - first + 1)
    return most


def _flood_share(times: list[float], start_utc_s: float, span_s: float) -> float:
    slots = Counter(math.floor((time - start_utc_s) / WINDOW_S) for time in times)
    return sum(found > FLOOD for found in slots.values()) / math.ceil(span_s / WINDOW_S)
