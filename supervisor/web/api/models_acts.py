"""What is sent with an act. Who, which role and until when follow from the session; what is left out is not asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from supervisor.letters import TEXT_MAX
from supervisor.web.acting import WHY_MAX
from supervisor.web.api.models import Model

Whole = Annotated[int, Field(ge=0, le=2**53)]
Name = Annotated[str, Field(min_length=1, max_length=min(200, TEXT_MAX))]


class Asking(Model):
    """What every act may say. A text is no number here: what is not as it should be is refused, not guessed at."""

    model_config = ConfigDict(strict=True)

    why: Annotated[str, Field(max_length=WHY_MAX)] = Field(default="", description="reason; most acts need one")
    saw_cycle: Whole | None = Field(default=None, description="the cycle that was decided on; browsers must say it")


class AskMode(Asking):
    """Ask for a mode. OFF has an address of its own."""

    mode: Literal["MONITOR", "ADVISORY", "CLOSED_LOOP"]
    confirmed: bool = Field(default=False, description="second confirmation, for CLOSED_LOOP")


class AskLimit(Asking):
    """Set an operator limit."""

    variable: Name
    side: Literal["lo", "hi"]
    value: float = Field(description="in the variable's unit")


class AskHands(Asking):
    """Take an MV into the operators' hands, or give it back to the controller."""

    mv: Name
    to: Literal["operator", "controller"]


class AskAdvice(Asking):
    """Accept or reject the setpoint that was advised for one MV."""

    mv: Name
    value: float = Field(description="the setpoint that was advised, in the MV's unit")
    verdict: Literal["accept", "reject"]


class AskTarget(Asking):
    """Set an external target of an MV or CV for some time."""

    variable: Name
    value: float = Field(description="in the variable's unit")
    lasts_s: float = Field(gt=0.0, description="how long it counts, seconds")


class AskTargetEnd(Asking):
    """End an external target."""

    variable: Name


class AskLab(Asking):
    """Hand in a laboratory result of a CV."""

    variable: Name
    value: float = Field(description="in the CV's unit")
    sampled_utc_s: float = Field(ge=0.0, description="when the sample was taken, seconds since 1970 UTC")


class AskAck(Asking):
    """Acknowledge one occurrence of an alarm."""

    occurrence: Whole = Field(description="the one that was seen; it says nothing of a newer one")


class AskLasting(Asking):
    """Shelve an alarm or bypass an interlock for some time."""

    lasts_s: float = Field(gt=0.0, description="how long, seconds")


class Done(Model):
    """Control accepted it."""

    accepted: Literal[True]
    id: str = Field(description="of the request, as it is on record")
