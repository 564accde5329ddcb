"""System: versions, how control and its record are, how long cycles take, and what each status word means."""

from __future__ import annotations

import platform
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from supervisor.history.read import HistoryError
from supervisor.web.desk import Asked, asked_of
from supervisor.web.health import CYCLES, Timing, health_of, size, timings_of, versions
from supervisor.web.render import page

router = APIRouter(include_in_schema=False)
WORDS: Final = {
    "mode": "glossary.mode", "state": "glossary.state", "status": "status", "quality": "glossary.quality",
}  # fmt: skip
"""Tables of words that pages show without more, and where each is explained."""


@router.get("/system", name="system")
def show(request: Request) -> HTMLResponse:
    """Show how the supervisor itself is."""
    asked = asked_of(request)
    found = [(health_of(unit), asked.now[key], asked.desk.live.quiet_s(key)) for key, unit in asked.desk.units.items()]
    facts = {"found": found, "versions": versions(), "python": platform.python_version(), "size": size}
    machine = {"machine": f"{platform.system()} {platform.release()} {platform.machine()}", "glossary": glossary(asked)}
    return page(request, "system.html", asked, {}, {**facts, **machine, "page_name": "system", "live": False})


@router.get("/system/timings/{key}", name="timings")
def show_timings(request: Request, key: str) -> HTMLResponse:
    """Return how long the parts of the newest cycles took: apart, because reading them takes longer than the page."""
    asked = asked_of(request)
    unit, sequence = asked.desk.unit(key), asked.now[key].sequence
    kept: dict[str, tuple[int, tuple[Timing, ...]]] = request.app.state.timings
    trouble = ""
    if kept.get(key, (-1, ()))[0] != sequence:
        try:
            kept[key] = (sequence, timings_of(unit))
        except (HistoryError, ValueError) as error:
            trouble = str(error)
    rows = kept.get(key, (0, ()))[1] if not trouble else ()
    context = {"unit": unit, "rows": rows, "trouble": trouble, "cycles": CYCLES, "page_name": "system", "live": False}
    template = "parts/timings.html" if "hx-request" in request.headers else "timings.html"
    return page(request, template, asked, {}, context)


def glossary(asked: Asked) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the status words of the pages, by table, with what each means."""
    t, keys = asked.t, asked.desk.texts.of["en"]
    found = []
    for table, explained in WORDS.items():
        codes = [key.removeprefix(f"{explained}.") for key in keys if key.startswith(f"{explained}.")]
        words = [(t(f"{table}.{code}", rank="n") if table != explained else code, t(f"{explained}.{code}"))
                 for code in codes if code]  # fmt: skip
        found.append((table, words))
    return found
