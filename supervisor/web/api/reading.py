"""What takes a search of the record: a few at once, in threads that nothing else waits for, least of all OFF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from fastapi.responses import Response

from supervisor.web.api.models import Model
from supervisor.web.api.trouble import ApiError

AT_ONCE: Final = 3
WAITING_MAX: Final = 30


@dataclass(slots=True)
class Readers:
    """How many read the record now, and wait to."""

    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(AT_ONCE))
    waiting: int = 0


async def answered(request: Request, work: Callable[[], Model]) -> Response:
    """Return as JSON what ``work`` finds. Raises ApiError 503 where too many wait already."""
    readers: Readers = request.app.state.api_readers
    if readers.waiting >= WAITING_MAX:
        raise ApiError(503, "busy", "too many searches of the record wait: ask again in some seconds")
    readers.waiting += 1
    try:
        text = await to_thread.run_sync(lambda: work().model_dump_json(), limiter=readers.threads)
    finally:
        readers.waiting -= 1
    return Response(text, media_type="application/json")
