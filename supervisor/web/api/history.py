"""Values over time, in bounded portions: cycles, or the roll-ups of minutes and hours with lowest and highest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from supervisor.history.rollup import HOUR_S, MINUTE_S
from supervisor.history.short import ShortHistory
from supervisor.web.api.here import Here, newest
from supervisor.web.api.models import maybe, moment
from supervisor.web.api.models_records import HistorySpan, Series
from supervisor.web.api.reading import answered
from supervisor.web.api.times import FROM, TO, When, span
from supervisor.web.api.trouble import ApiError
from supervisor.web.desk import Asked
from supervisor.web.pens import Pen, pens_of

POINTS_MAX = 100_000
CYCLES_MAX = 2_000
"""So many cycles are unpacked for one answer: about a second. The rest is asked for again."""
TAGS_MAX = 100
USUAL_S = 3_600.0
Resolution = Literal["cycle", "minute", "hour"]
Every = Resolution | Literal["auto"]
SPANS_S: dict[Resolution, int] = {"minute": MINUTE_S, "hour": HOUR_S}
TAGS = Query(max_length=20_000, description=f"names of tags, CVs, MVs or DVs, comma between them; at most {TAGS_MAX}")
EVERY = Query(description="auto: the finest that fits into one answer")
router = APIRouter(tags=["Records"])


@router.get("/controllers/{key}/history", operation_id="get_history", response_model=HistorySpan)
async def get_history(
    request: Request,
    asked: Here,
    tags: Annotated[str, TAGS],
    start: Annotated[When, FROM] = None,
    end: Annotated[When, TO] = None,
    every: Annotated[Every, EVERY] = "auto",
) -> Response:
    """Values of tags: the last hour of the record, or the span asked for, at most 100,000 points at once."""
    return await answered(request, lambda: _found(asked, tags, start, end, every))


def _found(asked: Asked, tags: str, start: When, end: When, every: Every) -> HistorySpan:
    record, history = newest(asked), ShortHistory(asked.unit.site.database_url)
    pens = _pens(pens_of(asked.unit.plant), tags)
    start_utc_s, end_utc_s = span(start, end, record, USUAL_S)
    rows_max = POINTS_MAX // len(pens)
    how = _finest(history, start_utc_s, end_utc_s, rows_max) if every == "auto" else every
    if how == "cycle":
        return _cycles(history, pens, start_utc_s, end_utc_s, min(rows_max, CYCLES_MAX))
    return _rolled(history, pens, start_utc_s, end_utc_s, how, rows_max)


def _pens(pens: Mapping[str, Pen], tags: str) -> tuple[Pen, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in tags.split(",") if name.strip()))
    unknown = [name for name in names if name not in pens]
    if unknown:
        raise ApiError(404, "unknown_tag", "some of these tags are not on record; /controllers/{key}/tags lists them")
    if not 0 < len(names) <= TAGS_MAX:
        raise ApiError(422, "invalid", f"name 1 to {TAGS_MAX} tags")
    return tuple(pens[name] for name in names)


def _finest(history: ShortHistory, start: float, end: float, rows_max: int) -> Resolution:
    if history.count(start, end) <= min(rows_max, CYCLES_MAX):
        return "cycle"
    return "minute" if (end - start) / MINUTE_S <= rows_max else "hour"


def _cycles(history: ShortHistory, pens: Sequence[Pen], start: float, end: float, rows_max: int) -> HistorySpan:
    found = list(history.first_readings(start, end, rows_max + 1))
    more = found.pop() if len(found) > rows_max else None
    times = [utc_s for utc_s, _ in found]
    series = []
    for pen in pens:
        read = [readings.get(pen.tag, (None, "bad", "")) for _, readings in found]
        values = [value if quality == "good" and value is not None else math.nan for value, quality, _ in read]
        qualities = [quality for _, quality, _ in read]
        series.append(_series(pen, times, values, quality=qualities, low=None, high=None, count=None))
    return HistorySpan(
        start=moment(start), end=moment(end), every="cycle", next=maybe(more[0] if more is not None else None),
        rolled_until=maybe(history.rolled_until(MINUTE_S)), points=len(times) * len(pens), series=series,
    )  # fmt: skip


def _rolled(
    history: ShortHistory,
    pens: Sequence[Pen],
    start: float,
    end: float,
    every: Literal["minute", "hour"],
    rows_max: int,
) -> HistorySpan:
    span_s = SPANS_S[every]
    stop = min(end, start + rows_max * span_s)
    series = []
    for pen in pens:
        rows = history.spans(pen.tag, span_s, start, stop)
        times = [float(row.start_utc_s) for row in rows]
        series.append(
            _series(
                pen, times, [row.mean for row in rows], quality=None, low=[row.low for row in rows],
                high=[row.high for row in rows], count=[row.count for row in rows],
            )
        )  # fmt: skip
    return HistorySpan(
        start=moment(start), end=moment(end), every=every, next=maybe(stop if stop < end else None),
        rolled_until=maybe(history.rolled_until(span_s)), points=sum(len(each.at_utc_s) for each in series),
        series=series,
    )  # fmt: skip


def _series(
    pen: Pen,
    times: list[float],
    values: list[float],
    *,
    quality: list[str] | None,
    low: list[float] | None,
    high: list[float] | None,
    count: list[int] | None,
) -> Series:
    return Series.model_validate(
        {
            "name": pen.name, "tag": pen.tag, "unit": pen.unit, "kind": pen.kind, "at_utc_s": times, "value": values,
            "quality": quality, "low": low, "high": high, "count": count,
        }
    )  # fmt: skip
