"""When moves are decided and where CVs are looked at: move blocks, coincidence points, and the dynamic matrix.

Move blocking and coincidence points are those of the trade's controllers (Qin & Badgwell, Control Eng. Practice 11,
2003, section 4.4). Within a block a move is spread evenly over the cycles, as a rate limit wants.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from constraints.plant import Tuning
from controllers.model import FloatArray, Model

POINT_POWER = 1.5
"""Points lie closer together early on: the k-th of n at this power of k/n of the way."""
REPORT_POINTS = 24
"""Moments of the prediction that people see."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """When moves are decided."""

    edges: tuple[int, ...]
    """Cycles between which a move is decided, 0 first."""
    cycle_s: float
    mvs: int
    """How many of the model's first inputs are MVs."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The grid of one plant's dynamic layer. CVs in the model's order; seconds from now."""

    blocks: Blocks
    lasts: FloatArray
    """(blocks,): cycles that each block lasts."""
    points_s: FloatArray
    """(points, CVs)."""
    report_s: FloatArray
    """(times,)."""
    moved: npt.NDArray[np.bool_]
    """Per CV: some MV acts on it."""
    delay_s: FloatArray
    """Per CV: least dead time of any MV on it; 0 where none acts."""
    settle_s: FloatArray
    """Per CV."""


def horizon(model: Model, mvs: int, tuning: Tuning) -> Horizon:
    """Return the grid for ``model``, whose first ``mvs`` inputs are the MVs."""
    cycle, count = model.cycle_s, len(model.cvs)
    settle = model.settle_s()
    delay = np.array([_least_delay(model, c, mvs) for c in range(count)])
    moved = np.isfinite(delay)
    delay = np.where(moved, delay, 0.0)
    if isinstance(tuning.points, int):
        early = delay + cycle
        late = np.maximum(settle, early + tuning.points)
        share = (np.arange(tuning.points) / max(tuning.points - 1, 1)) ** POINT_POWER
        points = early + (late - early) * share[:, None]
    else:
        points = np.repeat(cycle * np.array(tuning.points, dtype=np.float64)[:, None], count, axis=1)
    edges = (0, *tuning.blocking)
    return Horizon(
        blocks=Blocks(edges, cycle, mvs),
        lasts=np.diff(edges).astype(np.float64),
        points_s=points,
        report_s=np.linspace(0.0, float(points.max(initial=cycle)), REPORT_POINTS),
        moved=moved,
        delay_s=delay,
        settle_s=settle,
    )


def dynamic(steps: Callable[[FloatArray], FloatArray], ahead_s: FloatArray, of: Blocks) -> FloatArray:
    """Return (times, CVs, blocks, MVs): effect at ``ahead_s`` (times, CVs) of a unit move over each block.

    ``steps`` gives the step responses: ``Model.steps``, or ``Model.steps_unit`` where gains vary by cycle.
    """
    blocks = []
    for first, last in itertools.pairwise(of.edges):
        cycles = [steps(ahead_s - k * of.cycle_s)[:, :, : of.mvs] for k in range(first, last)]
        blocks.append(sum(cycles[1:], start=cycles[0]) / len(cycles))
    return np.stack(blocks, axis=2)


def _least_delay(model: Model, cv: int, mvs: int) -> float:
    mine = (model.cv == cv) & (model.source < mvs) & (model.gain != 0.0)
    return float(model.dead_s[mine].min(initial=np.inf))
