"""Setwise's own dynamic layer with ``solver: daqp``."""

from __future__ import annotations

from benchmarks.peers.harness import Step, run
from benchmarks.peers.ours import layer
from benchmarks.peers.problem import Problem


def build(problem: Problem) -> Step:
    """Compile with ``solver: daqp``."""
    return layer(problem, "daqp")


if __name__ == "__main__":
    run(("setwise", "daqp"), build)
