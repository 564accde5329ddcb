"""Which limits clash with one that is given up: a set of which no member could be spared.

How far the given-up limit can be kept at best is a linear program, whose duals name limits that together stand in the
way (Farkas). Each of these is then tried in turn: when the given-up limit still cannot be held without it, it is no
part of the clash (deletion filter; Chinneck & Dravnieks, ORSA J. Computing 3, 1991).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import daqp
import numpy as np

from controllers.dense import Dense, Question
from controllers.engines.problem import NO_LIMIT
from controllers.model import FloatArray
from controllers.solver import SolverError

Side = Literal["lo", "hi"]
Member = tuple[int, Side]
"""A side of the box (0 to n - 1) or of a row (n onward)."""
STEEP = 1e6
"""Weight of the wish against the pull that keeps the problem well posed."""
_INFEASIBLE = -1
_PUSHES = 1e-6
"""A dual below this share of the largest pushes nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything that holds at least as firmly as what is given up; infinite where a side does not count. Scaled."""

    rows: FloatArray
    lo: FloatArray
    hi: FloatArray
    box_lo: FloatArray
    box_hi: FloatArray


def clash(limits: Limits, wish: FloatArray, most: float) -> tuple[Member, ...]:
    """Return the sides that keep ``wish @ x <= most`` from being held, none of which can be spared; empty where it can
    be held or no answer was found.
    """
    members = _suspects(limits, wish)
    if not _impossible(limits, members, wish, most):
        members = _every(limits)
        if not _impossible(limits, members, wish, most):
            return ()
    needed = list(members)
    for member in members:
        fewer = [each for each in needed if each != member]
        if _impossible(limits, fewer, wish, most):
            needed = fewer
    return tuple(needed)


def _suspects(limits: Limits, wish: FloatArray) -> list[Member]:
    n = len(wish)
    start = np.zeros(n + len(limits.rows), dtype=np.intp)
    size = max(float(np.abs(wish).max(initial=0.0)), 1e-12)
    question = Question(wish * (STEEP / size), limits.box_lo, limits.box_hi, limits.lo, limits.hi)
    try:
        dual = Dense(np.eye(n), limits.rows, 1.0).ask("conflict", question, start).dual
    except SolverError:
        return []
    least = _PUSHES * float(np.abs(dual).max(initial=0.0))
    # rows before the box: what people set is named rather than where an MV ends
    order = [*range(n, len(dual)), *range(n)]
    return [(i, "hi" if dual[i] > 0.0 else "lo") for i in order if abs(dual[i]) > least]


def _every(limits: Limits) -> list[Member]:
    n = limits.rows.shape[1]
    low, high = np.concatenate((limits.box_lo, limits.lo)), np.concatenate((limits.box_hi, limits.hi))
    order = [*range(n, len(low)), *range(n)]
    members: list[Member] = [(i, "hi") for i in order if high[i] < NO_LIMIT]
    return members + [(i, "lo") for i in order if low[i] > -NO_LIMIT]


def _impossible(limits: Limits, members: Iterable[Member], wish: FloatArray, most: float) -> bool:
    """Return whether ``members`` and the wish exclude each other; only their rows are looked at."""
    n = len(wish)
    low, high = np.full(n, -NO_LIMIT), np.full(n, NO_LIMIT)
    rows, row_lo, row_hi = [wish], [-NO_LIMIT], [most]
    for i, side in members:
        if i < n and side == "hi":
            high[i] = limits.box_hi[i]
        elif i < n:
            low[i] = limits.box_lo[i]
        else:
            rows.append(limits.rows[i - n])
            row_lo.append(limits.lo[i - n] if side == "lo" else -NO_LIMIT)
            row_hi.append(limits.hi[i - n] if side == "hi" else NO_LIMIT)
    lower, upper = np.concatenate((low, row_lo)), np.concatenate((high, row_hi))
    sense = np.zeros(len(lower), dtype=np.int32)
    flag = daqp.solve(np.eye(n), np.zeros(n), np.array(rows), upper, lower, sense, primal_tol=1e-7)[2]
    return bool(flag == _INFEASIBLE)
