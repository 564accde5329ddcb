"""What holds for one alarm: the built-in of its code, with what the plant file says of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from constraints.alarms import ABOUT, ONLY, AlarmRule, Priority, applying, id_of
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
        levels = {each.name: each.alarm for each in plant.interlocks}
        level = levels.get(subject, "none")
        priority = kind.priority if level == "none" else level
    return Rule(
        priority=priority,
        on_delay_s=_first([each.on_delay_s for each in said], kind.on_delay_s if usual_s is None else usual_s),
        off_delay_s=_first([each.off_delay_s for each in said], kind.off_delay_s if usual_s is None else usual_s),
        deadband=_first([each.deadband for each in said], 0.0),
        response=next((each.response for each in said if each.response), _about(kind.response, subject)),
        time_to_respond_s=_first([each.time_to_respond_s for each in said], kind.time_to_respond_s),
        consequence=next((each.consequence for each in said if each.consequence), _about(kind.consequence, subject)),
        suppress_when=next((each.suppress_when for each in said if each.suppress_when is not None), None),
    )


def known(plant: Plant, code: str, subject: str) -> bool:
    """Whether this plant can have the alarm."""
    if code in ONLY:
        return ONLY[code] == subject
    names = _names(plant)
    return any(subject in names[section] for section in ABOUT.get(code, ()))


def ids(plant: Plant) -> tuple[str, ...]:
    """Return the id of every alarm that this plant can have."""
    names = _names(plant)
    found = [
        (code, subject) for code, sections in ABOUT.items() for name in sections for subject in sorted(names[name])
    ]
    return tuple(id_of(*key) for key in (*found, *ONLY.items()))


def suppressible(rules: Mapping[str, AlarmRule]) -> tuple[str, ...]:
    """Return the ids that the plant file gives a condition of suppression of their own."""
    return tuple(key for key, rule in rules.items() if rule.suppress_when is not None and ":" in key)


def _names(plant: Plant) -> dict[str, frozenset[str]]:
    return {
        "connections": frozenset(plant.connections),
        "tags": frozenset(plant.tags),
        "mvs": frozenset(plant.mvs),
        "cvs": frozenset(plant.cvs),
        "dvs": frozenset(plant.dvs),
        "interlocks": frozenset(each.name for each in plant.interlocks),
        "constraints": frozenset(
            [row.name for row in plant.rows]
            + [each.name for each in plant.curves]
            + [each.name for each in plant.calls]
        ),
    }


def _first(given: list[float | None], usual: float) -> float:
    return next((each for each in given if each is not None), usual)


def _about(text: str, subject: str) -> str:
    return text.replace("{subject}", subject)
