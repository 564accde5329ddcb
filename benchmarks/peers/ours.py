"""The slot for Setwise's own moves: ``ours`` gets a recorded problem and answers in Setwise's environment.

Fill in ``ours`` with a call into ``controllers``; it must solve the very problem of ``benchmarks.peers.problem`` (every
move free, H steps), or its first moves will not agree and the comparison fails.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path

import numpy as np

from benchmarks.peers.harness import SETTLING
from benchmarks.peers.problem import Array, Problem, loaded


def ours(problem: Problem) -> tuple[list[float], Array]:
    """Return milliseconds per step and the (steps, MVs) first moves."""
    raise NotImplementedError(f"no moves of ours yet for {problem.mvs}x{problem.cvs}")


def main() -> None:
    """Print what the harness prints for a peer."""
    taken, first = ours(loaded(Path(sys.argv[1])))
    counted = taken[SETTLING:]
    print(
        json.dumps(
            {
                "versions": {"setwise": importlib.metadata.version("setwise")},
                "setup_s": 0.0,
                "median_ms": float(np.median(counted)),
                "p95_ms": float(np.percentile(counted, 95)),
                "ms": taken,
                "first": np.asarray(first).tolist(),
            }
        )
    )


if __name__ == "__main__":
    main()
