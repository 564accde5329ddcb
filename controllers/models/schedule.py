"""Factors on gains that follow a measured tag: a table, bounded by its ends, and no faster than the engineer allows."""

from __future__ import annotations

import math

import numpy as np

from constraints.plant import Multiplier


def wanted(multiplier: Multiplier, value: float) -> float:
    """Return the factor that the table gives at ``value`` of its tag."""
    x, factor = zip(*multiplier.points, strict=True)
    return float(np.interp(value, x, factor))


def reference(multiplier: Multiplier) -> float:
    """Return the factor nearest to 1 that the table can give: what counts until the tag was first seen."""
    factors = [factor for _, factor in multiplier.points]
    return min(max(1.0, min(factors)), max(factors))


def followed(multiplier: Multiplier, before: float, value: float | None, elapsed_s: float) -> float:
    """Return the factor after ``elapsed_s``, on its way from ``before``; it stays where the tag is bad."""
    if value is None or not math.isfinite(value):
        return before
    most = multiplier.per_s_max * elapsed_s if elapsed_s > 0.0 else 0.0
    return min(max(wanted(multiplier, value), before - most), before + most)
