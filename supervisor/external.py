"""Targets that a higher layer or a person sets: how old they may be, and how fast they come into force. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from constraints.plant import Plant
from constraints.supplied import ExternalRule
from controllers.types import ExternalTarget
from safety.roles import may
from safety.signals import Instant, Snapshot
from supervisor.arrivals import Seen, looked
from supervisor.record import REASON_MAX, Request

TARGET_ROLE = "operator"
"""Who may set a target."""
LASTS_S_MAX = 31 * 86_400.0
AHEAD_S = 60.0
"""A target that is dated so little ahead of our clock counts as new: clocks differ (as ``ValidityRule.future_s``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A person's target."""

    value: float
    at_s: float
    """When it was taken, monotonic."""
    lasts_s: float
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """The external target of one variable in this cycle."""

    state: str
    """``in_force``, or why it is ignored: ``stale``, ``in_future``, ``outside_engineering``, or as ``Seen.why``."""
    source: str
    """``tag NAME``, or the person who set it."""
    value: float | None = None
    """What was asked for."""
    active: float | None = None
    """What counts in this cycle, on the way there; None where it is ignored."""
    age_s: float | None = None
    left_s: float | None = None
    """Time until it is too old."""
    why: str = ""
    """The person's reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """What is known of external targets."""

    seen: Mapping[str, Seen] = field(default_factory=dict)
    wishes: Mapping[str, Wish] = field(default_factory=dict)
    """By variable; while it lasts a person's comes before that of a tag. None outlives a restart."""
    aims: Mapping[str, Aim] = field(default_factory=dict)
    at_s: float = 0.0
    """Monotonic time of ``aims``."""


def rule_of(plant: Plant, name: str) -> ExternalRule | None:
    """Return how a target of ``name`` is taken; where a CV has one of its own, persons may always set another."""
    if name in plant.mvs:
        return plant.mvs[name].external
    cv = plant.cvs.get(name)
    if cv is None:
        return None
    return cv.external or (ExternalRule(rank=cv.rank_target) if cv.target is not None else None)


def advanced(
    plant: Plant, snapshot: Snapshot, external: External, here: Mapping[str, float | None]
) -> tuple[dict[str, ExternalTarget], External]:
    """Return the targets that count now, and what is known after ``snapshot``.

    ``here`` says where each variable is: a new target is approached from there, or from the CV's own one.
    """
    now_s = snapshot.at.mono_s
    wishes = {name: wish for name, wish in external.wishes.items() if now_s - wish.at_s <= wish.lasts_s}
    seen, aims, targets = dict(external.seen), {}, {}
    for name in (*plant.mvs, *plant.cvs):
        rule = rule_of(plant, name)
        if rule is None:
            continue
        if rule.source is not None:
            seen[name] = looked(rule.source, snapshot, seen.get(name, Seen()))
        if name in wishes:
            wish = wishes[name]
            age_s = now_s - wish.at_s
            aim = Aim(state="in_force", source=wish.who, why=wish.why, value=wish.value, age_s=age_s,
                      left_s=wish.lasts_s - age_s)  # fmt: skip
            rule = replace(rule, age_s_max=wish.lasts_s)
        elif rule.source is not None:
            aim = _of_tag(plant, name, rule, seen[name], snapshot.at.utc_s)
        else:
            continue
        if aim.state == "in_force" and aim.value is not None and aim.age_s is not None:
            before = external.aims[name].active if name in external.aims else None
            begin, passed_s = (_own(plant, name, here), 0.0) if before is None else (before, now_s - external.at_s)
            step = math.inf if math.isinf(rule.per_s_max) else rule.per_s_max * passed_s
            active, issued_at_s = _toward(begin, aim.value, step), now_s - aim.age_s
            aim = replace(aim, active=active)
            targets[name] = ExternalTarget(
                value=active, issued_at_s=issued_at_s, age_s_max=rule.age_s_max, rank=rule.rank
            )
        aims[name] = aim
    return targets, External(seen=seen, wishes=wishes, aims=aims, at_s=now_s)


def asked(plant: Plant, request: Request, at: Instant, external: External) -> tuple[External, str]:
    """Return ``external`` with a person's target set or ended, or why that is refused."""
    name = request.variable or ""
    if not may(request.role, TARGET_ROLE):
        return external, "role"
    if request.action == "target_end":
        left = {key: each for key, each in external.wishes.items() if key != name}
        return replace(external, wishes=left), "" if name in external.wishes else "no_target"
    if request.value is None or request.lasts_s is None:
        return external, "incomplete"
    known = name in plant.mvs or name in plant.cvs
    refused = {
        "unknown_variable": not known,
        "no_owner": not request.who.strip(),
        "no_external": rule_of(plant, name) is None,
        "too_long": not 0.0 < request.lasts_s <= LASTS_S_MAX,
        "outside_engineering": known and not _inside(plant, name, request.value),
    }
    why = next((code for code, holds in refused.items() if holds), "")
    if why:
        return external, why
    wish = Wish(
        value=request.value,
        at_s=at.mono_s,
        lasts_s=request.lasts_s,
        who=request.who,
        why=request.why[:REASON_MAX],
    )
    return replace(external, wishes={**external.wishes, name: wish}), ""


def _of_tag(plant: Plant, name: str, rule: ExternalRule, seen: Seen, utc_s: float) -> Aim:
    source = f"tag {rule.source.tags[0]}" if rule.source is not None else ""
    if seen.issue is None:
        return Aim(state=seen.why or "not_issued", source=source)
    age_s, (value, *_) = utc_s - seen.issue.utc_s, seen.issue.values
    age_s = 0.0 if -AHEAD_S <= age_s < 0.0 else age_s
    state = "in_force"
    if not 0.0 <= age_s <= rule.age_s_max:
        state = "in_future" if age_s < 0.0 else "stale"
    elif not _inside(plant, name, value):
        state = "outside_engineering"
    return Aim(state=state, source=source, value=value, age_s=age_s, left_s=rule.age_s_max - age_s)


def _inside(plant: Plant, name: str, value: float) -> bool:
    limits = plant.mvs[name].limits if name in plant.mvs else plant.cvs[name].limits
    return limits.engineering[0] <= value <= limits.engineering[1]


def _own(plant: Plant, name: str, here: Mapping[str, float | None]) -> float | None:
    target = plant.cvs[name].target if name in plant.cvs else None
    return target if target is not None else here.get(name)


def _toward(begin: float | None, value: float, step: float) -> float:
    """Return how far the target in force has come."""
    return value if begin is None else min(max(value, begin - step), begin + step)
