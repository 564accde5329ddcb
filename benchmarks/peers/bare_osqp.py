"""OSQP by itself on the sparse form (states kept): vectors updated in place, warm from its own last answer."""

from __future__ import annotations

import numpy as np
import osqp
import scipy.sparse as sp

from benchmarks.peers.harness import Step, run
from benchmarks.peers.problem import Array, Problem
from benchmarks.peers.sparse import Sparse


def build(problem: Problem) -> Step:
    """Set OSQP up on the first step. Its defaults, but for the tolerance."""
    form, tol = Sparse(problem), problem.tolerance
    q, low, high = form.vectors(problem.x[0], problem.u[0], problem.d[0], problem.r[0], problem.target[0])
    engine = osqp.OSQP()
    engine.setup(
        sp.triu(form.p).tocsc(), q, form.a, low, high, verbose=False, eps_abs=tol, eps_rel=tol, max_iter=20_000
    )

    def step(x: Array, u: Array, d: Array, r: Array, target: Array) -> Array:
        q, low, high = form.vectors(x, u, d, r, target)
        engine.update(q=q, l=low, u=high)
        return np.array(engine.solve(raise_error=True).x[form.first])

    return step


if __name__ == "__main__":
    run(("osqp", "numpy"), build)
