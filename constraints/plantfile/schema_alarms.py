"""The form of the sections ``alarms`` and ``notify``: what operators are called for, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from constraints.plantfile.fields import Duration, Expr, Number, Section, Text

Urgency = Literal["critical", "high", "medium", "low"]


class AlarmSection(Section):
    """What is different from the built-in about an alarm, about all alarms of a code, or about all of one subject."""

    priority: Annotated[Urgency | None, Field(description="How urgent; default built in by code")] = None
    on_delay: Annotated[Duration | None, Field(description="How long its cause must be there before it comes")] = None
    off_delay: Annotated[Duration | None, Field(description="How long its cause must be gone before it goes")] = None
    deadband: Annotated[
        Number | None,
        Field(ge=0, description="Of a watched constraint: how far it must be kept again before the alarm goes"),
    ] = None
    response: Annotated[Text | None, Field(description="What to do, such as: put FIC401 to CAS or pick OFF")] = None
    time_to_respond: Annotated[Duration | None, Field(description="In what time that helps, such as 5 min")] = None
    consequence: Annotated[Text | None, Field(description="What happens if nobody does it")] = None
    suppress_when: Annotated[
        Expr | None, Field(description="Condition on tags in which it is no alarm, such as P_fan < 5")
    ] = None


class NotifySection(Section):
    """An address that new alarms are sent to."""

    secret: Annotated[
        str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$", description="Name of the secret with its Apprise URL")
    ]
    from_: Annotated[Urgency, Field(alias="from", description="The least urgent alarms that are sent")] = "high"
