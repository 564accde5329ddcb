"""The plant of a file with several controllers, seen from the bench: one line and its instruments, a PLC block each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from constraints.plant import Plant
from hil.declared.resting import measured_only
from safety.validity import ValidityRule

Each = TypeVar("Each")


@dataclass(frozen=True, slots=True)
class Whole:
    """All that is there, and which part of it each controller has."""

    plant: Plant
    """Every connection, tag and variable. Handshakes, models and rows stand in ``parts``."""
    parts: Mapping[str, Plant]
    """By controller; the only one of a file has no name."""


def whole_of(plants: Mapping[str, Plant]) -> Whole:
    """Return the whole of what the controllers of one file have. Raises WishesError as ``measured_only``."""
    joined = _joined(tuple(plants.values())) if len(plants) > 1 else next(iter(plants.values()))
    return Whole(measured_only(joined), {name: measured_only(plant) for name, plant in plants.items()})


def _joined(plants: tuple[Plant, ...]) -> Plant:
    mvs, cvs = _union(plant.mvs for plant in plants), _union(plant.cvs for plant in plants)
    moved = {*cvs, *(mv.readback for mv in mvs.values())}
    return replace(
        plants[0],
        controller="",
        cycle_s=min(plant.cycle_s for plant in plants),
        connections=_union(plant.connections for plant in plants),
        tags=_union(plant.tags for plant in plants),
        mvs=mvs,
        cvs=cvs,
        dvs={name: dv for name, dv in _union(plant.dvs for plant in plants).items() if name not in moved},
        validity=_strictest(plant.validity for plant in plants),
        interlocks=tuple(dict.fromkeys(lock for plant in plants for lock in plant.interlocks)),
        derived=tuple({each.name: each for plant in plants for each in plant.derived}.values()),
        machines=_union(plant.machines for plant in plants),
        handshake_points={},
    )


def _union(given: Iterable[Mapping[str, Each]]) -> dict[str, Each]:
    return {name: each for part in given for name, each in part.items()}


def _strictest(given: Iterable[Mapping[str, ValidityRule]]) -> dict[str, ValidityRule]:
    """Return the rule of each tag; of two controllers' the one that is stale sooner: devices serve both."""
    found: dict[str, ValidityRule] = {}
    for part in given:
        for name, rule in part.items():
            if name not in found or rule.stale_s < found[name].stale_s:
                found[name] = rule
    return found
