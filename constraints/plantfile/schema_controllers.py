"""The form of the section ``controllers``: several controllers in one plant, each with its own cycle and variables."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from constraints.plantfile.schema_adaptation import AdaptationSection
from constraints.plantfile.schema_plant import ControllerSection, Heartbeat, Modes


class ControllerEntry(ControllerSection):
    """One of several controllers: everything that the section controller may say, and what is this one's own."""

    mvs: Annotated[list[str], Field(max_length=1000, description="Its MVs; each MV belongs to one controller")] = Field(
        default_factory=list
    )
    cvs: Annotated[list[str], Field(max_length=5000, description="Its CVs; each CV belongs to one controller")] = Field(
        default_factory=list
    )
    heartbeat: Annotated[
        Heartbeat, Field(description="Its own handshake with its own block in the PLC; no register is shared")
    ] = Field(default_factory=Heartbeat)
    modes: Annotated[Modes | None, Field(description="Its own; default the file's section modes")] = None
    adaptation: Annotated[AdaptationSection | None, Field(description="Corrects the economics of this controller")] = (
        None
    )
