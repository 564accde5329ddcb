"""Each new cycle as it comes, as server-sent events; the pulse of the pages tells what is live from what is frozen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from supervisor.web.api.controllers import controller
from supervisor.web.api.here import Here, frozen
from supervisor.web.api.variables import variables
from supervisor.web.desk import Asked, asked_of
from supervisor.web.live import BEAT_S
from supervisor.web.livepage import pulse

router = APIRouter(tags=["Look"])
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
EVENTS = """Server-sent events. `cycle`, at once and with each new cycle: {pulse, controller, variables} as the other
operations give them; its id is the number of the row. `beat`, at least every second: the pulse alone. `ended`: the
session or token counts no more. No event for 3 s, or `frozen`: what was shown last is not live."""


@router.get(
    "/controllers/{key}/stream",
    operation_id="stream_controller",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": EVENTS}},
)
async def stream(request: Request, asked: Here) -> StreamingResponse:
    """Each new cycle as it comes (server-sent events), and a beat at least every second."""
    return StreamingResponse(_events(request, asked.unit.key), media_type="text/event-stream", headers=HEADERS)


async def _events(request: Request, key: str) -> AsyncIterator[str]:
    sent: tuple[int, int] | None = None
    may_go_on: Callable[[], Awaitable[bool]] = request.app.state.may_go_on(request)
    while await may_go_on():
        asked = asked_of(request)
        now = asked.now[key]
        newest = (now.sequence, now.record.cycle if now.record is not None else -1)  # spooled ones have no row yet
        beat = {"pulse": {**pulse(asked), "frozen": frozen(asked, key)}}
        if newest != sent:
            sent = newest
            yield f"id: {now.sequence}\nevent: cycle\ndata: {_cycle(request, asked, key, beat)}\n\n"
        else:
            yield f"event: beat\ndata: {json.dumps(beat)}\n\n"
        try:
            async with asyncio.timeout(2.0 * BEAT_S):
                await asked.desk.live.next()
        except TimeoutError:
            continue
    yield "event: ended\ndata: {}\n\n"


def _cycle(request: Request, asked: Asked, key: str, beat: Mapping[str, object]) -> str:
    """Return the newest cycle as JSON, made once for each turn of the records, however many look."""
    kept: dict[str, tuple[int, str]] = request.app.state.api_cycles
    turn, text = kept.get(key, (-1, ""))
    if turn == asked.desk.live.turn:
        return text
    plant, record = asked.desk.units[key].plant, asked.now[key].record
    shown = None if record is None else variables(plant, record, is_frozen=frozen(asked, key)).model_dump(mode="json")
    data = {**beat, "controller": controller(asked, key).model_dump(mode="json"), "variables": shown}
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    kept[key] = (asked.desk.live.turn, text)
    return text
