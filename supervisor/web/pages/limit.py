"""The form for one operator limit: what holds, how far it may go, old and new."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from supervisor.web.desk import asked_of
from supervisor.web.render import page
from supervisor.web.words import decimals, span_of

router = APIRouter(include_in_schema=False)


@router.get("/controller/{key}/limit/{name}/{side}", name="limit")
def show(request: Request, name: str, side: str) -> HTMLResponse:
    """Return the form, alone for a script, else in a page."""
    asked = asked_of(request)
    plant, record = asked.unit.plant, asked.here.record
    spec = plant.mvs.get(name) or plant.cvs.get(name)
    if spec is None or side not in ("lo", "hi") or record is None:
        raise HTTPException(404, "there is no such limit")
    index = 0 if side == "lo" else 1
    context = {
        "unit": asked.unit,
        "name": name,
        "side": side,
        "spec": spec,
        "active": record.limits.get(name, spec.limits.operator)[index],
        "file": spec.limits.operator[index],
        "places": decimals(span_of((spec.limits.operator, spec.limits.engineering))),
        "page_name": "limit",
        "live": False,
    }
    template = "parts/act_limit.html" if "hx-request" in request.headers else "limit.html"
    return page(request, template, asked, {}, context)
