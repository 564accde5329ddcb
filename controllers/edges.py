"""The edge between engineering units and the transformed ones in which models are linear.

Measurement, limits and targets go in through the same function, so a limit holds inside exactly where it holds outside;
moves come back through its inverse and are held to the engineering limits and rates once more, to the last bit. Money
and concerns, which are per unit, go by the slope. A plant without transforms has no edge: everything passes as it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from constraints.plant import CvSpec, MvSpec, NestedLimits, Plant, Transform
from constraints.supplied import LabRule
from controllers.model import FloatArray, ModelError
from controllers.models.transforms import forward, inverse, secant, slope
from controllers.types import Binding, GiveUp, Inputs, Plan, PlanStatus

Curve = tuple[float, ...]


class Edges:
    """The transforms of one plant."""

    def __init__(self, plant: Plant) -> None:
        """Raises ModelError for a constraint or a function on a transformed variable, for they know no transforms."""
        self._outer = plant
        specs: tuple[MvSpec | CvSpec, ...] = (*plant.mvs.values(), *plant.cvs.values())
        self._of: dict[str, Transform] = {spec.name: spec.transform for spec in specs if spec.transform is not None}
        for row in plant.rows:
            for name in row.coefficients:
                if name in self._of:
                    raise ModelError(f"constraint {row.name} is on {name}, which is transformed")
        for curve in plant.curves:
            for name in curve.variables:
                if name in self._of:
                    raise ModelError(f"constraint {curve.name} is on {name}, which is transformed")
        for function in plant.functions.values():
            for name in (*function.mvs, *function.cvs):
                if name in self._of:
                    raise ModelError(f"function {function.name} is of {name}, which is transformed")
        self.plant = plant if not self._of else self._inner()

    # ------------------------------------------------------------------ the plant inside

    def _inner(self) -> Plant:
        return replace(
            self._outer,
            mvs={name: self._mv(spec) for name, spec in self._outer.mvs.items()},
            cvs={name: self._cv(spec) for name, spec in self._outer.cvs.items()},
        )

    def _mv(self, spec: MvSpec) -> MvSpec:
        of = self._of.get(spec.name)
        if of is None:
            return spec
        ideal = None if spec.ideal is None else forward(of, spec.ideal)
        return replace(spec, limits=_limits(of, spec.limits), ideal=ideal, cost=0.0)

    def _cv(self, spec: CvSpec) -> CvSpec:
        of = self._of.get(spec.name)
        if of is None:
            return spec
        lo, hi = spec.limits.operator
        steep = secant(of, lo, hi)
        return replace(
            spec,
            limits=_limits(of, spec.limits),
            target=None if spec.target is None else forward(of, spec.target),
            concern=spec.concern * steep,
            back_off_hi=forward(of, hi) - forward(of, hi - spec.back_off_hi) if math.isfinite(hi) else 0.0,
            back_off_lo=forward(of, lo + spec.back_off_lo) - forward(of, lo) if math.isfinite(lo) else 0.0,
            lab=None if spec.lab is None else _lab(of, spec.lab, steep),
        )

    # ------------------------------------------------------------------ in

    def inward(self, inputs: Inputs) -> Inputs:
        """Return ``inputs`` as the layers inside take them."""
        if not self._of:
            return inputs
        return replace(
            inputs,
            u=self._values(inputs.u),
            y={name: None if value is None else self._in(name, value) for name, value in inputs.y.items()},
            limits={name: (self._in(name, lo), self._in(name, hi)) for name, (lo, hi) in inputs.limits.items()},
            targets=self._values(inputs.targets),
            money=self._money(inputs),
            external={name: replace(each, value=self._in(name, each.value)) for name, each in inputs.external.items()},
            lab={name: (self._in(name, value), at_s) for name, (value, at_s) in inputs.lab.items()},
        )

    def moves(self, u: FloatArray, up: FloatArray, down: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the largest moves of a cycle from ``u`` (inner units) as seen inside; ``up`` and ``down`` are per MV
        in engineering units, both positive.
        """
        if not self._of:
            return up, down
        inner_up, inner_down = up.copy(), down.copy()
        for i, name in enumerate(self._outer.mvs):
            if name in self._of:
                of, at = self._of[name], float(u[i])
                outer = inverse(of, at)
                inner_up[i] = forward(of, outer + float(up[i])) - at if up[i] > 0.0 else 0.0
                inner_down[i] = at - forward(of, outer - float(down[i])) if down[i] > 0.0 else 0.0
        return np.maximum(inner_up, 0.0), np.maximum(inner_down, 0.0)

    def _in(self, name: str, value: float) -> float:
        of = self._of.get(name)
        return value if of is None or math.isnan(value) else forward(of, value)

    def _values(self, values: Mapping[str, float]) -> dict[str, float]:
        return {name: self._in(name, value) for name, value in values.items()}

    def _money(self, inputs: Inputs) -> dict[str, float]:
        """Return what each variable is worth per inner unit where the plant is now."""
        money = dict(inputs.money)
        for name, of in self._of.items():
            cost = self._outer.mvs[name].cost if name in self._outer.mvs else 0.0
            worth = money.get(name, 0.0) - cost
            if worth == 0.0:
                continue
            now = inputs.u.get(name) if name in self._outer.mvs else inputs.y.get(name)
            lo, hi = inputs.limits.get(name, (-math.inf, math.inf))
            steep = secant(of, lo, hi) if now is None or not math.isfinite(now) else slope(of, now)
            money[name] = worth / steep
        return money

    # ------------------------------------------------------------------ out

    def outward(self, plan: Plan, inputs: Inputs) -> Plan:
        """Return ``plan`` in engineering units; ``inputs`` are those from outside."""
        if not self._of:
            return plan
        out = replace(
            plan,
            moves={name: self._move(name, value, inputs) for name, value in plan.moves.items()},
            u_ss={name: self._held(name, value, inputs) for name, value in plan.u_ss.items()},
            y_ss=self._back(plan.y_ss),
            y_now=self._back(plan.y_now),
            bias=self._back(plan.bias),
            prediction=self._curves(plan.prediction),
            u_plan=self._curves(plan.u_plan),
            binding=tuple(self._binding(each, inputs) for each in plan.binding),
            give_ups=tuple(self._give_up(each, inputs) for each in plan.give_ups),
        )
        if plan.status is PlanStatus.OK and "money" in plan.objective:
            out = replace(out, objective={**plan.objective, "money": self._earned(out, inputs)})
        return out

    def _out(self, name: str, value: float) -> float:
        of = self._of.get(name)
        return value if of is None else inverse(of, value)

    def _back(self, values: Mapping[str, float]) -> dict[str, float]:
        return {name: self._out(name, value) for name, value in values.items()}

    def _curves(self, curves: Mapping[str, Curve]) -> dict[str, Curve]:
        return {name: tuple(self._out(name, value) for value in curve) for name, curve in curves.items()}

    def _held(self, name: str, value: float, inputs: Inputs) -> float:
        """Return a target of an MV, inside its limits or where it stands."""
        if name not in self._of:
            return value
        lo, hi = inputs.limits[name]
        now = inputs.u.get(name, math.nan)
        outer = self._out(name, value)
        return min(max(outer, min(lo, now)), max(hi, now))

    def _move(self, name: str, value: float, inputs: Inputs) -> float:
        """Return the next setpoint, within the rate and on the right side of the limits to the last bit."""
        if name not in self._of:
            return value
        spec, now = self._outer.mvs[name], inputs.u[name]
        minutes = self._outer.cycle_s / 60.0
        found = self._held(name, value, inputs)
        return min(max(found, now - spec.move_down_per_min * minutes), now + spec.move_up_per_min * minutes)

    def _binding(self, binding: Binding, inputs: Inputs) -> Binding:
        _, name, side = _parsed(binding.name)
        if name not in self._of:
            return binding
        limit = self._out(name, binding.limit) if side == "target" else inputs.limits[name][0 if side == "lo" else 1]
        return replace(binding, limit=limit, worth=binding.worth * slope(self._of[name], limit))

    def _give_up(self, give_up: GiveUp, inputs: Inputs) -> GiveUp:
        _, name, side = _parsed(give_up.name)
        if name not in self._of:
            return give_up
        of = self._of[name]
        if side in ("lo", "hi"):
            limit, away = inputs.limits[name][0 if side == "lo" else 1], -1.0 if side == "lo" else 1.0
            reached = inverse(of, forward(of, limit) + away * give_up.amount)
            return replace(give_up, amount=abs(reached - limit))
        at = inputs.targets.get(name, inputs.y.get(name))
        steep = slope(of, at) if at is not None else secant(of, *inputs.limits[name])
        return replace(give_up, amount=give_up.amount / steep)

    def _earned(self, out: Plan, inputs: Inputs) -> float:
        """Return currency per hour at the targets, at the prices as they are outside."""
        through = sum(inputs.money.get(name, 0.0) * value for name, value in out.y_ss.items())
        own = sum(
            (inputs.money.get(name, 0.0) - self._outer.mvs[name].cost) * value for name, value in out.u_ss.items()
        )
        return through + own


def _parsed(name: str) -> tuple[str, str, str]:
    """Return kind, variable and side of ``cv.moist.hi``; a custom row has neither."""
    kind, _, rest = name.partition(".")
    variable, _, side = rest.rpartition(".")
    return kind, variable if kind in ("cv", "mv") else "", side


def _limits(of: Transform, limits: NestedLimits) -> NestedLimits:
    safety, engineering, operator = (
        (forward(of, lo), forward(of, hi)) for lo, hi in (limits.safety, limits.engineering, limits.operator)
    )
    return NestedLimits(safety=safety, engineering=engineering, operator=operator)


def _lab(of: Transform, rule: LabRule, steep: float) -> LabRule:
    lo, hi = forward(of, rule.lo), forward(of, rule.hi)
    return replace(
        rule,
        lo=lo,
        hi=hi,
        difference_max=rule.difference_max * steep,
        sdev=rule.sdev * steep,
        steady_sdev=rule.steady_sdev * steep,
    )
