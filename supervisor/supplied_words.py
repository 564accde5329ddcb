"""What others supplied, as lines for people: what became of laboratory values, external targets and forecasts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import cast
from zoneinfo import ZoneInfo

from constraints.plant import Plant
from supervisor.record import CycleRecord, JsonValue
from supervisor.sentences import plain, reason

WORDS: Mapping[str, str] = {
    "accepted": "accepted",
    "no_rule": "the plant file takes no laboratory values of it: add lab to its CV",
    "in_future": "dated in the future: is a clock wrong?",
    "too_old": "older than max_age",
    "used": "not newer than a sample that was taken before",
    "before_start": "sampled before control began to watch",
    "outside_limits": "outside the limits of laboratory values: a slip of the pen?",
    "too_far": "farther from the estimate of its sampling time than max_difference",
    "unsteady": "sampled while the process moved too much",
    "needs_agreement": "unusually far from the estimate: it needs {agree} agreeing samples in a row",
    "too_many": "too many values wait already",
    "not_judged": "the controller did not answer; give it again",
    "no_owner": "it needs a person who answers for it",
    "no_external": "the plant file lets nobody set a target for it: add external",
    "no_target": "nobody has set a target for it",
    "too_long": "no time, or longer than 31 days",
    "stale": "older than max_age",
    "not_issued": "nothing was issued since control started",
    "not_read": "the file was not looked at yet",
    "tag_bad": "a tag is not good",
    "no_time": "nothing says when it was issued",
    "missing": "there is no such file",
    "unreadable": "the file cannot be read",
    "no_file": "it is no ordinary file",
    "too_large": "the file is too large",
    "not_text": "the file is not UTF-8 text",
    "not_csv": "the file is not CSV",
    "no_head": "the first line must name the columns",
    "no_column": "the file has no such column",
    "wrong_length": "a line has another number of fields than the first",
    "not_a_time": "not a date and time",
    "not_ascending": "times must ascend",
    "empty": "it says nothing",
    "over": "it has ended",
    "outside_range": "a value is outside the range of the instrument",
}


def words(code: str, plant: Plant, cv: str = "") -> str:
    """Return a code in words, with what it is about; the code itself where there are none."""
    head, _, about = code.partition(":")
    rule = plant.cvs[cv].lab if cv in plant.cvs else None
    said = WORDS.get(head, reason(head)).replace("{agree}", str(rule.agree) if rule is not None else "several")
    return f"{said} ({plain(about)})" if about else said


def supplied_lines(plant: Plant, record: CycleRecord) -> Iterator[str]:
    """Yield one line for each last laboratory value, each external target and each forecast."""
    supplied = cast("dict[str, JsonValue]", record.supplied)
    for each in cast("list[dict[str, JsonValue]]", supplied.get("lab", [])):
        yield _of_lab(plant, record, each)
    for name, aim in cast("dict[str, dict[str, JsonValue]]", supplied.get("external", {})).items():
        yield _of_aim(plant, record, name, aim)
    for name, state in cast("dict[str, str]", supplied.get("forecast", {})).items():
        told = "is in use" if state == "in_use" else f"is not used, {name} is held: {words(state, plant)}"
        yield f"The forecast of {name} {told}."


def _of_lab(plant: Plant, record: CycleRecord, each: Mapping[str, JsonValue]) -> str:
    cv, code = str(each["cv"]), str(each["code"])
    when = _moment(each["sampled_utc_s"], record.utc_s, plant.timezone)
    what = f"{each['value']} {_unit(plant, cv)}".strip()
    became = "was accepted" if code == "accepted" else f"was refused: {words(code, plant, cv)}"
    by = plain(str(each["source"]))
    why = f", {plain(str(each['why']))}" if each["why"] else ""
    return f"Laboratory: {plain(cv)} {what}, sampled {when}, from {by}{why}, {became} (cycle {each['cycle']})."


def _of_aim(plant: Plant, record: CycleRecord, name: str, aim: Mapping[str, JsonValue]) -> str:
    state, unit = str(aim["state"]), _unit(plant, name)
    by = plain(str(aim["source"])) + (f" ({plain(str(aim['why']))})" if aim["why"] else "")
    value = f" {aim['value']:.5g} {unit}" if isinstance(aim["value"], float) else ""
    if state != "in_force":
        return f"The external target of {name}{value} from {by} is ignored: {words(state, plant)}."
    on_the_way = f", now at {aim['active']:.5g}" if aim["active"] != aim["value"] else ""
    until = _moment(aim["until_utc_s"], record.utc_s, plant.timezone)
    return f"External target of {name}{value} from {by}, until {until}{on_the_way}."


def _unit(plant: Plant, name: str) -> str:
    if name in plant.mvs:
        return plant.mvs[name].unit
    return plant.cvs[name].unit if name in plant.cvs else ""


def _moment(utc_s: JsonValue, now_utc_s: float, timezone: str) -> str:
    """Return a moment in plant time, with the date where that is not today; what is no moment as it is."""
    zone = ZoneInfo(timezone)
    if not isinstance(utc_s, int | float):
        return str(utc_s)
    try:
        shown = datetime.datetime.fromtimestamp(utc_s, zone)
    except (ValueError, OverflowError, OSError):
        return str(utc_s)
    today = datetime.datetime.fromtimestamp(now_utc_s, zone).date()
    return f"{shown:%H:%M}" if shown.date() == today else f"{shown:%Y-%m-%d %H:%M}"
