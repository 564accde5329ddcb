"""A plan as people read it: what changes, by weight; limits drawn before and after on one scale. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from constraints.plant import CvSpec, MvSpec, NestedLimits
from supervisor.changes.difference import Change
from supervisor.changes.making import Side, cvs_of, mvs_of
from supervisor.changes.plan import ChangePlan
from supervisor.changes.weight import Weight
from supervisor.web.gauge import Pointers, gauge
from supervisor.web.texts import Translate

MARKS: Final = {"added": "+", "changed": "~", "removed": "−"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One variable's limits."""

    name: str
    unit: str
    before: Markup
    after: Markup


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan, sorted by what it means."""

    safety: tuple[Change, ...]
    """What the gate judges by: two people sign."""
    others: tuple[Change, ...]
    drawn: tuple[Drawn, ...]


def plan_view(plan: ChangePlan, sides: tuple[Side, Side] | None, t: Translate) -> PlanView:
    """Return ``plan`` for the page; without drawings where its two sides are not known."""
    return PlanView(
        safety=tuple(each for each in plan.changes if each.weight is Weight.SAFETY),
        others=tuple(each for each in plan.changes if each.weight is not Weight.SAFETY),
        drawn=_drawn(plan, *sides, t) if sides is not None else (),
    )


def _drawn(plan: ChangePlan, now: Side, then: Side, t: Translate) -> tuple[Drawn, ...]:
    moved = dict.fromkeys(e.path[1] for e in plan.changes if e.path[0] in ("mvs", "cvs") and "limits" in e.path)
    old, new = _limited(now), _limited(then)
    return tuple(
        Drawn(name, new[name].unit, _gauge(before, after, name, t), _gauge(after, before, name, t))
        for name in moved
        if name in old and name in new
        for before, after in ((old[name].limits, new[name].limits),)
        if any(math.isfinite(side) for each in (before, after) for side in (*each.safety, *each.operator))
    )


def _limited(side: Side) -> dict[str, MvSpec | CvSpec]:
    plants = tuple(side.loaded.plants.values())
    return {**mvs_of(plants), **cvs_of(plants)}


def _gauge(limits: NestedLimits, beside: NestedLimits, name: str, t: Translate) -> Markup:
    lo, hi = limits.operator
    said = t("changes.gauge", name=name, lo=f"{lo:g}", hi=f"{hi:g}")
    return gauge(limits, limits.operator, Pointers(), said, beside)
