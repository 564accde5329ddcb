"""One loop as the PLC block handles it: into cascade without a bump, out of it by its shed option.

Pure. Setpoints are in the loop's unit, times in seconds of the PLC's own clock. The loop's algorithm is not here: it is
the plant's (``hil.plants.pid``); the block only orders its mode and its setpoint, and sees what became of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from hil.plants.pid import Mode
from safety.signals import ShedAction


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopRule:
    """What the PLC's engineer fixed for one loop, whatever the supervisor believes."""

    name: str
    lo: float
    hi: float
    """Clamps: a setpoint outside them is refused."""
    up_per_min: float
    down_per_min: float
    """Fastest change, unit per minute, both positive."""
    burst_s: float = 60.0
    """So many seconds of the rate may be used at once after a pause; not less than the supervisor's cycle."""
    shed: ShedAction = ShedAction.HOLD
    safe_value: float = math.nan
    """Only used by ``ShedAction.SAFE_VALUE``."""
    shed_per_min: float = math.inf
    """How fast the setpoint goes to the safe or the operator's value; infinite = at once."""

    def __post_init__(self) -> None:
        """Raise ValueError where the numbers make no sense."""
        if not self.lo < self.hi or min(self.up_per_min, self.down_per_min, self.burst_s, self.shed_per_min) <= 0.0:
            raise ValueError(f"{self.name}: clamps, rates and times must be positive and in order")
        if self.shed is ShedAction.SAFE_VALUE and not self.lo <= self.safe_value <= self.hi:
            raise ValueError(f"{self.name}: safe value must be inside the clamps")

    @property
    def tolerance(self) -> float:
        """Differences up to this are rounding (float32), unit of the loop."""
        return 1e-6 * max(abs(self.lo), abs(self.hi), self.hi - self.lo)


@dataclass(frozen=True, slots=True)
class LoopView:
    """What the block sees of its loop in this scan."""

    mode: Mode
    setpoint: float
    """The one in force."""
    measured: float


@dataclass(frozen=True, slots=True)
class LoopOrder:
    """What the block tells its loop in this scan; None = nothing."""

    mode: Mode | None = None
    cascade: float | None = None
    """Setpoint for CAS."""
    operator: float | None = None
    """Setpoint for AUTO, while the shed option acts."""


@dataclass(frozen=True, slots=True)
class LoopMemory:
    """What the block remembers about its loop between two scans."""

    cascade: float
    """The setpoint that the loop was last given; tracks the one in force while not in cascade."""
    last_operator: float
    """The last setpoint that came from the operator."""
    in_cascade: bool = False
    shed_to: float | None = None
    """Where the setpoint is on its way to; None = not on a ramp."""
    up_left: float = math.inf
    down_left: float = math.inf
    """How far it may still move at once; ``refill`` holds it to ``burst_s`` of the rate."""


def adopt(view: LoopView) -> LoopMemory:
    """Return the memory of a loop that the block sees for the first time."""
    return LoopMemory(cascade=view.setpoint, last_operator=view.setpoint)


def refill(memory: LoopMemory, rule: LoopRule, elapsed_s: float) -> LoopMemory:
    """Return the memory with the room that the rate limits gave back in ``elapsed_s``."""
    burst_min, elapsed_min = rule.burst_s / 60.0, elapsed_s / 60.0
    return replace(
        memory,
        up_left=min(memory.up_left + rule.up_per_min * elapsed_min, rule.up_per_min * burst_min),
        down_left=min(memory.down_left + rule.down_per_min * elapsed_min, rule.down_per_min * burst_min),
    )


def admissible(memory: LoopMemory, rule: LoopRule, setpoint: float) -> bool:
    """Return whether ``setpoint`` is inside clamps and rate. Each test is so put that NaN fails it."""
    change = setpoint - memory.cascade
    inside = rule.lo - rule.tolerance <= setpoint <= rule.hi + rule.tolerance
    return inside and -memory.down_left - rule.tolerance <= change <= memory.up_left + rule.tolerance


