"""What the guard judges by. Made from the plant file once.

Read from ``constraints.plant`` directly: what ``supervisor.rules`` makes for the gate is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from constraints.plant import MvSpec, Plant
from safety.encoding import Encoding

LIFE_OF_CYCLE: Final = 0.8
"""Evidence and approvals live so much of a cycle (invariant I-06: at most one cycle)."""
SLACK_OF_CYCLE: Final = 0.1
"""So much of a cycle a set may come early against its rates."""
OWNER: Final = "main"
"""The controller that moves the MVs of a plant with one controller."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Limits that follow a measurement."""

    tag: str
    points: tuple[tuple[float, float, float], ...]
    """Value of the tag, lowest and highest setpoint there; ascending."""

    def at(self, value: float | None) -> tuple[float, float] | None:
        """Return the limits on the straight line between the two neighbouring points; None outside the table."""
        if value is None or not self.points:
            return None
        for (x0, lo0, hi0), (x1, lo1, hi1) in zip(self.points, self.points[1:], strict=False):
            if x0 <= value <= x1:
                part = (value - x0) / (x1 - x0)
                return lo0 + (lo1 - lo0) * part, hi0 + (hi1 - hi0) * part
        only_x, lo, hi = self.points[0]
        return (lo, hi) if value == only_x else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedMv:
    """What one MV's setpoint is held to. Values in the MV's unit."""

    encoding: Encoding
    actual: str
    """Tag of the setpoint that stands in the loop."""
    available: str
    """Tag that is exactly 1.0 while the loop takes our setpoint and 0.0 while operators have it; empty: never ours."""
    lo: float
    hi: float
    step_up: float
    step_down: float
    """Farthest single move, positive."""
    rate_up_per_min: float
    rate_down_per_min: float
    window_s: float
    window_delta: float
    """Farthest from anything written in the last ``window_s`` seconds."""
    readback: str | None
    distance: float
    """Farthest from the readback."""
    schedule: Schedule | None = None
    windup_hi: str | None = None
    windup_lo: str | None = None
    """Tags that are 0.0 while the loop below can follow."""
    safe_value: float | None = None
    owner: str = OWNER


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """What every set of one plant is held to."""

    mvs: Mapping[str, GuardedMv]
    interlocks: frozenset[str]
    """Names of all that must have been evaluated."""
    full: bool
    """Whether the PLC checks epoch, sequence and sum (the full handshake)."""
    mv_order: tuple[str, ...]
    limits_hash: str
    config_hash: str
    life_s: float
    slack_s: float
    min_active_mvs: int = 1


def guard_rules(plant: Plant) -> GuardRules:
    """Return the rules of a checked plant."""
    return GuardRules(
        mvs={name: _guarded(plant, mv) for name, mv in plant.mvs.items()},
        interlocks=frozenset(interlock.name for interlock in plant.interlocks),
        full=plant.handshake.kind == "full",
        mv_order=plant.handshake.mv_order,
        limits_hash=plant.limits_hash,
        config_hash=plant.config_hash,
        life_s=LIFE_OF_CYCLE * plant.cycle_s,
        slack_s=SLACK_OF_CYCLE * plant.cycle_s,
        min_active_mvs=plant.min_active_mvs,
    )


def _guarded(plant: Plant, mv: MvSpec) -> GuardedMv:
    envelope = plant.envelopes[mv.name]
    scheduled = envelope.scheduled
    return GuardedMv(
        encoding=mv.writes.encoding,
        actual=mv.setpoint.tag,
        available=mv.available.tag if mv.available is not None else "",
        lo=envelope.lo,
        hi=envelope.hi,
        step_up=envelope.step_up,
        step_down=envelope.step_down,
        rate_up_per_min=envelope.rate_up_per_min,
        rate_down_per_min=envelope.rate_down_per_min,
        window_s=envelope.window_s,
        window_delta=envelope.window_delta,
        readback=envelope.readback,
        distance=envelope.distance_from_measured,
        schedule=Schedule(scheduled.tag, scheduled.points) if scheduled is not None else None,
        windup_hi=mv.windup_hi.tag if mv.windup_hi is not None else None,
        windup_lo=mv.windup_lo.tag if mv.windup_lo is not None else None,
        safe_value=mv.safe_value,
    )
