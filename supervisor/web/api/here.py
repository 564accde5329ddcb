"""What every operation on one controller begins with: the controller of the address, and its newest record."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request

from supervisor.record import CycleRecord
from supervisor.web.api.trouble import ApiError
from supervisor.web.desk import Asked, asked_of


def here(
    request: Request, key: Annotated[str, Path(description="of the controller, as /controllers lists it")]
) -> Asked:
    """Return what is known of the controller ``key``. Raises ApiError 404."""
    asked = asked_of(request)
    if key not in asked.desk.units:
        known = ", ".join(asked.desk.units)
        raise ApiError(404, "not_found", f"there is no such controller; there are: {known}")
    return asked


Here = Annotated[Asked, Depends(here)]


def newest(asked: Asked) -> CycleRecord:
    """Return the newest record. Raises ApiError 404 before the first, 503 where it cannot be read."""
    now = asked.here
    if now.record is None:
        if now.trouble:
            raise ApiError(503, "record", f"the record cannot be read: {now.trouble}")
        raise ApiError(404, "no_record", "no cycle is on record yet: start control (setwise run)")
    return now.record


def frozen(asked: Asked, key: str) -> bool:
    """Return whether nothing of the controller is live: control does not run, or its last cycle is too old."""
    unit = asked.desk.units[key]
    return not asked.now[key].running or asked.desk.live.quiet_s(key) > asked.desk.frozen_after_s(unit)
