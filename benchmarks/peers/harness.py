"""How one tool is measured, alone in its process: build once, then every recorded step, timed; JSON on stdout.

What is timed is what a user's cycle would do: set the step's state, solve, read the first move. Building, compiling,
the import and the first ``SETTLING`` steps are not counted. Time is that of the processor, of this process and of those
that it started and saw end: on a shared machine, wall time would be kinder to short calls than to long ones.
"""

from __future__ import annotations

import importlib.metadata
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.peers.problem import Array, Problem, loaded

SETTLING = 3

Step = Callable[[Array, Array, Array, Array, Array], Array]
"""(x, u, d, r, target) -> first move of each MV."""


def _spent_s() -> float:
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + started.ru_utime + started.ru_stime


def run(packages: tuple[str, ...], build: Callable[[Problem], Step]) -> None:
    """Solve the sequence whose file the command line names, and print what came out."""
    problem = loaded(Path(sys.argv[1]))
    began = time.perf_counter()
    step = build(problem)
    built = time.perf_counter() - began
    taken, first = [], []
    for t in range(len(problem.x)):
        began = _spent_s()
        move = step(problem.x[t], problem.u[t], problem.d[t], problem.r[t], problem.target[t])
        taken.append(1e3 * (_spent_s() - began))
        first.append(np.asarray(move, dtype=float).tolist())
    counted = taken[SETTLING:]
    print(
        json.dumps(
            {
                "versions": {name: importlib.metadata.version(name) for name in packages},
                "setup_s": built,
                "median_ms": float(np.median(counted)),
                "p95_ms": float(np.percentile(counted, 95)),
                "ms": taken,
                "first": first,
            }
        )
    )
