"""What a notebook has measured, as the snapshot that the supervisor would have read."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any, cast

import pandas as pd

from constraints.plant import Plant, Point
from safety.signals import Instant, Quality, Reading, Snapshot
from setwise.errors import InputError, unknown

Measured = Mapping[str, float | None] | pd.Series | pd.DataFrame
"""By tag: a mapping, a Series, or a DataFrame of one row."""


def values_of(plant: Plant, measured: Measured) -> dict[str, float]:
    """Return the value of each tag, NaN where it is bad (None, NaN or NA was given).

    Every MV needs its setpoint as the loop has it; every CV and DV must be there, if only as NaN. Raises InputError.
    """
    given = _mapping(measured)
    known = _known(plant)
    found: dict[str, float] = {}
    for name, value in given.items():
        if name not in known:
            raise unknown(str(name), "tag", known)
        if known[name] in found:
            raise InputError(f"{name} is given twice, as {known[name]} too")
        found[known[name]] = _number(str(name), value)
    for name, spec in plant.mvs.items():
        if math.isnan(found.get(name, math.nan)):
            what = "is NaN" if name in found else "is missing"
            raise InputError(f"MV {name} {what}: its setpoint as the loop has it now is needed, in {spec.unit}")
    for kind, specs in (("CV", plant.cvs), ("DV", plant.dvs)):
        missing = [name for name in specs if name not in found]
        if missing:
            raise InputError(f"{kind} {missing[0]} is missing; give NaN where it is bad")
    return found


def time_of(measured: Measured) -> pd.Timestamp | float | None:
    """Return the time that a row carries (the name of a Series, the index of a DataFrame); None where it has none."""
    row = measured.iloc[0] if isinstance(measured, pd.DataFrame) and len(measured) == 1 else measured
    name = row.name if isinstance(row, pd.Series) else None
    is_time = isinstance(name, (pd.Timestamp, numbers.Real)) and not isinstance(name, bool)
    return cast("pd.Timestamp | float", name) if is_time else None


def snapshot(
    plant: Plant, values: Mapping[str, float], cycle: int, at_s: float, stamps: Mapping[str, float]
) -> Snapshot:
    """Return the snapshot of these values, ``stamps`` being when a slow analyser's sample was taken.

    Other tags that are given (a multiplier's, a laboratory's, a planner's) are there too. What is not given: a loop is
    available and not wound up, and its measured value is its setpoint.
    """
    seen: dict[str, float] = {name: values[name] for name in (*plant.cvs, *plant.dvs)}
    for name, mv in plant.mvs.items():
        seen[mv.setpoint.tag] = values[name]
        seen.setdefault(mv.readback, values.get(mv.readback, values[name]))
        for point, usual in ((mv.available, 1.0), (mv.windup_hi, 0.0), (mv.windup_lo, 0.0)):
            if point is not None:
                seen[point.tag] = values.get(point.tag, usual)
    seen = {**{name: value for name, value in values.items() if name in plant.tags}, **seen}
    readings = {tag: _reading(value, at_s, stamps.get(tag, at_s)) for tag, value in seen.items()}
    return Snapshot(cycle, Instant(at_s, at_s), readings)


def _mapping(measured: Measured) -> dict[Any, Any]:
    if isinstance(measured, pd.DataFrame):
        if len(measured) != 1:
            raise InputError(f"one row is one moment, and here are {len(measured)}: loop over the rows with iterrows()")
        measured = measured.iloc[0]
    if isinstance(measured, pd.Series):
        if not measured.index.is_unique:
            raise InputError(f"tag {measured.index[measured.index.duplicated()][0]!r} is there twice")
        return dict(measured.items())
    if isinstance(measured, Mapping):
        return dict(measured)
    raise InputError(f"measurements are a dict, a Series or one row of a DataFrame, not {type(measured).__name__}")


def _known(plant: Plant) -> dict[str, str]:
    """Return every name that may be given, and the one it is kept under."""
    points: list[Point | None] = [
        each for mv in plant.mvs.values() for each in (mv.available, mv.windup_hi, mv.windup_lo)
    ]
    return {
        **{name: name for name in (*plant.mvs, *plant.cvs, *plant.dvs, *plant.tags)},
        **{mv.readback: mv.readback for mv in plant.mvs.values() if mv.readback not in plant.mvs},
        **{point.tag: point.tag for point in points if point is not None},
        **{mv.setpoint.tag: name for name, mv in plant.mvs.items()},
    }


def _number(name: str, value: object) -> float:
    if value is None or value is pd.NA or value is pd.NaT:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InputError(f"{name} is {value!r}, which is no number")
    if math.isinf(value):
        raise InputError(f"{name} is infinite; give NaN where it is bad")
    return float(value)


def _reading(value: float, at_s: float, stamp_s: float) -> Reading:
    good = math.isfinite(value)
    return Reading(value, Quality.GOOD if good else Quality.BAD, stamp_s, at_s, "" if good else "nan")
