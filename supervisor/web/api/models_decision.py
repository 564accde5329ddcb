"""The decision record of one cycle: codes and sentences."""

from __future__ import annotations

from pydantic import Field, JsonValue

from supervisor.web.api.models import Amount, Model, Moment, Number
from supervisor.web.api.models_controller import ModeNow, Money, StateNow


class Held(Model):
    """One limit that held the plan."""

    name: str = Field(description="such as cv.moist.hi, mv.fan_sp.lo or row.NAME")
    text: str
    limit: Amount
    worth: Amount = Field(description="what one more unit of room would earn")


class GivenUp(Model):
    """One limit that could not be held."""

    text: str
    rank: int = Field(description="1 is given up last")
    amount: Amount
    clashes_with: list[str] = Field(description="the smallest set of limits that it clashes with")


class Refused(Model):
    """One refusal of the gate."""

    code: str
    subject: str
    detail: dict[str, Number]
    text: str


class Moved(Model):
    """What was asked of one MV and what became of it."""

    mv: str
    unit: str
    before: Number
    after: Number = Field(description="null where it stays")
    target: Number
    outcome: str = Field(description="confirmed, rejected, overridden, not_sent, unknown; empty: not written")
    standing: Number = Field(description="what stood there when it was read back")
    why: str


class Asked(Model):
    """What a person asked for in this cycle."""

    id: str
    who: str
    role: str
    action: str
    why: str
    variable: str | None
    side: str | None
    value: Number
    saw_cycle: int | None


class Answered(Model):
    """What became of a request of this cycle or an earlier one."""

    id: str
    accepted: bool
    code: str
    text: str
    was: Number = Field(description="what stood there before, where a limit was changed")


class Decision(Model):
    """Everything about one cycle's decision."""

    cycle: int
    at: Moment
    mode: ModeNow
    state: StateNow
    verdict: str
    sentences: list[str] = Field(description="the decision in words: mode, plan, gate, write")
    held: list[Held] = Field(description="the dearest first")
    given_up: list[GivenUp]
    refusals: list[Refused]
    trips: list[str]
    moves: list[Moved]
    money: Money
    objective: dict[str, Number] = Field(description="term by term; money.* in currency per hour, the others scaled")
    reasons: dict[str, list[str]] = Field(description="codes by MV")
    requests: list[Asked]
    answers: list[Answered]
    plan: JsonValue = Field(description="the controller's plan as it is on record, with predictions and solver status")
