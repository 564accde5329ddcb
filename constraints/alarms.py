"""Which alarms there can be, and what a plant file says of them. Frozen; pure.

An alarm has a code (what kind of trouble) and a subject (where); its id is ``code:subject``, such as ``link:dcs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from safety.expressions import Expression

Priority = Literal["critical", "high", "medium", "low"]
PRIORITIES: Final[tuple[Priority, ...]] = ("critical", "high", "medium", "low")
"""From the most to the least urgent."""

ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "link": ("connections",),
    "record": (),
    "trip": (),
    "interlock": ("interlocks",),
    "thinker": (),
    "tag": ("tags",),
    "vote": ("tags",),
    "bypass": ("interlocks",),
    "mv_service": ("mvs",),
    "mv_held": ("mvs",),
    "cv_dropped": ("cvs",),
    "watched": ("constraints",),
    "mv_outside_schedule": ("mvs",),
    "external": ("mvs", "cvs"),
    "forecast": ("dvs",),
    "tariff": ("tariffs",),
    "lab": ("cvs",),
    "proof_due": ("interlocks",),
    "notify": (),
    "shed": (),
}
"""By code: the sections of the plant file that its subjects are named in; none where there is only one. Causes stand
before consequences: of alarms that come together, the first in this order is the first-out.
"""
ONLY: Final[Mapping[str, str]] = {
    "record": "record",
    "trip": "controller",
    "thinker": "thinker",
    "notify": "notify",
    "shed": "controller",
}
"""By code: its only subject."""
SAFETY_CLASS: Final = frozenset({"interlock", "trip", "shed", "record"})
"""Never shelved, suppressed or out of service (ISA-18.2 class; an interlock has its bypass, which is an alarm)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRule:
    """What a plant file says of alarms; None: as built in."""

    priority: Priority | None = None
    on_delay_s: float | None = None
    """How long its cause must be there."""
    off_delay_s: float | None = None
    """How long its cause must be gone."""
    deadband: float | None = None
    """How far a watched constraint must be kept again before its alarm goes, in the constraint's unit."""
    response: str | None = None
    time_to_respond_s: float | None = None
    consequence: str | None = None
    suppress_when: Expression | None = None
    """True: suppressed by design. Unknown suppresses nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyRule:
    """Where new alarms are sent."""

    secret: str
    """Name of the secret that holds the address, an Apprise URL."""
    least: Priority = "high"
    """Alarms less urgent than this are not sent there."""


NOTHING: Final = AlarmRule()


def id_of(code: str, subject: str) -> str:
    """Return an alarm's id."""
    return f"{code}:{subject}"


def key_of(id_: str) -> tuple[str, str]:
    """Return code and subject of an id; a subject may itself hold a colon."""
    code, _, subject = id_.partition(":")
    return code, subject


def applying(rules: Mapping[str, AlarmRule], code: str, subject: str) -> tuple[AlarmRule, ...]:
    """Return what a plant file says of one alarm, by id, by subject and by code: what comes first counts more."""
    return tuple(rules[key] for key in (id_of(code, subject), subject, code) if key in rules)


def at_least(priority: Priority, least: Priority) -> bool:
    """Whether an alarm is as urgent as ``least``, or more."""
    return PRIORITIES.index(priority) <= PRIORITIES.index(least)
