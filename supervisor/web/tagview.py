"""Every tag of a controller: where it comes from, in which unit and range, and what it reads now. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from constraints.plant import Plant
from safety.validity import UNRULED, ValidityRule
from supervisor.record import CycleRecord
from supervisor.web.variables import Shown, shown
from supervisor.web.words import decimals, span_of

DERIVED = "="
"""Stands for the source of a tag that is worked out of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRow:
    """One tag."""

    name: str
    description: str
    use: str
    """``mv cv dv plc derived tag``."""
    source: str
    """Connection and address."""
    connection: str
    unit: str
    rule: ValidityRule

    span: float
    """Width of the range that matters; NaN where there is none."""

    def places(self, value: float | None) -> int:
        """Return how many decimals ``value`` is worth; where no range tells, none for a whole number."""
        whole = math.isnan(self.span) and value is not None and value.is_integer()
        return 0 if whole else decimals(self.span)

    def has(self, text: str) -> bool:
        """Return whether ``text`` is in its name, its description, its source or its unit."""
        return any(text.casefold() in each.casefold() for each in (self.name, self.description, self.source, self.unit))


def tag_rows(plant: Plant) -> tuple[TagRow, ...]:
    """Return every tag that a cycle reads or works out, in the order of the plant file."""
    units = {name: tag.unit for name, tag in plant.tags.items()}
    units |= {mv.setpoint.tag: mv.unit for mv in plant.mvs.values()}
    points = {point.tag: point for point in plant.points_read()}
    rows = []
    for name in dict.fromkeys((*plant.tags, *points)):
        point, spec = points.get(name), plant.tags.get(name)
        rule = plant.validity.get(name, UNRULED)
        rows.append(
            TagRow(
                name=name,
                description=spec.description if spec is not None else "",
                use=_use(plant, name),
                source=f"{point.connection} · {point.address}" if point is not None else DERIVED,
                connection=point.connection if point is not None else "",
                unit=units.get(name, ""),
                rule=rule,
                span=span_of((*_limits(plant, name), (rule.lo, rule.hi))),
            )
        )
    return tuple(rows)


def _limits(plant: Plant, name: str) -> tuple[tuple[float, float], ...]:
    """Return the operator's range of the variable that a tag is of."""
    if name in plant.cvs:
        return (plant.cvs[name].limits.operator,)
    return tuple(mv.limits.operator for mv in plant.mvs.values() if name in (mv.setpoint.tag, mv.readback))


def reading(record: CycleRecord, name: str) -> Shown:
    """Return what a tag reads; what stands in for a bad reading is said to be estimated."""
    value, quality, why = record.readings.get(name, (None, "bad", "no_value"))
    if quality == "estimated" and value is not None:
        return Shown(value=value, look="est", why=why)
    return shown(record, name)


def _use(plant: Plant, name: str) -> str:
    own = {point.tag for mv in plant.mvs.values() for point in (mv.setpoint, mv.available, mv.windup_hi, mv.windup_lo)
           if point is not None}  # fmt: skip
    found = {"mv": own, "cv": plant.cvs.keys(), "dv": plant.dvs.keys(), "derived": {e.name for e in plant.derived}}
    return next((use for use, names in found.items() if name in names), "plc" if name.startswith("plc.") else "tag")
