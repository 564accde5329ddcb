"""Alarms: the list, the lines of the journal, the rates."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from supervisor.alarms.journal import Line, journal
from supervisor.alarms.listing import Listed, viewed
from supervisor.alarms.rates import DAY_S, rates
from supervisor.history.short import ROWS_MAX, ShortHistory
from supervisor.web.api.here import Here, newest
from supervisor.web.api.models import maybe, moment
from supervisor.web.api.models_alarms import (
    AlarmNow,
    AlarmRates,
    AlarmsNow,
    AlarmTarget,
    Journal,
    JournalLine,
    Often,
)
from supervisor.web.api.reading import answered
from supervisor.web.api.times import FROM, TO, When, span
from supervisor.web.api.trouble import ApiError
from supervisor.web.desk import Asked

CYCLES_MAX = 2_000
"""So many cycles with steps of alarms are unpacked for one answer, about two seconds."""
LIMIT = Query(ge=1, le=1_000, description="so many cycles with alarms, the newest of the span")
router = APIRouter(tags=["Alarms"])


@router.get("/controllers/{key}/alarms", operation_id="get_alarms")
def get_alarms(asked: Here) -> AlarmsNow:
    """Every alarm that is not normal, covered ones too; the ones that call first."""
    view = viewed(asked.unit.plant, newest(asked))
    alarms = [_alarm(each) for each in view.alarms]
    return AlarmsNow(cycle=view.cycle, at=moment(view.utc_s), flood=view.flood, alarms=alarms)


@router.get("/controllers/{key}/alarms/journal", operation_id="get_alarm_journal", response_model=Journal)
async def get_journal(
    request: Request,
    asked: Here,
    start: Annotated[When, FROM] = None,
    end: Annotated[When, TO] = None,
    limit: Annotated[int, LIMIT] = 200,
) -> Response:
    """Every step of every alarm: of the last day, or of the span asked for."""
    return await answered(request, lambda: _journal(asked, start, end, limit))


@router.get("/controllers/{key}/alarms/rates", operation_id="get_alarm_rates", response_model=AlarmRates)
async def get_rates(
    request: Request, asked: Here, start: Annotated[When, FROM] = None, end: Annotated[When, TO] = None
) -> Response:
    """How many alarms called somebody, against what one operator can handle: of the last day, or of the span."""
    return await answered(request, lambda: _rates(asked, start, end))


def _journal(asked: Asked, start: When, end: When, limit: int) -> Journal:
    lines, start_utc_s, end_utc_s, complete = _lines(asked, start, end, limit)
    shown = [
        JournalLine(
            at=moment(line.utc_s),
            cycle=line.cycle,
            id=line.step.id,
            step=line.step.step,
            state=line.step.state,
            occurrence=line.step.occurrence,
            priority=line.step.priority,
            text=line.step.text,
            by=line.step.by,
            why=line.step.why,
            until=maybe(line.step.until_utc_s),
        )
        for line in lines
    ]
    return Journal(start=moment(start_utc_s), end=moment(end_utc_s), complete=complete, lines=shown)


def _rates(asked: Asked, start: When, end: When) -> AlarmRates:
    lines, start_utc_s, end_utc_s, complete = _lines(asked, start, end, CYCLES_MAX)
    found = rates(lines, start_utc_s, end_utc_s, viewed(asked.unit.plant, newest(asked)))
    return AlarmRates(
        start=moment(start_utc_s),
        end=moment(end_utc_s),
        complete=complete,
        count=found.count,
        peak_10_min=found.peak_10_min,
        targets=[
            AlarmTarget.model_validate(
                {"name": each.name, "value": each.value, "at_most": each.at_most, "met": each.met}
            )
            for each in found.targets
        ],
        mix={str(name): share for name, share in found.mix.items()},
        top=[Often(id=each.id, count=each.count, share=each.share) for each in found.top],
        chattering=list(found.chattering),
        stale=list(found.stale),
    )


def _lines(asked: Asked, start: When, end: When, limit: int) -> tuple[list[Line], float, float, bool]:
    """Return the lines of a span, the span, and whether these are all. Raises ApiError 422 for one too long."""
    history = ShortHistory(asked.unit.site.database_url)
    start_utc_s, end_utc_s = span(start, end, newest(asked), DAY_S)
    if history.count(start_utc_s, end_utc_s) > ROWS_MAX:
        raise ApiError(422, "span", f"more than {ROWS_MAX} cycles lie between from and to: ask for a shorter span")
    cycles = history.cycles_with("alarm_step", start_utc_s, end_utc_s, limit + 1)
    lines = list(journal(each.record for each in cycles[-limit:]))
    return lines, start_utc_s, end_utc_s, len(cycles) <= limit


def _alarm(each: Listed) -> AlarmNow:
    return AlarmNow(
        id=each.id,
        code=each.code,
        subject=each.subject,
        priority=each.priority,
        state=each.state,
        active=each.active,
        occurrence=each.occurrence,
        since=moment(each.since_utc_s),
        raised=maybe(each.raised_utc_s),
        text=each.text,
        value=each.value,
        limit=each.limit,
        response=each.response,
        consequence=each.consequence,
        time_to_respond_s=each.time_to_respond_s,
        acknowledged_by=each.acked.by if each.acked is not None else None,
        shelved_until=maybe(each.shelf.until_utc_s if each.shelf is not None else None),
        out_by=each.out.by if each.out is not None else None,
        first_out=each.first_out,
        chattering=each.chattering,
        stale=each.stale,
        count_10_min=each.count,
    )