def accept(memory: LoopMemory, setpoint: float) -> LoopMemory:
    """Return the memory with ``setpoint`` taken, and the room it used up."""
    change = setpoint - memory.cascade
    return replace(
        memory,
        cascade=setpoint,
        up_left=memory.up_left - max(change, 0.0),
        down_left=memory.down_left - max(-change, 0.0),
    )


def enter(view: LoopView, memory: LoopMemory) -> tuple[LoopMemory, LoopOrder]:
    """Hand the loop over to the supervisor: it starts from the setpoint in force.

    The room that the rate leaves does not begin anew: one that lets go and asks again must not get further for it.
    """
    taken = replace(memory, cascade=view.setpoint, in_cascade=True, shed_to=None)
    return taken, LoopOrder(mode=Mode.CAS, cascade=view.setpoint)


def follow(view: LoopView, memory: LoopMemory, rule: LoopRule) -> tuple[LoopMemory, bool]:
    """See what became of the loop since the last scan, while the supervisor is permitted.

    Returns the memory and whether the loop itself limits the setpoint that it was given. A loop that left cascade
    without us is the operator's; one that he put back starts from its setpoint in force.
    """
    if view.mode is not Mode.CAS:
        return _operators(view, memory, rule), False
    if not memory.in_cascade:
        return replace(memory, cascade=view.setpoint, in_cascade=True, shed_to=None), False
    if abs(view.setpoint - memory.cascade) <= rule.tolerance:
        return memory, False
    return replace(memory, cascade=view.setpoint), True


def leave(view: LoopView, memory: LoopMemory, rule: LoopRule) -> tuple[LoopMemory, LoopOrder]:
    """Take the loop back by its shed option. A loop that the operator has already is left alone."""
    if view.mode is not Mode.CAS:
        return _operators(view, memory, rule), LoopOrder()
    held = replace(memory, cascade=view.setpoint, in_cascade=False, shed_to=None)
    match rule.shed:
        case ShedAction.LAST_OPERATOR:
            return replace(held, shed_to=memory.last_operator), LoopOrder(mode=Mode.AUTO)
        case ShedAction.SAFE_VALUE:
            return replace(held, shed_to=rule.safe_value), LoopOrder(mode=Mode.AUTO)
        case ShedAction.TO_LOCAL if math.isfinite(view.measured):
            measured = min(max(view.measured, rule.lo), rule.hi)
            return replace(held, cascade=measured), LoopOrder(mode=Mode.AUTO, operator=measured)
    return held, LoopOrder(mode=Mode.AUTO)


def local(view: LoopView, memory: LoopMemory, rule: LoopRule, elapsed_s: float) -> tuple[LoopMemory, LoopOrder]:
    """One scan of a loop that is not the supervisor's: go on to where the shed option leads, or leave it alone.

    The operator ends the ramp by any setpoint or mode of his own.
    """
    if view.mode is Mode.CAS:
        return leave(view, memory, rule)
    moved = _operators(view, memory, rule)
    if moved.shed_to is None:
        return moved, LoopOrder()
    step = math.inf if math.isinf(rule.shed_per_min) else rule.shed_per_min * elapsed_s / 60.0
    gap = moved.shed_to - view.setpoint
    if abs(gap) <= step:
        return replace(moved, cascade=moved.shed_to, shed_to=None), LoopOrder(operator=moved.shed_to)
    setpoint = view.setpoint + math.copysign(step, gap)
    return replace(moved, cascade=setpoint), LoopOrder(operator=setpoint)


def _operators(view: LoopView, memory: LoopMemory, rule: LoopRule) -> LoopMemory:
    """Return the memory of a loop in AUTO or MAN: note a setpoint that we did not give."""
    same = abs(view.setpoint - memory.cascade) <= rule.tolerance
    if view.mode is Mode.AUTO and same:
        return replace(memory, cascade=view.setpoint, in_cascade=False)
    operator = view.setpoint if view.mode is Mode.AUTO else memory.last_operator
    return replace(memory, cascade=view.setpoint, last_operator=operator, in_cascade=False, shed_to=None)
