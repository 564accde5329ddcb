"""Is a cycle's input fit to think about? Plant trouble is an answer here, never an exception."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from constraints.plant import Plant
from controllers.types import Inputs
from safety.signals import MvStatus

MOVED = frozenset({MvStatus.ON, MvStatus.INIT, MvStatus.WDUP_HIGH, MvStatus.WDUP_LOW})
"""Service statuses in which an MV may be moved, if only one way."""


def complaint(inputs: Inputs, plant: Plant) -> str:
    """Return what is wrong with ``inputs``, first thing first; empty when they are fit."""
    return next(_complaints(inputs, plant), "")


def _complaints(inputs: Inputs, plant: Plant) -> Iterator[str]:
    if not math.isfinite(inputs.at_s):
        yield "the time is not a number"
    yield from _about_mvs(inputs, plant)
    yield from _about_measurements(inputs, plant)
    yield from _about_limits(inputs, plant)
    yield from _about_wishes(inputs, plant)
    yield from _about_forecasts(inputs, plant)


def _about_mvs(inputs: Inputs, plant: Plant) -> Iterator[str]:
    for name in plant.mvs:
        if name not in inputs.mv_status:
            yield f"{name} has no status"
        elif inputs.mv_status[name] in MOVED and not math.isfinite(inputs.u.get(name, math.nan)):
            yield f"{name}: its setpoint is not a number"
    for name in sorted(inputs.blocked_up | inputs.blocked_down):
        if name not in plant.mvs:
            yield f"{name} is blocked but is no MV"


def _about_measurements(inputs: Inputs, plant: Plant) -> Iterator[str]:
    for name in plant.cvs:
        if name not in inputs.cv_status:
            yield f"{name} has no status"
        if not _finite_or_none(inputs.y.get(name)):
            yield f"{name} is not a number"
    for name in plant.dvs:
        if not _finite_or_none(inputs.d.get(name)):
            yield f"{name} is not a number"


def _about_limits(inputs: Inputs, plant: Plant) -> Iterator[str]:
    for name in (*plant.mvs, *plant.cvs):
        if name not in inputs.limits:
            yield f"{name} has no limits"
            continue
        lo, hi = inputs.limits[name]
        if math.isnan(lo) or math.isnan(hi):
            yield f"{name}: a limit is not a number"
        elif lo > hi or lo == math.inf or hi == -math.inf:
            yield f"{name}: its limits cross ({lo:g} > {hi:g})"
        elif name in plant.mvs and not (math.isfinite(lo) and math.isfinite(hi)):
            yield f"{name}: an MV needs two finite limits"


def _about_wishes(inputs: Inputs, plant: Plant) -> Iterator[str]:
    for name, value in inputs.targets.items():
        if name not in plant.cvs or not math.isfinite(value):
            yield f"{name}: its target is not a number or it is no CV"
    for name, each in inputs.external.items():
        if name not in plant.cvs and name not in plant.mvs:
            yield f"{name} has an external target but is no MV or CV"
        elif not (math.isfinite(each.value) and math.isfinite(each.issued_at_s)) or math.isnan(each.age_s_max):
            yield f"{name}: its external target is not a number"
        elif each.rank < 1:
            yield f"{name}: its external target's rank is below 1"
    for name, value in inputs.money.items():
        if (name not in plant.cvs and name not in plant.mvs) or not math.isfinite(value):
            yield f"{name}: its worth is not a number or it is no MV or CV"


def _about_forecasts(inputs: Inputs, plant: Plant) -> Iterator[str]:
    for name, points in inputs.forecast.items():
        if name not in plant.dvs:
            yield f"{name} has a forecast but is no DV"
        elif not all(math.isfinite(ahead_s) and math.isfinite(value) for ahead_s, value in points):
            yield f"{name}: its forecast is not a number"
        elif any(later <= earlier for (earlier, _), (later, _) in itertools.pairwise(points)):
            yield f"{name}: its forecast does not go forward in time"


def _finite_or_none(value: float | None) -> bool:
    return value is None or math.isfinite(value)
