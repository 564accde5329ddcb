"""A controller as a program gets it: mode, state word, why, cycle, money, links."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from supervisor.web.api.models import Model, Moment, Number, Said
from supervisor.web.state import Word

ModeName = Literal["TRIPPED", "OFF", "MONITOR", "ADVISORY", "CLOSED_LOOP"]


class ModeNow(Model):
    """What was asked for, what is, and every reason for the difference."""

    requested: ModeName
    actual: ModeName
    reasons: list[Said]


class StateNow(Model):
    """What it does in one word, and why where a person needs a reason."""

    word: Word
    why: str
    rank: int = Field(description="giving_up: the rank that is given up, else 0")


class Money(Model):
    """Economics from this cycle's measurements, term by term."""

    unit: str = Field(description="such as EUR/h")
    total: Number
    terms: dict[str, Number]


class Bypass(Model):
    """An interlock that a person bypassed."""

    owner: str
    reason: str
    until: Moment


class CycleNow(Model):
    """The newest cycle on record."""

    cycle: int
    at: Moment
    mode: ModeNow
    state: StateNow
    verdict: str = Field(description="of the gate: approved, ramp, refused, stand_still or none")
    why: list[str] = Field(description="why it moves, or does not, in sentences")
    money: Money
    links: dict[str, str] = Field(description="by connection: connected, or why not")
    limits_active: int = Field(description="how many limits hold the plant")
    trips: list[str]
    latched: list[str] = Field(description="interlocks that wait for a reset")
    trip_causes: list[str]
    bypassed: dict[str, Bypass]
    by_hand: list[str] = Field(description="MVs that operators took out of control")
    alarms: dict[str, int] = Field(description="how many call a person, by priority; unack: not acknowledged")
    timings_ms: dict[str, Number]


class Controller(Model):
    """One controller, and how fresh what is known of it is."""

    key: str = Field(description="its name in addresses")
    title: str
    plant: str
    site: str
    timezone: str
    currency: str
    cycle_s: float
    config_hash: str = Field(description="of the plant file that these pages read")
    running: bool = Field(description="whether a control process holds the folder of records")
    quiet_s: float = Field(description="real seconds since a new cycle was seen")
    frozen_after_s: float = Field(description="real seconds without a new cycle after which nothing here is live")
    frozen: bool = Field(description="whether that is so, or control does not run: do not take it for live")
    not_stored: str = Field(description="why cycles wait outside the database; empty where none do")
    trouble: str = Field(description="why the record cannot be read; empty where it can")
    now: CycleNow | None = Field(description="null before the first cycle")


class Controllers(Model):
    """All controllers that these pages show."""

    controllers: list[Controller]
