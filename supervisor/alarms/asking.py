"""What persons do about alarms: acknowledge, shelve, unshelve, take out of service and back. Pure.

Each names one occurrence, or one alarm; there is no way to acknowledge all. Authorised here, when the request is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from constraints.alarms import SAFETY_CLASS, key_of
from constraints.plant import Plant
from safety.roles import may
from safety.signals import Instant
from supervisor.alarms.covering import moved, step_of, under_cover
from supervisor.alarms.entries import SHELF_S_MAX, AlarmList, Entry, Mark, Shelf
from supervisor.alarms.rules import known, rule_of
from supervisor.alarms.states import TABLE
from supervisor.record import REASON_MAX, Action, AlarmStep, Request

NEEDS: Final[Mapping[Action, str]] = {
    "alarm_ack": "operator",
    "alarm_shelve": "operator",
    "alarm_unshelve": "operator",
    "alarm_out": "engineer",
    "alarm_in": "engineer",
}
"""By action: the role that it takes."""
_Outcome = tuple[Entry, AlarmStep] | str


def asked(plant: Plant, lists: AlarmList, request: Request, at: Instant) -> tuple[AlarmList, str]:
    """Return the list after a request of ``NEEDS``, and why it is refused; empty where it is not.

    ``role incomplete unknown_alarm no_reason too_long safety_class not_active older_occurrence acknowledged not_shelved
    not_out already_out``
    """
    if not may(request.role, NEEDS[request.action]):
        return lists, "role"
    if request.alarm is None:
        return lists, "incomplete"
    key = key_of(request.alarm)
    if not known(plant, *key):
        return lists, "unknown_alarm"
    entry = lists.entries.get(key) or Entry(
        code=key[0], subject=key[1], priority=rule_of(plant, *key).priority, since_utc_s=at.utc_s
    )
    mark = Mark(request.who[:REASON_MAX], at.utc_s, request.why[:REASON_MAX])
    outcome = _done(entry, request, mark)
    if isinstance(outcome, str):
        return lists, outcome
    entry, step = outcome
    return replace(lists, entries={**lists.entries, key: entry}, steps=(*lists.steps, step)), ""


def _done(entry: Entry, request: Request, mark: Mark) -> _Outcome:
    if request.action == "alarm_ack":
        return _acknowledged(entry, request.occurrence, mark)
    if request.action == "alarm_shelve":
        return _shelved(entry, request.lasts_s, mark)
    if request.action == "alarm_unshelve":
        ended = replace(entry, shelf=None)
        return (ended, step_of(ended, "unshelved", mark.by, mark.why)) if entry.shelf is not None else "not_shelved"
    if request.action == "alarm_out":
        return _taken_out(entry, mark)
    back = replace(entry, out=None)
    return (back, step_of(back, "in", mark.by, mark.why)) if entry.out is not None else "not_out"


def _acknowledged(entry: Entry, occurrence: int | None, mark: Mark) -> _Outcome:
    if occurrence is None:
        return "incomplete"
    if entry.state == "normal":
        return "not_active"
    if occurrence != entry.occurrence:
        return "older_occurrence"
    if "ack" not in TABLE[entry.state]:
        return "acknowledged" if entry.acked is not None else "covered"
    entry = replace(moved(entry, "ack", mark.utc_s), acked=mark)
    return entry, step_of(entry, "acknowledged", mark.by, mark.why)


def _shelved(entry: Entry, lasts_s: float | None, mark: Mark) -> _Outcome:
    why = _may_cover(entry, mark)
    if why:
        return why
    if lasts_s is None:
        return "incomplete"
    if not 0.0 < lasts_s <= SHELF_S_MAX:
        return "too_long"
    until_utc_s = mark.utc_s + lasts_s
    entry = under_cover(replace(entry, shelf=Shelf(mark, until_utc_s)), mark.utc_s)
    return entry, step_of(entry, "shelved", mark.by, mark.why, until_utc_s)


def _taken_out(entry: Entry, mark: Mark) -> _Outcome:
    why = "already_out" if entry.out is not None else _may_cover(entry, mark)
    if why:
        return why
    entry = under_cover(replace(entry, out=mark), mark.utc_s)
    return entry, step_of(entry, "out", mark.by, mark.why)


def _may_cover(entry: Entry, mark: Mark) -> str:
    """Return why nobody may be spared this alarm for this reason; empty where it may be."""
    if entry.code in SAFETY_CLASS:
        return "safety_class"
    return "" if mark.why.strip() else "no_reason"
