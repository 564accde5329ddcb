"""Key figures of a run, as an APC engineer asks for them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from constraints.plant import Plant

AT_LIMIT_SHARE = 1e-3
"""An MV this near to its limit, in operator spans, is at it."""
COLUMNS = ("kind", "unit", "mean", "std", "within", "worst", "at_limit", "travel", "moves")


def kpis_of(plant: Plant, frame: pd.DataFrame) -> pd.DataFrame:
    """Return key figures of a run's ``frame``, one row a variable and one for the earnings.

    Columns: kind, unit; mean and std as measured; within: percent of the time inside the limits in force; worst: how
    far outside at most, in its unit; at_limit: percent of the time an MV stood at a limit; travel: an MV's movement
    in operator spans; moves: how often it moved.
    """
    rows = {name: _mv(plant, frame, name) for name in plant.mvs}
    rows |= {name: _cv(plant, frame, name) for name in plant.cvs}
    earned = frame["earnings"]
    rows["earnings"] = {
        "kind": "money",
        "unit": f"{plant.currency}/h",
        "mean": earned.mean(),
        "std": earned.std(ddof=0),
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS)).rename_axis("variable")


def _mv(plant: Plant, frame: pd.DataFrame, name: str) -> dict[str, str | float]:
    spec, u = plant.mvs[name], frame[name].to_numpy(dtype=np.float64)
    lo, hi = spec.limits.operator
    span = hi - lo if math.isfinite(hi - lo) else 1.0
    moved = np.abs(np.diff(u))
    near = np.minimum(np.abs(u - frame[f"{name}.lo"]), np.abs(u - frame[f"{name}.hi"])) <= AT_LIMIT_SHARE * span
    return {
        "kind": "MV",
        "unit": spec.unit,
        **_common(frame, name),
        "at_limit": 100.0 * float(near.mean()),
        "travel": float(moved.sum()) / span,
        "moves": int((moved > 0.0).sum()),
    }


def _cv(plant: Plant, frame: pd.DataFrame, name: str) -> dict[str, str | float]:
    return {"kind": "CV", "unit": plant.cvs[name].unit, **_common(frame, name)}


def _common(frame: pd.DataFrame, name: str) -> dict[str, float]:
    values = frame[name]
    seen = values.notna()
    y, lo, hi = (frame[each].to_numpy(dtype=np.float64) for each in (name, f"{name}.lo", f"{name}.hi"))
    outside = np.maximum(np.maximum(y - hi, lo - y), 0.0)[seen.to_numpy()]
    return {
        "mean": float(values.mean()),
        "std": float(values.std(ddof=0)),
        "within": 100.0 * float((outside <= 0.0).mean()) if seen.any() else math.nan,
        "worst": float(outside.max()) if seen.any() else math.nan,
    }
