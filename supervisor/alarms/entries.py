"""What is remembered of alarms: an entry for each that is not normal. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from constraints.alarms import Priority, id_of
from supervisor.alarms.states import State, Status
from supervisor.record import AlarmStep

SHELF_S_MAX: Final = 12.0 * 3600.0
"""No alarm stays on the shelf longer than this: a long shift."""
CLOCK_S: Final = 60.0
"""A cycle looks at the clock more than once; this much difference is none."""
Key = tuple[str, str]
"""Code and subject."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A person's act: who, when, and why where that was asked for."""

    by: str
    utc_s: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """An alarm that a person has put aside for a time."""

    mark: Mark
    until_utc_s: float

    def over(self, utc_s: float) -> bool:
        """Whether its time is up; also where a clock that went back would make it longer than any shelf may be."""
        return not utc_s < self.until_utc_s <= utc_s + SHELF_S_MAX + CLOCK_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One alarm that is not normal, or is covered."""

    code: str
    subject: str
    priority: Priority
    state: State = "normal"
    since_utc_s: float
    """Since when it is in this state."""
    status: Status = "clear"
    """Of its cause, after the delays."""
    occurrence: int = 0
    """Number of the newest occurrence, counted over all alarms and never used again; 0 where there was none yet."""
    raised_utc_s: float | None = None
    text: str = ""
    value: float | None = None
    limit: float | None = None
    """Where it has them: as they were when it came."""
    acked: Mark | None = None
    shelf: Shelf | None = None
    out: Mark | None = None
    suppressed: bool = False
    """Its plant file's condition is met."""
    first_out: bool = False
    """The first of a burst of alarms."""
    restored: bool = False
    """From before a restart, and its cause has not been seen again yet."""

    @property
    def key(self) -> Key:
        """Code and subject."""
        return self.code, self.subject

    @property
    def id(self) -> str:
        """Such as ``link:dcs``."""
        return id_of(self.code, self.subject)


@dataclass(frozen=True, slots=True)
class Raised:
    """One alarm that was annunciated."""

    utc_s: float
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmList:
    """All that is remembered of alarms."""

    entries: Mapping[Key, Entry] = field(default_factory=dict)
    next: int = 1
    """The next occurrence's number."""
    waiting: Mapping[Key, float] = field(default_factory=dict)
    """Monotonic: since when a cause is there, or gone, for which the delay still runs."""
    recent: tuple[Raised, ...] = ()
    """What was annunciated in the last ten minutes, oldest first."""
    first: str = ""
    """Id of the first alarm of the burst that is going on, if it is one."""
    steps: tuple[AlarmStep, ...] = ()
    """Of this cycle, until they are on record."""
