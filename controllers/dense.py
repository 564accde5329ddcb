"""One small dense QP whose rows may be firm or soft: asked of DAQP, looked at, and asked of Clarabel when that fails.

``minimise 1/2 x'Hx + f'x + 1/(2 near) |s|^2  subject to  lo <= A x - s <= hi, box_lo <= x <= box_hi``, with ``s`` only
in soft rows. DAQP (Arnström, Bemporad & Axehill, IEEE Trans. Autom. Control 67, 2022) is a dual active-set method: it
ends in an active set, exactly, and a soft row costs it no unknown. Clarabel (Goulart & Chen, 2024) is an interior point
method, shares no code with it and is set up anew each time it is needed. Where the limits of the last cycle are likely
to hold still, ``follow`` looks there before it asks anybody (``engines.sets``). None is believed: every answer is held
against the optimality conditions (``engines.judge``).

Bit for bit: the active set to start from is told each time, so nothing of earlier questions remains in the object.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import clarabel
import daqp
import numpy as np
import scipy.sparse as sp

from controllers.engines.judge import Judge, Strictness
from controllers.engines.problem import NO_LIMIT
from controllers.engines.sets import Sets, SideArray
from controllers.model import FloatArray, IntArray
from controllers.rows import BoolArray
from controllers.solver import SolverError
from controllers.types import Solve

STRICTNESS = Strictness(row=1e-6, dual=1e-5)
FOLLOWED = 4
"""So many sets of limits are tried before an engine is asked."""
_TUNING = {"primal_tol": 1e-9, "dual_tol": 1e-12, "sing_tol": 1e-14, "iter_limit": 20_000}
_PINNED = 1e-9
"""Half the width of a range in which an MV may not move: DAQP stumbles over equalities that depend on each other."""
_UPPER, _LOWER, _SOFT = 1, 3, 8
"""DAQP's ``sense``: active at the upper or the lower side, soft."""
_SOLVED = (1, 2)
_NEARLY = ("solved", "almostsolved")
"""What Clarabel says of answers that are worth a look of our own."""


@dataclass(frozen=True, slots=True)
class Question:
    """The vectors of one problem; scaled units."""

    f: FloatArray
    box_lo: FloatArray
    box_hi: FloatArray
    lo: FloatArray
    hi: FloatArray
    soft: BoolArray | None = None
    """Per row; None where all are firm."""


@dataclass(frozen=True, slots=True)
class Found:
    """An accepted answer."""

    x: FloatArray
    dual: FloatArray
    """Of the box and then of the rows; positive where the upper side holds."""
    solves: tuple[Solve, ...]

    def active(self) -> IntArray:
        """Return where to start the next question: 1 at the upper side, 3 at the lower, 0 where nothing holds."""
        result: IntArray = np.where(self.dual > 0.0, _UPPER, np.where(self.dual < 0.0, _LOWER, 0))
        return result


