"""Closed loop on Wood–Berry with a peer's moves: IAE and MV travel in the three tests, as JSON.

``python -m benchmarks.peers.quality do_mpc [move weight]``. Tests: setpoint of the top +1 %, of the bottom +1 %, feed
+0.34 lb/min, unmeasured. The plant is exact between samples (0.1 min grid; dead times of the feed 8.1 and 3.4 min);
the controller sees its outputs each minute and takes what the model does not explain as a constant disturbance ahead.
Wood & Berry, Chem. Eng. Sci. 28 (1973) 1707; tests of Luyben, Ind. Eng. Chem. Process Des. Dev. 25 (1986) 654.
"""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace

import numpy as np

from benchmarks.peers.harness import Step
from benchmarks.peers.problem import Array, Problem, wood_berry

MINUTES = 100
FINE = 10
"""Grid points per minute."""
GAIN = np.array([[12.8, -18.9, 3.8], [6.6, -19.4, 4.9]])
LAG = np.array([[16.7, 21.0, 14.9], [10.9, 14.4, 13.2]])
DEAD = np.array([[1.0, 3.0, 8.1], [7.0, 3.0, 3.4]])
TESTS = {"top": ((1.0, 0.0), 0.0), "bottom": ((0.0, 1.0), 0.0), "feed": ((0.0, 0.0), 0.34)}


def problem(weight: float) -> Problem:
    """Return the column with wide bounds: horizon 40, 1 min, every move free, outputs weighted 1."""
    return replace(
        wood_berry(1), suppress=np.full(2, weight), low=np.full(2, -1.0), high=np.full(2, 1.0), r=np.zeros((1, 2)),
        d=np.zeros((1, 2)),
    )  # fmt: skip


def closed(step: Step, at: Problem, setpoint: Array, feed: float) -> tuple[Array, float]:
    """Return IAE of each output (%·min) and the summed moves of both MVs (lb/min)."""
    pole, late = np.exp(-1.0 / (FINE * LAG)), np.round(DEAD * FINE).astype(int)
    lags = np.zeros((2, 3))
    past = np.zeros((MINUTES * FINE, 3))
    past[:, 2] = feed
    x, u = np.zeros(len(at.a)), np.zeros(2)
    iae, travel, to = np.zeros(2), 0.0, np.zeros(2)
    for k in range(MINUTES * FINE):
        y = lags.sum(axis=1)
        iae += np.abs(setpoint - y) / FINE
        if k % FINE == 0:
            move = np.asarray(step(x, u, y - at.c @ x, setpoint, to), dtype=float)
            u = u + move
            travel += float(np.abs(move).sum())
            x = at.a @ x + at.b @ u
        past[k, :2] = u
        came = np.where(k - late >= 0, past[np.maximum(k - late, 0), np.arange(3)], 0.0)
        lags = pole * lags + GAIN * (1.0 - pole) * came
    return iae, travel


def main() -> None:
    """Run one peer through the three tests."""
    tool, weight = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    result: dict[str, object] = {"tool": tool, "weight": weight, "minutes": MINUTES}
    for name, (setpoint, feed) in TESTS.items():
        at = problem(weight)
        step: Step = importlib.import_module(f"benchmarks.peers.{tool}").build(at)
        iae, travel = closed(step, at, np.array(setpoint), feed)
        result[name] = {"iae": float(iae.sum()), "iae_each": iae.tolist(), "travel": travel}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
