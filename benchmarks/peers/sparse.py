"""The recorded MPC as one sparse QP with the states kept: ``z = (du, u, x, s)``, time step by time step.

``low <= A z <= high``: the model (equalities), then ranges, moves where limited, and zones.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from benchmarks.peers.problem import Array, Problem


class Sparse:
    """Constant matrices, and the vectors of one step."""

    def __init__(self, problem: Problem) -> None:
        self.problem = p = problem
        h, m, n, c = p.horizon, p.mvs, len(p.a), p.cvs
        slacks = h * c if p.zones else 0
        eye, back = sp.eye(h), sp.eye(h, k=-1)
        self.first = slice(0, m)
        outputs = sp.kron(eye, p.c)
        track = sp.diags(np.tile(p.track, h))
        self._linear = (outputs.T @ track).tocsr()
        self.p = 2.0 * sp.block_diag(
            [
                sp.diags(np.tile(p.suppress, h)),
                sp.diags(np.tile(p.pull, h)),
                outputs.T @ track @ outputs,
                *([p.slack * sp.eye(slacks)] if slacks else []),
            ],
            format="csc",
        )
        self.limited = bool((p.step < 1e5).all())
        du, u, x = sp.eye(h * m), sp.eye(h * m) - sp.kron(back, sp.eye(m)), sp.eye(h * n) - sp.kron(back, p.a)
        empty = [None] if slacks else []
        rows = [[-du, u, None, *empty], [None, -sp.kron(eye, p.b), x, *empty]]
        rows += [[None, sp.eye(h * m), None, *empty]]
        rows += [[du, None, None, *empty]] if self.limited else []
        rows += [[None, None, outputs, -sp.eye(slacks)]] if slacks else []
        self.a = sp.bmat(rows, format="csc")

    def vectors(self, x: Array, u: Array, d: Array, r: Array, target: Array) -> tuple[Array, Array, Array]:
        """Return q, low, high of one step."""
        p, h = self.problem, self.problem.horizon
        m, n = p.mvs, len(p.a)
        q = np.zeros(self.p.shape[0])
        q[h * m : 2 * h * m] = -2.0 * np.tile(p.pull * target, h)
        q[2 * h * m : 2 * h * m + h * n] = 2.0 * self._linear @ np.tile(d - r, h)
        same = np.zeros(h * (m + n))
        same[:m] = u
        same[h * m : h * m + n] = p.a @ x
        low, high = [same, np.tile(p.low, h)], [same, np.tile(p.high, h)]
        if self.limited:
            low, high = [*low, np.tile(-p.step, h)], [*high, np.tile(p.step, h)]
        if p.zones:
            low, high = [*low, np.tile(p.zone_low - d, h)], [*high, np.tile(p.zone_high - d, h)]
        return q, np.concatenate(low), np.concatenate(high)
