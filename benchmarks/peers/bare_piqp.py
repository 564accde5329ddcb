"""PIQP by itself on the sparse form (its better one): an interior point method, vectors updated in place, 1e-6."""

from __future__ import annotations

import numpy as np
import piqp

from benchmarks.peers.harness import Step, run
from benchmarks.peers.problem import Array, Problem
from benchmarks.peers.sparse import Sparse


def build(problem: Problem) -> Step:
    """Set PIQP up on the first step: the model as equalities, the rest as two-sided rows."""
    form = Sparse(problem)
    equal = problem.horizon * (problem.mvs + len(problem.a))
    a, g = form.a[:equal].tocsc(), form.a[equal:].tocsc()
    q, low, high = form.vectors(problem.x[0], problem.u[0], problem.d[0], problem.r[0], problem.target[0])
    engine = piqp.SparseSolver()
    engine.settings.eps_abs, engine.settings.eps_rel = 1e-6, 1e-6
    engine.setup(form.p, q, a, low[:equal], g, low[equal:], high[equal:])

    def step(x: Array, u: Array, d: Array, r: Array, target: Array) -> Array:
        q, low, high = form.vectors(x, u, d, r, target)
        engine.update(c=q, b=low[:equal], h_l=low[equal:], h_u=high[equal:])
        engine.solve()
        return np.array(engine.result.x[form.first])

    return step


if __name__ == "__main__":
    run(("piqp", "numpy"), build)
