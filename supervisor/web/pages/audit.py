"""Audit: who did what, from what to what, and what became of it; checked, filtered and taken away, never edited."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from supervisor.audit.browse import KINDS, Browse, Wanted
from supervisor.audit.lines import Line
from supervisor.history.read import HistoryError
from supervisor.record import Action
from supervisor.sentences import REFUSALS, reason
from supervisor.site import DATABASE_VARIABLE, SiteError
from supervisor.web.audit_csv import HEADER, csv_row
from supervisor.web.desk import Asked, asked_of
from supervisor.web.render import page
from supervisor.web.texts import Translate, named
from supervisor.web.units import Unit

router = APIRouter(include_in_schema=False)
PATH: Final = "/controller/{key}/audit"
PAGE_LINES: Final = 100
VERIFY_S: Final = 120.0
ACTIONS: Final = (*dict.fromkeys(get_args(Action)), "write", "outcome", "refusal", "trip", "answer", "opened")


@dataclass(frozen=True, slots=True)
class Row:
    """One line in the reader's language."""

    line: Line
    who: str
    role: str
    action: str
    result: str


@router.get(PATH, name="audit")
def show(request: Request) -> HTMLResponse:
    """Show the newest lines that are asked for, and the way to the older ones."""
    asked = asked_of(request)
    unit, wanted = asked.unit, wanted_of(asked)
    before = asked.query.get("before", "")
    context: dict[str, object] = {"rows": (), "next": "", "trouble": "", "searched": None}
    try:
        found = _browse(unit).page(wanted, int(before[:18]) if before.isdecimal() else None, PAGE_LINES)
    except HistoryError as error:
        context["trouble"] = str(error)
    else:
        context["rows"] = [row_of(line, asked.t) for line in found.lines]
        if found.before is not None:
            context["next"] = "?" + urlencode({**_filters(asked.query), "before": found.before})
            context["searched"] = found.before
    always = {"unit": unit, "page_name": "audit", "live": False, "kinds": tuple(KINDS), "wanted": wanted}
    more = {"actions": [(each, named(asked.t, "audit.action", each)) for each in ACTIONS], "older": bool(before)}
    csv = f"{unit.path}/audit.csv?{urlencode(_filters(asked.query))}"
    return page(request, "audit.html", asked, {}, {**context, **always, **more, "csv": csv})


@router.get("/controller/{key}/audit.csv", name="audit-csv")
def export(request: Request) -> Response:
    """Return all lines that are asked for as CSV, the newest first, as they are found."""
    asked = asked_of(request)
    unit, wanted = asked.unit, wanted_of(asked)
    browse = _browse(unit)
    try:
        browse.newest()
    except HistoryError as error:
        raise HTTPException(503, str(error)) from error
    headers = {"Content-Disposition": f'attachment; filename="audit-{unit.key}.csv"'}
    return StreamingResponse(_csv(browse, wanted, unit), media_type="text/csv; charset=utf-8", headers=headers)


@router.post(f"{PATH}/verify", name="audit-verify")
async def verify(request: Request) -> HTMLResponse:
    """Check the whole chain in a process of its own, with the least right to the processor; one at a time."""
    asked = asked_of(request)
    unit = asked.unit
    turn: asyncio.Lock = request.app.state.verifying
    if turn.locked():
        done, text = None, asked.t("audit.verify_busy")
    else:
        async with turn:
            done, text = await verified(unit, asked.t)
    context = {"unit": unit, "page_name": "audit", "live": False, "intact": done, "text": text}
    template = "parts/audit_verified.html" if "hx-request" in request.headers else "audit_verified.html"
    return page(request, template, asked, {}, context)


async def verified(unit: Unit, t: Translate, within_s: float = VERIFY_S) -> tuple[bool | None, str]:
    """Return whether the record is intact (None: not known) and the report. Control keeps its share of the machine."""
    try:
        environment = {**os.environ, DATABASE_VARIABLE: unit.site.database_url}
        child = await asyncio.create_subprocess_exec(
            "nice", "-n", "19", sys.executable, "-m", "supervisor.audit.verify", "-", str(unit.site.heads),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=environment,
        )  # fmt: skip
    except (OSError, SiteError) as error:
        return None, str(error)
    try:
        async with asyncio.timeout(within_s):
            told, _ = await child.communicate()
    except TimeoutError:
        return None, t("audit.verify_slow", seconds=f"{within_s:g}")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    text = told.decode("utf-8", "replace").strip()
    return (child.returncode == 0, text) if text else (None, t("audit.verify_failed"))


def wanted_of(asked: Asked) -> Wanted:
    """Return what the address asks for; what it says wrongly counts as not said."""
    kind, zone = asked.query.get("kind", ""), ZoneInfo(asked.unit.plant.timezone)
    return Wanted(
        kind=kind if kind in KINDS else "people",
        who=asked.query.get("who", "").strip()[:64],
        action=asked.query.get("action", "")[:64],
        since_utc_s=_moment(asked.query.get("since", ""), zone),
        until_utc_s=_moment(asked.query.get("until", ""), zone),
    )


def row_of(line: Line, t: Translate) -> Row:
    """Return a line in words."""
    if line.action in ("write", "outcome"):
        result = named(t, "written", line.result) if line.result else ""
    elif line.action == "refusal":
        result = REFUSALS.get(line.result.removeprefix("sent_"), line.result)
    elif line.accepted is None:
        result = ""
    else:
        result = t("audit.accepted") if line.accepted else t("audit.refused", why=reason(line.result))
    who = line.who if line.person else named(t, "audit.actor", line.who)
    role = named(t, "role", line.role) if line.role else ""
    return Row(line, who, role, named(t, "audit.action", line.action), result)


def _csv(browse: Browse, wanted: Wanted, unit: Unit) -> Iterator[str]:
    yield HEADER
    for _, window in browse.windows(wanted):
        yield "".join(csv_row(line, unit.plant.timezone) for _, of_row in window for line in of_row)


def _browse(unit: Unit) -> Browse:
    try:
        return Browse(unit.site.database_url)
    except SiteError as error:
        raise HTTPException(503, str(error)) from error


def _filters(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name in ("kind", "who", "action", "since", "until") if query.get(name)}


def _moment(text: str, zone: ZoneInfo) -> float | None:
    """Return a time of day in plant time, as browsers send it, as UTC seconds."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
