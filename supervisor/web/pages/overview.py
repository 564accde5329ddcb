"""Overview: one tile for each controller, for the wall screen and the change of shift."""

from __future__ import annotations

from fastapi import APIRouter, Request

from supervisor.web.desk import Asked
from supervisor.web.livepage import View, add_live_page
from supervisor.web.render import fragment
from supervisor.web.state import state_of
from supervisor.web.variables import active_limits

router = APIRouter()


def make(request: Request, asked: Asked) -> View:
    """Return the tiles."""
    cells: dict[str, str] = {}
    for key, unit in asked.desk.units.items():
        now = asked.now[key]
        cells[f"tile.{key}"] = fragment(
            request,
            "parts/tile.html",
            asked,
            unit=unit,
            now=now,
            state=state_of(now.record),
            held=active_limits(now.record) if now.record else 0,
            quiet_s=round(asked.desk.live.quiet_s(key)),
            frozen=asked.desk.live.quiet_s(key) > asked.desk.frozen_after_s(unit),
        )
    return View(cells, {"units": list(asked.desk.units.values())})


add_live_page(router, "/", "overview.html", make, "overview")
