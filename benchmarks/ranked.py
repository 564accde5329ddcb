"""Random ranked problems against an exact lexicographic reference: how far the targets layer is off, and what it costs.

    python -m benchmarks.ranked [--cases 10000] [--first 0]

Feasible or not, degenerate, with collinear rows and MVs, with zero gains, and in units from 1e-6 to 1e6. The goal is
agreement within 1e-3 of the concern error in every give-up, and of the steepest earning per span in the money; no
failure that is not reported, and no NaN.
"""

from __future__ import annotations

import argparse
import collections
import math
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from benchmarks.charts import distances
from benchmarks.figures import kept
from benchmarks.ranked_cases import NoReferenceError, case, right
from controllers.rows import effects
from controllers.solver import SolverError
from controllers.targets import Targets

OFF_MAX = 1e-3
DRAWN_MIN = 1_000
"""A look at a few problems does not replace the picture."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One problem, compared."""

    seed: int
    kind: str
    give_up: float
    """Largest difference of a give-up, concerns."""
    money: float
    """Difference of what is earned, in the steepest earning per span."""
    trouble: str = ""
    """``nan``, ``refused`` (said so), ``no_reference``; empty where an answer could be compared."""
    missed: int = 0
    """Stages that DAQP had no acceptable answer to; another engine had."""
    targets_s: float = 0.0
    reference_s: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether the answer is within the goal."""
        return not self.trouble and self.give_up <= OFF_MAX and self.money <= OFF_MAX


def compared(seed: int) -> Outcome:
    """Return how the targets layer's answer to the problem of ``seed`` compares with the right one."""
    problem = case(seed)
    plan, state = problem.layout, problem.state
    began = time.process_time()
    try:
        exact = right(problem, effects(plan, state))
    except NoReferenceError:
        return Outcome(seed, problem.kind, math.nan, math.nan, "no_reference")
    reference_s = time.process_time() - began
    targets = Targets(plan, problem.plant)
    began = time.process_time()
    try:
        got = targets.solve(state, problem.room, None)
    except SolverError:
        return Outcome(seed, problem.kind, math.nan, math.nan, "refused")
    targets_s = time.process_time() - began
    if not all(np.isfinite(each).all() for each in (got.u, got.y, got.give_up, got.worth)):
        return Outcome(seed, problem.kind, math.nan, math.nan, "nan")
    unit = exact.steepest if exact.steepest > 0.0 else 1.0
    earned = float(state.money @ (got.u - state.u)) / unit
    return Outcome(
        seed,
        problem.kind,
        float(np.abs(got.give_up / plan.index.concern - exact.give_up).max()),
        abs(earned - exact.earned),
        missed=sum(each.solver == "clarabel" for each in got.solves),
        targets_s=targets_s,
        reference_s=reference_s,
    )


def main() -> int:
    """Print the figures; the exit code says whether the goal was met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    found = [compared(seed) for seed in range(asked.first, asked.first + asked.cases)]
    print(
        f"{len(found)} random ranked problems; daqp {version('daqp')}, reference clarabel {version('clarabel')}", end=""
    )
    print(f" and HiGHS in scipy {version('scipy')}")
    print(f"{'kind':14}{'cases':>7}{'worst give-up':>16}{'worst money':>14}{'off':>5}{'second engine':>15}")
    for kind in sorted({each.kind for each in found}):
        mine = [each for each in found if each.kind == kind]
        give_up, money = (np.nanmax([getattr(each, name) for each in mine]) for name in ("give_up", "money"))
        off = sum(not each.agrees for each in mine)
        print(f"{kind:14}{len(mine):7}{give_up:16.1e}{money:14.1e}{off:5}{sum(each.missed for each in mine):15}")
    for trouble, count in collections.Counter(each.trouble for each in found if each.trouble).items():
        print(f"{trouble}: {count}")
    for each in [each for each in found if not each.agrees][:20]:
        print(f"  seed {each.seed} {each.kind}: give-up {each.give_up:.1e}, money {each.money:.1e} {each.trouble}")
    ours, theirs = (sum(getattr(each, name) for each in found) for name in ("targets_s", "reference_s"))
    print(f"CPU: targets {1e3 * ours / len(found):.2f} ms each, reference {1e3 * theirs / len(found):.2f} ms each")
    if len(found) >= DRAWN_MIN:
        answered = [each for each in found if not each.trouble]
        sizes = {
            "give-up, concerns": [each.give_up for each in answered],
            "money, in the steepest earning per span": [each.money for each in answered],
        }
        title = f"{len(found)} random ranked problems: distance from an exact lexicographic reference"
        kept(distances(title, sizes, OFF_MAX), "bench-ranked.png")
    off = sum(not each.agrees for each in found)
    print(f"goal: all within {OFF_MAX:g}: {'met' if off == 0 else f'NOT met, {off} are not'}")
    return 0 if off == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
