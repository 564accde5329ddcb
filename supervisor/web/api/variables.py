"""Variables and tags: values with their quality, limits, targets, and what a unit of room is worth."""

from __future__ import annotations

from fastapi import APIRouter

from constraints.plant import NestedLimits, Plant
from supervisor.record import CycleRecord
from supervisor.web.api.here import Here, frozen, newest
from supervisor.web.api.models import moment, range_of
from supervisor.web.api.models_variables import (
    Cv,
    Dv,
    Limits,
    Mv,
    Quality,
    Tag,
    Tags,
    Value,
    Variables,
    Worth,
)
from supervisor.web.variables import CvRow, Look, MvRow, Shown, cv_rows, dv_rows, mv_rows, shown

router = APIRouter(tags=["Look"])
QUALITIES: dict[Look, Quality] = {
    "good": "good", "est": "estimated", "bad": "bad", "stale": "stale", "none": "none",
}  # fmt: skip


@router.get("/controllers/{key}/variables", operation_id="get_variables")
def get_variables(asked: Here) -> Variables:
    """Every CV, MV and DV with limits, status and values. A value that is not good now is null."""
    return variables(asked.unit.plant, newest(asked), is_frozen=frozen(asked, asked.unit.key))


@router.get("/controllers/{key}/tags", operation_id="get_tags")
def get_tags(asked: Here) -> Tags:
    """Every tag on record, derived ones too. A value that is not good now is null."""
    plant, record = asked.unit.plant, newest(asked)
    tags = [
        Tag(name=name, description=spec.description, now=_value(shown(record, name), spec.unit))
        for name, spec in plant.tags.items()
    ]
    return Tags(cycle=record.cycle, at=moment(record.utc_s), frozen=frozen(asked, asked.unit.key), tags=tags)


def variables(plant: Plant, record: CycleRecord, *, is_frozen: bool) -> Variables:
    """Return the variables of one cycle. Pure."""
    return Variables(
        cycle=record.cycle,
        at=moment(record.utc_s),
        frozen=is_frozen,
        cvs=[_cv(row, plant) for row in cv_rows(plant, record)],
        mvs=[_mv(row, plant) for row in mv_rows(plant, record)],
        dvs=[
            Dv(name=row.name, description=row.description, now=_value(row.now, row.unit), forecast=row.forecast)
            for row in dv_rows(plant, record)
        ],
    )


def _cv(row: CvRow, plant: Plant) -> Cv:
    return Cv(
        name=row.name,
        description=row.spec.description,
        status=row.status,
        now=_value(row.now, row.spec.unit),
        predicted_end=row.end,
        target=row.target,
        limits=_limits(row.active, row.spec.limits),
        worth=_worth(row, plant),
    )


def _mv(row: MvRow, plant: Plant) -> Mv:
    return Mv(
        name=row.name,
        description=row.spec.description,
        status=row.status,
        setpoint=_value(row.setpoint, row.spec.unit),
        readback=_value(row.readback, plant.tags[row.spec.readback].unit),
        move=row.move,
        planned_end=row.end,
        target=row.target,
        limits=_limits(row.active, row.spec.limits),
        worth=_worth(row, plant),
        available=row.available,
        by_hand=row.by_hand,
        written=row.written,
        reasons=list(row.reasons),
    )


def _value(found: Shown, unit: str) -> Value:
    """Return a value; none where a program could take a bad one for live."""
    believed = found.look in ("good", "est")
    return Value(value=found.value if believed else None, unit=unit, quality=QUALITIES[found.look], why=found.why)


def _limits(active: tuple[float, float], nested: NestedLimits) -> Limits:
    return Limits(
        active=range_of(active),
        operator=range_of(nested.operator),
        engineering=range_of(nested.engineering),
        safety=range_of(nested.safety),
    )


def _worth(row: CvRow | MvRow, plant: Plant) -> Worth:
    return Worth(lo=row.worth_lo, hi=row.worth_hi, unit=f"{plant.currency}/h per {row.spec.unit}")
