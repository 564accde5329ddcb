"""What others supply, cycle by cycle: laboratory values, external targets, forecasts. Pure; all goes on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from constraints.plant import Plant
from controllers.types import ExternalTarget
from safety.signals import Instant, Snapshot
from supervisor import external, forecast, laboratory
from supervisor.external import Aim, External
from supervisor.forecast import Forecast, Forecasts
from supervisor.laboratory import Laboratory
from supervisor.record import JsonValue, Request

ACTIONS = frozenset({"lab", "target", "target_end"})
"""Of requests."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What the controller gets in this cycle; the shapes are those of ``controllers.types.Inputs``."""

    lab: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    external: Mapping[str, ExternalTarget] = field(default_factory=dict)
    forecast: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Supplied:
    """What is remembered of what others supply. It begins anew with every start of control."""

    lab: Laboratory = field(default_factory=Laboratory)
    external: External = field(default_factory=External)
    forecast: Forecasts = field(default_factory=Forecasts)


def observed(
    plant: Plant, snapshot: Snapshot, memory: Supplied, here: Mapping[str, float | None]
) -> tuple[Supply, Supplied]:
    """Return what a cycle begins with; ``here`` says where each MV and CV is."""
    lab = laboratory.arrived(plant, snapshot, memory.lab)
    targets, aims = external.advanced(plant, snapshot, memory.external, here)
    coming, forecasts = forecast.advanced(plant, snapshot, memory.forecast)
    return Supply(laboratory.given(lab, snapshot.at), targets, coming), Supplied(lab, aims, forecasts)


def with_files(memory: Supplied, files: Mapping[str, Forecast]) -> Supplied:
    """Return the memory with the forecast files that changed."""
    if not files:
        return memory
    return replace(memory, forecast=replace(memory.forecast, files={**memory.forecast.files, **files}))


def asked(plant: Plant, request: Request, at: Instant, cycle: int, memory: Supplied) -> tuple[Supplied, str]:
    """Return the memory after a person's request of ``ACTIONS``, and why it is refused; empty where it is not."""
    if request.action == "lab":
        lab, why = laboratory.asked(plant, request, at, cycle, memory.lab)
        return replace(memory, lab=lab), why
    targets, why = external.asked(plant, request, at, memory.external)
    return replace(memory, external=targets), why


def on_record(memory: Supplied, at: Instant) -> dict[str, JsonValue]:
    """Return what is put on record: the laboratory's results, the external targets, the state of each forecast."""
    found: dict[str, JsonValue] = {}
    if memory.lab.results:
        found["lab"] = [
            {
                "cv": each.sample.cv, "value": each.sample.value, "sampled_utc_s": each.sample.sampled_utc_s,
                "source": each.sample.source, "why": each.sample.why, "code": each.code, "cycle": each.cycle,
            }
            for each in memory.lab.results
        ]  # fmt: skip
    if memory.external.aims:
        found["external"] = {name: _aim(aim, at) for name, aim in memory.external.aims.items()}
    if memory.forecast.states:
        found["forecast"] = dict(memory.forecast.states)
    return found


def troubles(memory: Supplied) -> dict[tuple[str, str], str]:
    """Return what of it is not used, as alarms by (code, subject)."""
    found = {
        ("external", name): f"the external target of {name} is ignored: {aim.state}"
        for name, aim in memory.external.aims.items()
        if aim.state not in ("in_force", "not_issued")
    }
    found |= {
        ("forecast", name): f"the forecast of {name} is not used, it is held: {state}"
        for name, state in memory.forecast.states.items()
        if state not in ("in_use", "not_read", "not_issued")
    }
    last = {each.sample.cv: each for each in memory.lab.results if not each.sample.id}
    found |= {
        ("lab", name): f"the laboratory's value of {name} was refused: {each.code}"
        for name, each in last.items()
        if each.code not in ("accepted", "before_start")
    }
    return found


def _aim(aim: Aim, at: Instant) -> dict[str, JsonValue]:
    return {
        "state": aim.state,
        "source": aim.source,
        "why": aim.why,
        "value": aim.value,
        "active": aim.active,
        "issued_utc_s": None if aim.age_s is None else at.utc_s - aim.age_s,
        "until_utc_s": None if aim.left_s is None else at.utc_s + aim.left_s,
    }
