"""How much of the storage that the record may use is used up (invariant I-42: alarm at 80 %, disarm at 95 %)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy.engine import make_url

ALARM_FRACTION = 0.80
DISARM_FRACTION = 0.95
LEAST_BYTES = 1 << 30
"""A small record counts as this large, so that a volume which others fill up is noticed in time: with a young record
the alarm comes at 0.27 GB of free space and the disarm at 0.06 GB."""


class CapacityState(StrEnum):
    """What the fraction means for control."""

    OK = "ok"
    ALARM = "alarm"
    DISARM = "disarm"


@dataclass(frozen=True, slots=True)
class Capacity:
    """How full the storage of the record is."""

    used_fraction: float
    """0 to 1; 1 where nothing more fits."""
    state: CapacityState


def capacity(used_bytes: int, limit_bytes: int | None, free_bytes: int | None) -> Capacity:
    """Return the worse of two fractions: of the database's own limit, and of what the volume has left for it."""
    fraction = 0.0
    if limit_bytes is not None:
        fraction = used_bytes / max(limit_bytes, 1)
    if free_bytes is not None:
        weight = max(used_bytes, LEAST_BYTES)
        fraction = max(fraction, weight / (weight + max(free_bytes, 0)))
    fraction = min(max(fraction, 0.0), 1.0)
    if fraction >= DISARM_FRACTION:
        return Capacity(fraction, CapacityState.DISARM)
    return Capacity(fraction, CapacityState.ALARM if fraction >= ALARM_FRACTION else CapacityState.OK)


def free_bytes(url: str) -> int | None:
    """Return the free bytes of the volume that holds a SQLite record; None for a server, which knows its own volume."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    try:
        volume = os.statvfs(Path(parsed.database).resolve().parent)
    except OSError:
        return 0  # a volume that cannot be asked cannot be written either
    return volume.f_bavail * volume.f_frsize
