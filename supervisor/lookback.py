"""What the interlocks of a plant file would have said on stored cycles. Pure.

An interlock that was true all the time would have held the plant up all the time; one that was never false guards
nothing that was seen, or cannot be evaluated with the tags that there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from constraints.plant import Plant
from safety import interlocks
from safety.signals import Instant, Quality, Reading, Snapshot
from supervisor.record import CycleRecord

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Told:
    """How often one interlock's condition came to what."""

    name: str
    true: int = 0
    false: int = 0
    unknown: int = 0

    @property
    def doubt(self) -> str:
        """Return what an engineer should look at; empty where the condition was seen false (and only then at times)."""
        cycles = self.true + self.false + self.unknown
        if cycles == 0 or self.false > 0:
            return ""
        if self.true == cycles:
            return f"interlock {self.name!r} was true in all of {cycles} cycles: it would have acted all the time"
        if self.unknown == cycles:
            return f"interlock {self.name!r} could not be evaluated in any of {cycles} cycles: are its tags read?"
        return f"interlock {self.name!r} was never false in {cycles} cycles: true in {self.true}, else unknown"


def looked_back(plant: Plant, records: Iterable[CycleRecord]) -> tuple[Told, ...]:
    """Return for each interlock of ``plant`` what it comes to over ``records``, in the order of time."""
    counts = {each.name: [0, 0, 0] for each in plant.interlocks}
    memory = interlocks.InterlockMemory()
    for record in records:
        outcome, memory = interlocks.evaluate(snapshot_of(record), plant.interlocks, memory)
        for name, state in outcome.states.items():
            counts[name][{True: 0, False: 1, None: 2}[state.condition]] += 1
    return tuple(Told(name, *count) for name, count in counts.items())


def snapshot_of(record: CycleRecord) -> Snapshot:
    """Return the readings as they were judged then; a tag that was not read is simply not there."""
    readings = {
        tag: Reading(
            value=NAN if value is None else value,
            quality=Quality(quality),
            source_utc_s=None,
            received_at_s=record.mono_s,
            why=why,
        )
        for tag, (value, quality, why) in record.readings.items()
    }
    return Snapshot(record.cycle, Instant(record.mono_s, record.utc_s), readings)
