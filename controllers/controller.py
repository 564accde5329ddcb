"""One cycle of thought: estimate, steady-state targets, moves, explanation.

Built once per plant in the worker process; ``step`` is a pure function of its arguments, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from constraints.plant import Plant
from controllers.adapt.corrected import adaptation_of, corrected, told
from controllers.calls import with_calls
from controllers.check import MOVED, complaint
from controllers.decision import Findings, MvState, decided
from controllers.edges import Edges
from controllers.estimate import Estimate, Estimator
from controllers.memory import Memory
from controllers.model import FloatArray, Model
from controllers.models.function import FunctionError
from controllers.moves import Gains, Moves, Present, Warm
from controllers.own import Own, Seen
from controllers.preview import Outlook, changes
from controllers.rows import Layout, Room, SteadyState, fresh, layout, room
from controllers.rowsahead import RowsNow
from controllers.solver import SolverError
from controllers.targets import SteadyTargets, Targets
from controllers.types import Inputs, Plan, PlanStatus
from safety.signals import CvStatus, MvStatus

RATE_MARGIN = 1e-9
"""Share of the largest move that is left unused, so that rounding never makes it look too fast."""


class Controller:
    """The controller of one plant."""

    def __init__(self, plant: Plant) -> None:
        """Compile every problem of ``plant``.

        Raises ModelError for a model that no causal, stable plant can have, FunctionError for an engineer's function
        that gives no answer where it is declared.
        """
        self._edges = Edges(with_calls(plant))
        plant = self._edges.plant
        self._plant = plant
        self._model = Model.of(plant)
        self._layout: Layout = layout(plant, self._model)
        self._estimator = Estimator(plant, self._model)
        self._targets = Targets(self._layout, plant)
        self._adaptation = adaptation_of(plant, self._model)
        self._moves = Moves(self._layout, self._model, plant)
        self._own = Own(plant, self._layout)

    def fresh(self) -> Memory:
        """Return the memory of a controller that has never run: its first cycle adopts the plant as found."""
        return Memory()

    def step(self, inputs: Inputs, memory: Memory) -> tuple[Plan, Memory]:
        """Return the plan for ``inputs`` and the memory for the next cycle. Plant and solver trouble is a status."""
        wrong = complaint(inputs, self._plant)
        if wrong:
            return Plan(cycle=inputs.cycle, status=PlanStatus.BAD_INPUT, why=wrong), memory
        try:
            plan, memory = self._step(self._edges.inward(inputs), memory)
        except FunctionError as error:
            return Plan(cycle=inputs.cycle, status=PlanStatus.BAD_INPUT, why=str(error)), memory
        return self._edges.outward(plan, inputs), memory

    def _step(self, inputs: Inputs, memory: Memory) -> tuple[Plan, Memory]:
        before = self._estimator.restored(memory)
        u = self._setpoints(inputs, before)
        if u is None:
            return Plan(cycle=inputs.cycle, status=PlanStatus.BAD_INPUT, why="a setpoint was never known"), memory
        estimate = self._estimate(inputs, before, u)
        memory = estimate.stored(memory)
        inputs_now, horizon_s = estimate.inputs(), float(self._moves.report_s[-1])
        coming = changes(inputs.forecast, self._model, inputs_now, horizon_s)
        outlook = Outlook(self._estimator, self._model, estimate, coming)
        seen = self._own.look(self._values(outlook, u), outlook.present(), memory.curve_worth)
        watched = self._watched(inputs, outlook, seen)
        if not inputs.optimise:
            return replace(watched, status=PlanStatus.ESTIMATE_ONLY), _forgotten(memory)
        mvs = self._mvs(inputs, u)
        if not any(mvs.movable):
            return replace(watched, status=PlanStatus.NO_MV), _forgotten(memory)
        return self._optimise(inputs, memory, (outlook, seen), watched, mvs)

    # ------------------------------------------------------------------ estimate

    def _setpoints(self, inputs: Inputs, before: Estimate | None) -> FloatArray | None:
        """Return the actual setpoints; where one is unreadable (out of service), the last one known."""
        u = np.array([inputs.u.get(name, np.nan) for name in self._plant.mvs])
        unknown = ~np.isfinite(u)
        if unknown.any():
            if before is None:
                return None
            u[unknown] = before.inputs()[: len(u)][unknown]
        return u

    def _estimate(self, inputs: Inputs, before: Estimate | None, u: FloatArray) -> Estimate:
        d = [inputs.d.get(name) for name in self._plant.dvs]
        y = [inputs.y.get(name) for name in self._plant.cvs]
        if before is None or not self._estimator.usable(before, inputs.at_s):
            found = self._estimator.start(inputs.at_s, u.tolist(), d, y, scheduling=inputs.scheduling)
            return replace(found, lab=dict.fromkeys(inputs.lab, "before_start"))
        new = [inputs.y_new.get(name, True) for name in self._plant.cvs]
        return self._estimator.update(
            before, inputs.at_s, u.tolist(), d, y, new, scheduling=inputs.scheduling, lab=inputs.lab
        )

    def _values(self, outlook: Outlook, u: FloatArray) -> dict[str, float]:
        """Return every MV, CV and DV as it is now; a CV that was never measured is missing."""
        count, d = len(self._layout.cvs), outlook.estimate.inputs()[len(u) :]
        y, seen = outlook.present(), outlook.estimate.seen > 0.0
        values = dict(zip(self._layout.mvs, u.tolist(), strict=True))
        values |= {name: float(y[c]) for c, name in enumerate(self._layout.cvs) if seen[c]}
        return values | {name: float(d[k]) for k, name in enumerate(self._layout.dvs) if seen[count + k]}

    def _watched(self, inputs: Inputs, outlook: Outlook, own: Seen) -> Plan:
        free, estimate = outlook.predict(self._moves.report_s), outlook.estimate
        cvs = self._layout.cvs
        seen = estimate.seen[: len(cvs)] > 0.0
        return Plan(
            cycle=inputs.cycle,
            status=PlanStatus.ESTIMATE_ONLY,
            y_now={name: float(free[0, c]) for c, name in enumerate(cvs) if seen[c]},
            bias={name: float(estimate.bias[c]) for c, name in enumerate(cvs) if seen[c]},
            prediction={name: tuple(free[:, c].tolist()) for c, name in enumerate(cvs) if seen[c]},
            prediction_at_s=tuple(self._moves.report_s.tolist()),
            lab=dict(estimate.lab),
            linearised_at=own.at,
            watched=own.watched,
            ignored=tuple(f"row_not_finite:{name}" for name in own.lost),
        )

    # ------------------------------------------------------------------ what may move

    def _mvs(self, inputs: Inputs, u: FloatArray) -> MvState:
        movable, locked_up, locked_down = [], [], []
        for name in self._plant.mvs:
            status = inputs.mv_status[name]
            movable.append(status in MOVED)
            up = "windup_hi" if status is MvStatus.WDUP_HIGH else ""
            down = "windup_lo" if status is MvStatus.WDUP_LOW else ""
            locked_up.append(up or ("blocked_up" if name in inputs.blocked_up else ""))
            locked_down.append(down or ("blocked_down" if name in inputs.blocked_down else ""))
        per_cycle = self._plant.cycle_s / 60.0 * (1.0 - RATE_MARGIN)
        free_up = np.array([m and not lock for m, lock in zip(movable, locked_up, strict=True)])
        free_down = np.array([m and not lock for m, lock in zip(movable, locked_down, strict=True)])
        specs = tuple(self._plant.mvs.values())
        limits = np.array([inputs.limits[name] for name in self._plant.mvs])
        most_up, most_down = self._edges.moves(
            u,
            np.where(free_up, np.array([spec.move_up_per_min for spec in specs]) * per_cycle, 0.0),
            np.where(free_down, np.array([spec.move_down_per_min for spec in specs]) * per_cycle, 0.0),
        )
        return MvState(
            tuple(movable),
            tuple(locked_up),
            tuple(locked_down),
            u,
            limits[:, 0],
            limits[:, 1],
            most_up,
            most_down,
        )

    # ------------------------------------------------------------------ targets and moves

    def _optimise(
        self, inputs: Inputs, memory: Memory, sight: tuple[Outlook, Seen], watched: Plan, mvs: MvState
    ) -> tuple[Plan, Memory]:
        outlook, seen = sight
        y_now = outlook.present()
        state = replace(self._steady(inputs, outlook, y_now, mvs), own=seen.rows)
        state, adapted, memory = corrected(self._adaptation, inputs, outlook.estimate, state, self._layout, memory)
        rooms = room(self._layout, state)
        last = np.array(memory.targets) if len(memory.targets) == len(mvs.u) else None
        try:
            targets = self._targets.solve(state, rooms, last, memory.targets_active)
            present = self._present(inputs, outlook, y_now, mvs, state, targets)
            plan = self._moves.solve(present, _warm(memory))
        except SolverError as error:
            failed = replace(watched, status=PlanStatus.SOLVER_FAILED, why=str(error), solves=error.tried)
            cold = replace(memory, moves_x=(), moves_y=(), moves_rho=())
            return failed, cold
        memory = replace(
            memory,
            targets=tuple(targets.u.tolist()),
            targets_active=targets.active,
            curve_worth=() if seen.rows is None else tuple(targets.worth[seen.rows.at].tolist()),
            moves_x=tuple(plan.answer.x.tolist()),
            moves_y=tuple(plan.answer.y.tolist()),
            moves_rho=(plan.answer.rho,),
        )
        found = Findings(inputs=inputs, mvs=mvs, state=state, room=rooms, targets=targets, moves=plan)

        def explore(other: SteadyState, room: Room) -> tuple[FloatArray, float]:
            return self._targets.explored(other, room, last, targets.active)

        plan_made = decided(watched, found, self._layout, self._plant, explore)
        return told(plan_made, adapted, self._adaptation), memory

    def _steady(self, inputs: Inputs, outlook: Outlook, y_now: FloatArray, mvs: MvState) -> SteadyState:
        y_end, slope_end = outlook.end()
        level, slope = self._steady_gains(outlook.estimate)
        cvs = self._layout.cvs
        out = {name for c, name in enumerate(cvs) if outlook.estimate.seen[c] == 0.0}
        out |= {name for name in cvs if inputs.cv_status[name] in (CvStatus.DROP, CvStatus.CRIT)}
        lo, hi = mvs.lo.copy(), mvs.hi.copy()
        locked_up, locked_down = mvs.up <= 0.0, mvs.down <= 0.0
        hi = np.where(locked_up, np.minimum(hi, mvs.u), hi)
        lo = np.where(locked_up, np.minimum(lo, hi), lo)
        lo = np.where(locked_down, np.maximum(lo, mvs.u), lo)
        hi = np.where(locked_down, np.maximum(hi, lo), hi)
        return SteadyState(
            u=mvs.u,
            lo=lo,
            hi=hi,
            y_end=np.where(self._layout.integrating, y_now, y_end),
            slope_end=slope_end,
            limits=inputs.limits,
            targets=inputs.targets,
            out=frozenset(out),
            money=self._money(inputs.money, level),
            external=fresh(inputs.external, inputs.at_s),
            level_gain=level,
            slope_gain=slope,
        )

    def _steady_gains(self, estimate: Estimate) -> tuple[FloatArray, FloatArray]:
        """Return the gains and slopes of this cycle, (CVs, MVs)."""
        if not self._model.varies:
            return self._layout.level_gain, self._layout.slope_gain
        level, slope = self._estimator.gains_at(estimate)
        mvs = slice(len(self._layout.mvs))
        return level[:, mvs], slope[:, mvs]

    def _money(self, money: Mapping[str, float], level_gain: FloatArray) -> FloatArray:
        own = [money.get(name, 0.0) - spec.cost for name, spec in self._plant.mvs.items()]
        through = np.array([money.get(name, 0.0) for name in self._layout.cvs])
        result: FloatArray = np.array(own) + through @ level_gain
        return result

    def _present(
        self,
        inputs: Inputs,
        outlook: Outlook,
        y_now: FloatArray,
        mvs: MvState,
        state: SteadyState,
        targets: SteadyTargets,
    ) -> Present:
        zone_lo = np.array([inputs.limits[name][0] for name in self._layout.cvs])
        zone_hi = np.array([inputs.limits[name][1] for name in self._layout.cvs])
        # what the steady state gives up, the way there must not fight for
        stable = ~self._layout.integrating
        zone_lo = np.where(stable, np.minimum(zone_lo, targets.y), zone_lo)
        zone_hi = np.where(stable, np.maximum(zone_hi, targets.y), zone_hi)
        wishes = {**inputs.targets, **{name: each.value for name, each in state.external.items()}}
        for c, name in enumerate(self._layout.cvs):
            if name in state.out:
                zone_lo[c], zone_hi[c] = -np.inf, np.inf
            elif name in wishes:
                point = targets.y[c] if stable[c] else wishes[name]
                zone_lo[c], zone_hi[c] = point, point
        return Present(
            u=mvs.u,
            target=targets.u,
            lo=mvs.lo,
            hi=mvs.hi,
            up=mvs.up,
            down=mvs.down,
            free=outlook.predict(self._moves.points_s),
            y=y_now,
            zone_lo=zone_lo,
            zone_hi=zone_hi,
            slope_end=state.slope_end,
            gains=self._gains(outlook.estimate, state),
            rows=self._rows(outlook, mvs, state, targets) if len(self._moves.rows.at) else None,
        )

    def _rows(self, outlook: Outlook, mvs: MvState, state: SteadyState, targets: SteadyTargets) -> RowsNow:
        """Return the engineer's own rows: what the steady state gives up of them, the way there does not fight for."""
        rows, index = self._moves.rows, self._layout.index
        of_mv, of_cv = (each[rows.at] for each in state.coefficients(self._layout))
        names = [self._layout.rows[i].variable for i in rows.at]
        limits = state.own_limits(self._layout)[[index.own[name] for name in names]]
        out = np.array([name in state.out for name in self._layout.cvs], dtype=np.bool_)
        gone = (index.needs[rows.at] & out).any(axis=1) | np.isnan(limits)
        stands = of_mv @ mvs.u
        y = np.where(out, 0.0, outlook.present())
        free = np.where(out, 0.0, outlook.predict(rows.points_s))
        y_ss = np.where(self._layout.integrating | out, y, targets.y)
        return RowsNow(
            of_mv=of_mv,
            of_cv=of_cv,
            free=free @ of_cv.T + stands,
            now=of_cv @ y + stands,
            hi=np.where(gone, np.inf, np.maximum(limits, of_mv @ targets.u + of_cv @ y_ss)),
        )

    def _gains(self, estimate: Estimate, state: SteadyState) -> Gains | None:
        if not self._model.varies:
            return None
        factor = self._estimator.factors(estimate)[:, : len(self._layout.mvs)]
        return Gains(factor, state.gains(self._layout)[1])


def _warm(memory: Memory) -> Warm | None:
    if not (memory.moves_x and memory.moves_y and memory.moves_rho):
        return None
    return Warm(np.array(memory.moves_x), np.array(memory.moves_y), memory.moves_rho[0])


def _forgotten(memory: Memory) -> Memory:
    """While not in control the targets are forgotten: the first plan starts from where the plant then is."""
    return replace(memory, targets=(), targets_active=(), curve_worth=(), moves_x=(), moves_y=(), moves_rho=())
