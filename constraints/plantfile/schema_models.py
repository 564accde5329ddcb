"""The form of what models are made of: pairs, state-space blocks, engineers' functions, multipliers of gains."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from constraints.plantfile.fields import Duration, Name, Number, Quantity, Section

CODE_FORM: Final = r"^[A-Za-z_][A-Za-z0-9_.]*(:[A-Za-z_][A-Za-z0-9_]*)?$"
Matrix = Annotated[list[Annotated[list[Number], Field(max_length=200)]], Field(max_length=200)]
Code = Annotated[
    str,
    Field(
        pattern=CODE_FORM,
        max_length=200,
        description="package.module:function, or the name of an entry point of the group setwise.models",
    ),
]
ConstraintCode = Annotated[
    str,
    Field(
        pattern=CODE_FORM,
        max_length=200,
        description="package.module:function, or the name of an entry point of the group setwise.constraints",
    ),
]


class StepFile(Section):
    """A step response in a table: CSV or XLSX, whose first row names the columns."""

    file: Annotated[str, Field(description="CSV or XLSX file, relative to this file, inside the plant's folder")]
    time: Annotated[str, Field(description="Column of the time since the step")]
    column: Annotated[str, Field(description="Column of the response to a step of one")]
    time_unit: Annotated[str, Field(description="Unit of the time column")] = "s"
    unit: Annotated[str | None, Field(description="Unit of the response; default CV unit per MV unit")] = None


class Model(Section):
    """Effect of one MV or DV on one CV: a gain with lags, a step response, or a function's derivative with lags."""

    gain: Annotated[Quantity | None, Field(description="CV unit per MV unit (per second where integrating)")] = None
    expects: Annotated[
        Literal["positive", "negative"] | None,
        Field(description="Sign that the gain must have; a model with the other one is refused"),
    ] = None
    dead_time: Duration = 0.0
    lags: Annotated[list[Duration], Field(max_length=2)] = Field(default_factory=list)
    lead: Duration = 0.0
    integrating: bool = False
    step: Annotated[
        list[Annotated[list[Quantity], Field(json_schema_extra={"minItems": 2, "maxItems": 2})]] | None,
        Field(
            max_length=500,
            description="[time, CV unit per MV unit], from 0 s on; integrating: on with the last slope",
            json_schema_extra={"minItems": 2},
        ),
    ] = None
    step_file: Annotated[StepFile | None, Field(description="Instead of step: its points in a table")] = None
    function: Annotated[str | None, Field(description="Name under functions; the gain is its derivative")] = None
    multiplier: Annotated[str | None, Field(description="Name under multipliers; the gain is multiplied by it")] = None


class StateSpaceSection(Section):
    """A block dx/dt = A x + B u, y = C x + D u in deviations; times in seconds, variables in their units."""

    name: Name
    inputs: Annotated[list[str], Field(min_length=1, description="MVs and DVs")]
    cvs: Annotated[list[str], Field(min_length=1)]
    A: Matrix
    B: Matrix
    C: Matrix
    D: Annotated[Matrix | None, Field(description="Default: 0")] = None
    dead_time: Annotated[dict[str, Duration], Field(description="By CV; default 0")] = Field(default_factory=dict)


class FunctionSection(Section):
    """An engineer's Python function of the steady state: y = call(u, d), arrays in the order named here."""

    call: Code
    jacobian: Annotated[Code | None, Field(description="jacobian(u, d): CVs by MVs and DVs; default: differences")] = (
        None
    )
    differences: Annotated[
        Literal["central", "complex"], Field(description="complex: exact, for functions that take complex numbers")
    ] = "central"
    mvs: Annotated[list[str], Field(min_length=1)]
    dvs: list[str] = Field(default_factory=list)
    cvs: Annotated[list[str], Field(min_length=1)]
    at: Annotated[
        dict[str, Quantity],
        Field(description="Where its derivatives stand for the whole; default: middle of the operator's limits"),
    ] = Field(default_factory=dict)


class MultiplierSection(Section):
    """A factor on gains that follows a measured tag, straight between the points of a table."""

    by: Annotated[str, Field(description="Tag that it follows")]
    points: Annotated[
        list[Annotated[list[Quantity], Field(json_schema_extra={"minItems": 2, "maxItems": 2})]],
        Field(
            max_length=100,
            description="[value of the tag, factor], ascending; beyond the ends the factor stays",
            json_schema_extra={"minItems": 2},
        ),
    ]
    max_rate: Annotated[Number | None, Field(description="Fastest change of the factor per minute")] = None
