"""Two stages of lateness: past the first nothing moves, past the second the loops go back (reference: I-36, F59).

It judges after the fact, from ages: how long since the last cycle was judged, since the last plan that was fit, since
our heartbeat last came back. A process that hangs judges nothing; there the PLC's own timer is what sheds (I-50).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from safety.interlocks import Action, worst


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchdogRule:
    """The two stages. Raises ValueError where the first does not come before the second."""

    warn_s: float
    """Older than this: hold."""
    trip_s: float
    """Older than this: shed."""

    def __post_init__(self) -> None:
        if not 0.0 < self.warn_s < self.trip_s < math.inf:
            raise ValueError("a watchdog needs 0 < warn < trip, both finite")


@dataclass(frozen=True, slots=True)
class Watch:
    """What the watchdog asks for in one cycle."""

    action: Action = "none"
    """``none``, ``hold`` or ``shed``."""
    late: tuple[str, ...] = ()
    """What is late, the worst first."""


def watch(ages_s: Mapping[str, float], rules: Mapping[str, WatchdogRule]) -> Watch:
    """Return what is asked for when what ``rules`` watch has these ages; one without a possible age trips."""
    stages = {name: _stage(ages_s.get(name, math.nan), rule) for name, rule in rules.items()}
    late = sorted((name for name, stage in stages.items() if stage != "none"), key=lambda name: stages[name] != "shed")
    return Watch(worst(*stages.values()), tuple(late))


def _stage(age_s: float, rule: WatchdogRule) -> Action:
    if not 0.0 <= age_s <= rule.trip_s:
        return "shed"
    return "none" if age_s <= rule.warn_s else "hold"