class Dense:
    """One problem's matrices and solvers."""

    def __init__(self, hessian: FloatArray, rows: FloatArray, near: float) -> None:
        """``hessian`` (n, n) positive definite, ``rows`` (m, n), ``near``: softness of a soft row."""
        self.hessian = np.ascontiguousarray(hessian)
        self.rows = np.ascontiguousarray(rows)
        self._near = near
        self._every = np.vstack((np.eye(len(hessian)), rows))
        """The box and the rows."""
        self._judge = Judge(self.hessian, self._every, STRICTNESS)
        self._firm = np.zeros(len(self._every))
        self._model: Any = None
        self._sets: Sets | None = None

    def ask(self, layer: str, question: Question, start: IntArray) -> Found:
        """Return the answer; ``start`` as ``Found.active``. Raises SolverError where neither has an acceptable one."""
        return self._asked(("daqp", "clarabel"), layer, question, start)

    def follow(self, layer: str, question: Question, start: IntArray) -> Found:
        """Return the same, after a look whether the limits of ``start``, or some near them, hold. All rows are firm."""
        return self._asked(("newton", "daqp", "clarabel"), layer, question, start)

    def _asked(self, ladder: tuple[str, ...], layer: str, question: Question, start: IntArray) -> Found:
        bounds = self._bounds(layer, question)
        tried: list[Solve] = []
        for name in ladder:
            x, dual, solve = self._once(name, layer, question, bounds, start)
            tried.append(solve)
            if solve.status == "solved":
                return Found(x, dual, tuple(tried))
        raise SolverError(layer, tuple(tried))

    def possible(self, layer: str, question: Question, start: IntArray) -> tuple[Found | None, Solve]:
        """Return DAQP's answer alone, None where it says that there is none (or has none). Raises SolverError for bad
        data.
        """
        x, dual, solve = self._once("daqp", layer, question, self._bounds(layer, question), start)
        return (Found(x, dual, (solve,)) if solve.status == "solved" else None), solve

    def _bounds(self, layer: str, question: Question) -> tuple[FloatArray, FloatArray]:
        low = np.concatenate((question.box_lo, question.lo))
        high = np.concatenate((question.box_hi, question.hi))
        if not (math.isfinite(float(np.add.reduce(question.f))) and (low <= high).all()):  # a NaN is not below anything
            refused = Solve(layer=layer, solver="none", status="bad data", iterations=0, residual=0.0)
            raise SolverError(layer, (refused,))
        return np.maximum(low, -NO_LIMIT), np.minimum(high, NO_LIMIT)

    def _once(
        self, name: str, layer: str, question: Question, bounds: tuple[FloatArray, FloatArray], start: IntArray
    ) -> tuple[FloatArray, FloatArray, Solve]:
        engine = self._newton if name == "newton" else self._daqp if name == "daqp" else self._clarabel
        x, dual, status, iterations = engine(question, *bounds, start)
        residual = 0.0
        if status == "solved":
            soft = self._firm
            if question.soft is not None:  # a soft row yields by its dual, and stands at its limit then
                soft = np.concatenate((soft[: len(x)], np.where(question.soft, self._near, 0.0)))
            status, residual = self._judge.look(x, dual, question.f, bounds, soft)
        if status != "solved" and name == "daqp":
            self._model = None
        return x, dual, Solve(layer=layer, solver=name, status=status, iterations=iterations, residual=residual)

    def _newton(
        self, question: Question, low: FloatArray, high: FloatArray, start: IntArray
    ) -> tuple[FloatArray, FloatArray, str, int]:
        if self._sets is None:
            try:
                self._sets = Sets(self.hessian, self._every, self._firm)
            except np.linalg.LinAlgError:
                return question.f, self._firm, "not strictly convex", 0
        side: SideArray = (start == _UPPER).astype(np.int8) - (start == _LOWER)
        found = self._sets.settled(question.f, low, high, side, FOLLOWED)
        settled = found.settled and found.independent  # else its duals are not those of a vertex
        return found.x, found.y, "solved" if settled else "not settled", found.tries

    def _daqp(
        self, question: Question, low: FloatArray, high: FloatArray, start: IntArray
    ) -> tuple[FloatArray, FloatArray, str, int]:
        n, m = len(question.f), len(question.lo)
        tight = high - low < 2.0 * _PINNED
        if tight.any():
            middle = 0.5 * (low + high)
            low, high = np.where(tight, middle - _PINNED, low), np.where(tight, middle + _PINNED, high)
        sense = start.astype(np.int32)
        if question.soft is not None:
            sense[n:][question.soft] |= _SOFT
        if self._model is None:
            model = daqp.Model()
            model.settings = _TUNING
            # all soft at first, so that memory is there for as many active rows
            every = np.concatenate((np.zeros(n), np.full(m, _SOFT))).astype(np.int32)
            flag = model.setup(self.hessian, question.f, self.rows, high, low, every)[0]
            if flag < 0:
                return question.f, np.zeros(n + m), f"set-up flag {flag}", 0
            softness = np.full(n + m, self._near)
            model.soft_weights(rho_l=softness, rho_u=softness)
            self._model = model
        flag = self._model.update(f=question.f, bupper=high, blower=low, sense=sense)
        if flag < 0:
            return question.f, np.zeros(n + m), f"update flag {flag}", 0
        x, _, flag, info = self._model.solve()
        return x, info["lam"], "solved" if flag in _SOLVED else f"flag {flag}", int(info["iterations"])

    def _clarabel(
        self, question: Question, low: FloatArray, high: FloatArray, _start: IntArray
    ) -> tuple[FloatArray, FloatArray, str, int]:
        n, m = len(question.f), len(question.lo)
        soft = np.zeros(m, dtype=np.bool_) if question.soft is None else question.soft
        k = int(soft.sum())
        # in units of the slacks' cost where there are any, else of the steepest cost
        unit = self._near if k else 1.0 / max(float(np.abs(question.f).max()), 1.0)
        cost = sp.block_diag((sp.csc_array(unit * self.hessian), sp.eye_array(k)), format="csc")
        slack = sp.csc_array((np.full(k, -1.0), (np.flatnonzero(soft), np.arange(k))), shape=(m, k))
        box = sp.hstack((sp.eye_array(n), sp.csr_array((n, k))))
        whole = sp.csr_array(sp.vstack((box, sp.hstack((sp.csr_array(self.rows), slack)))))
        up, down = np.flatnonzero(high < NO_LIMIT), np.flatnonzero(low > -NO_LIMIT)
        a = sp.vstack((whole[up], -whole[down])).tocsc()
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-9
        solver = clarabel.DefaultSolver(
            sp.csc_matrix(sp.triu(cost)),
            np.concatenate((unit * question.f, np.zeros(k))),
            sp.csc_matrix(a),
            np.concatenate((high[up], -low[down])),
            [clarabel.NonnegativeConeT(len(up) + len(down))],
            settings,
        )
        found = solver.solve()
        dual = np.zeros(n + m)
        z = np.array(found.z) / unit
        dual[up] += z[: len(up)]
        dual[down] -= z[len(up) :]
        status = str(found.status).lower()
        return np.array(found.x)[:n], dual, "solved" if status in _NEARLY else status, int(found.iterations)
