"""do-mpc: a discrete model, its own move penalty and time-varying parameters, IPOPT with MUMPS, its own warm start.

Nothing is stored and IPOPT is silent. IPOPT is told that this is a QP, which a do-mpc user can do through
``nlpsol_opts``. The move limit needs the past move as a state and the zone's slack is an input of its own: do-mpc's own
soft constraint costs the slack linearly, which would be another problem. do-mpc is measured here and imported nowhere.
"""

from __future__ import annotations

import logging
import warnings

import casadi as ca
import numpy as np

warnings.simplefilter("ignore")  # it says at import which of its optional parts are not there
import do_mpc  # noqa: E402

from benchmarks.peers.casadi_nlp import IPOPT  # noqa: E402
from benchmarks.peers.harness import Step, run  # noqa: E402
from benchmarks.peers.problem import Array, Problem  # noqa: E402


def build(problem: Problem) -> Step:
    """Write model and controller as do-mpc's documentation does."""
    logging.disable(logging.WARNING)
    p, n, m, c = problem, len(problem.a), problem.mvs, problem.cvs
    a, b, out = (ca.sparsify(ca.DM(v)) for v in (p.a, p.b, p.c))
    limited = bool((p.step < 1e5).all())
    model = do_mpc.model.Model("discrete", "SX")
    x, u = model.set_variable("_x", "x", (n, 1)), model.set_variable("_u", "u", (m, 1))
    for name, size in (("d", c), ("r", c), ("to", m)):
        model.set_variable("_tvp", name, (size, 1))
    model.set_rhs("x", a @ x + b @ u)
    if limited:
        model.set_variable("_x", "past", (m, 1))
        model.set_rhs("past", u)
    if p.zones:
        model.set_variable("_u", "s", (c, 1))
    model.setup()
    x, u, d, r, to = model.x["x"], model.u["u"], model.tvp["d"], model.tvp["r"], model.tvp["to"]
    y = out @ x + d

    mpc = do_mpc.controller.MPC(model)
    mpc.settings.n_horizon = p.horizon
    mpc.settings.t_step = 1.0
    mpc.settings.n_robust = 0
    mpc.settings.store_full_solution = False
    mpc.settings.nlpsol_opts = dict(IPOPT)
    error = ca.dot(p.track, (y - r) ** 2)
    cost = error + ca.dot(p.pull, (u - to) ** 2)
    mpc.set_objective(mterm=error, lterm=cost + (p.slack * ca.sumsqr(model.u["s"]) if p.zones else 0.0))
    mpc.set_rterm(u=p.suppress, **({"s": np.zeros(c)} if p.zones else {}))
    mpc.bounds["lower", "_u", "u"], mpc.bounds["upper", "_u", "u"] = p.low, p.high
    if limited:
        past = model.x["past"]
        mpc.set_nl_cons("up", u - past, ub=p.step)
        mpc.set_nl_cons("down", past - u, ub=p.step)
    if p.zones:
        s = model.u["s"]
        ahead = out @ (a @ x + b @ u) + d
        mpc.set_nl_cons("above", ahead - s, ub=p.zone_high)
        mpc.set_nl_cons("below", s - ahead, ub=-p.zone_low)
    template = mpc.get_tvp_template()
    mpc.set_tvp_fun(lambda _now: template)
    mpc.setup()

    def step(now: Array, u_now: Array, off: Array, setpoint: Array, target: Array) -> Array:
        template["_tvp", :, "d"] = off
        template["_tvp", :, "r"] = setpoint
        template["_tvp", :, "to"] = target
        mpc.u0["u"] = u_now
        state = np.concatenate((now, u_now)) if limited else now
        return np.array(mpc.make_step(state.reshape(-1, 1))).ravel()[:m] - u_now

    mpc.x0 = np.concatenate((p.x[0], p.u[0])) if limited else p.x[0]
    mpc.u0["u"] = p.u[0]
    mpc.set_initial_guess()
    return step


if __name__ == "__main__":
    run(("do-mpc", "casadi", "numpy"), build)
