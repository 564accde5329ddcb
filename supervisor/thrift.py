"""Moves too small to be worth the wear (``move.min`` of an MV) are saved up until they are large enough. Pure.

They are not dropped: where a plan wants a small step in each cycle, its whole way would be lost.
"""

from __future__ import annotations

from collections.abc import Mapping

from constraints.plant import Plant
from safety.signals import Snapshot


def saved_up(
    plant: Plant,
    wishes: Mapping[str, float],
    snapshot: Snapshot,
    limits: Mapping[str, tuple[float, float]],
    saved: Mapping[str, float],
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return the next setpoints without moves that are too small, and by MV what is saved up of those, its unit.

    ``wishes``: the plan's next setpoints. An MV that stands outside its ``limits`` comes in by steps of any size.
    """
    given, kept = dict(wishes), {}
    for mv, wish in wishes.items():
        spec = plant.mvs.get(mv)
        actual = snapshot.good(spec.setpoint.tag) if spec is not None else None
        if spec is None or actual is None or spec.move_min <= 0.0:
            continue
        lo, hi = limits.get(mv, (actual, actual))
        way = saved.get(mv, 0.0) + wish - actual
        if not lo <= actual <= hi or not abs(way) < spec.move_min:
            given[mv] = actual + way if lo <= actual <= hi else wish
        else:
            given[mv], kept[mv] = actual, way
    return given, kept
