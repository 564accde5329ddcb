"""The corrected economics as the targets layer takes them: a bowl, its tilt at limits, and corrected gains."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from controllers.adapt import excite
from controllers.adapt.economics import Economics
from controllers.adapt.kept import Course
from controllers.adapt.mismatch import scales
from controllers.adapt.optimum import Modified, slopes
from controllers.adapt.words import AdaptError, FloatArray, Proposal, Task

NOT_FINITE = "the corrected economics are not finite: a price, a limit or a reading is too large"
FLAT = 0.1
"""The bowl bends at least by this share of what the model's cost changes over the range, per squared range: where the
cost is straight, the longest step and not the bowl says how far to go."""


def course_of(
    economics: Economics,
    modified: Modified,
    proposal: Proposal,
    limits: FloatArray,
) -> Course:
    """Return the bowl around the proposal. Raises AdaptError where a number in it is not finite, FunctionError."""
    task = modified.task
    span, n = task.hi - task.lo, len(task.lo)
    s = (proposal.hold - task.lo) / span - modified.mismatch.at
    turn = slopes(modified.outputs, s, 1.0 - modified.mismatch.at)
    values = modified.backed_off(s)
    if not (np.isfinite(turn).all() and np.isfinite(values).all() and np.isfinite(proposal.u).all()):
        raise AdaptError(NOT_FINITE)
    touching = [i for i, value in enumerate(values[1:], start=1) if value > -excite.NEAR]
    low, high = s <= -modified.mismatch.at + excite.NEAR, s >= 1.0 - modified.mismatch.at - excite.NEAR
    rows = np.array([*(turn[i] for i in touching), *(-np.eye(n)[low]), *np.eye(n)[high]]).reshape(-1, n)
    # what pushes against limits stays a slope; what is left of the cost's slope was stopped by the longest step alone
    pushes = nnls(rows.T, -turn[0])[0] if len(rows) else np.zeros(0)
    weights = np.zeros(len(values))
    weights[0] = 1.0
    weights[touching] = pushes[: len(touching)]
    bent = excite.positive(excite.curvature(modified, s, weights), FLAT * float(modified.scale[0]))
    modelled = slopes(lambda at: task.model(modified.u(at), modified.d), s, 1.0 - modified.mismatch.at)
    course = Course(
        u=proposal.u,
        slope=-(rows.T @ pushes) / span if len(rows) else np.zeros(n),
        bent=bent / np.outer(span, span),
        gain=_gains(economics, modified, turn),
        correction=-(turn[0] - modelled[0]) / span,
        d=modified.d,
        limits=limits,
    )
    if not all(np.isfinite(part).all() for part in course.numbers()):
        raise AdaptError(NOT_FINITE)
    return course


def course_here(economics: Economics, task: Task, u: FloatArray, d: FloatArray, limits: FloatArray) -> Course:
    """Return the bowl that keeps the plant at ``u``, inside its range, model's gains kept. Raises as ``course_of``."""
    span, n = task.hi - task.lo, len(u)
    size = float(scales(task, d)[0])
    if not np.isfinite(size):
        raise AdaptError(NOT_FINITE)
    gain = np.full((len(economics.cvs), n), np.nan)
    inside = np.clip(u, task.lo, task.hi)
    return Course(inside, np.zeros(n), size * np.eye(n) / np.outer(span, span), gain, np.zeros(n), d, limits)


def _gains(economics: Economics, modified: Modified, turn: FloatArray) -> FloatArray:
    """Return the corrected gains (CVs, MVs) at the point of the slopes ``turn``; NaN for a CV without a limit."""
    span = modified.task.hi - modified.task.lo
    gain = np.full((len(economics.cvs), len(span)), np.nan)
    for i, (c, side) in enumerate(zip(economics.of.tolist(), economics.side.tolist(), strict=True), start=1):
        gain[c] = side * turn[i] / span
    return economics.gain_range(gain)
