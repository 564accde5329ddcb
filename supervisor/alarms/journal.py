"""Every step of every alarm, as it stands in the cycles' records: what, when, by whom and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from supervisor.record import AlarmStep, CycleRecord

WORDS: Final = {
    "raised": "came",
    "latched": "cause gone, latched",
    "cleared": "gone",
    "acknowledged": "acknowledged",
    "shelved": "shelved",
    "unshelved": "off the shelf",
    "suppressed": "suppressed",
    "unsuppressed": "no longer suppressed",
    "out": "out of service",
    "in": "in service again",
}
"""By step."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journal."""

    utc_s: float
    cycle: int
    step: AlarmStep


def journal(records: Iterable[CycleRecord]) -> Iterator[Line]:
    """Yield the lines of ``records``, which are in the order of time.

    A cycle that landed late and was spooled meanwhile is on record twice; its lines come once.
    """
    last: tuple[int, float] | None = None
    for record in records:
        if (record.cycle, record.utc_s) == last:
            continue
        last = record.cycle, record.utc_s
        for step in record.alarm_steps:
            yield Line(record.utc_s, record.cycle, step)
