"""The form of a plant file as a whole, and its JSON Schema for editors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

from constraints.plantfile.fields import Section
from constraints.plantfile.published import published
from constraints.plantfile.schema_adaptation import AdaptationSection
from constraints.plantfile.schema_alarms import AlarmSection, NotifySection
from constraints.plantfile.schema_controllers import ControllerEntry
from constraints.plantfile.schema_machines import MachineSection
from constraints.plantfile.schema_models import FunctionSection, Model, MultiplierSection, StateSpaceSection
from constraints.plantfile.schema_plant import ConnectionSection, ControllerSection, Heartbeat, Modes, PlantSection
from constraints.plantfile.schema_rules import (
    ConstraintSection,
    Economics,
    InterlockSection,
    ScheduleSection,
    Tariff,
)
from constraints.plantfile.schema_supplied import Dvs
from constraints.plantfile.schema_variables import Cv, Mv, Tag


def _whole(value: object) -> object:
    """Return ``value``; raises where it is not a whole number, for to Python true is 1."""
    if type(value) is not int:
        raise PydanticCustomError("int_type", "a whole number is needed here")
    return value


class PlantFile(Section):
    """A Setwise plant file."""

    version: Annotated[Literal[1], BeforeValidator(_whole)]
    include: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=500)]],
        Field(description="More files of this plant, relative to this one: sections (YAML), tag lists (CSV, XLSX)"),
    ] = Field(default_factory=list)
    plant: PlantSection
    connections: dict[str, ConnectionSection]
    heartbeat: Heartbeat = Field(default_factory=Heartbeat)
    controller: ControllerSection = Field(default_factory=ControllerSection)
    controllers: Annotated[
        Annotated[dict[str, ControllerEntry], Field(min_length=1, max_length=100)] | None,
        Field(description="Instead of controller and heartbeat: several controllers by name, each with its variables"),
    ] = None
    tags: dict[str, Tag]
    mvs: dict[str, Mv] = Field(default_factory=dict)
    cvs: dict[str, Cv] = Field(default_factory=dict)
    dvs: Dvs = Field(default_factory=list)
    models: Annotated[dict[str, dict[str, Model]], Field(description="By CV, then by MV or DV")] = Field(
        default_factory=dict
    )
    state_space: list[StateSpaceSection] = Field(default_factory=list)
    functions: dict[str, FunctionSection] = Field(default_factory=dict)
    multipliers: dict[str, MultiplierSection] = Field(default_factory=dict)
    economics: Economics = Field(default_factory=Economics)
    adaptation: AdaptationSection | None = None
    tariffs: dict[str, Tariff] = Field(default_factory=dict)
    constraints: list[ConstraintSection] = Field(default_factory=list)
    interlocks: list[InterlockSection] = Field(default_factory=list)
    alarms: dict[str, AlarmSection] = Field(default_factory=dict)
    notify: list[NotifySection] = Field(default_factory=list)
    modes: Modes = Field(default_factory=Modes)
    schedule: list[ScheduleSection] = Field(default_factory=list)
    machines: dict[str, MachineSection] = Field(default_factory=dict)


def json_schema() -> dict[str, JsonValue]:
    """Return the JSON Schema (draft 2020-12) of a plant file."""
    schema = PlantFile.model_json_schema(by_alias=True)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**head, **published(schema, PlantFile.__name__), "title": "Setwise plant file"}
