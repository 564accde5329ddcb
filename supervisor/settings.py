"""What persons and the calendar have set: operator limits, schedule, prices; and the limits in force now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from constraints.limits import operator_change, ramped, wanted_limits
from constraints.plant import Plant
from safety.roles import may
from safety.signals import Mode
from supervisor.record import Request

Side = Literal["lo", "hi"]
LIMIT_ROLE = "operator"
"""Who may change an operator limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One set, replaced whole."""

    operator: Mapping[tuple[str, Side], float] = field(default_factory=dict)
    """Operator limits that persons changed."""
    by_hand: frozenset[str] = frozenset()
    """MVs that operators took out of control."""
    schedule: Mapping[tuple[str, Side], float] = field(default_factory=dict)
    """Operator limits that the schedule sets now."""
    cap: Mode = Mode.CLOSED_LOOP
    """Mode that the schedule does not let us exceed now."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """By tariff: price in force, currency per priced quantity."""
    active: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Limits in force now, by variable; they ramp toward what is set, so that a change is never a step."""
    at_s: float | None = None
    """Monotonic time of ``active``."""


def advanced(plant: Plant, settings: Settings, now_s: float) -> Settings:
    """Return the settings with active limits ramped up to ``now_s``."""
    wanted = wanted_limits(plant, settings.operator, settings.schedule)
    if settings.at_s is None:
        return replace(settings, active=wanted, at_s=now_s)
    return replace(settings, active=ramped(plant, settings.active, wanted, now_s - settings.at_s), at_s=now_s)


def hand_changed(plant: Plant, settings: Settings, request: Request) -> tuple[Settings, str]:
    """Return the settings after a person took an MV (``mv_opr``) or gave it back (``mv_apc``), or why not."""
    mv = plant.mvs.get(request.variable or "")
    if not may(request.role, LIMIT_ROLE):
        return settings, "role"
    if mv is None:
        return settings, "unknown_variable"
    if request.action == "mv_apc":
        return replace(settings, by_hand=settings.by_hand - {mv.name}), ""
    if mv.critical:
        return settings, "critical_mv"
    return replace(settings, by_hand=settings.by_hand | {mv.name}), ""


def limit_in_force(plant: Plant, settings: Settings, request: Request) -> float | None:
    """Return the operator limit that a request would change, as it is set now; None where there is no such limit."""
    spec = plant.mvs.get(request.variable or "") or plant.cvs.get(request.variable or "")
    if spec is None or request.side is None:
        return None
    return settings.operator.get((spec.name, request.side), spec.limits.operator[0 if request.side == "lo" else 1])


def limit_changed(plant: Plant, settings: Settings, request: Request) -> tuple[Settings, str]:
    """Return the settings after a person's limit change, or the reason why it is refused."""
    if not may(request.role, LIMIT_ROLE):
        return settings, "role"
    if request.variable is None or request.side is None or request.value is None:
        return settings, "incomplete"
    why = operator_change(plant, settings.operator, request.variable, request.side, request.value)
    if why:
        return settings, why
    return replace(settings, operator={**settings.operator, (request.variable, request.side): request.value}), ""
