"""Trends: up to eight pens over any span, live or still, with limits, modes, events, and what was foreseen.

The page keeps itself up to date by asking for what is new; it says so when nothing new comes, and what it shows stays
readable then: a trend of the past is what an investigation needs.
"""

from __future__ import annotations

import asyncio
import csv
import io
import math
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from supervisor.history.read import HistoryError
from supervisor.history.short import ShortHistory
from supervisor.web.desk import Asked, asked_of
from supervisor.web.owners import changes_of
from supervisor.web.pages.why import moment_of
from supervisor.web.pens import Pen, chosen, first_pens, pens_of
from supervisor.web.render import page
from supervisor.web.trend import background, events, foreseen, lines
from supervisor.web.words import sign

SPANS_S = (1_800, 7_200, 28_800, 86_400, 604_800, 2_592_000)
SPAN_S = 28_800.0
SPAN_S_MAX = 400.0 * 86_400.0
router = APIRouter()


async def show(request: Request) -> Response:
    """Show the page; its numbers are asked for by its script."""
    asked = asked_of(request)
    plant = asked.unit.plant
    _pens(asked)
    values = {
        "page_name": "trends", "live": False, "unit": asked.unit, "plant": plant, "all": pens_of(plant),
        "chosen": asked.query.get("pens") or first_pens(plant), "spans": SPANS_S,
    }  # fmt: skip
    return page(request, "trends.html", asked, {}, values)


async def data(request: Request) -> Response:
    """Return the numbers: ``pens``, ``from`` and ``to`` (UTC seconds or plant time), ``span`` seconds back from the
    newest cycle where there is no ``from``; ``expected``: what was foreseen then.
    """
    asked = asked_of(request)
    pens = _pens(asked)
    try:
        body = await asyncio.to_thread(_data, asked, pens)
    except HistoryError as error:
        raise HTTPException(503, "record") from error
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


async def as_csv(request: Request) -> Response:
    """Return the same numbers as a table, a row each time, plant time with its offset."""
    asked = asked_of(request)
    pens = _pens(asked)
    try:
        text = await asyncio.to_thread(_csv, asked, pens)
    except HistoryError as error:
        raise HTTPException(503, "record") from error
    headers = {"Content-Disposition": f'attachment; filename="trend-{asked.unit.key}.csv"', "Cache-Control": "no-store"}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _data(asked: Asked, pens: Sequence[Pen]) -> dict[str, object]:
    unit, now = asked.unit, asked.here
    plant, history = unit.plant, ShortHistory(unit.site.database_url)
    start, end = _between(asked)
    drawn = lines(history, pens, start, end, plant.cycle_s)
    behind = background(history, pens, start, end)
    happened = events(history, changes_of(unit), start, end)
    body: dict[str, object] = {
        "from": start,
        "to": end,
        "newest": now.record.utc_s if now.record is not None else None,
        "quiet_s": round(asked.desk.live.quiet_s(unit.key), 1),
        "frozen": not now.running or asked.desk.live.quiet_s(unit.key) > asked.desk.frozen_after_s(unit),
        "span_s": drawn.span_s,
        "gap_s": drawn.gap_s,
        "at": drawn.at,
        "pens": [
            {
                "name": pen.name, "unit": sign(pen.unit), "kind": pen.kind, "scale": pen.scale,
                "mean": drawn.mean.get(pen.name, []), "low": drawn.low.get(pen.name), "high": drawn.high.get(pen.name),
                "limits": behind.limits.get(pen.name, []),
            }
            for pen in pens
        ],
        "modes": [(utc_s, asked.t(f"mode.{word}")) for utc_s, word in behind.modes],
        "every": behind.every,
        "events": [(each.utc_s, asked.t(f"flag_kind.{each.kind}"), each.text) for each in happened],
        "foreseen": foreseen(now.record, pens) if now.record is not None and end >= now.record.utc_s else {},
    }  # fmt: skip
    then = asked.query.get("expected")
    if then and now.record is not None:
        stored = history.at(moment_of(then, plant, now.record.utc_s))
        if stored is not None:
            body["expected"] = {"at": stored.record.utc_s, "of": foreseen(stored.record, pens)}
    return body


def _csv(asked: Asked, pens: Sequence[Pen]) -> str:
    plant = asked.unit.plant
    drawn = lines(ShortHistory(asked.unit.site.database_url), pens, *_between(asked), plant.cycle_s)
    out = io.StringIO()
    table = csv.writer(out)
    head = ["time"]
    for pen in pens:
        head += [f"{pen.name} [{pen.unit}]"]
        head += [f"{pen.name} low", f"{pen.name} high"] if drawn.span_s else []
    table.writerow(head)
    zone = ZoneInfo(plant.timezone)
    for k, at in enumerate(drawn.at):
        row: list[object] = [datetime.fromtimestamp(at, zone).isoformat(timespec="seconds")]
        for pen in pens:
            row.append(drawn.mean[pen.name][k])
            row += [drawn.low[pen.name][k], drawn.high[pen.name][k]] if drawn.span_s else []
        table.writerow(row)
    return out.getvalue()


def _pens(asked: Asked) -> tuple[Pen, ...]:
    """Return the pens of the address. Raises HTTPException 400."""
    try:
        return chosen(asked.unit.plant, asked.query.get("pens") or first_pens(asked.unit.plant))
    except (KeyError, ValueError) as error:
        raise HTTPException(400, "pens") from error


def _between(asked: Asked) -> tuple[float, float]:
    """Return the span of the address, UTC seconds. Raises HTTPException 400."""
    record, query = asked.here.record, asked.query
    newest = record.utc_s if record is not None else 0.0
    plant = asked.unit.plant
    end = moment_of(query["to"], plant, newest) if query.get("to") else newest + 1.0
    try:
        span_s = float(query.get("span") or SPAN_S)
    except ValueError as error:
        raise HTTPException(400, "span") from error
    start = moment_of(query["from"], plant, newest) if query.get("from") else end - span_s
    if not (math.isfinite(start) and math.isfinite(end) and 0.0 < end - start <= SPAN_S_MAX):
        raise HTTPException(400, "span")
    return start, end


router.add_api_route("/controller/{key}/trends", show, methods=["GET"], name="trends", include_in_schema=False)
router.add_api_route("/controller/{key}/trends/data", data, methods=["GET"], include_in_schema=False)
router.add_api_route("/controller/{key}/trends.csv", as_csv, methods=["GET"], include_in_schema=False)
