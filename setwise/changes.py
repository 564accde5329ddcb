"""What a person changes: limits, targets, prices; checked as the supervisor checks an operator's entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from constraints.limits import operator_change
from constraints.plant import Plant
from setwise.errors import InputError, number, unknown
from supervisor.sentences import reason

Side = Literal["lo", "hi"]
Limits = Mapping[str, tuple[float | None, float | None]]
"""``(lo, hi)`` by MV or CV, in its unit; None leaves a side as it is."""
SIDES: tuple[Side, Side] = ("lo", "hi")


def limits_set(
    plant: Plant, operator: Mapping[tuple[str, Side], float], limits: Limits
) -> Mapping[tuple[str, Side], float]:
    """Return the operator limits after these changes. Raises InputError where the supervisor would refuse one."""
    given = dict(_sides(plant, limits))
    after = {**operator, **given}
    for (name, side), value in given.items():
        why = operator_change(plant, after, name, side, value)
        if why:
            spec = plant.mvs[name] if name in plant.mvs else plant.cvs[name]
            lo, hi = spec.limits.engineering
            raise InputError(
                f"{name}.{side} = {value:g} {spec.unit}: {reason(why)} "
                f"(engineering limits {lo:g} to {hi:g} {spec.unit})"
            )
    return after


def by_column(columns: Mapping[str, float], plant: Plant) -> Limits:
    """Return limits from names such as ``P_fan.hi``. Raises InputError."""
    found: dict[str, tuple[float | None, float | None]] = {}
    for column, value in columns.items():
        name, _, side = column.rpartition(".")
        if side not in SIDES or not (name in plant.mvs or name in plant.cvs):
            raise unknown(column, "limit", [f"{each}.{side}" for each in (*plant.mvs, *plant.cvs) for side in SIDES])
        lo, hi = found.get(name, (None, None))
        found[name] = (value, hi) if side == "lo" else (lo, value)
    return found


def targets_set(plant: Plant, targets: Mapping[str, float]) -> dict[str, float]:
    """Return CV targets, checked. Raises InputError."""
    with_target = [name for name, cv in plant.cvs.items() if cv.target is not None]
    for name, value in targets.items():
        if name not in with_target:
            raise unknown(name, "CV with a target", with_target)
        number(value, f"target of {name}")
    return dict(targets)


def prices_set(plant: Plant, prices: Mapping[str, float]) -> dict[str, float]:
    """Return prices by tariff, checked. Raises InputError."""
    for name, value in prices.items():
        if name not in plant.tariffs:
            raise unknown(name, "tariff", plant.tariffs)
        number(value, f"price of {name}")
    return dict(prices)


def usual_prices(plant: Plant) -> dict[str, float]:
    """Return the price of each tariff where no wall time says more: that of its last version's band for the rest of the
    week, the one that holds when no other does.
    """
    return {name: versions[-1].bands[-1].price for name, versions in plant.tariffs.items()}


def _sides(plant: Plant, limits: Limits) -> Iterator[tuple[tuple[str, Side], float]]:
    for name, pair in limits.items():
        if name not in plant.mvs and name not in plant.cvs:
            raise unknown(name, "MV or CV", (*plant.mvs, *plant.cvs))
        if len(pair) != len(SIDES):
            raise InputError(f"limits of {name} must be (lo, hi), None where a side stays as it is, not {pair!r}")
        for side, value in zip(SIDES, pair, strict=True):
            if value is not None:
                yield (name, side), number(value, f"{name}.{side}")
