"""Why: the decision record of one cycle, and the way to other cycles. A page of records: it does not live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from constraints.plant import Plant
from supervisor.audit.chain import Json, plain
from supervisor.cli.status import status_json
from supervisor.cli.why import why_lines
from supervisor.history.pack import StoredCycle
from supervisor.history.read import HistoryError
from supervisor.history.short import MARKS, ShortHistory
from supervisor.record import CycleRecord
from supervisor.sentences import refusal_sentence
from supervisor.web.decision import HeldRow, give_up_rows, held_rows, input_rows, money_terms, move_rows, scaled_terms
from supervisor.web.desk import Asked, asked_of
from supervisor.web.owners import SIDES, Owner, owner_of
from supervisor.web.render import page
from supervisor.web.units import Unit
from supervisor.web.variables import numbers

GIVE_UPS_MAX = 1_500
"""So many cycles are unpacked to find the last give-up: about a second and a half."""
CYCLE_DIGITS_MAX = 18
"""A number of more digits may not fit into the record's column."""
FINDS = ("answer", "refusal", "give_up", "trip")
Found = TypeVar("Found")
router = APIRouter()


async def show(request: Request) -> Response:
    """Show one cycle: ``?cycle=`` or ``?at=``, else the newest; ``?find=`` goes to the last one with that."""
    asked = asked_of(request)
    unit = asked.unit
    if asked.query.get("find") in FINDS:
        return await _found(asked)
    stored = await asyncio.to_thread(_read, lambda: _stored(asked))
    values: dict[str, object] = {"page_name": "why", "live": False, "unit": unit, "finds": FINDS, "stored": stored}
    if stored is not None:
        values |= await asyncio.to_thread(_read, lambda: _view(unit, stored))
    return page(request, "why.html", asked, {}, values)


async def as_json(request: Request) -> Response:
    """Return the same record as data, as ``setwise why --json`` does."""
    asked = asked_of(request)
    stored = await asyncio.to_thread(_read, lambda: _stored(asked))
    if stored is None:
        raise HTTPException(404)
    record = stored.record
    body = {**status_json(record, running=False), "sentences": list(why_lines(asked.unit.plant, record))}
    return JSONResponse(plain(cast("Json", body)), headers={"Cache-Control": "no-store"})


def _view(unit: Unit, stored: StoredCycle) -> dict[str, object]:
    plant, record, history = unit.plant, stored.record, ShortHistory(unit.site.database_url)
    before, after = history.neighbours(record.utc_s)
    held = held_rows(plant, record)
    hashes = history.intent_hashes(record.intent_seq) if record.intent_seq is not None else ("", "")
    return {
        "record": record,
        "plant": plant,
        "lines": why_lines(plant, record),
        "inputs": input_rows(plant, stored),
        "held": [(row, _owner(unit, record, row)) for row in held],
        "give_ups": give_up_rows(plant, record),
        "moves": move_rows(plant, record),
        "money": money_terms(record),
        "scaled": scaled_terms(record),
        "total": numbers(record, "objective").get("money"),
        "refusals": [refusal_sentence(each) for each in record.refusals],
        "solves": record.plan.get("solves") or (),
        "hashes": hashes,
        "same_file": hashes[0] in ("", plant.config_hash),
        "before": before,
        "after": after,
        "here": urlencode({"at": record.utc_s}),
    }


def _owner(unit: Unit, record: CycleRecord, row: HeldRow) -> Owner | None:
    """Return who set the limit; None for the engineer's own constraints and for targets."""
    side = next((each for each in SIDES if each == row.side), None)
    return owner_of(unit, record, row.variable, side) if side is not None else None


async def _found(asked: Asked) -> Response:
    """Go to the last cycle of the kind that ``?find=`` names, before the one that is shown."""
    unit, find = asked.unit, asked.query["find"]
    stored = await asyncio.to_thread(_read, lambda: _stored(asked))
    utc_s = None if stored is None else await asyncio.to_thread(_read, lambda: _last(unit, find, stored.record.utc_s))
    shown_utc_s = stored.record.utc_s if stored is not None else 0.0
    words = {"at": shown_utc_s, "none": find} if utc_s is None else {"at": utc_s}
    return RedirectResponse(f"{unit.path}/why?{urlencode(words)}", status_code=303)


def _last(unit: Unit, find: str, before_utc_s: float) -> float | None:
    history = ShortHistory(unit.site.database_url)
    if find == "give_up":
        cycles = history.newest_first(before_utc_s, GIVE_UPS_MAX)
        return next((each.record.utc_s for each in cycles if each.record.plan.get("give_ups")), None)
    mark = next(each for each in MARKS if each == find)
    return history.last_with(mark, before_utc_s)


def _stored(asked: Asked) -> StoredCycle | None:
    """Return the cycle that the address names. Raises HTTPException 400 for what is no time or number."""
    history, unit = ShortHistory(asked.unit.site.database_url), asked.unit
    cycle, at = asked.query.get("cycle"), asked.query.get("at")
    if cycle:
        if not cycle.isdecimal() or len(cycle) > CYCLE_DIGITS_MAX:
            raise HTTPException(400, "cycle")
        return history.cycle(int(cycle))
    newest = history.last()
    if not at or newest is None:
        return newest
    return history.at(moment_of(at, unit.plant, newest.record.utc_s))


def moment_of(text: str, plant: Plant, last_utc_s: float) -> float:
    """Return UTC seconds of ``text``: seconds since 1970, or a plant-local time. Raises HTTPException 400.

    ``08:14`` is the latest one before ``last_utc_s``; ``2026-11-12T08:14`` is that very minute's end.
    """
    zone = ZoneInfo(plant.timezone)
    try:
        if text.replace(".", "", 1).isdecimal():
            return float(text)
        if "T" in text or "-" in text:
            named = datetime.fromisoformat(text)
            return (named if named.tzinfo is not None else named.replace(tzinfo=zone)).timestamp()
        last = datetime.fromtimestamp(last_utc_s, zone)
        hour, minute, second = (int(part) for part in (text if text.count(":") > 1 else f"{text}:59").split(":"))
        found = last.replace(hour=hour, minute=minute, second=second, microsecond=0)
        return (found if found <= last + timedelta(minutes=1) else found - timedelta(days=1)).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise HTTPException(400, "at") from error


def _read(question: Callable[[], Found]) -> Found:
    """Return the answer of the record. Raises HTTPException 503 where it cannot be read."""
    try:
        return question()
    except HistoryError as error:
        raise HTTPException(503, "record") from error


router.add_api_route("/controller/{key}/why", show, methods=["GET"], name="why", include_in_schema=False)
router.add_api_route("/controller/{key}/why.json", as_json, methods=["GET"], name="why-json", include_in_schema=False)
