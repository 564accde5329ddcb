"""Overview: one tile for each controller, for the wall screen and the change of shift."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from supervisor.audit.browse import Browse, Wanted
from supervisor.history.read import HistoryError
from supervisor.site import SiteError
from supervisor.web.desk import Asked, asked_of
from supervisor.web.livepage import View, add_live_page
from supervisor.web.pages.audit import Row, row_of
from supervisor.web.render import fragment, part
from supervisor.web.state import state_of
from supervisor.web.units import Unit
from supervisor.web.variables import active_limits

router = APIRouter()
SHIFT_S = 8 * 3_600.0
LINES_MAX = 8


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


@router.get("/shift", name="shift", include_in_schema=False)
def shift(request: Request) -> HTMLResponse:
    """Return what people did in the last shift, for whoever takes over."""
    asked = asked_of(request)
    found: list[tuple[Unit, Row]] = []
    for key, unit in asked.desk.units.items():
        record = asked.now[key].record
        if record is None:
            continue
        try:
            lines = Browse(unit.site.database_url).page(Wanted(since_utc_s=record.utc_s - SHIFT_S), None, LINES_MAX)
        except (HistoryError, SiteError):
            continue  # the tile above says that the record cannot be read
        found += [(unit, row_of(line, asked.t)) for line in lines.lines]
    found.sort(key=lambda each: -each[1].line.utc_s)
    return HTMLResponse(part(request, "parts/shift.html", asked, rows=found[:LINES_MAX]))


add_live_page(router, "/", "overview.html", make, "overview")
