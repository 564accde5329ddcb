"""Who set a limit that is in force: a person (who, when, why), the schedule, or the plant file and who brought it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from constraints.plant import Plant
from supervisor.changes.versions import Version, Versions, VersionsError
from supervisor.inforce import PlantRule
from supervisor.letters import LetterError, from_text
from supervisor.record import CycleRecord, Request
from supervisor.web.units import Unit

Side = Literal["lo", "hi"]
SIDES: tuple[Side, Side] = ("lo", "hi")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for one limit."""

    kind: Literal["person", "schedule", "file"]
    who: str = ""
    """Person; names of the schedule's entries; who brought the version."""
    utc_s: float | None = None
    """When, by the machine's clock."""
    why: str = ""
    version: int | None = None


def owner_of(unit: Unit, record: CycleRecord, variable: str, side: Side) -> Owner:
    """Return who set the operator limit of ``variable`` that was in force in ``record``'s cycle."""
    plant = unit.plant
    personal = record.operator_limits.get(f"{variable}.{side}")
    scheduled = PlantRule(plant).at(record.utc_s)
    by_schedule = scheduled.limits.get((variable, side))
    if by_schedule is not None and (personal is None or _narrower(by_schedule, personal, side)):
        return Owner("schedule", ", ".join(scheduled.entries))
    if personal is not None:
        return _person(unit, variable, side, personal)
    return file_owner(unit, plant)


def file_owner(unit: Unit, plant: Plant) -> Owner:
    """Return who brought the plant file that is in force."""
    version = _version(unit.site.data, plant.config_hash)
    return Owner("file") if version is None else Owner("file", version.who, version.utc_s, version.why, version.number)


def limit_requests(mailbox: Path, stamp: float) -> tuple[Request, ...]:
    """Return the limits that persons set and control accepted, newest first; as many as the mailbox keeps.

    ``stamp`` (the file's time of change) keys what is remembered.
    """
    return _limit_requests(mailbox, stamp)


def changes_of(unit: Unit) -> tuple[Request, ...]:
    """Return the same for one controller as its mailbox is now."""
    mailbox = unit.site.mailbox
    return limit_requests(mailbox, mailbox.stat().st_mtime) if mailbox.exists() else ()


@lru_cache(maxsize=8)
def _limit_requests(mailbox: Path, stamp: float) -> tuple[Request, ...]:  # noqa: ARG001 - part of the key
    query = (
        "SELECT CAST(r.id AS TEXT), CAST(r.body AS BLOB) FROM request r JOIN answer a ON a.id = r.id "
        "WHERE a.accepted = 1 AND r.body LIKE '%\"limit\"%' ORDER BY r.number DESC"
    )
    found = []
    try:
        uri = f"file:{quote(str(mailbox))}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=1.0)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            for id_, body in connection.execute(query):
                try:
                    request = from_text(id_, body)
                except LetterError:
                    continue
                found += [request] if request.action == "limit" else []
    except sqlite3.Error:
        return ()  # the page then says "a person" without a name
    return tuple(found)


def _person(unit: Unit, variable: str, side: Side, value: float) -> Owner:
    for request in changes_of(unit):
        if (request.variable, request.side, request.value) == (variable, side, value):
            return Owner("person", request.who, request.asked_utc_s, request.why)
    return Owner("person")


def _version(data: Path, config_hash: str) -> Version | None:
    try:
        return next((each for each in reversed(Versions(data).all()) if each.config_hash == config_hash), None)
    except VersionsError:
        return None


def _narrower(one: float, other: float, side: Side) -> bool:
    return one > other if side == "lo" else one < other


def owners(unit: Unit, record: CycleRecord, variable: str) -> Mapping[Side, Owner]:
    """Return who set either side."""
    return {side: owner_of(unit, record, variable, side) for side in SIDES}
