"""Which limits hold: the operator's range of the plant file, what persons and the schedule set, and how it takes hold.

A limit never jumps: it moves toward what was set at the MV's own move rate, or at the CV's ``limit_ramp``, so that a
change of a limit is never a step for the plant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from constraints.plant import CvSpec, MvSpec, Plant

Side = Literal["lo", "hi"]
Limits = tuple[float, float]
"""``(lo, hi)``; infinite where there is none."""


def wanted_limits(
    plant: Plant, operator: Mapping[tuple[str, Side], float], schedule: Mapping[tuple[str, Side], float]
) -> Mapping[str, Limits]:
    """Return the limits that are set for each MV and CV now.

    Where a person and the schedule both set a side, the narrower one holds. Nothing reaches outside the engineering
    limits. Where the sides would cross, the schedule gives way first, then the person: what remains is the plant file.
    """
    return {name: _of(name, spec, operator, schedule) for name, spec in _variables(plant).items()}


def operator_change(
    plant: Plant, operator: Mapping[tuple[str, Side], float], variable: str, side: Side, value: float
) -> str:
    """Return why a person may not set this limit (a code); empty where it may be set.

    ``unknown_variable``, ``not_a_number``, ``outside_engineering``, ``crosses``.
    """
    spec = _variables(plant).get(variable)
    if spec is None:
        return "unknown_variable"
    if not math.isfinite(value):
        return "not_a_number"
    lo, hi = spec.limits.engineering
    if not lo <= value <= hi:
        return "outside_engineering"
    other_side: Side = "hi" if side == "lo" else "lo"
    other = operator.get((variable, other_side), spec.limits.operator[0 if other_side == "lo" else 1])
    crosses = value >= other if side == "lo" else value <= other
    return "crosses" if crosses else ""


def ramped(
    plant: Plant, active: Mapping[str, Limits], wanted: Mapping[str, Limits], elapsed_s: float
) -> Mapping[str, Limits]:
    """Return ``active`` after it moved toward ``wanted`` for ``elapsed_s``; one that had none has them at once."""
    minutes = max(elapsed_s, 0.0) / 60.0
    found: dict[str, Limits] = {}
    for name, spec in _variables(plant).items():
        lo, hi = wanted[name]
        was_lo, was_hi = active.get(name, (lo, hi))
        up, down = _rates(spec)
        found[name] = (
            _toward(was_lo, lo, up * minutes, down * minutes),
            _toward(was_hi, hi, up * minutes, down * minutes),
        )
    return found


def _variables(plant: Plant) -> dict[str, MvSpec | CvSpec]:
    return {**plant.mvs, **plant.cvs}


def _of(
    name: str,
    spec: MvSpec | CvSpec,
    operator: Mapping[tuple[str, Side], float],
    schedule: Mapping[tuple[str, Side], float],
) -> Limits:
    for scheduled, changed in ((schedule, operator), ({}, operator)):
        lo = _side(spec, 0, max, (scheduled.get((name, "lo")), changed.get((name, "lo"))))
        hi = _side(spec, 1, min, (scheduled.get((name, "hi")), changed.get((name, "hi"))))
        if lo < hi:
            return lo, hi
    return spec.limits.operator


def _side(
    spec: MvSpec | CvSpec,
    index: int,
    narrower: Callable[[Iterable[float]], float],
    settings: tuple[float | None, float | None],
) -> float:
    given = [value for value in settings if value is not None and math.isfinite(value)]
    value = narrower(given) if given else spec.limits.operator[index]
    lo, hi = spec.limits.engineering
    return min(max(value, lo), hi)


def _rates(spec: MvSpec | CvSpec) -> tuple[float, float]:
    """Return how fast a limit may move up and down, per minute."""
    if isinstance(spec, MvSpec):
        return spec.move_up_per_min, spec.move_down_per_min
    return spec.limit_ramp_per_min, spec.limit_ramp_per_min


def _toward(was: float, wanted: float, up: float, down: float) -> float:
    if not (math.isfinite(was) and math.isfinite(wanted)):
        return wanted  # there is no way to ramp from or to nowhere
    return min(wanted, was + up) if wanted >= was else max(wanted, was - down)
