"""CasADi's ``nlpsol`` with IPOPT: multiple shooting, parameters for the step, warm primal and dual, QP hints to IPOPT.

Expressions are expanded to scalars (SX) and derivatives are constant, which IPOPT is told.
"""

from __future__ import annotations

import casadi as ca
import numpy as np

from benchmarks.peers.harness import Step, run
from benchmarks.peers.problem import Array, Problem

IPOPT = {
    "print_time": False,
    "ipopt": {
        "print_level": 0,
        "sb": "yes",
        "hessian_constant": "yes",
        "jac_c_constant": "yes",
        "jac_d_constant": "yes",
        "mehrotra_algorithm": "yes",
    },
}


def build(problem: Problem) -> Step:
    """Write the problem and let CasADi derive and compile what IPOPT asks for."""
    p, h = problem, problem.horizon
    n, m, c = len(p.a), p.mvs, p.cvs
    x, u = ca.SX.sym("x", n, h), ca.SX.sym("u", m, h)
    s = ca.SX.sym("s", c if p.zones else 0, h)
    x0, u0, d, r, to = (ca.SX.sym(name, size) for name, size in (("x0", n), ("u0", m), ("d", c), ("r", c), ("to", m)))
    a, b, out = (ca.DM(ca.sparsify(ca.DM(v))) for v in (p.a, p.b, p.c))
    cost, rows, low, high = ca.SX(0), [], [], []
    before, at = u0, x0
    for j in range(h):
        rows.append(x[:, j] - a @ at - b @ u[:, j])
        low.append(np.zeros(n))
        high.append(np.zeros(n))
        y = out @ x[:, j] + d
        cost += ca.dot(p.track, (y - r) ** 2) + ca.dot(p.suppress, (u[:, j] - before) ** 2)
        cost += ca.dot(p.pull, (u[:, j] - to) ** 2)
        if (p.step < 1e5).all():
            rows.append(u[:, j] - before)
            low.append(-p.step)
            high.append(p.step)
        if p.zones:
            cost += p.slack * ca.sumsqr(s[:, j])
            rows.append(y - s[:, j])
            low.append(p.zone_low)
            high.append(p.zone_high)
        before, at = u[:, j], x[:, j]
    z = ca.veccat(x, u, s)
    solver = ca.nlpsol(
        "mpc", "ipopt", {"x": z, "p": ca.veccat(x0, u0, d, r, to), "f": cost, "g": ca.vertcat(*rows)}, IPOPT
    )
    wide = np.full(z.numel(), np.inf)
    z_low, z_high = -wide, wide.copy()
    moves = slice(n * h, n * h + m * h)
    z_low[moves], z_high[moves] = np.tile(p.low, h), np.tile(p.high, h)
    g_low, g_high = np.concatenate(low), np.concatenate(high)
    last: dict[str, ca.DM] = {}

    def step(now: Array, u_now: Array, off: Array, setpoint: Array, target: Array) -> Array:
        parameters = np.concatenate((now, u_now, off, setpoint, target))
        answer = solver(p=parameters, lbx=z_low, ubx=z_high, lbg=g_low, ubg=g_high, **last)
        last.update(x0=answer["x"], lam_x0=answer["lam_x"], lam_g0=answer["lam_g"])
        return np.array(answer["x"]).ravel()[moves][:m] - u_now

    return step


if __name__ == "__main__":
    run(("casadi", "numpy"), build)
