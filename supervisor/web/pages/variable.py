"""Variable: one CV, MV or DV whole; what moves it; and what another limit would lead to."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import cast

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from constraints.limits import operator_change
from constraints.plant import DvSpec
from controllers.explain import limit_words
from supervisor.history.read import HistoryError
from supervisor.history.short import ShortHistory
from supervisor.sentences import reason
from supervisor.web import cells as pieces
from supervisor.web.curves import curve
from supervisor.web.desk import Asked, asked_of
from supervisor.web.gauge import Pointers, gauge
from supervisor.web.livepage import View, add_live_page
from supervisor.web.owners import SIDES, Side
from supervisor.web.render import fragment, part
from supervisor.web.studying import Desk, StudyFailedError
from supervisor.web.trend import RAW_MAX
from supervisor.web.variable import Identity, dry_run_of, identity, limit_rows, quality, tuning
from supervisor.web.variables import CvRow, MvRow, cv_rows, mv_rows, numbers, shown
from supervisor.web.words import number

QUALITY_S = 8.0 * 3_600.0
ERRORS = {"busy": "dry.busy", "late": "dry.late", "failed": "dry.failed"}
router = APIRouter()


def make(request: Request, asked: Asked) -> View:
    """Return the page as it is now."""
    unit, record, t = asked.unit, asked.here.record, asked.t
    plant, who = unit.plant, _who(asked)
    context = {"unit": unit, "plant": plant, "who": who, "record": record, "tuning": tuning(plant, who)}
    if record is None:
        return View({}, {**context, "rows": ()})
    rows = limit_rows(unit, who, record)
    row = _row(asked, who)
    places = row.places if row is not None else 2
    seen = shown(record, who.tag) if row is None else row.now if isinstance(row, CvRow) else row.setpoint
    cells = {
        "var.value": pieces.value(seen, places, t),
        "var.limits": fragment(request, "parts/limits.html", asked, plant=plant, rows=rows, places=places),
        "var.bias": Markup("{}").format(number(numbers(record, "bias").get(who.name), places + 1)),
    }
    if row is not None:
        said = t("gauge.cv", name=row.name, value=number(seen.value, places), lo=number(row.active[0], places),
                 hi=number(row.active[1], places), target=number(row.target, places))  # fmt: skip
        pointers = Pointers(now=seen.value, end=row.end, target=row.target)
        cells["var.gauge"] = gauge(row.spec.limits, row.active, pointers, said)
        cells["var.status"] = pieces.status(row.status, t)
    return View(cells, {**context, "rows": rows})


async def models(request: Request) -> Response:
    """Return the step curves of what moves this variable, or of what it moves."""
    asked = asked_of(request)
    who, plant = _who(asked), asked.unit.plant
    found: list[Mapping[str, object]] = []
    why = ""
    try:
        every = await _desk(request).curves_of(asked.unit)
        found = [each for each in every if who.name in (each["cv"], each["source"])]
    except StudyFailedError as error:
        why = str(error)
    other = "source" if who.kind == "CV" else "cv"
    units = {name: spec.unit for group in (plant.cvs, plant.mvs, plant.dvs) for name, spec in group.items()}
    rows = [
        {
            **each,
            "name": each[other],
            "per": _per(units[str(each["cv"])], units[str(each["source"])]),
            "drawn": curve(cast("Sequence[float]", each["values"]), f"{each['source']} → {each['cv']}"),
        }
        for each in found
    ]
    return _part(request, "parts/models.html", asked, rows=rows, why=why, plant=plant)


async def qualities(request: Request) -> Response:
    """Return how good its readings were in the last hours, at most the newest ``RAW_MAX``."""
    asked = asked_of(request)
    who, record = _who(asked), asked.here.record
    history = ShortHistory(asked.unit.site.database_url)

    def look() -> tuple[object, float]:
        end = record.utc_s + 1.0 if record is not None else 0.0
        found = list(history.newest_readings(end - QUALITY_S, end, RAW_MAX))
        return quality((readings for _, readings in found), who.tag), end - found[-1][0] if found else 0.0

    try:
        told, span_s = await asyncio.to_thread(look)
    except HistoryError as error:
        raise HTTPException(503, "record") from error
    return _part(request, "parts/quality.html", asked, told=told, span_s=span_s)


async def dry_run(request: Request) -> Response:
    """Return what ``?side=&value=`` would lead to."""
    asked = asked_of(request)
    unit, who, record, t = asked.unit, _who(asked), asked.here.record, asked.t
    side = next((each for each in SIDES if each == asked.query.get("side")), None)
    if side is None or isinstance(who.spec, DvSpec):
        raise HTTPException(400, "side")
    values: dict[str, object] = {"unit": unit, "plant": unit.plant, "who": who, "record": record, "side": side}
    try:
        value = float(asked.query.get("value", "").replace(",", "."))
    except ValueError:
        value = math.nan
    refused = _refused(asked, who, side, value)
    if refused or record is None:
        return _part(request, "parts/dry_run.html", asked, **values, trouble=refused or t("dry.none_recorded"))
    active = record.limits.get(who.name, who.spec.limits.operator)
    question = {"ask": "dry_run", "at": record.utc_s, "variable": who.name, "side": side, "value": value}
    try:
        found = dry_run_of(unit.plant, await _desk(request).ask(unit, question))
    except StudyFailedError as error:
        trouble = t(ERRORS[error.code], limit=round(_desk(request).limit_s), why=error)
        return _part(request, "parts/dry_run.html", asked, **values, trouble=trouble)
    names = {key: [limit_words(name) for name in getattr(found, key)] for key in ("newly", "freed")}
    rows: list[CvRow | MvRow] = [*cv_rows(unit.plant, record), *mv_rows(unit.plant, record)]
    places = {row.name: row.places for row in rows}
    lost = [(limit_words(name), rank, amount) for name, rank, amount in found.give_ups]
    return _part(
        request, "parts/dry_run.html", asked, **values, trouble="", found=found, value=value,
        before=active[SIDES.index(side)], places=places, lost=lost, **names,
    )  # fmt: skip


def _refused(asked: Asked, who: Identity, side: Side, value: float) -> str:
    """Return why control would not take this limit, in words; empty where it would."""
    record = asked.here.record
    if not math.isfinite(value):
        return asked.t("dry.refused", why=asked.t("dry.not_a_number"))
    operator: dict[tuple[str, Side], float] = {}
    for key, limit in (record.operator_limits if record is not None else {}).items():
        variable, _, word = key.rpartition(".")
        operator |= {(variable, each): limit for each in SIDES if each == word}
    code = operator_change(asked.unit.plant, operator, who.name, side, value)
    return asked.t("dry.refused", why=reason(code)) if code else ""


def _per(unit: str, by: str) -> str:
    return f"{unit}/({by})" if "/" in by else f"{unit}/{by}"


def _row(asked: Asked, who: Identity) -> CvRow | MvRow | None:
    record, plant = asked.here.record, asked.unit.plant
    if record is None or who.kind == "DV":
        return None
    rows: Sequence[CvRow | MvRow] = cv_rows(plant, record) if who.kind == "CV" else mv_rows(plant, record)
    return next(row for row in rows if row.name == who.name)


def _who(asked: Asked) -> Identity:
    """Return the variable that the address names. Raises HTTPException 404."""
    found = identity(asked.unit.plant, asked.parts["name"])
    if found is None:
        raise HTTPException(404, "there is no such variable")
    return found


def _desk(request: Request) -> Desk:
    state = request.app.state
    if not hasattr(state, "studies"):
        state.studies = Desk()
    return cast("Desk", state.studies)


def _part(request: Request, template: str, asked: Asked, **context: object) -> HTMLResponse:
    return HTMLResponse(part(request, template, asked, **context), headers={"Cache-Control": "no-store"})


PATH = "/controller/{key}/variable/{name}"
add_live_page(router, PATH, "variable.html", make, "variable")
router.add_api_route(f"{PATH}/models", models, methods=["GET"], include_in_schema=False)
router.add_api_route(f"{PATH}/quality", qualities, methods=["GET"], include_in_schema=False)
router.add_api_route(f"{PATH}/dry-run", dry_run, methods=["GET"], include_in_schema=False)
