"""The interlocks as a page shows them. What tripped is on record; how far a delay has run is worked out again from the
readings on record, by the very function that control uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from constraints.localtime import local_time
from constraints.plant import Plant
from safety import interlocks
from safety.interlocks import Interlock, InterlockMemory, InterlockOutcome
from supervisor.history.short import ShortHistory
from supervisor.lookback import snapshot_of
from supervisor.record import Bypassed, CycleRecord
from supervisor.web.units import Unit
from supervisor.web.variables import Shown, shown

WARM_UP_MAX = 120
"""Cycles that are gone through again when the page is asked for the first time: about a tenth of a second."""
State = Literal["clear", "met", "tripped", "unknown", "bypassed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRow:
    """One interlock now."""

    spec: Interlock
    number: int
    """Its place in the plant file, which names its cells."""
    state: State
    met_s: float
    latched: bool
    first_out: bool
    values: tuple[tuple[str, Shown], ...]
    bypassed: Bypassed | None
    proof_date: str
    """When its next proof test is due, plant time; empty where none is planned."""
    proof_overdue: bool


class Follower:
    """Follows the interlocks of one controller from record to record."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._memory = InterlockMemory()
        self._outcome: InterlockOutcome | None = None
        self._first_out: str | None = None
        self._cycle = -1
        self._utc_s = -1.0

    def at(self, record: CycleRecord) -> tuple[InterlockOutcome, str | None]:
        """Return what the interlocks come to in that cycle, and which one tripped first. Raises HistoryError."""
        if self._outcome is not None and (record.cycle, record.utc_s) == (self._cycle, self._utc_s):
            return self._outcome, self._first_out
        if record.cycle != self._cycle + 1 or record.utc_s < self._utc_s:
            self._memory, self._first_out = InterlockMemory(), None
            for before in self._before(record):
                self._take(before)
        return self._take(record), self._first_out

    def _before(self, record: CycleRecord) -> list[CycleRecord]:
        """Return as many cycles before ``record`` as delays and windows reach back, the oldest first."""
        rules, cycle_s = self._unit.plant.interlocks, self._unit.plant.cycle_s
        reach_s = max((max([each.for_s, *each.when.windows.values()]) for each in rules), default=0.0)
        many = min(round(2.0 * reach_s / cycle_s) + 2, WARM_UP_MAX)
        history = ShortHistory(self._unit.site.database_url)
        return [each.record for each in history.newest_first(record.utc_s, many)][::-1]

    def _take(self, record: CycleRecord) -> InterlockOutcome:
        outcome, self._memory = interlocks.evaluate(snapshot_of(record), self._unit.plant.interlocks, self._memory)
        self._first_out = (self._first_out or record.trips[0]) if record.trips else None
        self._outcome, self._cycle, self._utc_s = outcome, record.cycle, record.utc_s
        return outcome


def lock_rows(
    plant: Plant, record: CycleRecord, outcome: InterlockOutcome, first_out: str | None
) -> tuple[LockRow, ...]:
    """Return every interlock's row, in the order of the plant file."""
    rows = []
    for number, spec in enumerate(plant.interlocks):
        due = spec.proof_due_utc_s
        rows.append(
            LockRow(
                spec=spec,
                number=number,
                state=_state(spec.name, record, outcome),
                met_s=outcome.states[spec.name].met_s,
                latched=spec.name in record.latched,
                first_out=spec.name == first_out,
                values=tuple((tag, shown(record, tag)) for tag in sorted(spec.when.names)),
                bypassed=record.bypassed.get(spec.name),
                proof_date=local_time(due, plant.timezone).date if due is not None else "",
                proof_overdue=due is not None and record.utc_s >= due,
            )
        )
    return tuple(rows)


def _state(name: str, record: CycleRecord, outcome: InterlockOutcome) -> State:
    if name in record.bypassed:
        return "bypassed"
    if name in record.trips:
        return "tripped"
    condition = outcome.states[name].condition
    return "unknown" if condition is None else "met" if condition else "clear"
