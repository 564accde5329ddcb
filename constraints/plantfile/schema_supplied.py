"""The form of what others supply: laboratory values, external targets, forecasts; and the DVs that these are of."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag

from constraints.plantfile.fields import Duration, Number, Pair, Quantity, Rank, Section

MAPPING, OTHER = "<mapping>", "<other>"
FORMS: Final = frozenset({MAPPING, OTHER})
"""What pydantic calls a key's two forms in its errors; no key of a file can be called that."""


def _form(value: object) -> str:
    return MAPPING if isinstance(value, dict) else OTHER


class SteadySection(Section):
    """A sample says little that was taken while the process moved."""

    sdev: Annotated[Quantity, Field(description="Largest standard deviation of the estimate before sampling")]
    over: Annotated[Duration, Field(description="Time before sampling over which that is looked at")] = "10 min"


class LabSection(Section):
    """Which laboratory values of a CV are believed, and how far. Persons give them with `setwise lab`."""

    limits: Annotated[Pair, Field(description="Outside is a slip of the pen")]
    max_difference: Annotated[
        Quantity, Field(description="Largest distance from the estimate at sampling time; farther is never believed")
    ]
    max_age: Annotated[Duration, Field(description="Older samples say nothing about now")] = "8 h"
    share: Annotated[Number, Field(description="Share of the difference that is corrected")] = 0.5
    ramp: Annotated[Duration, Field(description="Time over which a correction comes in; 0 = at once")] = "10 min"
    sdev: Annotated[
        Quantity | None,
        Field(description="Usual standard deviation from the estimate; beyond 3 of these, samples have to agree"),
    ] = None
    agree: Annotated[
        int, Field(ge=2, le=10, description="So many samples in a row have to agree on an unusual difference")
    ] = 2
    steady: SteadySection | None = None
    value: Annotated[str | None, Field(description="Tag on which a result arrives")] = None
    sampled: Annotated[
        str | None, Field(description="Tag with the sampling time: seconds since 1970 UTC, or a date and time")
    ] = None
    count: Annotated[str | None, Field(description="Tag that steps at each new result")] = None
    delay: Annotated[
        Duration, Field(description="Time from sampling to the result, where no tag says when it was sampled")
    ] = 0.0


class ExternalSection(Section):
    """A target that a higher layer, or a person with `setwise target`, sets for this variable."""

    tag: Annotated[str | None, Field(description="Tag of the target; without it only persons set one")] = None
    issued: Annotated[
        str | None, Field(description="Tag with the time of issue: seconds since 1970 UTC, or a date and time")
    ] = None
    count: Annotated[str | None, Field(description="Tag that steps whenever a target is issued, also an equal one")] = (
        None
    )
    max_age: Annotated[
        Duration | None, Field(description="The tag's target is ignored when it was issued longer ago")
    ] = None
    rank: Annotated[Rank | None, Field(description="1 is given up last; default a CV's target rank, 9 for an MV")] = (
        None
    )
    max_rate: Annotated[
        Quantity | None, Field(description="How fast the target in force goes there; bare number per minute")
    ] = None


class ForecastSection(Section):
    """What is known of a DV's future: on tags or in a CSV file."""

    tags: Annotated[
        dict[str, Duration],
        Field(description="By tag: how long after its issue this value begins; 0 = the value of then"),
    ] = Field(default_factory=dict)
    issued: Annotated[
        str | None, Field(description="Tag with the time of issue: seconds since 1970 UTC, or a date and time")
    ] = None
    count: Annotated[str | None, Field(description="Tag that steps at each new forecast")] = None
    file: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=500,
            description="CSV file beside the plant file: time and value, below a head; without zone in plant time",
        ),
    ] = None
    column: Annotated[str | None, Field(description="Its column of values; default the DV's name, or the only one")] = (
        None
    )
    max_age: Annotated[Duration, Field(description="An older forecast is ignored, and the DV held")]


class Dv(Section):
    """A measured disturbance; its name is its tag's."""

    forecast: Annotated[
        Annotated[ForecastSection, Tag(MAPPING)] | Annotated[Literal["hold"], Tag(OTHER)],
        Discriminator(_form),
        Field(description="Its known future; hold: it stays as it is"),
    ] = "hold"


Dvs = Annotated[
    Annotated[list[str], Tag(OTHER)] | Annotated[dict[str, Dv], Tag(MAPPING)],
    Discriminator(_form),
    Field(description="Tags of measured disturbances: a list, or by name where one has a forecast"),
]
