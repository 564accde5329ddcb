"""The alarm list as it stands on record, and back. Pure.

Each cycle's record holds every alarm that is not normal, whole: a page or a start of control needs the newest record
only. What follows from the plant file (response, consequence) is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from constraints.alarms import PRIORITIES
from constraints.plant import Plant
from supervisor.alarms.bursts import chatters, flooding
from supervisor.alarms.entries import AlarmList, Entry, Mark, Raised, Shelf
from supervisor.alarms.rules import known
from supervisor.alarms.states import STATES, Status
from supervisor.record import JsonValue

_Json = Mapping[str, JsonValue]


def on_record(lists: AlarmList) -> dict[str, JsonValue]:
    """Return what the cycle's record holds of alarms; nothing where there has been none yet."""
    if not lists.entries and lists.next == 1:
        return {}
    found: dict[str, JsonValue] = {
        "next": lists.next,
        "entries": [_entry_json(each) for each in lists.entries.values()],
    }
    if flooding(lists.recent):
        found["flood"] = True
    if lists.recent:
        found["recent"] = [[each.utc_s, each.id] for each in lists.recent]
        found["first"] = lists.first
    return found


def from_record(raw: _Json) -> AlarmList:
    """Return the list that ``on_record`` wrote. Raises ValueError for what it cannot have written."""
    try:
        entries = [_entry(each) for each in cast("list[_Json]", raw.get("entries", []))]
        recent = tuple(
            Raised(float(utc_s), str(id_)) for utc_s, id_ in cast("list[tuple[float, str]]", raw.get("recent", []))
        )
        return AlarmList(
            entries={each.key: each for each in entries},
            next=int(cast("int", raw.get("next", 1))),
            recent=recent,
            first=str(raw.get("first", "")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an alarm list: {error!r}") from error


def restarted(plant: Plant, raw: _Json) -> AlarmList:
    """Return what a start of control knows of alarms: acknowledged, shelved and out of service as they were.

    Alarms that the plant file does not have any more are gone. An unreadable list is an empty one: every alarm that
    stands then calls again.
    """
    try:
        lists = from_record(raw)
    except ValueError:
        return AlarmList()
    entries = {key: _again(each) for key, each in lists.entries.items() if known(plant, *key)}
    return AlarmList(entries=entries, next=lists.next, recent=lists.recent, first=lists.first)


def chattering(lists: AlarmList, id_: str) -> bool:
    """Whether an alarm came so often within a minute of the last ten that it cannot be of use."""
    return chatters(each.utc_s for each in lists.recent if each.id == id_)


def count(lists: AlarmList, id_: str) -> int:
    """Return how often an alarm came in the last ten minutes."""
    return sum(each.id == id_ for each in lists.recent)


def _again(entry: Entry) -> Entry:
    return replace(entry, restored=entry.status != "clear")


def _entry_json(entry: Entry) -> dict[str, JsonValue]:
    """Return one entry; what is not so, or not there, is left out."""
    found: dict[str, JsonValue] = {
        "code": entry.code,
        "subject": entry.subject,
        "priority": entry.priority,
        "state": entry.state,
        "since_utc_s": entry.since_utc_s,
        "status": entry.status,
        "occurrence": entry.occurrence,
        "text": entry.text,
        "raised_utc_s": entry.raised_utc_s,
        "value": entry.value,
        "limit": entry.limit,
        "acked": None if entry.acked is None else _mark_json(entry.acked),
        "shelf": None if entry.shelf is None else [*_mark_json(entry.shelf.mark), entry.shelf.until_utc_s],
        "out": None if entry.out is None else _mark_json(entry.out),
        "suppressed": entry.suppressed or None,
        "first_out": entry.first_out or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _entry(raw: _Json) -> Entry:
    state, status, priority = raw["state"], raw["status"], raw["priority"]
    if state not in STATES or status not in ("active", "latched", "clear") or priority not in PRIORITIES:
        raise ValueError(f"not an alarm's state: {state!r}, {status!r}, {priority!r}")
    shelf = cast("list[JsonValue] | None", raw.get("shelf"))
    return Entry(
        code=str(raw["code"]),
        subject=str(raw["subject"]),
        priority=priority,
        state=state,
        since_utc_s=_float(raw["since_utc_s"]),
        status=cast("Status", status),
        occurrence=int(_float(raw["occurrence"])),
        raised_utc_s=_maybe(raw, "raised_utc_s"),
        text=str(raw["text"]),
        value=_maybe(raw, "value"),
        limit=_maybe(raw, "limit"),
        acked=_mark(raw.get("acked")),
        shelf=None if shelf is None else Shelf(_mark_of(shelf[:3]), _float(shelf[3])),
        out=_mark(raw.get("out")),
        suppressed=bool(raw.get("suppressed")),
        first_out=bool(raw.get("first_out")),
    )


def _mark_json(mark: Mark) -> list[JsonValue]:
    return [mark.by, mark.utc_s, mark.why]


def _mark(raw: JsonValue) -> Mark | None:
    return None if raw is None else _mark_of(cast("list[JsonValue]", raw))


def _mark_of(raw: list[JsonValue]) -> Mark:
    by, utc_s, why = raw
    return Mark(str(by), _float(utc_s), str(why))


def _maybe(raw: _Json, name: str) -> float | None:
    return None if raw.get(name) is None else _float(raw[name])


def _float(value: JsonValue) -> float:
    """Return a number; those that JSON lacks travel as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"{value!r} is no number")
    return float(value)
