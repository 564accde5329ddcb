"""cvxpy's own re-solve: the problem in its notation, parameters set each step (DPP, compiled once), OSQP, warm."""

from __future__ import annotations

import cvxpy as cp
import numpy as np

from benchmarks.peers.harness import Step, run
from benchmarks.peers.problem import Array, Problem


def build(problem: Problem) -> Step:
    """Write the problem and compile it by a first solve."""
    p, h = problem, problem.horizon
    now, before = cp.Parameter(len(p.a)), cp.Parameter(p.mvs)
    off, target = cp.Parameter(p.cvs), cp.Parameter(p.mvs)
    disturbed = cp.Parameter(p.cvs)
    x, u = cp.Variable((len(p.a), h + 1)), cp.Variable((p.mvs, h))
    ones = np.ones((1, h))
    past = cp.hstack((cp.reshape(before, (p.mvs, 1), order="F"), u[:, :-1]))
    ahead = p.c @ x[:, 1:]
    error = ahead + cp.reshape(off, (p.cvs, 1), order="F") @ ones
    gap = u - cp.reshape(target, (p.mvs, 1), order="F") @ ones
    cost = cp.sum_squares(cp.multiply(np.sqrt(p.track)[:, None], error))
    cost += cp.sum_squares(cp.multiply(np.sqrt(p.suppress)[:, None], u - past))
    rows = [
        x[:, 0] == now,
        x[:, 1:] == p.a @ x[:, :-1] + p.b @ u,
        u >= p.low[:, None] @ ones,
        u <= p.high[:, None] @ ones,
    ]
    if p.pull.any():
        cost += cp.sum_squares(cp.multiply(np.sqrt(p.pull)[:, None], gap))
    if (p.step < 1e5).all():
        rows += [u - past <= p.step[:, None] @ ones, u - past >= -p.step[:, None] @ ones]
    if p.zones:
        s = cp.Variable((p.cvs, h))
        y = ahead + cp.reshape(disturbed, (p.cvs, 1), order="F") @ ones
        cost += p.slack * cp.sum_squares(s)
        rows += [y - s <= p.zone_high[:, None] @ ones, y - s >= p.zone_low[:, None] @ ones]
    # its form has more rows and splits two-sided ones: with zones the first moves agree only at a quarter of it
    tolerance = 0.25 * p.tolerance if p.zones else p.tolerance
    program = cp.Problem(cp.Minimize(cost), rows)

    def step(x0: Array, u0: Array, d: Array, r: Array, to: Array) -> Array:
        now.value, before.value, off.value, target.value, disturbed.value = x0, u0, d - r, to, d
        program.solve(solver=cp.OSQP, warm_start=True, eps_abs=tolerance, eps_rel=tolerance, max_iter=20_000)
        return np.array(u.value[:, 0] - u0)

    step(p.x[0], p.u[0], p.d[0], p.r[0], p.target[0])
    return step


if __name__ == "__main__":
    run(("cvxpy", "osqp", "numpy"), build)
