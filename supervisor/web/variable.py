"""One variable whole: who it is, its limits with who set them, its tuning, how good its readings were."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from constraints.plant import CvSpec, DvSpec, MvSpec, Plant, Point
from supervisor.record import CycleRecord
from supervisor.web.owners import Owner, file_owner, owners
from supervisor.web.units import Unit

Spec = CvSpec | MvSpec | DvSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a variable is."""

    name: str
    kind: str
    """``CV``, ``MV`` or ``DV``."""
    spec: Spec
    unit: str
    description: str
    tag: str
    """Of its value on record."""
    sources: tuple[str, ...]
    """Where it is read and, for an MV, written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """One of the nested ranges."""

    kind: str
    """``safety``, ``engineering``, ``operator`` or ``active``."""
    lo: float
    hi: float
    lo_by: Owner | None
    hi_by: Owner | None


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the readings of a span were."""

    count: int
    by_reason: tuple[tuple[str, int], ...]
    """Readings that were not good, by the first word of the reason, the commonest first."""

    def share(self, count: int) -> float:
        """Return percent of all."""
        return 100.0 * count / self.count if self.count else 0.0

    @property
    def bad(self) -> int:
        """All that were not good."""
        return sum(count for _, count in self.by_reason)


def identity(plant: Plant, name: str) -> Identity | None:
    """Return who ``name`` is; None where it is no CV, MV or DV."""
    if name in plant.mvs:
        mv = plant.mvs[name]
        places = [f"{_place(mv.setpoint)}", f"→ {_place(mv.writes)}"]
        return Identity(name=name, kind="MV", spec=mv, unit=mv.unit, description=mv.description,
                        tag=mv.setpoint.tag, sources=tuple(places))  # fmt: skip
    spec: CvSpec | DvSpec | None = plant.cvs.get(name) or plant.dvs.get(name)
    if spec is None:
        return None
    tag = plant.tags.get(name)
    return Identity(
        name=name, kind="CV" if isinstance(spec, CvSpec) else "DV", spec=spec, unit=spec.unit,
        description=tag.description if tag is not None else "", tag=name,
        sources=(_place(tag.point),) if tag is not None and tag.point is not None else (),
    )  # fmt: skip


def limit_rows(unit: Unit, who: Identity, record: CycleRecord) -> tuple[LimitRow, ...]:
    """Return the nested limits from the widest to those in force; a DV has none."""
    if isinstance(who.spec, DvSpec):
        return ()
    limits, by_file = who.spec.limits, file_owner(unit, unit.plant)
    by, active = owners(unit, record, who.name), record.limits.get(who.name, limits.operator)
    wanted = [
        record.operator_limits.get(f"{who.name}.{side}", limits.operator[k]) for k, side in enumerate(("lo", "hi"))
    ]
    return (
        LimitRow(kind="safety", lo=limits.safety[0], hi=limits.safety[1], lo_by=by_file, hi_by=by_file),
        LimitRow(kind="engineering", lo=limits.engineering[0], hi=limits.engineering[1], lo_by=by_file, hi_by=by_file),
        LimitRow(kind="operator", lo=wanted[0], hi=wanted[1], lo_by=None, hi_by=None),
        LimitRow(kind="active", lo=active[0], hi=active[1], lo_by=by["lo"], hi_by=by["hi"]),
    )


