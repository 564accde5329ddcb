"""The decision record of one cycle."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from constraints.plant import Plant
from supervisor.audit.chain import Json, plain
from supervisor.cli.why import why_lines
from supervisor.history.read import History
from supervisor.record import CycleRecord
from supervisor.sentences import reason, refusal_sentence
from supervisor.web.api.controllers import mode_now, money_now, state_now
from supervisor.web.api.here import Here
from supervisor.web.api.models import Amount, moment
from supervisor.web.api.models_decision import Answered, Asked, Decision, GivenUp, Held, Moved, Refused
from supervisor.web.api.reading import answered
from supervisor.web.api.trouble import ApiError
from supervisor.web.decision import give_up_rows, held_rows, move_rows
from supervisor.web.units import Unit
from supervisor.web.variables import numbers

router = APIRouter(tags=["Look"])
CYCLE = Query(ge=0, le=2**62, description="number of the cycle; the newest one where it is left out")


@router.get("/controllers/{key}/decision", operation_id="get_decision", response_model=Decision)
async def get_decision(request: Request, asked: Here, cycle: Annotated[int | None, CYCLE] = None) -> Response:
    """Why it moved, or did not: one cycle's decision, in codes and in sentences."""
    return await answered(request, lambda: _found(asked.unit, cycle))


def _found(unit: Unit, cycle: int | None) -> Decision:
    history = History(unit.site.database_url)
    stored = history.last() if cycle is None else history.cycle(cycle)
    if stored is None:
        raise ApiError(404, "no_record", "no such cycle is on record; raw cycles are kept for a limited time")
    return decision(unit.plant, stored.record)


def decision(plant: Plant, record: CycleRecord) -> Decision:
    """Return the decision of one cycle. Pure."""
    per_hour = f"{plant.currency}/h"
    held = [
        Held(
            name=row.name,
            text=row.words,
            limit=Amount(value=row.limit, unit=row.unit),
            worth=Amount(value=row.worth, unit=f"{per_hour} per {row.unit}"),
        )
        for row in held_rows(plant, record)
    ]
    given_up = [
        GivenUp(
            text=row.words,
            rank=row.rank,
            amount=Amount(value=row.amount, unit=row.unit),
            clashes_with=list(row.clashes),
        )
        for row in give_up_rows(plant, record)
    ]
    return Decision(
        cycle=record.cycle,
        at=moment(record.utc_s),
        mode=mode_now(record),
        state=state_now(record),
        verdict=record.verdict,
        sentences=list(why_lines(plant, record)),
        held=held,
        given_up=given_up,
        refusals=[
            Refused(code=each.code, subject=each.subject, detail=dict(each.detail), text=refusal_sentence(each))
            for each in record.refusals
        ],
        trips=list(record.trips),
        moves=[
            Moved(
                mv=row.name, unit=row.unit, before=row.before, after=row.after, target=row.target,
                outcome=row.outcome, standing=row.standing, why=row.why,
            )
            for row in move_rows(plant, record)
        ],
        money=money_now(plant, record),
        objective=dict(numbers(record, "objective")),
        reasons=cast("dict[str, list[str]]", record.plan.get("reasons") or {}),
        requests=[
            Asked(
                id=each.id, who=each.who, role=each.role, action=each.action, why=each.why, variable=each.variable,
                side=each.side, value=each.value, saw_cycle=each.saw_cycle,
            )
            for each in record.requests
        ],
        answers=[
            Answered(
                id=each.id, accepted=each.accepted, code=each.why, text=reason(each.why) if each.why else "",
                was=each.was,
            )
            for each in record.answers
        ],
        plan=plain(cast("Json", dict(record.plan))),
    )  # fmt: skip
