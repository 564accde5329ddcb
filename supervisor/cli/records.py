"""What the reading commands share: the plant file and the record of one site, or a clear end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from constraints.plant import Plant
from supervisor.audit.spool import SpoolError, waiting
from supervisor.cli.console import fail
from supervisor.cli.exits import Exit
from supervisor.history.pack import PackError, StoredCycle, unpack
from supervisor.history.read import History, HistoryError
from supervisor.record import CycleRecord
from supervisor.site import Site

FIRST_SPOOLED = 3
"""Among so many spooled cycles is the one that says why."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the database would not take, and waits in the spool file."""

    newest: CycleRecord
    why: str
    """Text of the alarm that came with the first cycle that was not stored; empty where it is not there."""


def waiting_cycles(site: Site) -> Waiting | None:
    """Return what waits in the spool file; None where nothing does, which is how it should be."""
    try:
        blobs = [item.blob for item in waiting(site.spool) if item.blob]
        if not blobs:
            return None
        newest, first = unpack(blobs[-1]).record, [unpack(blob).record for blob in blobs[:FIRST_SPOOLED]]
    except (SpoolError, PackError):
        return None
    texts = (alarm.text for record in first for alarm in record.alarms if alarm.code == "record")
    return Waiting(newest, next(texts, ""))


def stored_cycle(site: Site, utc_s: float | None = None, cycle: int | None = None) -> StoredCycle:
    """Return a cycle from the record, by number or time, else the last; end where there is none."""
    history = History(site.database_url)
    try:
        found = _found(history, utc_s, cycle)
    except HistoryError as error:
        fail(Exit.UNREACHABLE, f"the record of {site.data} cannot be read: {error}")
    if found is None:
        also = f" --controller {site.controller}" if site.controller else ""
        start = f"setwise run {site.plant_path}{also}"
        fail(Exit.UNREACHABLE, f"no such cycle on record in {site.data}; start control: {start}")
    return found


def _found(history: History, utc_s: float | None, cycle: int | None) -> StoredCycle | None:
    if cycle is not None:
        return history.cycle(cycle)
    return history.last() if utc_s is None else history.at(utc_s)


def plant_time(text: str, plant: Plant, last_utc_s: float) -> float:
    """Return UTC seconds of a plant-local time (``08:14``: the latest one before the last record). Ends on nonsense."""
    zone = ZoneInfo(plant.timezone)
    last = datetime.fromtimestamp(last_utc_s, zone)
    try:
        if "T" in text or " " in text:
            named = datetime.fromisoformat(text)
            return (named if named.tzinfo is not None else named.replace(tzinfo=zone)).timestamp()
        hour, minute, second = (int(part) for part in (text if text.count(":") > 1 else f"{text}:59").split(":"))
        found = last.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError:
        fail(Exit.USAGE, f"'{text}' is no time: write 08:14 or 2026-11-12T08:14")
    return (found if found <= last + timedelta(minutes=1) else found - timedelta(days=1)).timestamp()


def span_s(option: str, text: str, such_as: str) -> float:
    """Return the seconds that an option's text names; end where it names no span of time."""
    from constraints.plantfile.units import UnitError, seconds  # noqa: PLC0415 - most commands need no units

    try:
        found = seconds(text)
    except UnitError as error:
        fail(Exit.USAGE, f"{option} {text}: {error.message}; such as {such_as}")
    if not found > 0.0:
        fail(Exit.USAGE, f"{option} {text} is no span of time; such as {such_as}")
    return found


def local(utc_s: float, plant: Plant) -> str:
    """Return plant-local time as text."""
    return datetime.fromtimestamp(utc_s, ZoneInfo(plant.timezone)).strftime("%Y-%m-%d %H:%M:%S %Z")
