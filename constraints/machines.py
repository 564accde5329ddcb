"""The machines of a plant, and whether one runs. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from safety.expressions import Expression, History, evaluate
from safety.signals import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSpec:
    """One machine. Tags are of ``Plant.tags``."""

    name: str
    kind: str = "other"
    description: str = ""
    tags: tuple[str, ...] = ()
    """Every tag that belongs to it, those below included."""
    runs_when: Expression | None = None
    power: str | None = None
    rated_power_kw: float | None = None
    energy: str | None = None
    vibration: str | None = None
    vibration_warn: float | None = None
    vibration_alarm: float | None = None
    """In the vibration tag's unit."""
    service_every_s: float | None = None
    """Running time between two services."""


def runs(machine: MachineSpec, snapshot: Snapshot) -> bool | None:
    """Return whether it runs, by a validated snapshot; None where that is not known, or nobody said how to tell.

    The condition speaks of this moment only: ``check`` refuses ``rate``, ``delta``, ``age`` and ``for_time`` in it.
    """
    if machine.runs_when is None:
        return None
    values = {tag: snapshot.good(tag) for tag in machine.runs_when.names}
    history = History().push(snapshot, machine.runs_when.names, {})
    outcome = evaluate(machine.runs_when, values, history)
    return None if outcome is None else bool(outcome)
