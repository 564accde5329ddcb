"""What holds for one alarm: the built-in of its code, with what the plant file says of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from constraints.alarms import ABOUT, ONLY, SAFETY_CLASS, Priority, applying, id_of, key_of
from constraints.plant import Plant
from safety.expressions import Expression
from supervisor.alarms.words import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds for one alarm."""

    priority: Priority
    on_delay_s: float
    off_delay_s: float
    deadband: float
    response: str
    time_to_respond_s: float
    consequence: str
    suppress_when: Expression | None


def rule_of(plant: Plant, code: str, subject: str) -> Rule:
    """Return what holds for an alarm. Raises KeyError for a code that there is not."""
    kind, said = KINDS[code], applying(plant.alarms, code, subject)
    usual_s = plant.tag_delay_s.get(subject) if code == "tag" else None
    priority = next((each.priority for each in said if each.priority is not None), kind.priority)
    if code == "interlock":
        level: Priority | Literal["none"] = next(
            (each.alarm for each in plant.interlocks if each.name == subject), "none"
        )
        priority = kind.priority if level == "none" else level
    return Rule(
        priority=priority,
        on_delay_s=_first([each.on_delay_s for each in said], kind.on_delay_s if usual_s is None else usual_s),
        off_delay_s=_first([each.off_delay_s for each in said], kind.off_delay_s if usual_s is None else usual_s),
        deadband=_first([each.deadband for each in said], 0.0),
        response=next((each.response for each in said if each.response), _about(kind.response, subject)),
        time_to_respond_s=_first([each.time_to_respond_s for each in said], kind.time_to_respond_s),
        consequence=next((each.consequence for each in said if each.consequence), _about(kind.consequence, subject)),
        suppress_when=None
        if code in SAFETY_CLASS
        else next((when for each in said if (when := each.suppress_when)), None),
    )


def known(plant: Plant, code: str, subject: str) -> bool:
    """Whether this plant can have the alarm."""
    if code in ONLY:
        return ONLY[code] == subject
    return any(subject in _names(plant, section) for section in ABOUT.get(code, ()))


def ids(plant: Plant) -> tuple[str, ...]:
    """Return the id of every alarm that this plant can have."""
    many = [(code, name) for code, sections in ABOUT.items() for each in sections for name in _names(plant, each)]
    return tuple(id_of(*key) for key in (*many, *ONLY.items()))


def suppressible(plant: Plant) -> tuple[tuple[str, str], ...]:
    """Return code and subject of the alarms that the plant file gives a condition of suppression of their own."""
    keys = [key_of(id_) for id_, rule in plant.alarms.items() if rule.suppress_when is not None]
    return tuple((code, subject) for code, subject in keys if subject and code in ABOUT)


def _names(plant: Plant, section: str) -> Collection[str]:
    if section == "interlocks":
        return [each.name for each in plant.interlocks]
    if section == "constraints":
        rows = [row.name for row in plant.rows]
        return rows + [curve.name for curve in plant.curves] + [call.name for call in plant.calls]
    named: Mapping[str, Mapping[str, object]] = {
        "connections": plant.connections,
        "tags": plant.tags,
        "mvs": plant.mvs,
        "cvs": plant.cvs,
        "dvs": plant.dvs,
        "tariffs": plant.tariffs,
    }
    return named[section]


def _first(given: list[float | None], usual: float) -> float:
    return next((each for each in given if each is not None), usual)


def _about(text: str, subject: str) -> str:
    return text.replace("{subject}", subject)
