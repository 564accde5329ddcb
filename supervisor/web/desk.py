"""What the pages stand on: the controllers, what their records say now, the texts, the templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from fastapi import HTTPException, Request

from supervisor.web.live import Live, Now
from supervisor.web.texts import Texts, Translate
from supervisor.web.units import Unit, Units

FROZEN_CYCLES = 2.0
FROZEN_S = 3.0
"""A page that sees no new cycle for two cycles and 3 s is frozen (reference: interface §(ii))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Made once, by ``supervisor.web.serve``."""

    units: Units
    live: Live
    texts: Texts
    speed: float = 1.0
    """Plant seconds in a real second: 1, but on the bench."""

    def unit(self, key: str) -> Unit:
        """Return a controller. Raises HTTPException 404."""
        if key not in self.units:
            raise HTTPException(404, "there is no such controller")
        return self.units[key]

    def frozen_after_s(self, unit: Unit) -> float:
        """Return after how many real seconds without a new cycle the pages of ``unit`` are frozen."""
        return FROZEN_CYCLES * unit.plant.cycle_s / self.speed + FROZEN_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one view is of: the desk as it is now, and who reads in which language."""

    desk: Desk
    now: Mapping[str, Now]
    parts: Mapping[str, str]
    """What stands in the address: ``key`` of the controller, ``name`` of the variable."""
    query: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"

    @property
    def t(self) -> Translate:
        """The texts in the reader's language."""
        return self.desk.texts.speaks(self.language)

    @property
    def unit(self) -> Unit:
        """The controller that the address names. Raises HTTPException 404."""
        return self.desk.unit(self.parts["key"])

    @property
    def here(self) -> Now:
        """What is known of that controller."""
        return self.now[self.unit.key]


def desk_of(request: Request) -> Desk:
    """Return the desk that the application was made with."""
    return cast("Desk", request.app.state.desk)


def asked_of(request: Request) -> Asked:
    """Return what a request asks to see."""
    desk = desk_of(request)
    chosen = request.cookies.get("language", "")
    language = chosen if chosen in desk.texts.of else desk.texts.chosen(request.headers.get("accept-language", ""))
    parts = {name: str(value) for name, value in request.path_params.items()}
    return Asked(desk=desk, now=desk.live.now, parts=parts, query=dict(request.query_params), language=language)
