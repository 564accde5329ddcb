"""Modifier adaptation in the cycle: watch until the plant rests, observe, correct the economics of the targets.

At each rest ``scheme.step`` says where the plant's optimum should be; from then on the targets' economics of the
adapted MVs are a bowl around that point, tilted by what pushes against limits there, and the gains of limited CVs are
the corrected ones. Ranks, limits and feedback of the targets layer hold as always. Codes say in each cycle what is
done: ``adapted``; ``watching`` (estimated, not used); ``frozen:<why>`` (the economics are the model's own);
``waiting:<why>`` (nothing is learnt in this cycle); ``observed:<verdict>`` and ``refused:<text>`` for a rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from constraints.adaptation import AdaptationSpec
from constraints.plant import Plant
from controllers.adapt.bowl import NOT_FINITE, course_here, course_of
from controllers.adapt.economics import Economics, Worth
from controllers.adapt.kept import Course, Kept, Seen, packed, unpacked
from controllers.adapt.scheme import again, step
from controllers.adapt.trust import FROZEN_NOT_BETTER, judged
from controllers.adapt.window import Rules, Window, settled
from controllers.adapt.words import AdaptError, FloatArray, Observation, State, Task
from controllers.model import Model
from controllers.models.function import FunctionError
from controllers.types import Inputs
from safety.signals import CvStatus, MvStatus

GAP_CYCLES = 1.5
"""A longer pause between two cycles begins a new window: nobody saw what happened meanwhile."""
OUTSIDE = 3.0
"""A CV that rests further beyond its limit than this many standard deviations is outside."""
SWING = 8.0
"""Range that noise alone may have, in its standard deviations: beyond 4 to each side is no chance in any window."""
SAME_TIMES = 4.0
"""A rest at the same place counts against the mean of those before like one against this many: old ones fade."""
ANY = 0.1
"""A course nearer to where the plant was, as a share of standing still, sends it nowhere."""
HUGE = 1e15
"""No reading is larger: an instrument or a unit is wrong."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one cycle's adaptation says."""

    codes: tuple[str, ...] = ()
    course: Course | None = None
    """None: the economics are the model's own."""


@dataclass(frozen=True, slots=True)
class Now:
    """One cycle as adaptation sees it."""

    at_s: float
    point: FloatArray
    """All inputs of the model."""
    factor: FloatArray
    worth: Worth
    u: FloatArray
    d: FloatArray


