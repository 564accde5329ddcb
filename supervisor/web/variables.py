"""The rows of the controller's tables: each CV, MV and DV with its numbers, out of one cycle's record. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from constraints.plant import CvSpec, MvSpec, Plant
from safety.signals import CvStatus, MvStatus
from supervisor.record import CycleRecord
from supervisor.web.words import decimals, span_of

Look = Literal["good", "est", "bad", "stale", "none"]
"""How a value is shown: live and good, predicted instead of bad, not used, too old, none."""
AT_LIMIT = 1e-3
"""A value this close to a limit, as a share of the limits' width, is at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One value and how far it may be believed."""

    value: float | None
    look: Look
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CvRow:
    """One controlled variable now."""

    name: str
    spec: CvSpec
    status: str
    """ON, LOW, HIGH, PRED, DROP or CRIT."""
    now: Shown
    end: float | None
    """Predicted at the end of the horizon."""
    target: float | None
    """Steady state that the moves aim at."""
    active: tuple[float, float]
    """Operator limits in force."""
    worth_lo: float
    worth_hi: float
    """Currency per hour that one more unit of room would earn."""
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MvRow:
    """One manipulated variable now."""

    name: str
    spec: MvSpec
    status: str
    """ON, OPR, INIT, WDUP, LOW, HIGH or SERV."""
    setpoint: Shown
    readback: Shown
    move: float | None
    """Change that this cycle asks for; None where it asks for none."""
    end: float | None
    target: float | None
    active: tuple[float, float]
    worth_lo: float
    worth_hi: float
    available: bool | None
    """Whether the loop takes our setpoint; None where the PLC does not tell."""
    by_hand: bool
    """Whether an operator took it out of control here."""
    written: str
    """Outcome of this cycle's write; empty where nothing was written."""
    reasons: tuple[str, ...]
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DvRow:
    """One measured disturbance now."""

    name: str
    unit: str
    description: str
    now: Shown
    forecast: str
    """``in_use``, why not, or empty where there is none."""
    places: int


def shown(record: CycleRecord, tag: str) -> Shown:
    """Return a tag's value as the record has it."""
    value, quality, why = record.readings.get(tag, (None, "bad", "no_value"))
    if value is None or not math.isfinite(value):
        return Shown(value=None, look="bad", why=why)
    if quality == "good":
        return Shown(value=value, look="good")
    return Shown(value=value, look="stale" if why.startswith("stale") else "bad", why=why)


def cv_rows(plant: Plant, record: CycleRecord) -> tuple[CvRow, ...]:
    """Return every CV's row, in the order of the plant file."""
    worth = worths(record)
    status = _texts(record, "cv_status")
    return tuple(
        CvRow(
            name=name,
            spec=spec,
            status=_cv_status(status.get(name, ""), _measured(record, name, status.get(name, "")), limits),
            now=_measured(record, name, status.get(name, "")),
            end=_last(record, "prediction", name),
            target=numbers(record, "y_ss").get(name),
            active=limits,
            worth_lo=worth.get(f"cv.{name}.lo", 0.0),
            worth_hi=worth.get(f"cv.{name}.hi", 0.0),
            places=decimals(span_of((spec.limits.operator, spec.limits.engineering))),
        )
        for name, spec in plant.cvs.items()
        for limits in (record.limits.get(name, spec.limits.operator),)
    )


