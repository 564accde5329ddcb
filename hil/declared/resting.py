"""Where a plant rests before anything happens: the middle of the operator's limits, and no interlock tripped.

Tags that no model drives stand in the middle of their instrument's range, unless that trips an interlock: then in the
middle of where it does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from constraints.plant import CvSpec, MvSpec, Plant
from hil.declared.settings import Wishes, WishesError
from safety.expressions import Expression, History, evaluate

_PLACES = 51
"""So many places in an instrument's range are tried."""


@dataclass(frozen=True, slots=True)
class Resting:
    """The plant at rest."""

    values: Mapping[str, float]
    """By MV and by tag, in their units."""
    tripped: tuple[str, ...]
    """Interlocks that are tripped all the same."""


def resting(plant: Plant, wishes: Wishes) -> Resting:
    """Return where ``plant`` rests. What ``wishes`` say holds, whatever it trips."""
    values = {name: _in_range(plant, name, 0.5) for name in plant.tags}
    values |= {name: _middle(plant, cv) for name, cv in plant.cvs.items()}
    values |= {name: _middle(plant, mv) for name, mv in plant.mvs.items()}
    values |= wishes.start
    values |= {mv.readback: values[name] for name, mv in plant.mvs.items()}
    values |= wishes.start
    bound = driven(plant) | wishes.start.keys() | wishes.tags.keys() | {each.name for each in plant.derived}
    for interlock in plant.interlocks:
        for tag in sorted(interlock.when.names - bound):
            if not tripped(plant, calculated(values, wishes.tags), {interlock.name}):
                break
            values = _moved(plant, wishes, values, tag)
    values = calculated(values, wishes.tags)
    return Resting(values, tripped(plant, values))


def measured_only(plant: Plant) -> Plant:
    """Return ``plant`` with the tags that devices give; the supervisor itself works out the others.

    Raises WishesError where a model drives a tag that is worked out: what it says and what the others come to would not
    agree.
    """
    for each in plant.derived:
        if each.name in driven(plant):
            raise WishesError(
                f"{each.name} is worked out of other tags, and a model or loop drives it: the bench cannot bring both "
                "about; model the tags that it is made of"
            )
    return replace(plant, tags={name: spec for name, spec in plant.tags.items() if spec.point is not None})


def driven(plant: Plant) -> set[str]:
    """Return the tags that a model, a loop or the world moves."""
    return {*plant.cvs, *plant.dvs, *(mv.readback for mv in plant.mvs.values())}


def calculated(values: Mapping[str, float], tags: Mapping[str, Expression]) -> dict[str, float]:
    """Return ``values`` with the calculated tags worked out anew; one that cannot be stays as it is."""
    found = dict(values)
    for name, expression in tags.items():
        value = evaluate(expression, values, History())
        if value is not None:
            found[name] = float(value)
    return found


def tripped(plant: Plant, values: Mapping[str, float], among: set[str] | None = None) -> tuple[str, ...]:
    """Return the interlocks whose condition is true of ``values``; those about the past are not judged."""
    return tuple(
        each.name
        for each in plant.interlocks
        if (among is None or each.name in among) and evaluate(each.when, values, History()) is True
    )


def _moved(plant: Plant, wishes: Wishes, values: Mapping[str, float], tag: str) -> dict[str, float]:
    """Return ``values`` with ``tag`` where no interlock that speaks of it is tripped; unchanged where there is none."""
    concerned = {each.name for each in plant.interlocks if tag in each.when.names}
    tried = [{**values, tag: _in_range(plant, tag, number / (_PLACES - 1))} for number in range(_PLACES)]
    good = [each for each in tried if not tripped(plant, calculated(each, wishes.tags), concerned)]
    return good[len(good) // 2] if good else dict(values)


def _in_range(plant: Plant, tag: str, share: float) -> float:
    rule = plant.validity[tag]
    if not math.isfinite(rule.lo + rule.hi):
        return min(max(0.0, rule.lo), rule.hi)
    return rule.lo + share * (rule.hi - rule.lo)


def _middle(plant: Plant, spec: MvSpec | CvSpec) -> float:
    """Return the target, the middle of the operator's limits, or what a single limit and the instrument leave."""
    if isinstance(spec, CvSpec) and spec.target is not None:
        return spec.target
    lo, hi = spec.limits.operator
    if isinstance(spec, CvSpec):
        rule = plant.validity[spec.name]
        lo, hi = (lo if math.isfinite(lo) else rule.lo), (hi if math.isfinite(hi) else rule.hi)
        if math.isinf(lo) and math.isfinite(hi):
            return hi - spec.concern
        if math.isinf(hi) and math.isfinite(lo):
            return lo + spec.concern
    return (lo + hi) / 2.0 if math.isfinite(lo + hi) else 0.0
