"""The recorded MPC as one QP in the moves and the slacks: ``1/2 z'Pz + q'z``, ``low <= Az <= high``, ``z = (du, s)``.

The states are gone; every row is two-sided and has one free quadratic slack where it is a zone. Rows: zones, moves
(where limited), ranges. For the engines by themselves, and for the loop that is recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import daqp
import numpy as np

if TYPE_CHECKING:
    from benchmarks.peers.problem import Array, Problem


class Condensed:
    """Constant matrices, and the vectors of one step."""

    def __init__(self, problem: Problem) -> None:
        self.problem = p = problem
        h, m, n = p.horizon, p.mvs, len(p.a)
        powers = [np.eye(n)]
        for _ in range(h):
            powers.append(p.a @ powers[-1])
        pulse = [p.c @ power @ p.b for power in powers[:h]]
        by_u = np.zeros((h * p.cvs, h * m))
        for j in range(h):
            for k in range(j + 1):
                by_u[j * p.cvs : (j + 1) * p.cvs, k * m : (k + 1) * m] = pulse[j - k]
        self.sums = np.kron(np.tri(h), np.eye(m))
        self.by_x = np.vstack([p.c @ power for power in powers[1:]])
        self.by_now = by_u @ np.kron(np.ones((h, 1)), np.eye(m))
        self.s = by_u @ self.sums
        self.moves = h * m
        self.slacks = h * p.cvs if p.zones else 0
        track, pull = np.tile(p.track, h), np.tile(p.pull, h)
        self._track, self._pull = track, pull
        hessian = self.s.T @ (track[:, None] * self.s) + self.sums.T @ (pull[:, None] * self.sums)
        self.hessian = 2.0 * (hessian + np.diag(np.tile(p.suppress, h)))
        self.limited = bool((p.step < 1e5).all())
        rows = [self.s] if p.zones else []
        rows += [np.eye(self.moves)] if self.limited else []
        rows += [self.sums]
        self.rows = np.vstack(rows)
        self.p = np.zeros((self.moves + self.slacks,) * 2)
        self.p[: self.moves, : self.moves] = self.hessian
        self.p[self.moves :, self.moves :] = 2.0 * p.slack * np.eye(self.slacks)
        self.a = np.hstack((self.rows, np.zeros((len(self.rows), self.slacks))))
        self.a[: self.slacks, self.moves :] = -np.eye(self.slacks)

    def vectors(self, x: Array, u: Array, d: Array, r: Array, target: Array) -> tuple[Array, Array, Array]:
        """Return q, low, high of one step."""
        p, h = self.problem, self.problem.horizon
        free = self.by_x @ x + self.by_now @ u + np.tile(d, h)
        q = np.zeros(self.moves + self.slacks)
        gap = np.tile(u - target, h)
        error = free - np.tile(r, h)
        q[: self.moves] = 2.0 * (self.s.T @ (self._track * error) + self.sums.T @ (self._pull * gap))
        low, high = [np.tile(p.low - u, h)], [np.tile(p.high - u, h)]
        if self.limited:
            low, high = [np.tile(-p.step, h), *low], [np.tile(p.step, h), *high]
        if p.zones:
            low, high = [np.tile(p.zone_low, h) - free, *low], [np.tile(p.zone_high, h) - free, *high]
        return q, np.concatenate(low), np.concatenate(high)

    def sequence(self) -> list[tuple[Array, Array, Array]]:
        """Return q, low, high of every recorded step."""
        p = self.problem
        return [self.vectors(p.x[t], p.u[t], p.d[t], p.r[t], p.target[t]) for t in range(len(p.x))]


class Exact:
    """First moves to 1e-9, by a dual active-set method in which a soft row needs no unknown."""

    def __init__(self, problem: Problem) -> None:
        self._form = form = Condensed(problem)
        soft = np.arange(len(form.rows)) < form.slacks
        self._sense = np.where(soft, 8, 0).astype(np.int32)
        reciprocal = np.where(soft, 1.0 / (2.0 * problem.slack) if problem.zones else 1.0, 1e-6)
        wide = np.full(len(soft), 1e6)
        self._engine = daqp.Model()
        self._engine.settings = {"primal_tol": 1e-9}
        self._engine.setup(form.hessian, np.zeros(form.moves), form.rows, wide, -wide, self._sense)
        self._engine.soft_weights(rho_l=reciprocal, rho_u=reciprocal)

    def first(self, x: Array, u: Array, d: Array, r: Array, target: Array) -> Array:
        """Return the first move of each MV. Raises RuntimeError where there is no answer."""
        form, p = self._form, self._form.problem
        q, low, high = form.vectors(x, u, d, r, target)
        self._engine.update(f=q[: form.moves], bupper=high, blower=low)
        z, _, flag, _ = self._engine.solve()
        if flag < 1:
            raise RuntimeError(f"no exact answer: flag {flag}")
        first: Array = np.clip(z[: p.mvs], -p.step, p.step)
        return np.clip(u + first, p.low, p.high) - u
