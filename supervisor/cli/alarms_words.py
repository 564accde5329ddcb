"""The alarm list, a line of the journal and the rates as text. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from constraints.plant import Plant
from supervisor.alarms.journal import WORDS, Line
from supervisor.alarms.listing import STATE_WORDS, AlarmView, Listed
from supervisor.alarms.rates import DAY_S, Rates
from supervisor.alarms.states import ANNUNCIATED, UNACKNOWLEDGED
from supervisor.sentences import plain, span_words

SIGNS: Final = {"critical": "■1", "high": "▲2", "medium": "▼3", "low": "●4"}
"""Never colour alone: shape and number."""
_NAMES: Final = {
    "per_day": "a day",
    "per_10_min": "in 10 min, on average",
    "flood_share": "share of 10-min spans with more than 10",
    "top_share": "share of the ten that come most",
    "stale": "stale (more than 24 h)",
}
_SHARES: Final = frozenset({"flood_share", "top_share"})


def counts_line(view: AlarmView, plant: Plant) -> str:
    """Return how many alarms are in which kind of state, and as of when."""
    states = Counter(each.state for each in view.alarms)
    calling = sum(states[each] for each in ANNUNCIATED)
    unacknowledged = sum(states[each] for each in UNACKNOWLEDGED)
    flood = "FLOOD: more than 10 in 10 min, look at the first-out · " if view.flood else ""
    return (
        f"{flood}alarms {calling}, of them unacknowledged {unacknowledged} · shelved {states['shelved']} · "
        f"suppressed {states['suppressed']} · out of service {states['out']} · as of {_clock(view.utc_s, plant)}"
    )


def alarm_lines(alarm: Listed, now_utc_s: float, plant: Plant) -> Iterator[str]:
    """Yield an alarm's lines: state and text, what to do, and what was done about it."""
    since = f"{_clock(alarm.since_utc_s, plant)} ({span_words(now_utc_s - alarm.since_utc_s)})"
    marks = [
        name
        for name, there in (("FIRST-OUT", alarm.first_out), ("chattering", alarm.chattering), ("stale", alarm.stale))
        if there
    ]
    marks += [f"{alarm.count} times in 10 min"] if alarm.count > 1 else []
    number = f" no. {alarm.occurrence}" if alarm.occurrence else ""
    head = f"{SIGNS[alarm.priority]} {STATE_WORDS[alarm.state]:<20} {since}  {alarm.id}{number}"
    yield plain(head + (f"  {', '.join(marks)}" if marks else ""))
    value = "" if alarm.value is None else f" ({alarm.value:.4g}, limit {alarm.limit:.4g})"
    if alarm.text:
        yield f"     {plain(alarm.text)}{value}"
    within = span_words(alarm.time_to_respond_s)
    yield f"     do: {plain(alarm.response)}; within {within}, else: {plain(alarm.consequence)}"
    if alarm.acked is not None:
        yield f"     acknowledged by {plain(alarm.acked.by)} {_clock(alarm.acked.utc_s, plant)}"
    if alarm.shelf is not None:
        mark = alarm.shelf.mark
        yield f"     shelved by {plain(mark.by)} until {_clock(alarm.shelf.until_utc_s, plant)}: {plain(mark.why)}"
    if alarm.out is not None:
        mark = alarm.out
        yield f"     out of service by {plain(mark.by)} since {_clock(mark.utc_s, plant)}: {plain(mark.why)}"


def journal_line(line: Line, plant: Plant) -> str:
    """Return one line of the journal."""
    step = line.step
    until = "" if step.until_utc_s is None else f" until {_clock(step.until_utc_s, plant)}"
    by, why = (f" by {step.by}" if step.by else ""), (f": {step.why}" if step.why else "")
    text = f"  {step.text}" if step.step == "raised" else ""
    what = f"{WORDS[step.step]}{until}{by}{why}"
    return plain(f"{_clock(line.utc_s, plant)} {SIGNS[step.priority]} {step.id} no. {step.occurrence} {what}{text}")


def rates_lines(found: Rates, plant: Plant) -> Iterator[str]:
    """Yield the rates beside their targets."""
    start, end = _clock(found.start_utc_s, plant), _clock(found.end_utc_s, plant)
    yield f"{found.count} alarms from {start} to {end}; at most {found.peak_10_min} in any 10 min"
    length_s = found.end_utc_s - found.start_utc_s
    if length_s < DAY_S:
        yield f"  only {span_words(length_s)} on record: what is said of a day is worked out from that"
    for each in found.targets:
        value, most = (f"{n:.1%}" if each.name in _SHARES else f"{n:.3g}" for n in (each.value, each.at_most))
        yield f"  {'ok ' if each.met else 'HIGH'} {_NAMES[each.name]}: {value} (at most {most})"
    yield "  priorities: " + ", ".join(f"{name} {share:.0%}" for name, share in found.mix.items())
    for bad in found.top:
        yield f"  {bad.count:>5} {bad.share:>6.1%}  {plain(bad.id)}"
    for name, ids in (("chattering", found.chattering), ("stale", found.stale)):
        if ids:
            yield f"  {name}: {plain(', '.join(ids))}"


def rates_json(found: Rates) -> dict[str, object]:
    """Return the rates as plain JSON."""
    targets = [{**asdict(each), "met": each.met} for each in found.targets]
    return {**asdict(found), "mix": dict(found.mix), "targets": targets}


def _clock(utc_s: float, plant: Plant) -> str:
    return datetime.fromtimestamp(utc_s, ZoneInfo(plant.timezone)).strftime("%Y-%m-%d %H:%M:%S")
