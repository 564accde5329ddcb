"""Controllers: what each does, in which mode, why, and how fresh that is."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Request

from constraints.plant import Plant
from controllers.explain import sentences
from supervisor.alarms.listing import viewed
from supervisor.plans import StoredPlan, plan_of
from supervisor.record import Bypassed, CycleRecord
from supervisor.sentences import reason
from supervisor.web.api.here import Here, frozen
from supervisor.web.api.models import Said, moment
from supervisor.web.api.models_controller import (
    Bypass,
    Controller,
    Controllers,
    CycleNow,
    ModeName,
    ModeNow,
    Money,
    StateNow,
)
from supervisor.web.bar import calling
from supervisor.web.desk import Asked, asked_of
from supervisor.web.state import state_of
from supervisor.web.variables import active_limits

router = APIRouter(tags=["Look"])


@router.get("/controllers", operation_id="list_controllers")
def list_controllers(request: Request) -> Controllers:
    """Every controller that these pages show."""
    asked = asked_of(request)
    return Controllers(controllers=[controller(asked, key) for key in asked.desk.units])


@router.get("/controllers/{key}", operation_id="get_controller")
def get_controller(asked: Here) -> Controller:
    """One controller: mode, state word, why, cycle, money, links."""
    return controller(asked, asked.unit.key)


def controller(asked: Asked, key: str) -> Controller:
    """Return one controller as it is now."""
    unit, now, live = asked.desk.units[key], asked.now[key], asked.desk.live
    plant = unit.plant
    return Controller(
        key=key,
        title=unit.title,
        plant=plant.name,
        site=plant.site,
        timezone=plant.timezone,
        currency=plant.currency,
        cycle_s=plant.cycle_s,
        config_hash=plant.config_hash,
        running=now.running,
        quiet_s=round(live.quiet_s(key), 3),
        frozen_after_s=asked.desk.frozen_after_s(unit),
        frozen=frozen(asked, key),
        not_stored=now.not_stored,
        trouble=now.trouble,
        now=None if now.record is None else cycle_now(plant, now.record),
    )


def cycle_now(plant: Plant, record: CycleRecord) -> CycleNow:
    """Return what one cycle says of the controller. Pure."""
    return CycleNow(
        cycle=record.cycle,
        at=moment(record.utc_s),
        mode=mode_now(record),
        state=state_now(record),
        verdict=record.verdict,
        why=list(sentences(plan_of(cast("StoredPlan", record.plan), record.cycle), plant)),
        money=money_now(plant, record),
        links=dict(record.links),
        limits_active=active_limits(record),
        trips=list(record.trips),
        latched=list(record.latched),
        trip_causes=list(record.trip_causes),
        bypassed={name: bypass_of(each) for name, each in record.bypassed.items()},
        by_hand=list(record.by_hand),
        alarms=dict(calling(viewed(plant, record))),
        timings_ms=dict(record.timings_ms),
    )


def mode_now(record: CycleRecord) -> ModeNow:
    """Return requested and actual mode, and every reason for a difference."""
    mode = record.mode
    return ModeNow(
        requested=cast("ModeName", mode.requested.name),
        actual=cast("ModeName", mode.actual.name),
        reasons=[Said(code=code, text=reason(code)) for code in mode.reasons],
    )


def state_now(record: CycleRecord) -> StateNow:
    """Return the state word and why."""
    state = state_of(record)
    return StateNow(word=state.word, why=state.why, rank=state.rank)


def money_now(plant: Plant, record: CycleRecord) -> Money:
    """Return the economics of the measurements."""
    return Money(unit=f"{plant.currency}/h", total=sum(record.money.values()), terms=dict(record.money))


def bypass_of(each: Bypassed) -> Bypass:
    """Return a bypass."""
    return Bypass(owner=each.owner, reason=each.reason, until=moment(each.until_utc_s))
