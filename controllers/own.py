"""The engineer's nonlinear constraints in one cycle: straightened where the plant is, and those that are only watched.

``g(x) <= 0`` becomes ``g(x0) + g'(x0) (x - x0) <= 0`` with ``x0`` the MVs and the estimate of the CVs now. A convex
``g`` is nowhere below its tangent, so what the tangent forbids is forbidden; and where the plant comes to rest, the
tangent is the constraint. What it costs to leave a tangent on a curve is told to the economics by the second
derivative, times what a unit of the constraint was worth in the last cycle, so that targets do not run to and fro along
it (sequential quadratic programming; Nocedal & Wright, Numerical Optimization, 2nd ed. 2006, chapter 18).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from constraints.curve import Curve, NotFiniteError, Tangent, tangent
from constraints.plant import Plant
from controllers.model import FloatArray
from controllers.rows import Layout, OwnRows


@dataclass(frozen=True, slots=True)
class Seen:
    """What the nonlinear constraints came to in one cycle."""

    rows: OwnRows | None
    """None where there are none."""
    at: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By row: the point at which it was straightened."""
    watched: Mapping[str, float] = field(default_factory=dict)
    """By constraint: how far beyond its limit it is now; negative = so much is left."""
    lost: tuple[str, ...] = ()
    """Rows that have no finite value or slope here and are not held in this cycle."""


class Own:
    """The nonlinear constraints of one plant."""

    def __init__(self, plant: Plant, layout: Layout) -> None:
        self._held = [each for each in plant.curves if each.use == "linearised"]
        self._watched = [each for each in plant.curves if each.use == "monitor"]
        place = {row.variable: i for i, row in enumerate(layout.rows) if row.kind == "row"}
        self._at = np.array([place[each.name] for each in self._held], dtype=np.intp)
        self._column = {name: i for i, name in enumerate(layout.mvs)}
        self._place = {name: i for i, name in enumerate(layout.cvs)}
        self._order = {name: i for i, name in enumerate((*layout.mvs, *layout.cvs))}

    def look(self, values: Mapping[str, float], y: FloatArray, worth: Sequence[float]) -> Seen:
        """Return the constraints at ``values`` (MVs, CVs and DVs; one that is not known is missing).

        ``y`` are the CVs again, in order; ``worth`` is what a unit of each held one was worth in the last cycle.
        """
        watched = {each.name: found.value for each in self._watched if (found := _tangent(each, values)) is not None}
        if not self._held:
            return Seen(None, watched=watched)
        of_mv = np.zeros((len(self._held), len(self._column)))
        of_cv = np.zeros((len(self._held), len(self._place)))
        hi = np.full(len(self._held), np.nan)
        bend = np.zeros((len(self._order), len(self._order)))
        at, lost = {}, []
        for k, curve in enumerate(self._held):
            found = _tangent(curve, values)
            if found is None:
                lost.append(curve.name)
                continue
            at[curve.name] = {name: values[name] for name in curve.variables}
            hi[k] = sum(slope * values[name] for name, slope in found.slope.items()) - found.value
            for name, slope in found.slope.items():
                if name in self._column:
                    of_mv[k, self._column[name]] = slope
                elif name in self._place:
                    of_cv[k, self._place[name]] = slope
                else:
                    hi[k] -= slope * values[name]  # a DV stays what it is
            if k < len(worth) and worth[k] > 0.0:
                self._add_bend(bend, found.bend, worth[k])
        return Seen(OwnRows(self._at, of_mv, of_cv, hi, bend, y), at, watched, tuple(lost))

    def _add_bend(self, total: FloatArray, bend: Mapping[tuple[str, str], float], worth: float) -> None:
        names = [name for name in dict.fromkeys(one for one, _ in bend) if name in self._order]
        if not names:
            return
        own = np.array([[bend.get((one, other), 0.0) for other in names] for one in names])
        sizes, across = np.linalg.eigh(own)
        places = [self._order[name] for name in names]
        total[np.ix_(places, places)] += worth * (across * np.maximum(sizes, 0.0)) @ across.T


def _tangent(curve: Curve, values: Mapping[str, float]) -> Tangent | None:
    if any(name not in values for name in curve.variables):
        return None
    try:
        return tangent(curve.above, values)
    except NotFiniteError:
        return None
