"""Each limit's worth as it is shown, EUR/h per unit, against what solving again with a little more room earns.

    python -m benchmarks.worth [--cases 3000] [--first 0]

The random plants are those of ``benchmarks.ranked``. A limit is compared where the same limits hold on both sides of
it: where the same rows are given up, and a little less and a little more room are worth the same. The goal is agreement
within 1 % in every one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.charts import distances
from benchmarks.figures import kept, made_with
from benchmarks.ranked_cases import Case, case
from controllers.model import FloatArray
from controllers.rows import Room, SteadyState
from controllers.targets import SteadyTargets, Targets

STEP = 1e-3
"""Concerns, or shares of an MV's span."""
SAME = 1e-3
"""The worth on both sides may differ by so much of itself; else another limit takes over within the step."""
NOTHING = 1e-5
"""Concerns: a give-up below it is none."""
LEAST = 1e-2
"""Of the steepest earning per span: a worth below it is among what the pull toward rest costs."""
OFF_MAX = 1e-2
DRAWN_MIN = 1_000

Problem = tuple[SteadyState, Room]


@dataclass(frozen=True, slots=True)
class Compared:
    """One limit of one problem: its worth as shown and as found again, for a concern or a span."""

    seed: int
    shown: float
    found: float

    @property
    def off(self) -> float:
        """The difference as a share of what was found."""
        return abs(self.shown - self.found) / abs(self.found)


def compared(seed: int) -> Iterator[Compared]:
    """Yield every limit of the problem of ``seed`` that can be compared."""
    problem = case(seed)
    steepest = float(np.abs(problem.state.money * problem.layout.span).max())
    if steepest == 0.0:
        return
    targets = Targets(problem.layout, problem.plant)
    got = targets.solve(problem.state, problem.room, None)
    for worth, less, more in _limits(problem, got):
        if worth < LEAST * steepest:
            continue
        down, up = (targets.solve(*each, None) for each in (less, more))
        below, above = (got.earns - down.earns) / STEP, (up.earns - got.earns) / STEP
        same_give_ups = all(np.array_equal(_given(problem, got), _given(problem, each)) for each in (down, up))
        if same_give_ups and abs(above - below) <= SAME * max(abs(above), abs(below)):
            yield Compared(seed, worth, above)


def _given(problem: Case, got: SteadyTargets) -> FloatArray:
    """Return for each row -1 or 1 where it is given up, by its side, else 0."""
    give_up = got.give_up / problem.layout.index.concern
    return np.where(np.abs(give_up) > NOTHING, np.sign(give_up), 0.0)


def _limits(problem: Case, got: SteadyTargets) -> Iterator[tuple[float, Problem, Problem]]:
    """Yield (worth of a concern or span, the problem with a little less room, with a little more) of each limit."""
    state, room, plan = problem.state, problem.room, problem.layout
    given = np.abs(got.give_up) > 1e-4 * plan.index.concern
    for k in np.flatnonzero((got.worth != 0.0) & ~given):
        if room.hi[k] - room.lo[k] < STEP:
            continue  # its sides would cross
        upper = got.worth[k] > 0.0
        nudge = np.zeros(len(plan.rows))
        nudge[k] = STEP
        less, more = (
            Room(room.lo - (0.0 if upper else way * nudge), room.hi + (way * nudge if upper else 0.0), room.rank)
            for way in (-1.0, 1.0)
        )
        yield abs(got.worth[k]) * plan.index.concern[k], (state, less), (state, more)
    for side, worth, way in (("hi", got.worth_hi, 1.0), ("lo", got.worth_lo, -1.0)):
        for i in np.flatnonzero((worth > 0.0) & (state.hi > state.lo)):
            nudge = np.zeros(len(plan.mvs))
            nudge[i] = way * STEP * plan.span[i]
            tight, wide = (replace(state, **{side: getattr(state, side) + s * nudge}) for s in (-1.0, 1.0))
            yield worth[i] * plan.span[i], (tight, room), (wide, room)


def main() -> int:
    """Print the figures; the exit code says whether the goal was met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=3_000)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    print(made_with())
    found = [each for seed in range(asked.first, asked.first + asked.cases) for each in compared(seed)]
    off = np.array([each.off for each in found])
    print(f"{len(found)} limits with a worth in {asked.cases} random plants, each found again by solving again")
    print(f"difference: median {np.median(off):.1e}, 99 % below {np.quantile(off, 0.99):.1e}, worst {off.max():.1e}")
    for each in sorted(found, key=lambda each: -each.off)[:5]:
        if each.off > OFF_MAX:
            print(f"  seed {each.seed}: shown {each.shown:.6g}, found {each.found:.6g}")
    if asked.cases >= DRAWN_MIN:
        title = f"The worth of {len(found)} limits: shown against found by solving again, relative difference"
        kept(distances(title, {"€/h per unit": off.tolist()}, OFF_MAX), "bench-worth.png")
    met = bool(off.max() <= OFF_MAX)
    print(f"goal: all within {OFF_MAX:.0%}: {'met' if met else 'NOT met'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
