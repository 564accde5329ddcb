"""The steady state of the plant file's model, and what it costs: the task of modifier adaptation.

The outputs that are corrected are the cost, currency per hour, and each limit of a CV that the adapted MVs move. What
was observed is kept as CVs, not as cost: prices and limits may change and old steady states keep their worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from constraints.adaptation import AdaptationSpec
from constraints.plant import Plant
from controllers.adapt.kept import Seen, Sizes
from controllers.adapt.words import FloatArray, Observation, Task
from controllers.model import IntArray, Model

EXACT = 1e-3
"""No cost is known better than this share of what is worth a move."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What one cycle asks of the steady state."""

    own: FloatArray
    """(MVs,) currency per hour and unit."""
    price: FloatArray
    """(CVs,) the same."""
    given: FloatArray
    """(constraints,) value of each limit."""
    limits: FloatArray
    """The same with its back-off taken off."""

    def money(self) -> FloatArray:
        """Return the prices."""
        return np.concatenate((self.own, self.price))


class Economics:
    """The task of one plant; MVs, held inputs and CVs in its order."""

    def __init__(self, plant: Plant, model: Model, spec: AdaptationSpec) -> None:
        self._spec, self._model = spec, model
        self.mvs = tuple(name for name in plant.mvs if name in spec.mvs)
        named = {*spec.priced, *(name for name, _ in spec.limited)}
        self.cvs = tuple(name for name in plant.cvs if name in named)
        self.columns: IntArray = np.array([model.inputs.index(name) for name in self.mvs], dtype=np.intp)
        self.rows: IntArray = np.array([model.cvs.index(name) for name in self.cvs], dtype=np.intp)
        others = [name for name in plant.mvs if name not in spec.mvs and self._acts(name)]
        self.held = (*others, *(name for name in plant.dvs if name in spec.dv_width))
        self.held_columns: IntArray = np.array([model.inputs.index(name) for name in self.held], dtype=np.intp)
        ranges = np.array([plant.mvs[name].limits.operator for name in self.mvs])
        self.lo, self.hi = ranges[:, 0], ranges[:, 1]
        widths = {name: plant.mvs[name].limits.operator[1] - plant.mvs[name].limits.operator[0] for name in others}
        self.width = np.array([spec.dv_width.get(name, widths.get(name, 1.0)) for name in self.held])
        self.of = np.array([self.cvs.index(name) for name, _ in spec.limited], dtype=np.intp)
        """(constraints,) its CV."""
        self.side = np.array([1.0 if side == "hi" else -1.0 for _, side in spec.limited])
        self.sizes = Sizes(len(self.mvs), len(self.held), len(self.cvs), 1 + len(self.of))
        mvs, cvs = [plant.mvs[name] for name in self.mvs], [plant.cvs[name] for name in self.cvs]
        self._cost = np.array([each.cost for each in mvs])
        self._bend_u = np.array([each.cost_quadratic for each in mvs])
        self._ideal_u = np.array([0.0 if each.ideal is None else each.ideal for each in mvs])
        self._bend_y = np.array([each.cost_quadratic for each in cvs])
        self._ideal_y = np.array([0.0 if each.ideal is None else each.ideal for each in cvs])
        self._sides = [(name, 1 if side == "hi" else 0) for name, side in spec.limited]
        specs = [plant.cvs[name] for name, _ in self._sides]
        self._given = np.array([plant.cvs[name].limits.operator[side] for name, side in self._sides])
        self._back_off = np.array(
            [each.back_off_hi if side else each.back_off_lo for each, (_, side) in zip(specs, self._sides, strict=True)]
        )
        self._fixed = np.zeros((len(self.cvs), len(self.mvs)))
        """(CVs, MVs) gain at the reference; NaN where an engineer's function gives it."""
        self._fixed[:] = model.gains()[0][np.ix_(self.rows, self.columns)]
        for function in model.functions:
            for row in function.rows.tolist():
                for column in function.columns.tolist():
                    if row in self.rows and column in self.columns:
                        self._fixed[self.rows.tolist().index(row), self.columns.tolist().index(column)] = np.nan

    def _acts(self, name: str) -> bool:
        column = self._model.inputs.index(name)
        return bool(np.isin(self._model.cv[self._model.source == column], self.rows).any())

    def worth(self, money: Mapping[str, float], limits: Mapping[str, tuple[float, float]]) -> Worth:
        """Return what this cycle's prices and limits ask."""
        own = np.array([money.get(name, 0.0) for name in self.mvs]) - self._cost
        price = np.array([money.get(name, 0.0) for name in self.cvs])
        now = np.array([limits[name][side] for name, side in self._sides])
        held = np.where(np.isfinite(now), now, self._given)
        return Worth(own, price, held, held - self.side * self._back_off)

    def steady(self, factor: FloatArray, origin: FloatArray, u: FloatArray, d: FloatArray) -> FloatArray:
        """Return the model's CVs at steady state, but for a constant; ``factor``: this cycle's, ``origin``: inputs
        that stand in where nothing else is said. Raises FunctionError.
        """
        point = origin.copy()
        point[self.columns], point[self.held_columns] = u, d
        y: FloatArray = self._model.gains_at(self._model.without_functions(factor))[0] @ point
        for function in self._model.functions:
            y[function.rows] += function.value(point[function.columns])
        return y[self.rows]

    def outputs(self, worth: Worth, u: FloatArray, y: FloatArray) -> FloatArray:
        """Return cost and constraints of inputs and CVs."""
        cost = -float(worth.own @ u + worth.price @ y)
        cost += 0.5 * float(self._bend_u @ (u - self._ideal_u) ** 2 + self._bend_y @ (y - self._ideal_y) ** 2)
        return np.concatenate(([cost], self.side * (y[self.of] - worth.limits)))

    def observation(self, worth: Worth, seen: Seen) -> Observation:
        """Return a steady state as it is worth now."""
        steep = -worth.price + self._bend_y * (seen.y - self._ideal_y)
        cost_std = float(np.linalg.norm(steep * seen.std))
        noise = np.concatenate(([max(cost_std, EXACT * self._spec.accuracy)], seen.std[self.of]))
        return Observation(seen.u, seen.d, self.outputs(worth, seen.u, seen.y), noise)

    def task(self, worth: Worth, factor: FloatArray, origin: FloatArray, anchor: Seen) -> Task:
        """Return the task of this cycle: the model, shifted so that it agrees with ``anchor``. Raises FunctionError."""
        spec = self._spec
        shift = anchor.y - self.steady(factor, origin, anchor.u, anchor.d)

        def model(u: FloatArray, d: FloatArray) -> FloatArray:
            return self.outputs(worth, u, shift + self.steady(factor, origin, u, d))

        slope_lo, slope_hi = self._known(worth)
        return Task(
            model=model,
            lo=self.lo,
            hi=self.hi,
            constraints=len(self.of),
            disturbance_span=self.width,
            accuracy=spec.accuracy,
            step_max=spec.step_max,
            step_min=spec.step_min,
            doubt=spec.model_error,
            follow=spec.filter,
            bound=spec.gradient_max / spec.model_error,
            slope_lo=slope_lo,
            slope_hi=slope_hi,
            safety=spec.back_off,
            caution=spec.caution,
            keep=spec.remember,
        )

    def gain_range(self, gain: FloatArray) -> FloatArray:
        """Return ``gain`` (CVs, MVs) within ``gain_factor`` times the fixed ones; those of functions as they are."""
        lo, hi = self._factored()
        return np.clip(gain, lo, hi)

    def _factored(self) -> tuple[FloatArray, FloatArray]:
        ends = np.array([factor * self._fixed for factor in self._spec.gain_factor])
        varies = np.isnan(self._fixed)
        return np.where(varies, -np.inf, ends.min(axis=0)), np.where(varies, np.inf, ends.max(axis=0))

    def _known(self, worth: Worth) -> tuple[FloatArray, FloatArray]:
        """Return how far each slope may be off for what ``gain_factor`` allows, (outputs, MVs) per span."""
        lo, hi = self._factored()
        fixed = np.where(np.isnan(self._fixed), 0.0, self._fixed)
        below, above = lo - fixed, hi - fixed
        steep = -worth.price[:, None]
        # an unpriced CV is worth nothing however unknown it is; a quadratic cost turns with its CV: gradient_max alone
        ends = np.array([np.where(steep == 0.0, 0.0, steep * end) for end in (below, above)])
        cost_lo, cost_hi = ends.min(axis=0).sum(axis=0), ends.max(axis=0).sum(axis=0)
        if self._bend_y.any():
            cost_lo, cost_hi = np.full_like(cost_lo, -np.inf), np.full_like(cost_hi, np.inf)
        sides = np.array([self.side[:, None] * end[self.of] for end in (below, above)])
        span = self.hi - self.lo
        return (
            np.vstack((cost_lo, sides.min(axis=0))) * span,
            np.vstack((cost_hi, sides.max(axis=0))) * span,
        )
