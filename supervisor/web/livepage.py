"""A page whose parts live: shown whole once, then each part that changed is sent as it changes (server-sent events).

A live part is an element with an id; ``Cells`` holds its inner HTML by that id. What was made for one turn of the
records is good for everybody who looks at the same page in the same language.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from supervisor.web.bar import bar_cells
from supervisor.web.desk import Asked, asked_of
from supervisor.web.live import BEAT_S
from supervisor.web.render import page

Cells = Mapping[str, str]
"""Inner HTML by element id."""
BOARDS_MAX = 200


@dataclass(frozen=True, slots=True)
class View:
    """A page as it is now."""

    cells: Cells
    context: Mapping[str, object] = field(default_factory=dict)
    """What the template needs besides."""


Make = Callable[[Request, Asked], View]


def add_live_page(router: APIRouter, path: str, template: str, make: Make, name: str) -> None:
    """Add the page at ``path`` and its stream at ``path/live``."""

    async def show(request: Request) -> HTMLResponse:
        asked = asked_of(request)
        view = make(request, asked)
        cells = {**bar_cells(asked), **view.cells}
        return page(request, template, asked, cells, {**view.context, "page_name": name, "live": True})

    async def stream(request: Request) -> Response:
        asked = asked_of(request)
        make(request, asked)  # an address that shows nothing is refused before the stream begins
        return StreamingResponse(_events(request, make), media_type="text/event-stream", headers=_HEADERS)

    router.add_api_route(path, show, methods=["GET"], name=name, include_in_schema=False)
    router.add_api_route(
        f"{path.rstrip('/')}/live", stream, methods=["GET"], name=f"{name}-live", include_in_schema=False
    )


_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def _events(request: Request, make: Make) -> AsyncIterator[str]:
    """Yield the parts that changed, at each new cycle and at least every ``BEAT_S``."""
    sent: dict[str, str] = {}
    may_go_on: Callable[[], Awaitable[bool]] = request.app.state.may_go_on(request)
    while await may_go_on():
        asked = asked_of(request)
        cells = _board(request, asked, make)
        patch = {key: html for key, html in cells.items() if sent.get(key) != html}
        # Another mode has other parts (an advice panel, say): such a page is drawn anew.
        other = bool(sent) and sent.keys() != cells.keys()
        data = {**pulse(asked), "patch": patch, "whole": not sent, "reload": other}
        sent = dict(cells)
        yield f"event: beat\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
        try:
            async with asyncio.timeout(2.0 * BEAT_S):
                await asked.desk.live.next()
        except TimeoutError:
            continue
    yield "event: ended\ndata: {}\n\n"


def pulse(asked: Asked) -> dict[str, object]:
    """Return what tells a live page from a frozen one: the cycle, how long ago it came, and how long that may be."""
    desk, live = asked.desk, asked.desk.live
    keys = [asked.unit.key] if "key" in asked.parts else list(desk.units)
    quietest = min(keys, key=lambda key: live.quiet_s(key) - desk.frozen_after_s(desk.units[key]))
    now = asked.now[quietest]
    return {
        "sequence": now.sequence,
        "cycle": now.record.cycle if now.record is not None else None,
        "quiet_s": round(live.quiet_s(quietest), 3),
        "frozen_after_s": round(desk.frozen_after_s(desk.units[quietest]), 3),
        "running": now.running,
        "turn": live.turn,
    }


def _board(request: Request, asked: Asked, make: Make) -> Cells:
    """Return the page's cells, made once for each turn of the records."""
    boards: dict[tuple[str, str], tuple[int, Cells]] = request.app.state.boards
    key = (str(request.url.path) + "?" + str(request.url.query), asked.language)
    turn, cells = boards.get(key, (-1, {}))
    if turn != asked.desk.live.turn:
        cells = {**bar_cells(asked), **make(request, asked).cells}
        boards.pop(key, None)
        while len(boards) >= BOARDS_MAX:
            boards.pop(next(iter(boards)))
        boards[key] = (asked.desk.live.turn, cells)
    return cells
