"""GEKKO: dynamic control mode (IMODE 6, one node a step), solved on this machine by the IPOPT that its wheel ships.

The recursion ``x_j = A x_(j-1) + B u_j`` is exact in its backward differences: ``x_(j-1)`` is ``x - x.dt()``. The MVs
are the moves, ``u`` their sum, so that move limits and bounds are plain bounds.
"""

from __future__ import annotations

import numpy as np
from gekko import GEKKO

from benchmarks.peers.harness import Step, run
from benchmarks.peers.problem import Array, Problem


def build(problem: Problem) -> Step:
    """Write the model; GEKKO compiles it in its first solve."""
    p = problem
    n, mvs, cvs = len(p.a), range(p.mvs), range(p.cvs)
    m = GEKKO(remote=False)
    m.time = list(range(p.horizon + 1))
    m.options.IMODE, m.options.NODES, m.options.SOLVER = 6, 2, 3
    m.options.TIME_SHIFT = 0
    limited = bool((p.step < 1e5).all())
    x = [m.Var(value=p.x[0, k]) for k in range(n)]
    u = [m.Var(value=p.u[0, k], lb=p.low[k], ub=p.high[k]) for k in mvs]
    move = [m.MV(value=0.0, **({"lb": -p.step[k], "ub": p.step[k]} if limited else {})) for k in mvs]
    d, r = [m.Param(value=p.d[0, k]) for k in cvs], [m.Param(value=p.r[0, k]) for k in cvs]
    to = [m.Param(value=p.target[0, k]) for k in mvs]
    for k in mvs:
        move[k].STATUS, move[k].FSTATUS, move[k].DCOST = 1, 0, 0.0
        m.Equation(u[k].dt() == move[k])
    for k in range(n):
        terms = [float(p.a[k, i]) * (x[i] - x[i].dt()) for i in range(n) if p.a[k, i]]
        terms += [float(p.b[k, i]) * u[i] for i in mvs if p.b[k, i]]
        m.Equation(x[k] == sum(terms))
    for k in mvs:
        m.Minimize(float(p.suppress[k]) * move[k] ** 2)
        if p.pull[k]:
            m.Minimize(float(p.pull[k]) * (u[k] - to[k]) ** 2)
    for k in cvs:
        y = sum(float(p.c[k, i]) * x[i] for i in range(n) if p.c[k, i]) + d[k]
        if p.track[k]:
            m.Minimize(float(p.track[k]) * (y - r[k]) ** 2)
        if p.zones:
            s = m.Var(value=0.0)
            m.Minimize(p.slack * s**2)
            m.Equation(y - s <= float(p.zone_high[k]))
            m.Equation(y - s >= float(p.zone_low[k]))

    def step(now: Array, u_now: Array, off: Array, setpoint: Array, target: Array) -> Array:
        for variables, values in ((x, now), (u, u_now), (d, off), (r, setpoint), (to, target)):
            for variable, value in zip(variables, values, strict=True):
                variable.value = float(value)
        m.solve(disp=False)
        return np.array([float(v.value[1]) for v in move])

    step(p.x[0], p.u[0], p.d[0], p.r[0], p.target[0])
    return step


if __name__ == "__main__":
    run(("gekko", "numpy"), build)
