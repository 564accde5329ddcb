"""Which limits hold: the primal-dual active-set method (a semismooth Newton method) on a small dense problem.

``minimise 1/2 x'Hx + f'x + sum 1/(2 soft) s^2  subject to  low <= A x - s <= high``, ``s`` only where ``soft > 0``.
A set of limits that hold gives the point and the duals by one factor; rows that are then violated join the set, rows
whose dual pulls the wrong way leave it, all at once, until nothing changes: the set is then the right one and the
answer exact (Hintermüller, Ito & Kunisch, SIAM J. Optim. 13, 2003). Where the limits of the last cycle still hold it
takes one try. It need not come to rest; then it says so.

With ``G = A H^-1 A'`` everything is read from tables that are made once: the duals of a set solve
``(G + soft) y = A x_free - limit`` in its rows, and ``x = x_free - H^-1 A' y``. Rows may depend on each other (a range
and a rate in one block): ``_EASE`` keeps the factor regular, and one proximal step takes out what it changes.

Bit for bit: a set's factor is a function of the problem and of that set alone. The last one is kept for the next cycle;
whether it is there or is made anew does not show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotrf, dpotrs

from controllers.model import FloatArray, IntArray

_EASE = 1e-10
"""Softness of a firm row relative to its own place in ``G``."""
_HOLDS = 1e-9
"""A row this far outside its limit joins the set."""
_PULLS = 1e-12
"""A dual this far on the wrong side leaves the set."""

_DEPENDS = 1e-7
"""Of a row that depends on those before it less than this is left."""

SideArray = np.ndarray[tuple[int], np.dtype[np.int8]]
"""Per row: 1 where its upper limit holds, -1 where its lower one does, else 0."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Where the method ended."""

    x: FloatArray
    y: FloatArray
    """Duals of the rows; positive where the upper limit holds."""
    tries: int
    """Sets that were solved for."""
    settled: bool
    independent: bool
    """Whether no row of the last set depends on others: only then are its duals the only ones."""


@dataclass(frozen=True, slots=True)
class _Set:
    """What is read from the tables for one set."""

    side: bytes
    rows: IntArray
    now: SideArray
    """Per row of the set."""
    limit: IntArray
    """Where each one's limit stands among the lower and then the upper ones."""
    gram: FloatArray
    """(rows, all rows): what one unit of each dual takes from all rows."""
    factor: FloatArray
    independent: bool


class Sets:
    """One problem's tables."""

    def __init__(self, hessian: FloatArray, rows: FloatArray, soft: FloatArray) -> None:
        """``hessian`` (n, n), ``rows`` (m, n), ``soft`` (m,).

        Raises LinAlgError where ``hessian`` is not positive definite or a number is not finite.
        """
        n = len(hessian)
        if not (np.isfinite(hessian).all() and np.isfinite(rows).all()):
            raise np.linalg.LinAlgError("not finite")
        factor = cho_factor(hessian, lower=True)
        both = cho_solve(factor, np.hstack((np.eye(n), rows.T)))
        self._free = -np.vstack((both[:, :n], both[:, n:].T))
        """(unknowns and rows, unknowns): where each is when nothing holds, per unit of ``f``."""
        gram = rows @ both[:, n:]
        self._gram = 0.5 * (gram + gram.T)
        self._across = np.ascontiguousarray(both[:, n:].T)
        """(rows, unknowns): what one unit of each dual takes from the unknowns."""
        self._ease = np.where(soft > 0.0, 0.0, np.maximum(_EASE * gram.diagonal(), np.finfo(np.float64).tiny))
        self._own = soft + self._ease
        self._last = self._made(np.zeros(len(rows), dtype=np.int8))

    def settled(self, f: FloatArray, low: FloatArray, high: FloatArray, side: SideArray, tries_max: int) -> Rest:
        """Return where the method ends from the set ``side``."""
        n, free, settled = len(f), self._free @ f, False
        start, limits = free[n:], np.concatenate((low, high))
        above, below = high + _HOLDS, low - _HOLDS
        tries = 0
        while not settled and tries < tries_max:
            tries += 1
            held = self._held(side)
            rows, now, dual, at = held.rows, held.now, np.zeros(0), start
            if len(rows):
                dual = dpotrs(held.factor, start[rows] - limits[held.limit], lower=1)[0]
                dual += dpotrs(held.factor, self._ease[rows] * dual, lower=1)[0]
                at = start - dual @ held.gram
            after: SideArray = (at > above).astype(np.int8) - (at < below)
            wrong = now * dual < -_PULLS
            if wrong.any():
                now = np.where(wrong & (low[rows] < high[rows]), 0, now)
            after[rows] = now
            settled = bool((after == side).all())
            side = after
        duals = np.zeros(len(low))
        duals[rows] = dual
        return Rest(free[:n] - dual @ self._across[rows], duals, tries, settled, held.independent)

    def _held(self, side: SideArray) -> _Set:
        if self._last.side != side.tobytes():
            self._last = self._made(side)
        return self._last

    def _made(self, side: SideArray) -> _Set:
        rows = side.nonzero()[0]
        gram = self._gram.take(rows, axis=0)
        square = gram.take(rows, axis=1)
        now, independent = side[rows], True
        if len(rows):
            square.flat[:: len(rows) + 1] += self._own[rows]
            whole = square.diagonal().copy()
            square = dpotrf(square.T, lower=1, overwrite_a=1)[0]
            independent = bool((square.diagonal() ** 2 > _DEPENDS * whole).all())
        return _Set(side.tobytes(), rows, now, rows + np.where(now > 0, len(side), 0), gram, square, independent)
