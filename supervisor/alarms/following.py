"""What a cycle makes of the alarm list: causes come and go after their delays, covers end, bursts are marked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from constraints.alarms import ABOUT
from constraints.plant import Plant
from safety.expressions import History, evaluate
from safety.signals import Instant, Snapshot
from supervisor.alarms.bursts import still_recent, with_raised
from supervisor.alarms.covering import cover_of, moved, step_of, under_cover
from supervisor.alarms.entries import AlarmList, Entry, Key
from supervisor.alarms.rules import Rule, rule_of, suppressible
from supervisor.alarms.standing import Standing
from supervisor.alarms.states import COVERED, Event, Status, events_of, uncovered
from supervisor.record import AlarmStep, Step

RESTART_S: Final = 60.0
"""For so long after a restart a cause that has not been seen again does not count as gone: links come up first."""
_ORDER: Final = {code: number for number, code in enumerate(ABOUT)}
_STEPS: Final[Mapping[Event, Step]] = {"latch": "latched", "go": "cleared"}
_RAISES: Final = frozenset[Event]({"come", "back_active", "back_latched"})
_Rise = tuple[float, int, Key, Event]
"""When its cause came, where its code stands among causes and consequences, and what raises it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """What is known of causes in this cycle, beside the snapshot."""

    standing: Standing
    latched: Collection[Key] = ()
    """Of these the ones whose condition is gone, while their latch stands."""
    measured: Mapping[Key, tuple[float, float]] = field(default_factory=dict)
    """Value and limit, where an alarm has them."""


def followed(plant: Plant, lists: AlarmList, causes: Causes, snapshot: Snapshot) -> AlarmList:
    """Return the list after this cycle's causes; its ``steps`` are those of persons in it, and then these."""
    at = snapshot.at
    keys = dict.fromkeys([*lists.entries, *causes.standing, *suppressible(plant)])
    entries, waiting, steps, rising = dict[Key, Entry](), dict[Key, float](), list(lists.steps), list[_Rise]()
    for key in keys:
        rule = rule_of(plant, *key)
        entry = lists.entries.get(key) or Entry(
            code=key[0], subject=key[1], priority=rule.priority, since_utc_s=at.utc_s
        )
        status, since_s = _after_delays(entry, rule, causes, at, lists.waiting.get(key))
        if since_s is not None:
            waiting[key] = since_s
        restored = entry.restored and key not in causes.standing and status != "clear"
        entry = replace(entry, status=status, restored=restored, priority=rule.priority)
        entry, told = _with_covers(entry, _suppressed(rule, snapshot), at.utc_s)
        steps += told
        for event in _events(entry):
            if event in _RAISES:
                rising.append((lists.waiting.get(key, at.mono_s), _ORDER[entry.code], key, event))
                break
            entry = moved(entry, event, at.utc_s)
            steps += [step_of(entry, _STEPS[event])] if event in _STEPS else []
        entries[key] = entry
    lists = replace(lists, entries=entries, waiting=waiting, steps=tuple(steps), recent=still_recent(lists, at.utc_s))
    for _, _, key, event in sorted(rising):
        lists = _raised(lists, key, event, causes, at.utc_s)
    kept = {key: each for key, each in lists.entries.items() if each.state != "normal"}
    return replace(lists, entries=kept)


def _with_covers(entry: Entry, suppressed: bool, utc_s: float) -> tuple[Entry, list[AlarmStep]]:  # noqa: FBT001 - a fact
    """Return the entry with its shelf as time has left it and suppressed by design or not, and what happened so."""
    told: list[AlarmStep] = []
    if entry.shelf is not None and entry.shelf.over(utc_s):
        entry = replace(entry, shelf=None)
        told.append(step_of(entry, "unshelved", why="its time is up"))
    if suppressed != entry.suppressed:
        entry = replace(entry, suppressed=suppressed)
        told.append(step_of(entry, "suppressed" if suppressed else "unsuppressed", why="by design"))
    if cover_of(entry):
        entry = under_cover(entry, utc_s)
    return entry, told


def _events(entry: Entry) -> tuple[Event, ...]:
    if cover_of(entry):
        return ()
    return (uncovered(entry.status),) if entry.state in COVERED else events_of(entry.state, entry.status)


def _raised(lists: AlarmList, key: Key, event: Event, causes: Causes, utc_s: float) -> AlarmList:
    """Return the list after an alarm came anew."""
    entry = moved(lists.entries[key], event, utc_s)
    if entry.status == "latched":
        entry = moved(entry, "latch", utc_s)
    value, limit = causes.measured.get(key, (None, None))
    entry = replace(
        entry,
        since_utc_s=utc_s,
        occurrence=lists.next,
        raised_utc_s=utc_s,
        text=causes.standing[key][1] if key in causes.standing else entry.text,
        value=value,
        limit=limit,
        acked=None,
        first_out=False,
    )
    entries = {**lists.entries, key: entry}
    lists = replace(lists, entries=entries, next=lists.next + 1, steps=(*lists.steps, step_of(entry, "raised")))
    return with_raised(lists, entry, utc_s)


def _after_delays(
    entry: Entry, rule: Rule, causes: Causes, at: Instant, since_s: float | None
) -> tuple[Status, float | None]:
    """Return the status of the cause after its delays, and since when one runs; None where none does."""
    there = entry.key in causes.standing or _inside_deadband(entry, rule, causes)
    settled: Status = "clear" if not there else "latched" if entry.key in causes.latched else "active"
    if there == (entry.status != "clear"):
        return settled, None
    since_s = at.mono_s if since_s is None or since_s > at.mono_s else since_s
    off_s = max(rule.off_delay_s, RESTART_S) if entry.restored else rule.off_delay_s
    passed = at.mono_s - since_s >= (rule.on_delay_s if there else off_s)
    return (settled, None) if passed else (entry.status, since_s)


def _inside_deadband(entry: Entry, rule: Rule, causes: Causes) -> bool:
    """Whether a cause that is gone is not gone far enough yet."""
    if entry.status == "clear" or rule.deadband <= 0.0 or entry.key not in causes.measured:
        return False
    value, limit = causes.measured[entry.key]
    return value > limit - rule.deadband


def _suppressed(rule: Rule, snapshot: Snapshot) -> bool:
    """Whether the condition of suppression is met for certain."""
    when = rule.suppress_when
    if when is None:
        return False
    history = History().push(snapshot, frozenset(when.names), {})
    return evaluate(when, {tag: snapshot.good(tag) for tag in when.names}, history) is True
