"""The form of the sections about variables: tags, mvs, cvs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from constraints.plantfile.fields import (
    Address,
    Duration,
    Expr,
    Number,
    OpenPair,
    Pair,
    Quantity,
    Rank,
    Section,
    Shown,
    Text,
    UnitText,
)
from constraints.plantfile.schema_supplied import ExternalSection, LabSection


class Vote(Section):
    """One value out of several measurements of the same thing."""

    of: Annotated[list[str], Field(min_length=2, max_length=20, description="Tags in this tag's unit")]
    by: Annotated[
        Literal["median", "2oo3", "mean", "first_good"],
        Field(description="Value of the members that agree: the middle one, 2 out of 3, the mean, the first named"),
    ] = "median"
    max_spread: Annotated[
        Quantity | None, Field(description="Farthest from the middle that still agrees; none: all agree")
    ] = None
    min_good: Annotated[
        int | None, Field(ge=1, description="Members needed; default 2, with first_good 1; fewer: bad")
    ] = None
    disagree_for: Annotated[
        Duration, Field(description="Members that do not agree for so long are an alarm; the vote itself never waits")
    ] = "30 s"


class Tag(Section):
    """One value: measured (``source``), calculated (``calc``) or voted (``vote``)."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in ("source", "calc", "vote")]})

    source: Address | None = None
    calc: Annotated[Expr | None, Field(description="Worked out of other tags in each cycle")] = None
    vote: Annotated[Vote | None, Field(description="One value out of several measurements of the same thing")] = None
    unit: UnitText
    desc: Text = ""
    range: Annotated[Pair | None, Field(description="What the instrument can show; outside is bad")] = None
    validity: Annotated[Pair | None, Field(description="What can be true here, inside the range; outside is bad")] = (
        None
    )
    filter: Annotated[
        Duration | None, Field(description="First-order filter of what the controller is given; not of what rules see")
    ] = None
    max_rate: Annotated[Quantity | None, Field(description="Fastest believable change; bare number per second")] = None
    every: Annotated[Duration, Field(description="How often the device renews it; 0 = each cycle")] = 0.0
    stale_after: Annotated[Duration | None, Field(description="Bad when not renewed for so long")] = None
    frozen_after: Annotated[Duration | None, Field(description="Bad when bit-identical for so long")] = None
    hold: Annotated[Duration, Field(description="How long the last good value stands in, as estimated")] = 0.0
    uncertain: Annotated[Literal["bad", "good"], Field(description="What OPC UA's Uncertain counts as")] = "bad"
    signal: Annotated[Literal["4-20mA"] | None, Field(description="The value is a current, judged by NE 43")] = None
    stamp: Annotated[Literal["advance", "ignore"], Field(description="ignore: the device stamps changes only")] = (
        "advance"
    )
    scale: Annotated[Number, Field(description="value = raw * scale + offset")] = 1.0
    offset: Number = 0.0


class Node(Section):
    """A point that means yes while it shows ``is``."""

    node: Address
    is_: Annotated[Shown, Field(alias="is", description="What it shows, e.g. CAS, 1, true")]


class Windup(Section):
    """Points that are true while the loop below cannot follow."""

    hi: Address | None = None
    lo: Address | None = None


class Scheduled(Section):
    """Limits that follow a measured tag, straight between the points of a table."""

    by: Annotated[str, Field(description="Tag that they follow; it needs a range")]
    points: Annotated[
        list[Annotated[list[Quantity], Field(json_schema_extra={"minItems": 3, "maxItems": 3})]],
        Field(
            max_length=100,
            description="[value of the tag, low, high], ascending, over the tag's whole range",
            json_schema_extra={"minItems": 2},
        ),
    ]


class MvLimits(Section):
    """Nested limits ``[low, high]``: safety contains engineering contains operator."""

    safety: Pair | None = None
    engineering: Pair | None = None
    operator: Pair | None = None
    scheduled: Annotated[Scheduled | None, Field(description="A second range, which the gate keeps too")] = None


class CvLimits(Section):
    """Nested limits ``[low, high]``; ``null`` where a side has none."""

    safety: OpenPair | None = None
    engineering: OpenPair | None = None
    operator: OpenPair | None = None


class MoveRate(Section):
    """Fastest change of a setpoint; a bare number is per minute."""

    up: Quantity
    down: Quantity
    min: Annotated[Quantity, Field(description="Smaller moves wait until they add up to this")] = 0.0


class Window(Section):
    """Largest change, either way, within any such time."""

    for_: Annotated[Duration, Field(alias="for")] = 300.0
    change: Quantity


class LogSection(Section):
    """Models are linear in the logarithm."""

    kind: Literal["log"]
    at: Annotated[Quantity, Field(description="Value at which the gains and the concern are given; above 0")]


