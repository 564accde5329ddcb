"""The cycle against how fast the plant answers, and the points that the controller looks at against how slowly."""

from __future__ import annotations

import itertools
import math
from typing import Final

from constraints.plant import Pair, Plant
from constraints.plantfile.scope import Scope

RISEN: Final = 1.0 - math.exp(-1.0)
AT_ONCE: Final = 0.2
"""A CV so much faster than the slowest one (a power beside a temperature) answers at once for this controller."""
LAGS_TO_SETTLE: Final = 4.0
"""A first-order lag is within 2 % of its end after four of its time constants."""


def warn_timing(scope: Scope, plant: Plant) -> None:
    """Warn of a CV that is over with everything between two cycles, and of points that end before a CV has settled."""
    moved = [pair for pair in plant.pairs if pair.source in plant.mvs and not pair.integrating]
    slowest_s = max((_lag_s(pair) for pair in moved), default=0.0)
    fast = [cv for cv in plant.cvs if AT_ONCE * slowest_s <= _slowest_s(moved, cv) < plant.cycle_s and slowest_s > 0.0]
    if fast:
        message = f"the cycle of {plant.cycle_s:g} s is longer than the longest lag of {', '.join(fast)}"
        hint = "what disturbs it comes and goes between two cycles; a cycle of a fifth to a tenth of the lag sees it"
        scope.issues.at_value("W123", ("controller", "cycle"), message, hint)
    points = plant.tuning.points
    if isinstance(points, int):
        return  # spread over each CV's own settling time
    seen_s = points[-1] * plant.cycle_s
    for cv in plant.cvs:
        settled_s = max((_settled_s(pair) for pair in moved if pair.cv == cv), default=0.0)
        if settled_s > seen_s:
            message = f"the last point is {seen_s:g} s ahead, and {cv} has settled after {settled_s:g} s"
            hint = (
                f"points up to cycle {settled_s / plant.cycle_s:.0f}, or a number: they are then spread by themselves"
            )
            scope.issues.at_value("W124", ("controller", "points"), message, hint)


def _slowest_s(pairs: list[Pair], cv: str) -> float:
    """Return the longest lag, dead time not counted; 0 where there is none."""
    return max((_lag_s(pair) for pair in pairs if pair.cv == cv), default=0.0)


def _lag_s(pair: Pair) -> float:
    """Return the pair's lag; of a step response the time from its start to 63 % of its end, which a lag is."""
    if not pair.step:
        return max(pair.lag1_s, pair.lag2_s)
    part = RISEN * abs(pair.step[-1][1])
    started_s = max((at for at, value in pair.step[:-1] if value == 0.0), default=0.0)
    for (at, value), (later, higher) in itertools.pairwise(pair.step):
        if abs(value) < part <= abs(higher):
            return at + (later - at) * (part - abs(value)) / (abs(higher) - abs(value)) - started_s
    return 0.0


def _settled_s(pair: Pair) -> float:
    last_s = pair.step[-1][0] if pair.step else LAGS_TO_SETTLE * (pair.lag1_s + pair.lag2_s)
    return pair.dead_time_s + last_s
