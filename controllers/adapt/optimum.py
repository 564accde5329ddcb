"""The modified problem: the model's economics plus the modifiers, inside the range and the longest step.

    min  c(u) + value_0 + slope_0 s + 1/2 s' curvature_0 s
    s.t. g_i(u) + value_i + slope_i s + 1/2 s' curvature_i s + back_off_i(s) <= 0,   |s| <= radius,   lo <= u <= hi

After A. Marchetti, B. Chachuat, D. Bonvin, Ind. Eng. Chem. Res. 48 (2009) 6022, eq. 7–10; the curvature after T.
Faulwasser, D. Bonvin, "On the use of second-order modifiers for real-time optimization", IFAC World Congress 2014.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from controllers.adapt.mismatch import Mismatch
from controllers.adapt.words import FloatArray, Modifiers, Task

HELD = 1e-5
"""A constraint holds within this share of its scale."""
_STEP = 1e-5
"""Step of the slopes by differences, in spans: the model is smooth and solved to 1e-12."""
_ITERATIONS = 60
_PASSES = 4


Outputs = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Modified:
    """The modified outputs around one point, as functions of s, the distance from it in spans."""

    task: Task
    d: FloatArray
    mismatch: Mismatch
    modifiers: Modifiers
    scale: FloatArray
    noise: float
    """Standard deviation of the observed cost."""

    def u(self, s: FloatArray) -> FloatArray:
        """Return the inputs at ``s``, inside their range to the last bit."""
        span = self.task.hi - self.task.lo
        result: FloatArray = np.clip(self.task.lo + (self.mismatch.at + s) * span, self.task.lo, self.task.hi)
        return result

    def outputs(self, s: FloatArray) -> FloatArray:
        """Return cost and constraints expected of the plant at ``s``, without back-off."""
        bent = 0.5 * np.einsum("i,kij,j->k", s, self.mismatch.curvature, s)
        modelled: FloatArray = self.task.model(self.u(s), self.d)
        result: FloatArray = modelled + self.modifiers.value + self.modifiers.slope @ s + bent
        return result

    def back_off(self, s: FloatArray) -> FloatArray:
        """Return how far each constraint must be kept from, at ``s``."""
        return np.array([self.task.safety * self.mismatch.std(s, 1 + i) for i in range(self.task.constraints)])

    def backed_off(self, s: FloatArray) -> FloatArray:
        """Return cost and constraints, each divided by its scale, the constraints with their back-off."""
        values = self.outputs(s)
        values[0] += self.risk(s)
        values[1:] += self.back_off(s)
        result: FloatArray = values / self.scale
        return result

    def risk(self, s: FloatArray) -> float:
        """Return what the cost at ``s`` may rise by unexpectedly: nothing at zero, a deviation far beyond the noise."""
        spread = self.mismatch.change_std(s, 0)
        return self.task.caution * (float(np.hypot(spread, self.noise)) - self.noise)


@dataclass(frozen=True, slots=True)
class Beyond:
    """Only where ``along @ s`` is at least ``reach``."""

    along: FloatArray
    reach: float


def least(modified: Modified, radius: float, beyond: Beyond | None = None) -> FloatArray:
    """Return the best s: least violation first, then least cost. Zero, which is no move, is always in the running.

    With ``beyond`` an s that is not there only wins where none is found that is.

    The back-off grows with the distance and has a kink at zero, which gradient methods stumble over. So it is held
    while a problem is solved, and raised to what the answer needs until that is enough, ``_PASSES`` times at most; an
    answer that its own back-off forbids is shortened until it does not.
    """
    zero = np.zeros(len(modified.mismatch.at))

    def worth(s: FloatArray) -> tuple[float, float, float]:
        missing = max(beyond.reach - float(beyond.along @ s), 0.0) if beyond is not None else 0.0
        return (missing if missing > HELD else 0.0, *_worth(modified.backed_off(s)))

    best, best_worth = zero, worth(zero)
    start, back_off = zero, modified.back_off(zero)
    for _ in range(_PASSES):
        found = _solved(modified, radius, start, back_off, beyond)
        for share in (1.0, 0.75, 0.5, 0.25, 0.125):
            tried = worth(share * found)
            if tried < best_worth:
                best, best_worth = share * found, tried
        wanted = modified.back_off(found)
        if (wanted <= back_off).all():
            break
        start, back_off = found, np.maximum(back_off, wanted)
    return best


def _solved(
    modified: Modified, radius: float, start: FloatArray, back_off: FloatArray, beyond: Beyond | None
) -> FloatArray:
    """Return the optimum with ``back_off`` held; ``start`` where the solver fails."""
    lowest, highest = -modified.mismatch.at, 1.0 - modified.mismatch.at
    cache: dict[bytes, FloatArray] = {}

    def at(s: FloatArray) -> FloatArray:
        key = s.tobytes()
        if key not in cache:
            values = modified.outputs(s)
            values[0] += modified.risk(s)
            values[1:] += back_off
            cache[key] = values / modified.scale
        return cache[key]

    def bent(s: FloatArray) -> FloatArray:
        return slopes(at, s, highest)

    rules: list[dict[str, object]] = [
        {"type": "ineq", "fun": lambda s: np.array([radius**2 - s @ s]), "jac": lambda s: -2.0 * s[None, :]}
    ]
    if modified.task.constraints:
        rules.append({"type": "ineq", "fun": lambda s: -at(s)[1:], "jac": lambda s: -bent(s)[1:]})
    if beyond is not None:
        along, reach = beyond.along, beyond.reach
        rules.append({"type": "ineq", "fun": lambda s: np.array([along @ s - reach]), "jac": lambda _: along[None, :]})
    answer = minimize(  # type: ignore[call-overload]  # the stubs know rules only as a private type
        lambda s: float(at(s)[0]),
        start,
        jac=lambda s: bent(s)[0],
        bounds=list(zip(lowest, highest, strict=True)),
        constraints=rules,
        method="SLSQP",
        options={"maxiter": _ITERATIONS, "ftol": 1e-9},
    )
    # whatever the solver says of its answer, the caller measures it by an evaluation of its own
    found = np.asarray(answer.x, dtype=np.float64)
    return inside(found, lowest, highest, radius) if np.isfinite(found).all() else start


def _worth(values: FloatArray) -> tuple[float, float]:
    violation = float(values[1:].max(initial=0.0))
    return (violation if violation > HELD else 0.0), float(values[0])


def slopes(of: Outputs, s: FloatArray, highest: FloatArray) -> FloatArray:
    """Return the slopes of ``of`` at ``s``, (outputs, inputs), by differences toward the inside of the range."""
    steps = np.where(s + _STEP > highest, -_STEP, _STEP)
    here = of(s)
    moved = [(of(s + step * axis) - here) / step for step, axis in zip(steps, np.eye(len(s)), strict=True)]
    # in the order of C: the solver misreads the order of Fortran
    return np.ascontiguousarray(np.array(moved).T)


def inside(s: FloatArray, lowest: FloatArray, highest: FloatArray, radius: float) -> FloatArray:
    """Return ``s``, put into the range and then shortened to the radius."""
    boxed = np.clip(s, lowest, highest)
    length = float(np.linalg.norm(boxed))
    # zero is inside the range, so that shortening never leaves it
    result: FloatArray = boxed if length <= radius else boxed * (radius / length)
    return result
