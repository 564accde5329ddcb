"""The form of the sections about rules and money: constraints, economics, tariffs, interlocks, schedule."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from constraints.plantfile.fields import Duration, Expr, Name, Number, Quantity, Rank, Section, Text
from constraints.plantfile.schema_models import ConstraintCode


class ConstraintSection(Section):
    """An engineer's constraint on MVs and CVs, at steady state and on the way there; DVs may stand in it."""

    name: Name
    expr: Expr | None = None
    call: Annotated[
        ConstraintCode | None,
        Field(description="Instead of expr: a function of cvxpy variables that returns constraints"),
    ] = None
    variables: Annotated[list[str], Field(description="With call: the MVs and CVs that it is given")] = Field(
        default_factory=list
    )
    rank: Rank = 5
    concern: Annotated[Number, Field(description="Violation that hurts as much as any CV's concern")] = 1.0
    use: Annotated[
        Literal["linearised", "monitor"] | None,
        Field(
            description="linearised: held by its tangent of each cycle; monitor: only watched and told. "
            "One that is not convex must say which"
        ),
    ] = None
    desc: Text = ""


class Term(Section):
    """One economic term: a flow or a power, times what it is worth."""

    flow: str | None = None
    power: str | None = None
    yield_: Annotated[Number, Field(alias="yield", description="Share of the flow that is priced")] = 1.0
    heating_value: Quantity | None = None
    price: Quantity | None = None
    tariff: str | None = None


class Economics(Section):
    """What a plant earns and pays per hour."""

    maximise: Literal["value - cost"] = "value - cost"
    value: dict[str, Term] = Field(default_factory=dict)
    cost: dict[str, Term] = Field(default_factory=dict)


class Band(Section):
    """When a tariff's price holds, in plant time."""

    days: Annotated[
        str,
        Field(description="mon-fri, or sat,sun,hol; hol: the tariff's holidays, which are then no weekdays"),
    ] = "mon-sun"
    hours: Annotated[list[str], Field(description="Half-open spans, e.g. 07:00-12:00")] = Field(
        default_factory=lambda: ["00:00-24:00"]
    )


class Demand(Section):
    """What the highest mean power of a billing period costs."""

    price: Annotated[Quantity, Field(description="Such as 9.80 EUR/kW (of each period) or 120 EUR/kW/year")]
    window: Annotated[Duration, Field(description="Time over which power is averaged; whole ones fill an hour")] = (
        "15 min"
    )
    period: Annotated[
        Literal["month", "year"] | None, Field(description="Billing period; default that of the price, else month")
    ] = None
    months: Annotated[
        list[Annotated[int, Field(ge=1, le=12)]],
        Field(min_length=1, max_length=12, description="Months whose peaks count, such as [11, 12, 1, 2]"),
    ] = Field(default_factory=lambda: list(range(1, 13)))


class TariffVersionSection(Section):
    """Prices from a date on; a new price never rewrites the past."""

    valid_from: Annotated[str, Field(description="Date, e.g. 2026-01-01")]
    energy: Annotated[dict[str, Quantity], Field(min_length=1)]
    bands: dict[str, Band] = Field(default_factory=dict)
    demand: Annotated[Demand | None, Field(description="Demand charge beside the energy price")] = None


class Tariff(Section):
    """A tariff and its versions."""

    desc: Text = ""
    holidays: Annotated[
        str | Annotated[list[str], Field(max_length=500)] | None,
        Field(description="Public holidays: those of a country or part of it, such as DE-BE, or a list of dates"),
    ] = None
    settlement: Annotated[
        Duration | None,
        Field(description="Time over which energy is metered and priced; prices change at its ends only"),
    ] = None
    versions: Annotated[list[TariffVersionSection], Field(min_length=1)]


class BypassSection(Section):
    """Who may bypass an interlock, and for how long."""

    role: Literal["operator", "engineer", "admin"] = "engineer"
    longest: Annotated[Duration, Field(description="It ends by itself after this at the latest")] = "8 h"


class ProofTestSection(Section):
    """When an interlock is tested, sensor and all."""

    every: Duration
    last: Annotated[str, Field(description="Date of the last test, e.g. 2026-03-01")]


def _none(value: object) -> object:
    if isinstance(value, str) and value != "none":
        raise PydanticCustomError("shown", "none is needed here, or {role: engineer, longest: 8 h}")
    return None if value == "none" else value


def _or_none(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [*schema["anyOf"], {"const": "none"}]


class InterlockSection(Section):
    """A condition and what then happens. What cannot be evaluated counts as true."""

    name: Name
    when: Expr
    for_: Annotated[Duration, Field(alias="for")] = 0.0
    then: Annotated[str, Field(description="hold, ramp, shed, off, block_up MV, block_down MV")]
    latch: bool = False
    reset: Literal["operator", "engineer", "admin"] = "operator"
    alarm: Literal["none", "low", "medium", "high", "critical"] = "medium"
    bypass: Annotated[
        BypassSection | None,
        BeforeValidator(_none),
        Field(description="none: it cannot be bypassed", json_schema_extra=_or_none),
    ] = None
    proof_test: ProofTestSection | None = None
    controllers: Annotated[
        list[str] | None,
        Field(min_length=1, max_length=100, description="Whom it counts for; default all, block_up MV: the MV's"),
    ] = None


class ScheduleSection(Section):
    """Settings inside a weekly span of plant time."""

    name: Name
    days: str = "mon-sun"
    hours: Annotated[str, Field(description="e.g. 22:00-06:00")]
    set_: Annotated[dict[str, Quantity], Field(alias="set")] = Field(default_factory=dict)
    mode: Literal["off", "monitor", "advisory"] | None = None
    controllers: Annotated[
        list[str] | None,
        Field(min_length=1, max_length=100, description="Whom it counts for; default those whose variables it sets"),
    ] = None
