"""Interlocks: what they watch and do, how far each is; what closed loop needs; the last refusal of the gate."""

from __future__ import annotations

import asyncio
from typing import cast

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from constraints.plant import Plant
from supervisor.history.read import HistoryError
from supervisor.history.short import ShortHistory
from supervisor.history.trips import TripCount
from supervisor.rules import unprotected
from supervisor.sentences import refusal_sentence
from supervisor.web import cells as pieces
from supervisor.web.desk import Asked, asked_of
from supervisor.web.livepage import View, add_live_page
from supervisor.web.locks import Follower, LockRow, lock_rows
from supervisor.web.permits import permit_rows
from supervisor.web.render import fragment, part
from supervisor.web.units import Unit
from supervisor.web.words import decimals, lasting, moment

router = APIRouter()


def make(request: Request, asked: Asked) -> View:
    """Return the table and the checklist as they are now."""
    unit, record = asked.unit, asked.here.record
    plant = unit.plant
    context = {"unit": unit, "plant": plant, "record": record}
    if record is None:
        return View({}, {**context, "rows": ()})
    try:
        outcome, first_out = _follower(request, unit).at(record)
    except HistoryError as error:
        return View({}, {**context, "record": None, "trouble": str(error), "rows": ()})
    rows = lock_rows(plant, record, outcome, first_out)
    cells = {"locks.count": _count(rows, asked)}
    for row in rows:
        cells |= _lock_cells(row, plant, asked)
    cells["permits"] = permits_part(request, asked)
    return View(cells, {**context, "rows": rows})


def permits_part(request: Request, asked: Asked) -> str:
    """Return what closed loop needs, as it is now; empty where that cannot be told."""
    record, unit = asked.here.record, asked.unit
    if record is None:
        return ""
    try:
        outcome, _ = _follower(request, unit).at(record)
    except HistoryError:
        return ""
    rows = permit_rows(unit.plant, record, outcome, unprotected(unit.plant), asked.here.not_stored)
    return fragment(request, "parts/permits.html", asked, rows=rows, mode=record.mode)


async def past(request: Request) -> Response:
    """Return the part that takes a search of the record: trips of 30 days, and the last refusal."""
    asked = asked_of(request)
    unit, record = asked.unit, asked.here.record
    at_utc_s = record.utc_s if record is not None else 0.0
    values: dict[str, object] = {"unit": unit, "plant": unit.plant, "trips": None, "refused": None}
    try:
        values["trips"] = await asyncio.to_thread(_counter(request, unit).trips, at_utc_s)
        values["refused"] = await asyncio.to_thread(_last_refusal, unit)
    except HistoryError:
        values["trips"] = None
    return HTMLResponse(part(request, "parts/lock_past.html", asked, **values), headers={"Cache-Control": "no-store"})


def _last_refusal(unit: Unit) -> dict[str, object] | None:
    history = ShortHistory(unit.site.database_url)
    utc_s = history.last_with("refusal", float("inf"))
    stored = history.at(utc_s) if utc_s is not None else None
    if stored is None:
        return None
    record = stored.record
    return {"record": record, "lines": tuple(refusal_sentence(each) for each in record.refusals)}


def _lock_cells(row: LockRow, plant: Plant, asked: Asked) -> dict[str, str]:
    at, t = f"lock.{row.number}", asked.t
    word = t(f"lock.{row.state}")
    kind = {"tripped": "flag flag-2", "unknown": "flag flag-2", "bypassed": "flag flag-2", "met": "flag flag-3"}
    mark = {"tripped": "▲ ", "unknown": "▲ ", "bypassed": "▲ ", "met": "▼ "}.get(row.state, "")
    state = Markup('<span class="{}">{}{}</span>').format(kind.get(row.state, "quiet"), mark, word)
    if row.latched:
        state += Markup(" <b>{}</b>").format(t("lock.latched"))
    if row.first_out:
        state += Markup(" <b>({})</b>").format(t("lock.first_out"))
    values = Markup(", ").join(
        Markup("{} {}").format(tag, pieces.value(found, decimals(abs(found.value or 1.0)), t))
        for tag, found in row.values
    )
    bypass = Markup("")
    if row.bypassed is not None:
        words = t("lock.until", owner=row.bypassed.owner, until=moment(row.bypassed.until_utc_s, plant.timezone),
                  reason=row.bypassed.reason)  # fmt: skip
        bypass = Markup('<span class="flag flag-2">▲ {}</span>').format(words)
    return {f"{at}.state": state, f"{at}.values": values, f"{at}.delay": _delay(row, asked), f"{at}.bypass": bypass}


def _delay(row: LockRow, asked: Asked) -> Markup:
    """Return how far the delay has run, as a bar and in words."""
    if row.spec.for_s <= 0.0:
        return Markup("–")
    met_s = min(row.met_s, row.spec.for_s)
    words = asked.t("lock.delay_words", met=lasting(met_s), delay=lasting(row.spec.for_s))
    return Markup('<progress max="{}" value="{}" aria-label="{}"></progress> {}').format(
        row.spec.for_s, round(met_s, 1), words, words
    )


def _count(rows: tuple[LockRow, ...], asked: Asked) -> str:
    return Markup("{}").format(
        asked.t(
            "lock.tripped_count",
            tripped=sum(row.state == "tripped" for row in rows),
            latched=sum(row.latched for row in rows),
            bypassed=sum(row.bypassed is not None for row in rows),
        )
    )


def _follower(request: Request, unit: Unit) -> Follower:
    kept = cast("dict[str, Follower]", _kept(request, "lock_followers"))
    return kept.setdefault(unit.key, Follower(unit))


def _counter(request: Request, unit: Unit) -> TripCount:
    kept = cast("dict[str, TripCount]", _kept(request, "trip_counters"))
    return kept.setdefault(unit.key, TripCount(unit.site.database_url))


def _kept(request: Request, name: str) -> object:
    """Return what the application keeps under ``name``."""
    state = request.app.state
    if not hasattr(state, name):
        setattr(state, name, {})
    return getattr(state, name)


add_live_page(router, "/controller/{key}/interlocks", "interlocks.html", make, "interlocks")
router.add_api_route("/controller/{key}/interlocks/past", past, methods=["GET"], include_in_schema=False)
