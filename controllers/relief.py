"""Which single limit, given one concern more room, would earn most: found by the duals, confirmed by solving again.

A dual tells the first unit exactly and nothing of where the next limit takes over; so the few best are tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from constraints.stack import MV_CONCERN
from controllers.model import FloatArray
from controllers.rows import Layout, Room, SteadyState
from controllers.solver import SolverError
from controllers.targets import SteadyTargets
from controllers.types import Relief

Explore = Callable[[SteadyState, Room], tuple[FloatArray, float]]
"""What other limits lead to: the targets, and what they earn [currency/h] more than standing still."""
TRIED = 3
"""So many are tried."""
_MOVES = 1e-3
"""An MV's target that would differ by less than this share of its span is not told."""
_EARNS = 1e-6
"""A worth below this share of the largest, per concern, is none."""


def reliefs(
    state: SteadyState, room: Room, targets: SteadyTargets, layout: Layout, explore: Explore
) -> tuple[Relief, ...]:
    """Return the limits that would earn most with one concern more room (an MV's range: one hundredth of its span)."""
    found = []
    for name, worth, by, rows in _candidates(state, targets, layout):
        try:
            u, earns = explore(*_relaxed(name, rows, by, state, room, layout))
        except SolverError:
            continue
        gain = earns - targets.earns
        if gain > 0.0:
            elsewhere = np.abs(u - targets.u) > _MOVES * layout.span
            moves = {mv: float(u[i]) for i, mv in enumerate(layout.mvs) if elsewhere[i]}
            found.append(Relief(name=name, by=by, worth=worth, earns=gain, u_ss=moves))
    return tuple(sorted(found, key=lambda each: -each.earns))


def _candidates(
    state: SteadyState, targets: SteadyTargets, layout: Layout
) -> list[tuple[str, float, float, tuple[int, ...]]]:
    """Return (name, worth of a unit, room to give, rows) of the limits worth most per concern, the best first."""
    of_rows: dict[str, tuple[float, float, tuple[int, ...]]] = {}
    concern = layout.index.concern
    for k in np.argsort(-np.abs(targets.worth * concern), kind="stable")[: 4 * TRIED].tolist():
        row, worth = layout.rows[k], float(targets.worth[k])
        if worth == 0.0 or row.kind == "balance":
            continue
        name = row.name("hi" if worth > 0.0 else "lo")
        before, _, rows = of_rows.get(name, (0.0, 0.0, ()))
        of_rows[name] = (before + abs(worth), float(concern[k]), (*rows, k))
    every = [(name, worth, by, rows) for name, (worth, by, rows) in of_rows.items()]
    for side, worths in (("hi", targets.worth_hi), ("lo", targets.worth_lo)):
        for i in np.flatnonzero(worths > 0.0).tolist():
            if state.hi[i] > state.lo[i]:  # not where it may not move at all
                by = MV_CONCERN * float(layout.span[i])
                every.append((f"mv.{layout.mvs[i]}.{side}", float(worths[i]), by, (i,)))
    every.sort(key=lambda each: -each[1] * each[2])
    least = _EARNS * every[0][1] * every[0][2] if every else 0.0
    return [each for each in every[:TRIED] if each[1] * each[2] > least]


def _relaxed(
    name: str, rows: tuple[int, ...], by: float, state: SteadyState, room: Room, layout: Layout
) -> tuple[SteadyState, Room]:
    upper = name.endswith(".hi")
    if name.startswith("mv.") and not name.endswith(".target"):
        step = np.zeros(len(layout.mvs))
        step[rows[0]] = by
        return (replace(state, hi=state.hi + step) if upper else replace(state, lo=state.lo - step)), room
    lo, hi = room.lo.copy(), room.hi.copy()
    for k in rows:
        if name.endswith(".target"):
            lo[k], hi[k] = lo[k] - 1.0, hi[k] + 1.0
        elif name.endswith(".lo"):
            lo[k] -= 1.0
        else:
            hi[k] += 1.0
    return state, Room(lo, hi, room.rank)
