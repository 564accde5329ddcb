"""Time in a notebook: seconds, or wall time with a time zone; never one taken for the other.

Wall times without a zone are in the plant's. Inside, a wall time is seconds since 1970-01-01 UTC.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from constraints.plant import Plant
from setwise.errors import InputError, number

FloatArray = npt.NDArray[np.float64]
At = float | str | datetime
"""Seconds, or a wall time: text, ``datetime`` or ``pandas.Timestamp``."""

SECONDS_PER_HOUR = 3600.0
TIME = "time [s]"
"""Name of an index in seconds."""
SHORTEST_SHARE = 0.05
"""Rows that are closer together than this share of a cycle are in another unit of time."""
_OTHER_UNIT = re.compile(r"\b(min(ute)?s?|h|hrs?|hours?|ms|milliseconds?|d|days?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment: seconds, since 1970 UTC where ``wall``."""

    s: float
    wall: bool


def moment(at: At, plant: Plant) -> Moment:
    """Return the moment that ``at`` means. Raises InputError."""
    if isinstance(at, (str, datetime, np.datetime64)):
        return Moment(_stamp(at, plant.timezone).timestamp(), wall=True)
    return Moment(number(at, "a time that is no wall time such as '2026-03-02 08:00' is seconds, and"), wall=False)


def index_of(at_s: Sequence[float] | FloatArray, plant: Plant, *, wall: bool) -> pd.Index[Any]:
    """Return an index of these moments: in the plant's time zone where they are wall times, else in seconds."""
    if not wall:
        return pd.Index(np.asarray(at_s, dtype=np.float64), name=TIME)
    milliseconds = np.round(np.asarray(at_s, dtype=np.float64) * 1e3).astype(np.int64)
    stamps = pd.DatetimeIndex(pd.to_datetime(milliseconds, unit="ms", utc=True)).tz_convert(plant.timezone)
    return stamps.rename("time")


def seconds_of(index: pd.Index[Any], start: Moment, plant: Plant, what: str) -> FloatArray:
    """Return the moments of a table's index, in the seconds of ``start``. ``what`` is what errors call the table.

    A number is seconds after ``start``. Raises InputError for an index that does not rise, is in another unit of
    time, or is wall time where ``start`` is not.
    """
    at_s = _raw_seconds(index, start, plant, what)
    if not np.isfinite(at_s).all():
        raise InputError(f"{what}: row {int(np.argmin(np.isfinite(at_s)))} has no time")
    falls = np.flatnonzero(np.diff(at_s) <= 0.0)
    if len(falls):
        row = int(falls[0]) + 1
        raise InputError(
            f"{what}: time does not rise at row {row} ({index[row]} after {index[row - 1]}); sort the table"
        )
    if len(at_s) > 1 and float(np.diff(at_s).min()) < SHORTEST_SHARE * plant.cycle_s:
        closest = float(np.diff(at_s).min())
        raise InputError(
            f"{what}: rows {closest:g} s apart, the plant's cycle is {plant.cycle_s:g} s; is the index in minutes "
            "or hours? Give seconds, or pandas.to_timedelta(index, unit='min')"
        )
    return at_s


def hours_s(hours: float) -> float:
    """Return hours as seconds. Raises InputError unless they are a positive number."""
    if number(hours, "hours") <= 0.0:
        raise InputError(f"hours must be above 0, not {hours!r}")
    return float(hours) * SECONDS_PER_HOUR


def _raw_seconds(index: pd.Index[Any], start: Moment, plant: Plant, what: str) -> FloatArray:
    if isinstance(index, pd.DatetimeIndex):
        if not start.wall:
            raise InputError(f"{what} has wall times: then the start must be one too, e.g. start={str(index[0])!r}")
        gap = np.asarray(index.isna())
        times = [
            0.0 if nothing else _stamp(each, plant.timezone).timestamp()
            for each, nothing in zip(index, gap, strict=True)
        ]
        return np.where(gap, np.nan, np.array(times))
    if isinstance(index, pd.TimedeltaIndex):
        return start.s + index.total_seconds().to_numpy(dtype=np.float64)
    if pd.api.types.is_numeric_dtype(index.dtype) and not pd.api.types.is_bool_dtype(index.dtype):
        if _OTHER_UNIT.search(str(index.name)):
            raise InputError(
                f"{what}: the index is called {index.name!r}, and numbers are seconds here; "
                "convert it with pandas.to_timedelta(index, unit='min')"
            )
        return start.s + index.to_numpy(dtype=np.float64)
    raise InputError(f"{what}: the index is no time but {index.dtype}; use pandas.to_datetime or seconds")


def _stamp(at: str | datetime | np.datetime64, timezone: str) -> pd.Timestamp:
    """Return a wall time with its zone; the plant's where it names none."""
    try:
        stamp = pd.Timestamp(at)
    except ValueError as error:
        raise InputError(f"{str(at)!r} is no wall time in {timezone}: {error}") from error
    if pd.isna(stamp):
        raise InputError(f"{at!r} is no time")
    if stamp.tzinfo is not None:
        return stamp
    local = stamp.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT")
    if pd.isna(local):
        raise InputError(f"{str(at)!r} comes twice or never in {timezone}, where clocks change; add +01:00 or so")
    return local
