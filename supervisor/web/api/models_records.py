"""History, the audit's rows, interlocks, and the versions of the plant file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from supervisor.web.api.models import Model, Moment, Number
from supervisor.web.api.models_controller import Bypass
from supervisor.web.api.models_variables import Kind


class Series(Model):
    """One tag over time; the lists are of one length."""

    name: str
    tag: str = Field(description="an MV's is that of the loop's actual setpoint")
    unit: str
    kind: Kind
    at_utc_s: list[float] = Field(description="seconds since 1970 UTC; of a minute or an hour: its start")
    value: list[Number] = Field(description="as read, null where it was not good; of a minute or an hour: the mean")
    quality: list[str] | None = Field(description="every=cycle only")
    low: list[Number] | None = Field(description="minutes and hours only")
    high: list[Number] | None = Field(description="minutes and hours only")
    count: list[int] | None = Field(description="good readings in it; minutes and hours only")


class HistorySpan(Model):
    """Tags over a span of time, in so many points as are given at once."""

    start: Moment
    end: Moment
    every: Literal["cycle", "minute", "hour"]
    next: Moment | None = Field(description="not all of the span is here: ask again from this moment")
    rolled_until: Moment | None = Field(
        description="minutes and hours after this are not summed up yet: ask for cycles"
    )
    points: int
    series: list[Series]


class AuditRow(Model):
    """One row of the chain; ``setwise audit verify`` proves that it is whole."""

    seq: int
    at: Moment
    kind: str
    epoch: int
    body: JsonValue
    prev_hash: str
    hash: str


class AuditRows(Model):
    """Rows, the oldest first."""

    rows: list[AuditRow]
    next: int | None = Field(description="there is more: ask again with after=this")


class VersionRow(Model):
    """One version of the plant file that control ran with."""

    number: int
    at: Moment
    who: str
    why: str
    signed_by: list[str]
    config_hash: str
    files_sha256: str
    plan_sha256: str
    seal: str


class VersionRows(Model):
    """All versions, the oldest first."""

    versions: list[VersionRow]
    in_force: bool = Field(description="whether the newest one is the plant file that these pages read")


class InterlockNow(Model):
    """One interlock."""

    name: str
    when: str = Field(description="its condition, as the plant file has it")
    then: str
    for_s: float = Field(description="how long the condition must be met")
    tripped: bool
    latched: bool = Field(description="waits for a reset")
    reset_role: str
    bypass_role: str | None = Field(description="who may bypass it; null: nobody")
    bypass_s_max: Number
    bypassed: Bypass | None


class Interlocks(Model):
    """Every interlock of one controller, as of one cycle."""

    cycle: int
    at: Moment
    interlocks: list[InterlockNow]
