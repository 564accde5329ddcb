"""How the supervisor itself is: since when control runs, what its record takes, how long its cycles take."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from supervisor.audit.browse import Browse
from supervisor.audit.chain import parse_head
from supervisor.changes.versions import Version, Versions, VersionsError
from supervisor.history.pack import PackError, unpack
from supervisor.history.read import HistoryError, read_rows
from supervisor.site import DATABASE_FILE
from supervisor.web.units import Unit

CYCLES: Final = 500
PACKAGES: Final = (
    "setwise",
    "osqp",
    "cvxpy",
    "numpy",
    "asyncua",
    "pymodbus",
    "aiomqtt",
    "fastapi",
    "uvicorn",
    "sqlmodel",
)
"""Those that what it does depends on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One controller's."""

    unit: Unit
    opened_utc_s: float | None = None
    """When control began to write the record that it writes now, by its clock."""
    epoch: int | None = None
    """How often the record was opened."""
    rows: int | None = None
    head_utc_s: float | None = None
    """When the newest head was signed; None where there is none."""
    record_bytes: int | None = None
    """Of the database file; None where a server keeps it."""
    free_bytes: int | None = None
    """On the volume of the data folder."""
    version: Version | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """One part of a cycle, milliseconds."""

    part: str
    p50: float
    p99: float
    worst: float


def health_of(unit: Unit) -> Health:
    """Return how one controller's record is. Blocks for some milliseconds."""
    data, trouble = unit.site.data, []
    opened = newest = head = current = None
    try:
        browse = Browse(unit.site.database_url)
        opened, newest, line = browse.last("opened"), browse.newest(), browse.head()
        head = parse_head(line) if line is not None else None
    except (HistoryError, ValueError) as error:  # ValueError: of several controllers, none with a place of its own
        trouble.append(str(error))
    try:
        current = Versions(data).current()
    except VersionsError as error:
        trouble.append(str(error))
    return Health(
        unit=unit,
        opened_utc_s=opened.utc_s if opened is not None else None,
        epoch=opened.epoch if opened is not None else None,
        rows=newest.seq if newest is not None else None,
        head_utc_s=head.utc_s if head is not None else None,
        record_bytes=_bytes(data / DATABASE_FILE),
        free_bytes=_free(data),
        version=current,
        trouble="; ".join(trouble),
    )


def timings_of(unit: Unit, cycles: int = CYCLES) -> tuple[Timing, ...]:
    """Return how long the parts of the newest cycles took, the total last. Raises HistoryError. Takes a second."""
    blobs = read_rows(unit.site.database_url, "SELECT packed FROM history ORDER BY seq DESC LIMIT ?", cycles)
    return timings(_told(blob for (blob,) in blobs))


def timings(told: Iterable[Mapping[str, float]]) -> tuple[Timing, ...]:
    """Return the median, the 99th percentile (nearest rank) and the worst of each part, the total last."""
    by_part: dict[str, list[float]] = {}
    for cycle in told:
        for part, ms in cycle.items():
            if math.isfinite(ms):
                by_part.setdefault(part, []).append(ms)
    made = [Timing(part, _rank(several, 0.5), _rank(several, 0.99), max(several)) for part, several in by_part.items()]
    return tuple(sorted(made, key=lambda each: each.part == "total"))


def versions() -> dict[str, str]:
    """Return the installed version of each package that matters; a dash where it is not installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "–"
    return found


def size(count: int | None) -> str:
    """Return bytes as people read them: ``812 kB``, ``3.4 GB``."""
    if count is None:
        return "–"
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} B"


def _told(blobs: Iterable[object]) -> Iterable[Mapping[str, float]]:
    for blob in blobs:
        try:
            yield unpack(blob if isinstance(blob, bytes) else b"").record.timings_ms
        except PackError:
            continue


def _rank(several: Sequence[float], share: float) -> float:
    return sorted(several)[max(math.ceil(share * len(several)) - 1, 0)]


def _bytes(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _free(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return None
