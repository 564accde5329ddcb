"""What the estimate costs in a cycle, part by part, and how that grows: ``python -m benchmarks.estimate``.

Its floor is the one thing that cannot be left out: the same linear map from states and inputs to every CV at every time
asked for, as one sparse matrix times a vector (scipy). Processor time, the median of many cycles, one thread.
"""

from __future__ import annotations

import itertools
import platform
import statistics
import sys
import time

import numpy as np
import scipy
import scipy.sparse as sp

from constraints.plant import Pair
from controllers.estimate import Estimator
from controllers.memory import Memory
from controllers.model import Model
from tests.controllers.plants import cv, mv, plant

SIZES = ((2, 2, 4), (10, 20, 60), (20, 40, 200), (100, 200, 2_000))
"""MVs, CVs, pairs."""
LIMIT_MS = 5.0
"""A few milliseconds, for the largest."""
CYCLE_S, WARM, ROUNDS = 15.0, 40, 60
POINTS, REPORT = 12, 24
"""Times that the moves ask for, and the record."""


def main() -> int:
    """Print the table; return 1 where the largest misses its limit."""
    print(f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}")
    print(f"{'MV x CV, pairs':>20}  restore  update  predict   store   total   floor   ratio  (ms of processor time)")
    total = 0.0
    for mvs, cvs, pairs in SIZES:
        parts, floor = measured(mvs, cvs, pairs)
        total = sum(parts.values())
        columns = "  ".join(f"{parts[name]:6.2f}" for name in ("restore", "update", "predict", "store"))
        print(f"{mvs:>8} x {cvs:<3} {pairs:>6}   {columns}  {total:6.2f}  {floor:6.2f}  {total / floor:6.1f}")
    met = total <= LIMIT_MS
    print(f"{SIZES[-1][2]} pairs within {LIMIT_MS:g} ms: {'met' if met else 'NOT met'} ({total:.2f} ms)")
    return 0 if met else 1


def measured(mvs: int, cvs: int, pairs: int) -> tuple[dict[str, float], float]:
    """Return the milliseconds of each part of a cycle, and of the floor."""
    rng = np.random.default_rng(7)
    ends = rng.choice(mvs * cvs, size=pairs, replace=False)
    made = [
        Pair(
            source=f"u{end % mvs}",
            cv=f"y{end // mvs}",
            gain=float(rng.normal()),
            dead_time_s=float(rng.uniform(0.0, 300.0)),
            lag1_s=float(rng.uniform(20.0, 400.0)),
            lag2_s=float(rng.choice([0.0, 30.0])),
        )
        for end in ends.tolist()
    ]
    of = plant(
        [mv(f"u{i}", (0.0, 100.0)) for i in range(mvs)],
        [cv(f"y{i}", (0.0, 100.0)) for i in range(cvs)],
        made,
        cycle_s=CYCLE_S,
    )
    estimator = Estimator(of, Model.of(of))
    points = np.linspace(CYCLE_S, 1800.0, POINTS)[:, None] + np.zeros(cvs)
    report = np.linspace(0.0, 1800.0, REPORT)
    spent: dict[str, list[float]] = {name: [] for name in ("restore", "update", "predict", "store")}
    memory, at_s = estimator.start(0.0, [50.0] * mvs, [], [50.0] * cvs).stored(Memory()), 0.0
    for _ in range(WARM + ROUNDS):
        at_s += CYCLE_S + float(rng.uniform(-0.01, 0.01))  # no clock is even: nothing may be reused by luck
        u, y = (50.0 + rng.normal(size=mvs)).tolist(), (50.0 + rng.normal(size=cvs)).tolist()
        laps = [time.process_time()]
        before = estimator.restored(memory)
        laps.append(time.process_time())
        assert before is not None
        now = estimator.update(before, at_s, u, [], y, [True] * cvs)
        laps.append(time.process_time())
        for ahead in (np.zeros(1), points, report):
            estimator.predict(now, ahead)
        laps.append(time.process_time())
        memory = now.stored(Memory())
        laps.append(time.process_time())
        for name, (began, ended) in zip(spent, itertools.pairwise(laps), strict=True):
            spent[name].append(1000.0 * (ended - began))
    return {name: statistics.median(times[WARM:]) for name, times in spent.items()}, floor_ms(cvs, pairs)


def floor_ms(cvs: int, pairs: int) -> float:
    """Return the milliseconds of one sparse product of the map's size: three states and an input a pair and time."""
    rng = np.random.default_rng(7)
    times = 1 + POINTS + REPORT
    rows = (np.arange(times)[:, None, None] * cvs + rng.integers(cvs, size=pairs)[None, :, None]).repeat(4, axis=2)
    columns = np.broadcast_to(np.arange(4 * pairs).reshape(1, pairs, 4), rows.shape)
    matrix = sp.csr_array((rng.normal(size=rows.size), (rows.ravel(), columns.ravel())), shape=(times * cvs, 4 * pairs))
    x = rng.normal(size=4 * pairs)
    spent = []
    for _ in range(WARM + ROUNDS):
        began = time.process_time()
        matrix @ x
        spent.append(1000.0 * (time.process_time() - began))
    return statistics.median(spent)


if __name__ == "__main__":
    sys.exit(main())
