"""Spans of time as they are asked for: UTC seconds, or ISO 8601 text with its zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, Field

from supervisor.record import CycleRecord
from supervisor.web.api.models import UTC_S_MAX
from supervisor.web.api.trouble import ApiError

When = Annotated[float, Field(ge=0.0, le=UTC_S_MAX, allow_inf_nan=False)] | AwareDatetime | None
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WORDS = "seconds since 1970 UTC, or ISO 8601 with its zone, such as 2026-11-24T08:00:00Z"
FROM = Query(alias="from", description=f"beginning, included; {_WORDS}")
TO = Query(alias="to", description=f"end, not included; after the newest cycle where it is left out; {_WORDS}")


def span(start: When, end: When, newest: CycleRecord, usual_s: float) -> tuple[float, float]:
    """Return [start, end), UTC seconds; without a start ``usual_s`` before the end. Raises ApiError 422."""
    end_utc_s = newest.utc_s + 1.0 if end is None else _utc_s(end)
    start_utc_s = end_utc_s - usual_s if start is None else _utc_s(start)
    if not start_utc_s < end_utc_s:
        raise ApiError(422, "span", "from must lie before to")
    return start_utc_s, end_utc_s


def _utc_s(when: float | datetime) -> float:
    if isinstance(when, datetime):
        when = (when - _EPOCH).total_seconds()
    return min(max(when, 0.0), UTC_S_MAX)
