"""CVs, MVs, DVs and tags with limits, status, values and how far each value may be believed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from supervisor.web.api.models import Model, Moment, Number, Range

Quality = Literal["good", "estimated", "bad", "stale", "none"]
Kind = Literal["CV", "MV", "DV", ""]


class Value(Model):
    """One value. It is null wherever it must not be taken for measured or estimated now."""

    value: Number
    unit: str
    quality: Quality = Field(description="estimated: predicted instead of bad; none: the controller does without")
    why: str = Field(description="reason code where the quality is not good")


class Limits(Model):
    """The nested ranges of the plant file, and what operators' limits are now; in the variable's unit."""

    active: Range = Field(description="in force now")
    operator: Range
    engineering: Range
    safety: Range


class Worth(Model):
    """What one more unit of room at a limit that holds would earn."""

    lo: Number
    hi: Number
    unit: str


class Cv(Model):
    """One controlled variable."""

    name: str
    description: str
    status: str = Field(description="ON, LOW, HIGH, PRED, DROP or CRIT")
    now: Value
    predicted_end: Number = Field(description="at the end of the horizon, in the unit of now")
    target: Number = Field(description="steady state that the moves aim at, in the unit of now")
    limits: Limits
    worth: Worth


class Mv(Model):
    """One manipulated variable."""

    name: str
    description: str
    status: str = Field(description="ON, OPR, INIT, WDUP, LOW, HIGH or SERV")
    setpoint: Value
    readback: Value
    move: Number = Field(description="change that this cycle asks for, in the setpoint's unit; null: none")
    planned_end: Number = Field(description="setpoint at the end of the plan")
    target: Number
    limits: Limits
    worth: Worth
    available: bool | None = Field(description="whether the loop takes our setpoint; null: the PLC does not tell")
    by_hand: bool
    written: str = Field(description="outcome of this cycle's write; empty where nothing was written")
    reasons: list[str] = Field(description="codes of why it moves, or does not")


class Dv(Model):
    """One measured disturbance."""

    name: str
    description: str
    now: Value
    forecast: str = Field(description="in_use, why not, or empty where there is none")


class Variables(Model):
    """Every variable of one controller, as of one cycle."""

    cycle: int
    at: Moment
    frozen: bool = Field(description="nothing here is live: no new cycle, or control does not run")
    cvs: list[Cv]
    mvs: list[Mv]
    dvs: list[Dv]


class Tag(Model):
    """One tag on record."""

    name: str
    description: str
    now: Value


class Tags(Model):
    """Every tag of one controller, as of one cycle."""

    cycle: int
    at: Moment
    frozen: bool
    tags: list[Tag]