class Adaptation:
    """Modifier adaptation of one plant."""

    def __init__(self, plant: Plant, model: Model, spec: AdaptationSpec) -> None:
        """Raises FunctionError for a function that gives no answer at the middle of the ranges."""
        self._spec = spec
        self.economics = Economics(plant, model, spec)
        self._gap_s = GAP_CYCLES * plant.cycle_s
        self._rules = self._of(plant, model)

    def _of(self, plant: Plant, model: Model) -> Rules:
        economics, spec = self.economics, self._spec
        span = np.concatenate((economics.hi - economics.lo, economics.width))
        late, lag = np.zeros(len(economics.cvs)), np.full(len(economics.cvs), plant.cycle_s)
        for c, row in enumerate(economics.rows.tolist()):
            mine = (model.cv == row) & np.isin(model.source, economics.columns)
            late[c] = model.dead_s[mine].max(initial=0.0) + plant.cvs[economics.cvs[c]].analyser_delay_s
            lag[c] = max(float(model.lag1_s[mine].max(initial=0.0)), plant.cycle_s)
        middle, half = 0.5 * (economics.lo + economics.hi), 0.5 * (economics.hi - economics.lo)
        origin = np.zeros(len(model.inputs))
        for name in model.inputs:
            if name in plant.mvs:
                origin[model.inputs.index(name)] = 0.5 * sum(plant.mvs[name].limits.operator)
        for function in model.functions:
            origin[function.columns] = function.at
        held = origin[economics.held_columns]
        star = [middle, *(middle + sign * half * axis for axis in np.eye(len(half)) for sign in (-1.0, 1.0))]
        moved = np.ptp([economics.steady(model.reference, origin, u, held) for u in star], axis=0)
        noise = np.array([spec.noise.get(name, 0.0) for name in economics.cvs])
        drift = np.maximum(spec.tolerance * moved, 1e-12)
        swing = np.array([spec.noise.get(name, 0.0) for name in (*economics.mvs, *economics.held)])
        return Rules(spec.window_s, spec.tolerance * span + SWING * swing, late, lag, drift, noise)

    def cycle(
        self, inputs: Inputs, point: FloatArray, factor: FloatArray, stored: tuple[float, ...]
    ) -> tuple[Outcome, tuple[float, ...]]:
        """Return what to correct in this cycle and what to remember; ``point``: inputs of the model as they are now,
        ``factor``: its varying gains. Never raises for what a plant, a model or a memory may hold.
        """
        economics = self.economics
        with np.errstate(all="ignore"):
            kept = unpacked(stored, economics.sizes)
            worth = economics.worth(inputs.money, inputs.limits)
            now = Now(inputs.at_s, point, factor, worth, point[economics.columns], point[economics.held_columns])
            try:
                outcome, kept = self._cycle(inputs, now, kept)
            except (AdaptError, FunctionError, np.linalg.LinAlgError) as error:
                lost = replace(kept, window=None, course=None, modifiers=None)
                return Outcome((f"frozen:no_answer:{error}",)), packed(lost, economics.sizes)
            return outcome, packed(kept, economics.sizes)

    def _cycle(self, inputs: Inputs, now: Now, kept: Kept) -> tuple[Outcome, Kept]:
        wait = next(self._waits(inputs), "")
        told: tuple[str, ...] = ()
        seen_s = kept.window.last_s if kept.window is not None else -np.inf
        if wait:
            kept, told = replace(kept, window=None), (f"waiting:{wait}",)
        else:
            window, told = self._watched(inputs, now, kept.window)
            kept = replace(kept, window=window)
            if window.last_s - window.start_s >= self._rules.lasts_s():
                kept, told = self._rested(now, kept, window)
        if not kept.seen:
            return self._first(now, kept, told, fresh=now.at_s - seen_s > self._gap_s)
        kept = self._current(now, kept)
        if kept.frozen:
            return Outcome((FROZEN_NOT_BETTER, *told)), kept
        if self._spec.mode == "watch":
            return Outcome(("watching", *told), None), kept
        return Outcome(("adapted", *told), kept.course), kept

    # ------------------------------------------------------------------ is there something to see

    def _waits(self, inputs: Inputs) -> Iterator[str]:
        """Yield why nothing can be learnt in this cycle."""
        for name in self.economics.mvs:
            if inputs.mv_status[name] is not MvStatus.ON:
                yield f"mv_not_on:{name}"
            elif name in inputs.blocked_up or name in inputs.blocked_down:
                yield f"mv_blocked:{name}"
        for name in self.economics.held:
            if name in inputs.d and inputs.d[name] is None:
                yield f"dv_bad:{name}"
        for name in self.economics.cvs:
            value, status = inputs.y.get(name), inputs.cv_status[name]
            if status in (CvStatus.DROP, CvStatus.CRIT) or (value is not None and abs(value) > HUGE):
                yield f"cv_bad:{name}"

    def _watched(self, inputs: Inputs, now: Now, window: Window | None) -> tuple[Window, tuple[str, ...]]:
        """Return the window with this cycle in it, and what moved where it had to begin anew."""
        v = np.concatenate((now.u, now.d))
        y = [inputs.y.get(name) if inputs.y_new.get(name, True) else None for name in self.economics.cvs]
        samples = np.array([np.nan if value is None else value for value in y])
        moved: tuple[str, ...] = ()
        if window is not None and 0.0 < now.at_s - window.last_s <= self._gap_s:
            apart = np.maximum(window.hi, v) - np.minimum(window.lo, v) > self._rules.still
            names = (*self.economics.mvs, *self.economics.held)
            moved = (f"waiting:moving:{names[int(apart.argmax())]}",) if apart.any() else ()
        else:
            window = None
        if window is None or moved:
            window = Window.begun(now.at_s, v, len(self.economics.cvs))
        return window.with_cycle(now.at_s, v).with_samples(samples, self._rules), moved

    # ------------------------------------------------------------------ a rest

    def _rested(self, now: Now, kept: Kept, window: Window) -> tuple[Kept, tuple[str, ...]]:
        economics = self.economics
        y, std, drifts = settled(window, self._rules)
        if np.isnan(y).any():
            return kept, (f"waiting:few_samples:{self.economics.cvs[int(np.isnan(y).argmax())]}",)
        kept = replace(kept, window=None)
        if drifts.any():
            return kept, (f"waiting:drifts:{self.economics.cvs[int(drifts.argmax())]}",)
        of = economics.of
        beyond = economics.side * (y[of] - now.worth.given)
        outside = beyond > OUTSIDE * std[of] + self._rules.drift[of]
        if outside.any():
            return kept, (f"waiting:outside:{economics.cvs[int(of[int(outside.argmax())])]}",)
        n = len(now.u)
        mean = window.mean()
        new = Seen(np.clip(mean[:n], self.economics.lo, self.economics.hi), mean[n:], y, std)
        return self._learnt(now, kept, new)

    def _learnt(self, now: Now, kept: Kept, new: Seen) -> tuple[Kept, tuple[str, ...]]:
        kept = self._repriced(now, kept)
        if kept.seen and self._same(kept.seen[-1], new) and not self._sent(kept, new):
            seen = (*kept.seen[:-1], _merged(kept.seen[-1], new))
            return replace(kept, seen=seen, course=None), ("observed:same_place",)
        task = self._task(now, new)
        kept = judged(kept, task, self._observations(now, kept), self._observation(now, new), self._spec.patience)
        proposal, state = step(task, self._state(now, kept, new), self._observation(now, new))
        if state.modifiers is None or not np.isfinite(state.modifiers.slope).all():
            raise AdaptError(NOT_FINITE)
        seen = (*kept.seen, new)
        if len(seen) > self._spec.remember:  # as the scheme does
            out = 0 if kept.best != 0 else 1
            seen = (*seen[:out], *seen[out + 1 :])
        kept = replace(
            kept,
            seen=seen,
            best=state.best,
            radius=state.radius,
            expected=state.expected,
            expected_std=state.expected_std,
            modifiers=state.modifiers,
            money=now.worth.money(),
            course=None,
        )
        return kept, (f"observed:{proposal.verdict.value}",)

    def _sent(self, kept: Kept, new: Seen) -> bool:
        """Return whether the plant was sent to ``new`` from elsewhere, however little, and got there."""
        if kept.course is None:
            return False
        still = self._rules.still[: len(new.u)]
        arrived = (np.abs(new.u - kept.course.u) <= still).all()
        left = (np.abs(kept.seen[kept.best].u - kept.course.u) > ANY * still).any()
        return bool(arrived and left)

    def _same(self, old: Seen, new: Seen) -> bool:
        moved = np.concatenate((np.abs(new.u - old.u), np.abs(new.d - old.d)))
        return bool((moved <= self._rules.still).all())

    # ------------------------------------------------------------------ where to go

    def _first(self, now: Now, kept: Kept, told: tuple[str, ...], *, fresh: bool) -> tuple[Outcome, Kept]:
        """Return what to do before anything was observed: the MVs stay where they were when control was taken."""
        told = (*told, "waiting:first_rest")
        if self._spec.mode == "watch":
            return Outcome(told), kept
        if fresh or kept.course is None:
            y = self.economics.steady(now.factor, now.point, now.u, now.d)
            task = self._task(now, Seen(now.u, now.d, y, np.ones(len(y))))
            kept = replace(kept, course=course_here(self.economics, task, now.u, now.d, now.worth.limits))
        return Outcome(told, kept.course), kept

    def _current(self, now: Now, kept: Kept) -> Kept:
        """Return ``kept`` with a course for the prices, limits and disturbances of now."""
        kept = self._repriced(now, kept)
        course = kept.course
        if course is not None and self._holds(now, course):
            return kept
        last = kept.seen[-1]
        task = self._task(now, last)
        state = self._state(now, kept, None)
        still = np.abs(now.d - last.d) <= self._rules.still[len(now.u) :]
        proposal, modified = again(task, state, np.where(still, last.d, now.d))
        found = course_of(self.economics, modified, proposal, now.worth.limits)
        return replace(kept, course=found)

    def _holds(self, now: Now, course: Course) -> bool:
        """Return whether nothing changed that the course was found for."""
        width = self._rules.still[len(now.u) :]
        shifted = np.abs(now.worth.limits - course.limits) > self._rules.drift[self.economics.of]
        return bool((np.abs(now.d - course.d) <= width).all() and not shifted.any())

    def _repriced(self, now: Now, kept: Kept) -> Kept:
        """Return ``kept`` without what was found at other prices."""
        money = now.worth.money()
        if kept.money is not None and np.array_equal(kept.money, money):
            return kept
        # the next rest is no surprise, whatever it costs: nobody expected it at these prices
        return replace(kept, money=money, modifiers=None, course=None, expected=0.0, expected_std=np.inf)

    def _task(self, now: Now, anchor: Seen) -> Task:
        return self.economics.task(now.worth, now.factor, now.point, anchor)

    def _observations(self, now: Now, kept: Kept) -> tuple[Observation, ...]:
        return tuple(self._observation(now, each) for each in kept.seen)

    def _observation(self, now: Now, seen: Seen) -> Observation:
        return self.economics.observation(now.worth, seen)

    def _state(self, now: Now, kept: Kept, new: Seen | None) -> State:
        """Return the scheme's state; a rest that is not where it sent the plant is not measured by what it expected."""
        there = new is None or self._sent(kept, new)
        return State(
            seen=self._observations(now, kept),
            best=kept.best,
            radius=kept.radius,
            modifiers=kept.modifiers,
            expected=kept.expected if there else 0.0,
            expected_std=kept.expected_std if there else np.inf,
        )


def _merged(old: Seen, new: Seen) -> Seen:
    """Return the mean of two rests at one place weighted, the old one at most ``SAME_TIMES`` the new one's."""
    fresh = 1.0 / new.std**2
    kept = np.minimum(1.0 / old.std**2, SAME_TIMES * fresh)
    share = kept / (kept + fresh)
    y = share * old.y + (1.0 - share) * new.y
    return Seen(new.u, new.d, y, np.sqrt(1.0 / (kept + fresh)))
