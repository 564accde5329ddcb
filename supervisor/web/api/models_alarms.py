"""Alarms, the lines of their journal, and how many there are against what one operator can handle."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from constraints.alarms import Priority
from supervisor.alarms.states import State
from supervisor.record import Step
from supervisor.web.api.models import Model, Moment, Number


class AlarmNow(Model):
    """One alarm of the list."""

    id: str = Field(description="such as link:dcs; stands in the address of what is done about it")
    code: str
    subject: str
    priority: Priority
    state: State
    active: bool = Field(description="whether its cause is there, covered or not")
    occurrence: int = Field(description="to be given with an acknowledgement")
    since: Moment
    raised: Moment | None
    text: str
    value: Number
    limit: Number
    response: str = Field(description="what to do")
    consequence: str
    time_to_respond_s: Number
    acknowledged_by: str | None
    shelved_until: Moment | None
    out_by: str | None
    first_out: bool
    chattering: bool
    stale: bool
    count_10_min: int


class AlarmsNow(Model):
    """The list of one controller, the ones that call first."""

    cycle: int
    at: Moment
    flood: bool
    alarms: list[AlarmNow]


class JournalLine(Model):
    """One step of one alarm."""

    at: Moment
    cycle: int
    id: str
    step: Step
    state: str
    occurrence: int
    priority: Priority
    text: str
    by: str = Field(description="empty where it came about by itself")
    why: str
    until: Moment | None


class Journal(Model):
    """The newest lines of a span of time, oldest first."""

    start: Moment
    end: Moment
    complete: bool = Field(description="false: older cycles of the span hold more; ask again with to=lines[0].at")
    lines: list[JournalLine]


class AlarmTarget(Model):
    """One figure against what it should be (EEMUA 191, ISA-18.2)."""

    name: Literal["per_day", "per_10_min", "flood_share", "top_share", "stale"]
    value: float
    at_most: float
    met: bool


class Often(Model):
    """One of the alarms that come most."""

    id: str
    count: int
    share: float = Field(description="of all, 0 to 1")


class AlarmRates(Model):
    """Alarms that called somebody in a span of time."""

    start: Moment
    end: Moment
    complete: bool
    count: int
    peak_10_min: int
    targets: list[AlarmTarget]
    mix: dict[str, float] = Field(description="share of each priority, 0 to 1")
    top: list[Often]
    chattering: list[str]
    stale: list[str]
