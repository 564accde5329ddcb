"""A table of what holds from when on: disturbances, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from constraints.plant import Plant
from setwise.errors import InputError
from setwise.moments import FloatArray, Moment, seconds_of


@dataclass(frozen=True, slots=True)
class Held:
    """Values by name, each holding from its row on until the next."""

    at_s: FloatArray
    """(rows,) rising."""
    values: Mapping[str, FloatArray]
    """By column: (rows,); NaN before the first value."""

    def at(self, now_s: float) -> dict[str, float]:
        """Return what holds at ``now_s``; a name that has no value yet is left out. Half a millisecond is rounding."""
        row = int(np.searchsorted(self.at_s, now_s + 5e-4, side="right")) - 1
        if row < 0:
            return {}
        return {name: float(column[row]) for name, column in self.values.items() if not np.isnan(column[row])}


NOTHING = Held(np.empty(0), {})


def held(frame: pd.DataFrame | None, start: Moment, end_s: float, plant: Plant, what: str) -> Held:
    """Return ``frame`` as values that hold. An empty cell keeps what was before. Raises InputError."""
    if frame is None:
        return NOTHING
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{what} must be a DataFrame with time as its index, not {type(frame).__name__}")
    if not frame.columns.is_unique:
        raise InputError(f"{what}: column {frame.columns[frame.columns.duplicated()][0]!r} is there twice")
    at_s = seconds_of(frame.index, start, plant, what)
    if len(at_s) > 1 and at_s[1] > end_s:
        raise InputError(
            f"{what}: the second row is {at_s[1] - start.s:g} s after the start, the end only {end_s - start.s:g} s; "
            "is the index in milliseconds? Numbers are seconds here"
        )
    return Held(at_s, {str(name): _column(frame[name], what) for name in frame.columns})


def _column(column: pd.Series[float], what: str) -> FloatArray:
    try:
        numbers = pd.to_numeric(column).astype("float64")
    except (ValueError, TypeError) as error:
        raise InputError(f"{what}: column {column.name!r} is no number everywhere: {error}") from error
    values: FloatArray = np.asarray(numbers.ffill(), dtype=np.float64)
    if np.isinf(values).any():
        raise InputError(f"{what}: column {column.name!r} is infinite at row {int(np.argmax(np.isinf(values)))}")
    return values