class TableSection(Section):
    """Models are linear in what a table gives, straight between its points."""

    kind: Literal["table"]
    points: Annotated[
        list[Annotated[list[Quantity], Field(json_schema_extra={"minItems": 2, "maxItems": 2})]],
        Field(
            max_length=100,
            description="[value, transformed value], both ascending",
            json_schema_extra={"minItems": 2},
        ),
    ]


class ValveSection(Section):
    """Models are linear in the flow through an equal-percentage valve; its travel is the MV's safety limits."""

    kind: Literal["equal_percentage"]
    rangeability: Annotated[Number, Field(description="Largest flow over smallest; above 1")] = 50.0


class AnalyserSection(Section):
    """A CV whose samples are old when they are first shown."""

    delay: Annotated[Duration, Field(description="Age of a sample when it is first shown")]


class Mv(Section):
    """A manipulated variable: the setpoint of a running loop."""

    writes: Address
    setpoint: Annotated[Address | None, Field(description="The loop's actual setpoint, read back")] = None
    available_when: Node | None = None
    windup: Windup = Field(default_factory=Windup)
    readback: Annotated[str, Field(description="Tag of the loop's measured value")]
    unit: UnitText
    desc: Text = ""
    limits: MvLimits
    move: MoveRate
    window: Window | None = None
    max_distance: Annotated[Quantity | None, Field(description="Largest distance from the measured value")] = None
    on_bad: Annotated[Literal["hold", "shed", "drop"], Field(description="When its readback is bad")] = "hold"
    shed: Annotated[
        Literal["hold", "last_operator", "safe_value", "to_local"], Field(description="What the PLC does on shed")
    ] = "hold"
    safe_value: Quantity | None = None
    critical: bool = False
    cost: Annotated[Number, Field(description="Currency per hour and unit, beyond the economics")] = 0.0
    cost_quadratic: Annotated[
        Number,
        Field(description="Currency per hour and unit squared: half of it times the squared distance from ideal"),
    ] = 0.0
    ideal: Annotated[Quantity | None, Field(description="Where it rests when nothing else counts")] = None
    suppression: Annotated[Number, Field(description="Move suppression, relative to 1")] = 1.0
    transform: Annotated[TableSection | ValveSection | LogSection | None, Field(discriminator="kind")] = None
    external: ExternalSection | None = None
    kind: Annotated[
        Literal["float32", "float64", "int16", "uint16", "int32", "uint32"] | None,
        Field(description="Type on the wire; default float32"),
    ] = None
    scale: Annotated[Number, Field(description="value = raw * scale + offset")] = 1.0
    offset: Number = 0.0


class Ranks(Section):
    """Order of giving up; 1 is given up last."""

    hi: Rank = 5
    lo: Rank = 5
    target: Rank = 9


class BackOff(Section):
    """How far inside the limits the economics stay."""

    hi: Quantity = 0.0
    lo: Quantity = 0.0


class Cv(Section):
    """A controlled variable; its name is its tag's."""

    desc: Text = ""
    limits: CvLimits = Field(default_factory=CvLimits)
    target: Quantity | None = None
    cost_quadratic: Annotated[
        Number,
        Field(description="Currency per hour and unit squared: half of it times the squared distance from ideal"),
    ] = 0.0
    ideal: Annotated[Quantity | None, Field(description="Where cost_quadratic is least")] = None
    rank: Ranks = Field(default_factory=Ranks)
    concern: Annotated[Quantity, Field(description="Violation that hurts as much as any other CV's concern")] = 1.0
    back_off: BackOff = Field(default_factory=BackOff)
    critical: bool = False
    bad_cycles: Annotated[int, Field(ge=0, le=10000)] = 5
    disturbance: Literal["step", "ramp"] = "step"
    filter: Annotated[
        Duration | None,
        Field(description="Time in which the estimate follows a disturbance; default a share of the CV's lag"),
    ] = None
    fade: Annotated[
        Duration | None,
        Field(description="disturbance: ramp: lag with which it reaches the CV; default the CV's longest lag"),
    ] = None
    limit_ramp: Annotated[
        Quantity | None, Field(description="How fast a changed limit takes hold; bare number per minute")
    ] = None
    funnel: Annotated[
        Duration | None,
        Field(description="Time constant of the way back into a violated zone; default a share of the settling time"),
    ] = None
    slack: Annotated[
        Literal["step", "peak", "integral"],
        Field(description="What of a violation counts: its square at each point, its largest, or its sum"),
    ] = "step"
    transform: Annotated[LogSection | TableSection | None, Field(discriminator="kind")] = None
    analyser: AnalyserSection | None = None
    lab: LabSection | None = None
    external: ExternalSection | None = None