def mv_rows(plant: Plant, record: CycleRecord) -> tuple[MvRow, ...]:
    """Return every MV's row, in the order of the plant file."""
    worth, moves, reasons = worths(record), numbers(record, "moves"), _lists(record, "reasons")
    status = _texts(record, "mv_status")
    outcomes = {each.mv: each.outcome.value for each in record.receipts}
    rows: list[MvRow] = []
    for name, spec in plant.mvs.items():
        setpoint = shown(record, spec.setpoint.tag)
        limits = record.limits.get(name, spec.limits.operator)
        asked = moves.get(name)
        here = setpoint.value if setpoint.value is not None else math.nan
        available = shown(record, spec.available.tag) if spec.available is not None else None
        rows.append(
            MvRow(
                name=name,
                spec=spec,
                status=_mv_status(status.get(name, ""), setpoint, limits),
                setpoint=setpoint,
                readback=shown(record, spec.readback),
                move=asked - here if asked is not None and math.isfinite(here) else None,
                end=_last(record, "u_plan", name),
                target=numbers(record, "u_ss").get(name),
                active=limits,
                worth_lo=worth.get(f"mv.{name}.lo", 0.0),
                worth_hi=worth.get(f"mv.{name}.hi", 0.0),
                available=None if available is None or available.value is None else available.value == 1.0,
                by_hand=name in record.by_hand,
                written=outcomes.get(name, ""),
                reasons=reasons.get(name, ()),
                places=decimals(span_of((spec.limits.operator,))),
            )
        )
    return tuple(rows)


def dv_rows(plant: Plant, record: CycleRecord) -> tuple[DvRow, ...]:
    """Return every DV's row, in the order of the plant file."""
    forecasts = cast("Mapping[str, str]", record.supplied.get("forecast", {}))
    return tuple(
        DvRow(
            name=name,
            unit=spec.unit,
            description=plant.tags[name].description if name in plant.tags else "",
            now=shown(record, name),
            forecast=forecasts.get(name, ""),
            places=2,
        )
        for name, spec in plant.dvs.items()
    )


def worths(record: CycleRecord) -> dict[str, float]:
    """Return what one unit of room at each binding limit would earn, by the limit's name."""
    found = cast("Sequence[Mapping[str, object]]", record.plan.get("binding") or ())
    return {str(each["name"]): float(cast("float", each["worth"])) for each in found}


def active_limits(record: CycleRecord) -> int:
    """Return how many limits hold the plant now."""
    return len(worths(record))


def _measured(record: CycleRecord, name: str, status: str) -> Shown:
    """Return the measured value; the prediction, said so, while that stands in for it."""
    found = shown(record, name)
    if status == CvStatus.PRED.value:
        return Shown(value=numbers(record, "y_now").get(name), look="est", why=found.why)
    if status in (CvStatus.DROP.value, CvStatus.CRIT.value):
        return Shown(value=None, look="none", why=found.why)
    return found


def _cv_status(status: str, now: Shown, limits: tuple[float, float]) -> str:
    return _side(now.value, limits) or status if status == CvStatus.ON.value else status


def _mv_status(status: str, setpoint: Shown, limits: tuple[float, float]) -> str:
    return _side(setpoint.value, limits) or status if status == MvStatus.ON.value else status


def _side(value: float | None, limits: tuple[float, float]) -> str:
    """Return HIGH or LOW where a value is at its limit or beyond; empty inside."""
    if value is None:
        return ""
    lo, hi = limits
    near = AT_LIMIT * (hi - lo) if math.isfinite(hi - lo) else 0.0
    return "HIGH" if value >= hi - near else "LOW" if value <= lo + near else ""


def numbers(record: CycleRecord, key: str) -> Mapping[str, float]:
    """Return numbers of the plan by name; those that JSON lacks, such as a refused NaN, are on record as text."""
    found = cast("Mapping[str, float | str]", record.plan.get(key) or {})
    return {name: float(value) for name, value in found.items()}


def _texts(record: CycleRecord, key: str) -> Mapping[str, str]:
    return cast("Mapping[str, str]", record.plan.get(key) or {})


def _lists(record: CycleRecord, key: str) -> Mapping[str, tuple[str, ...]]:
    found = cast("Mapping[str, Sequence[str]]", record.plan.get(key) or {})
    return {name: tuple(each) for name, each in found.items()}


def _last(record: CycleRecord, key: str, name: str) -> float | None:
    values = cast("Mapping[str, Sequence[float]]", record.plan.get(key) or {}).get(name)
    return float(values[-1]) if values else None
