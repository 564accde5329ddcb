"""DAQP by itself on the condensed form: one persistent model, warm from the last active set, soft rows."""

from __future__ import annotations

from benchmarks.peers.condensed import Exact
from benchmarks.peers.harness import Step, run
from benchmarks.peers.problem import Problem


def build(problem: Problem) -> Step:
    """Set the model up; its tolerance is 1e-9 in rows of unit norm."""
    return Exact(problem).first


if __name__ == "__main__":
    run(("daqp", "numpy"), build)
