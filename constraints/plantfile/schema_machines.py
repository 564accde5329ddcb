"""The form of the section ``machines``: what stands on the floor, and which tags speak of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from constraints.plantfile.fields import Duration, Expr, Quantity, Section, Text

TagName = Annotated[str, Field(min_length=1, max_length=64)]


class MachineLimits(Section):
    """Vibration from which on somebody should look, and must; in the vibration tag's unit."""

    warn: Quantity
    alarm: Quantity


class MachineSection(Section):
    """One machine."""

    kind: Annotated[
        Literal[
            "boiler", "burner", "chiller", "compressor", "conveyor", "dryer", "fan", "heater", "mill", "mixer", "motor",
            "pump", "turbine", "valve", "other",
        ],
        Field(description="What it is; reports compare machines of one kind"),
    ] = "other"  # fmt: skip
    desc: Text = ""
    tags: Annotated[list[TagName], Field(max_length=1000, description="More tags that belong to it")] = Field(
        default_factory=list
    )
    runs_when: Annotated[Expr | None, Field(description="Condition on tags that is true while it runs")] = None
    power: Annotated[TagName | None, Field(description="Tag of the power that it takes")] = None
    rated_power: Annotated[Quantity | None, Field(description="Power on its plate, such as 250 kW")] = None
    energy: Annotated[TagName | None, Field(description="Tag of its energy meter, which counts up")] = None
    vibration: Annotated[TagName | None, Field(description="Tag of its vibration")] = None
    limits: Annotated[MachineLimits | None, Field(description="Limits of its vibration")] = None
    service_every: Annotated[Duration | None, Field(description="Running time between services, such as 8000 h")] = None
