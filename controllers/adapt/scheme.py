"""First-order modifier adaptation, one steady state of the plant at a time.

``step`` takes what was observed and returns where to go next. It is pure: noise and time are the caller's. Order: the
observation is checked; plant minus model is fitted around the best point known; the modifiers are filtered and bounded;
the modified problem is solved within the longest step; excitation is added where slopes are too uncertain; and where
neither is worth a move, nothing moves.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from controllers.adapt import excite
from controllers.adapt.check import checked, checked_outputs, checked_task
from controllers.adapt.mismatch import Mismatch, fit, prior_std, scales
from controllers.adapt.optimum import HELD, Beyond, Modified, least
from controllers.adapt.words import AdaptError, FloatArray, Modifiers, Observation, Proposal, State, Task, Verdict

WORSE = 2.0
"""Standard deviations by which a point must be worse than expected to be taken back: 1 in 40 by chance."""
GROW, SHRINK = 1.5, 0.5
"""Longest step after a good point and after one taken back, as trust-region methods have it (Nocedal & Wright 2006)."""
FIRST_EARN = 1.0
"""Excitation waits while more is to be gained by the move itself than is lost by uncertain slopes."""
LEARN = 0.1
"""When it does not wait, it brings the loss down to this share of the gain, so that it need not come again soon."""
SURE = 1.0
"""A gain below this many of its standard deviations is not worth a move."""


def step(task: Task, state: State, observed: Observation) -> tuple[Proposal, State]:
    """Return what to do after ``observed``, and the state for the next time.

    Raises AdaptError for a task or an observation that cannot be used; the state is then as before.
    """
    checked_task(task)
    checked(task, observed)
    seen, best = _remembered(task, state, observed)
    scale = scales(task, observed.d)
    modelled = np.array([checked_outputs(task.model(o.u, o.d), 1 + task.constraints) for o in seen])
    newest = len(seen) - 1
    mismatch = fit(task, seen, modelled, newest, scale)
    raw = Modifiers(mismatch.at, mismatch.value, mismatch.slope)
    noise = float(observed.noise[0])
    verdict = _verdict(Modified(task, observed.d, mismatch, raw, scale, noise), state, seen, best)
    radius = _radius(task, state, verdict)
    if verdict in (Verdict.FIRST, Verdict.BETTER):
        best = newest
    else:
        mismatch = fit(task, seen, modelled, best, scale)
    modifiers = filtered(task, state.modifiers, mismatch, scale)
    modified = Modified(task, observed.d, mismatch, modifiers, scale, noise)
    proposal, s = _proposed(modified, radius, observed.noise, verdict, elsewhere=best != newest)
    expected = float(modified.outputs(s)[0] - modified.outputs(np.zeros(len(s)))[0])
    return proposal, State(seen, best, radius, modifiers, expected, mismatch.change_std(s, 0))


def again(task: Task, state: State, d: FloatArray) -> tuple[Proposal, Modified]:
    """Return what to do now that prices, limits or disturbances changed, without a new observation; and the modified
    problem around the best point, which is also what stands behind the latest ``step``.

    ``state.seen`` must hold the outputs as they are worth now. Raises AdaptError as ``step``, and where nothing was
    observed yet.
    """
    checked_task(task)
    if not 0 <= state.best < len(state.seen):
        raise AdaptError("nothing was observed yet: wait for a first steady state")
    for each in state.seen:
        checked(task, each)
    scale = scales(task, d)
    modelled = np.array([checked_outputs(task.model(o.u, o.d), 1 + task.constraints) for o in state.seen])
    mismatch = fit(task, state.seen, modelled, state.best, scale)
    modifiers = state.modifiers if state.modifiers is not None else filtered(task, None, mismatch, scale)
    modifiers = replace(modifiers, at=mismatch.at, value=mismatch.value)
    noise = state.seen[state.best].noise
    modified = Modified(task, d, mismatch, modifiers, scale, float(noise[0]))
    elsewhere = state.best != len(state.seen) - 1
    proposal, _ = _proposed(modified, state.radius, noise, Verdict.NO_BETTER, elsewhere=elsewhere)
    return proposal, modified


def _proposed(
    modified: Modified, radius: float, spread: FloatArray, verdict: Verdict, *, elsewhere: bool
) -> tuple[Proposal, FloatArray]:
    """Return the proposal and where it is; ``spread`` is the noise of each output, ``elsewhere``: not where the plant
    is.
    """
    task, mismatch = modified.task, modified.mismatch
    hold = least(modified, radius)
    here = modified.outputs(np.zeros(len(hold)))
    gain = float(here[0] - modified.outputs(hold)[0])
    s, remaining = _excited(modified, hold, radius, gain, spread)
    broken = bool((here[1:] + modified.back_off(np.zeros(len(hold))) > HELD * modified.scale[1:]).any())
    worth = gain > SURE * mismatch.change_std(hold, 0) or remaining > task.accuracy
    moves = worth or broken or elsewhere
    if not moves:
        hold = s = np.zeros(len(hold))
    proposal = Proposal(
        u=modified.u(s),
        hold=modified.u(hold),
        excitation=modified.u(s) - modified.u(hold),
        gain=gain,
        loss=remaining,
        back_off=modified.back_off(hold),
        verdict=verdict,
        moves=moves,
    )
    return proposal, s


def _remembered(task: Task, state: State, observed: Observation) -> tuple[tuple[Observation, ...], int]:
    """Return the observations with the new one; of too many the oldest goes, unless the search stands on it."""
    seen, best = (*state.seen, observed), state.best
    if len(seen) > task.keep:
        out = 0 if best != 0 else 1
        seen = (*seen[:out], *seen[out + 1 :])
        best = best - 1 if best > out else best
    return seen, best


def _verdict(raw: Modified, state: State, seen: tuple[Observation, ...], best: int) -> Verdict:
    """Compare the newest point with the best one, both as fitted and with the disturbances of now."""
    if best < 0:
        return Verdict.FIRST
    task = raw.task
    new, old = seen[-1], seen[best]
    there = raw.outputs((old.u - new.u) / (task.hi - task.lo))
    here = raw.outputs(np.zeros(len(task.lo)))
    noise = np.hypot(new.noise, old.noise)
    if _rank(here, noise) <= _rank(there, noise):
        return Verdict.BETTER
    worse = here[0] - there[0] - state.expected > WORSE * float(np.hypot(noise[0], state.expected_std))
    return Verdict.TAKEN_BACK if worse or _broken(here, noise) > 0.0 else Verdict.NO_BETTER


def _broken(outputs: FloatArray, noise: FloatArray) -> float:
    """Return by how many standard deviations the worst constraint is broken, 0 below ``WORSE``."""
    most = float((outputs[1:] / noise[1:]).max(initial=0.0))
    return most if most > WORSE else 0.0


def _rank(outputs: FloatArray, noise: FloatArray) -> tuple[float, float]:
    return _broken(outputs, noise), float(outputs[0])


def _radius(task: Task, state: State, verdict: Verdict) -> float:
    if verdict is Verdict.FIRST:
        return task.step_max
    if verdict is Verdict.TAKEN_BACK:
        return max(SHRINK * state.radius, task.step_min)
    return min(GROW * state.radius, task.step_max) if verdict is Verdict.BETTER else state.radius


def _excited(
    modified: Modified, hold: FloatArray, radius: float, gain: float, noise: FloatArray
) -> tuple[FloatArray, float]:
    """Return where to go, with the excitation that it needs, and the loss that is expected without."""
    task = modified.task
    view = excite.view(modified, hold, noise)
    if view.free.shape[1] == 0:
        return hold, 0.0
    remaining = excite.loss(view)
    if remaining <= max(task.accuracy, FIRST_EARN * gain):
        return hold, remaining
    along, far = excite.wanted(view, max(task.accuracy, LEARN * gain))
    for share in (1.0, 0.5, 0.25):
        h = share * min(far, radius)
        tried = [least(modified, radius, Beyond(sign * along, sign * float(along @ hold) + h)) for sign in (1.0, -1.0)]
        fine = [s for sign, s in zip((1.0, -1.0), tried, strict=True) if sign * along @ (s - hold) > 0.9 * h]
        if fine:
            return max(fine, key=lambda s: modified.mismatch.change_std(s, 0)), remaining
    return hold, remaining


def filtered(task: Task, before: Modifiers | None, mismatch: Mismatch, scale: FloatArray) -> Modifiers:
    """Return the modifiers at the fit's point: a share of the new estimate, the rest of the old one carried over there.

    Values follow at once, since they are measured; slopes are filtered. Both stay within the bounds.
    """
    slope = mismatch.slope
    if before is not None:
        moved = mismatch.at - before.at
        carried = before.slope + np.einsum("kij,j->ki", mismatch.curvature, moved)
        slope = carried + task.follow * (slope - carried)
    most = task.bound * prior_std(task, 0)[1 : len(mismatch.at) + 1] * scale[:, None]
    slope = np.clip(slope, -most, most)
    if task.slope_lo is not None and task.slope_hi is not None:
        slope = np.clip(slope, task.slope_lo, task.slope_hi)
    return Modifiers(mismatch.at, mismatch.value, slope)