def tuning(plant: Plant, who: Identity) -> tuple[tuple[str, str], ...]:
    """Return how the engineer has set the variable up, in the words of the plant file."""
    spec = who.spec
    told: dict[str, object] = {}
    if isinstance(spec, CvSpec):
        told = {
            "rank hi / lo": f"{spec.rank_hi} / {spec.rank_lo}", "target": spec.target,
            "rank target": spec.rank_target if spec.target is not None else None, "concern": spec.concern,
            "back_off hi / lo": f"{spec.back_off_hi:g} / {spec.back_off_lo:g}", "bad_cycles": spec.bad_cycles,
            "disturbance": spec.disturbance, "filter [s]": spec.filter_s, "funnel [s]": spec.funnel_s,
            "limit_ramp [per min]": spec.limit_ramp_per_min, "analyser_delay [s]": spec.analyser_delay_s or None,
            "critical": "yes" if spec.critical else None,
        }  # fmt: skip
    elif isinstance(spec, MvSpec):
        told = {
            "move up / down [per min]": f"{spec.move_up_per_min:g} / {spec.move_down_per_min:g}",
            "move min": spec.move_min or None, "suppression": spec.suppression, "cost": spec.cost or None,
            "ideal": spec.ideal, "on_bad": spec.on_bad, "shed": str(spec.shed), "safe_value": spec.safe_value,
            "critical": "yes" if spec.critical else None,
        }  # fmt: skip
    rule = plant.validity.get(who.tag)
    if rule is not None:
        bounded = math.isfinite(rule.hi - rule.lo)
        told |= {
            "stale_after [s]": rule.stale_s,
            "frozen_after [s]": rule.frozen_s,
            "range": f"{rule.lo:g} … {rule.hi:g}" if bounded else None,
            "max_rate [per s]": rule.rate_per_s_max,
        }
    if who.tag in plant.tags:
        told |= {
            "every [s]": plant.tags[who.tag].every_s or None,
            "filter of the tag [s]": plant.tags[who.tag].filter_s or None,
        }
    return tuple((key, _text(value)) for key, value in told.items() if value is not None and value != math.inf)


def quality(readings: Iterable[Mapping[str, tuple[float | None, str, str]]], tag: str) -> Quality:
    """Return how good the readings of ``tag`` were."""
    count, reasons = 0, dict[str, int]()
    for each in readings:
        _, word, why = each.get(tag, (None, "bad", "no_value"))
        count += 1
        if word != "good":
            reason = why.split(":")[0] or word
            reasons[reason] = reasons.get(reason, 0) + 1
    return Quality(count, tuple(sorted(reasons.items(), key=lambda item: -item[1])))


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a changed limit would lead to."""

    cycle: int
    utc_s: float
    status: str
    why: str
    steady: tuple[tuple[str, float | None, float | None], ...]
    """By MV and CV: steady state as it is and then."""
    money: float | None
    """Currency per hour more."""
    newly: tuple[str, ...]
    freed: tuple[str, ...]
    give_ups: tuple[tuple[str, int, float], ...]


def dry_run_of(plant: Plant, told: object) -> DryRun:
    """Return the answer of ``supervisor.study`` as the page shows it. Raises KeyError for anything else."""
    answer = cast("Mapping[str, object]", told)
    one, other = (cast("Mapping[str, object]", answer[key]) for key in ("as_is", "then"))
    before, after = (cast("Mapping[str, float]", each["steady"]) for each in (one, other))
    holds = [
        {str(each["name"]) for each in cast("Sequence[Mapping[str, object]]", plan["binding"])} for plan in (one, other)
    ]
    money = [cast("float | None", each["money"]) for each in (one, other)]
    lost = cast("Sequence[Mapping[str, object]]", other["give_ups"])
    return DryRun(
        cycle=cast("int", answer["cycle"]),
        utc_s=cast("float", answer["utc_s"]),
        status=str(other["status"]),
        why=str(other["why"]),
        steady=tuple((name, before.get(name), after.get(name)) for name in (*plant.mvs, *plant.cvs)),
        money=money[1] - money[0] if money[0] is not None and money[1] is not None else None,
        newly=tuple(sorted(holds[1] - holds[0])),
        freed=tuple(sorted(holds[0] - holds[1])),
        give_ups=tuple((str(e["name"]), cast("int", e["rank"]), cast("float", e["amount"])) for e in lost),
    )


def _place(point: Point) -> str:
    return f"{point.connection}:{point.address}"


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
