"""What is kept: the audit's rows, the versions of the plant file, the interlocks."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from supervisor.changes.versions import Versions, VersionsError
from supervisor.history.short import ShortHistory
from supervisor.web.api.controllers import bypass_of
from supervisor.web.api.here import Here, newest
from supervisor.web.api.models import moment
from supervisor.web.api.models_records import AuditRow, AuditRows, InterlockNow, Interlocks, VersionRow, VersionRows
from supervisor.web.api.reading import answered
from supervisor.web.api.trouble import ApiError
from supervisor.web.units import Unit

AFTER = Query(ge=0, le=2**62, description="number of the last row that is known; the newest rows where left out")
LIMIT = Query(ge=1, le=1_000, description="so many rows at once")
router = APIRouter(tags=["Records"])


@router.get("/controllers/{key}/audit", operation_id="get_audit", response_model=AuditRows)
async def get_audit(
    request: Request,
    asked: Here,
    after: Annotated[int | None, AFTER] = None,
    limit: Annotated[int, LIMIT] = 100,
) -> Response:
    """Rows of the chained record, the oldest first."""
    return await answered(request, lambda: _rows(asked.unit, after, limit))


@router.get("/controllers/{key}/versions", operation_id="get_versions", response_model=VersionRows)
async def get_versions(request: Request, asked: Here) -> Response:
    """Every version of the plant file that control ran with."""
    return await answered(request, lambda: _versions(asked.unit))


def _rows(unit: Unit, after: int | None, limit: int) -> AuditRows:
    found = ShortHistory(unit.site.database_url).rows(after, limit if after is None else limit + 1)
    rows = [
        AuditRow(
            seq=seq, at=moment(utc_s), kind=kind, epoch=epoch, body=json.loads(body), prev_hash=prev_hash, hash=hash_
        )
        for seq, utc_s, kind, epoch, body, prev_hash, hash_ in found[:limit]
    ]
    return AuditRows(rows=rows, next=rows[-1].seq if len(found) > limit else None)


def _versions(unit: Unit) -> VersionRows:
    try:
        found = Versions(unit.site.data).all()
    except VersionsError as error:
        raise ApiError(503, "record", str(error)) from error
    rows = [
        VersionRow(
            number=each.number,
            at=moment(each.utc_s),
            who=each.who,
            why=each.why,
            signed_by=list(each.signed_by),
            config_hash=each.config_hash,
            files_sha256=each.files_sha256,
            plan_sha256=each.plan_sha256,
            seal=each.seal,
        )
        for each in found
    ]
    return VersionRows(versions=rows, in_force=bool(found) and found[-1].config_hash == unit.plant.config_hash)


@router.get("/controllers/{key}/interlocks", operation_id="get_interlocks")
def get_interlocks(asked: Here) -> Interlocks:
    """Every interlock: whether it is tripped, waits for a reset, or is bypassed."""
    record = newest(asked)
    rows = [
        InterlockNow(
            name=each.name,
            when=each.when.text,
            then=each.then,
            for_s=each.for_s,
            tripped=each.name in record.trips,
            latched=each.name in record.latched,
            reset_role=each.reset_role,
            bypass_role=each.bypass.role if each.bypass is not None else None,
            bypass_s_max=each.bypass.longest_s if each.bypass is not None else None,
            bypassed=bypass_of(record.bypassed[each.name]) if each.name in record.bypassed else None,
        )
        for each in asked.unit.plant.interlocks
    ]
    return Interlocks(cycle=record.cycle, at=moment(record.utc_s), interlocks=rows)
