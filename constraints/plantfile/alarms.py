"""Sections ``alarms`` and ``notify`` -> AlarmRules, NotifyRules, and the usual delay of each tag's alarm."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Final

from constraints.alarms import ABOUT, ONLY, SAFETY_CLASS, AlarmRule, NotifyRule, key_of
from constraints.plantfile.bounds import Interval
from constraints.plantfile.document import Path
from constraints.plantfile.schema_alarms import AlarmSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.switching import switching_condition
from constraints.plantfile.unit_table import Dimensions
from constraints.plantfile.units import Unit, unit

_DELAYS: Final = {"kg/h": 15.0, "m**3/h": 15.0, "m": 60.0, "bar": 15.0, "degC": 60.0}
"""Seconds by what is measured: flow, level, pressure, temperature (in the manner of EEMUA 191)."""
_DELAY_S: Final = 15.0


@functools.cache
def _kinds() -> Mapping[Dimensions, float]:
    return {unit(text).dimensions: delay for text, delay in _DELAYS.items()}


def tag_delay_s(of: Unit) -> float:
    """Return how long a tag in this unit must be bad, or good again, before its alarm comes, or goes."""
    return _kinds().get(of.dimensions, _DELAY_S)


def alarms(scope: Scope, known: Mapping[str, Unit], ranges: Mapping[str, Interval]) -> dict[str, AlarmRule]:
    """Return what the file says, by key: an alarm's id, a subject, or a code."""
    return {key: _alarm(scope, key, given, known, ranges) for key, given in scope.file.alarms.items()}


def notify(scope: Scope) -> tuple[NotifyRule, ...]:
    """Return where new alarms are sent."""
    scope.once(((each.secret, ("notify", i, "secret")) for i, each in enumerate(scope.file.notify)), "addresses")
    return tuple(NotifyRule(secret=each.secret, least=each.from_) for each in scope.file.notify)


def _alarm(
    scope: Scope, key: str, given: AlarmSection, known: Mapping[str, Unit], ranges: Mapping[str, Interval]
) -> AlarmRule:
    path: Path = ("alarms", key)
    codes = _codes(scope, key)
    if not codes:
        _report_unknown(scope, key)
    if given.priority is not None and codes == {"interlock"}:
        hint = "write alarm: high there"
        scope.issues.at_key("E016", (*path, "priority"), "the priority of an interlock's alarm stands with it", hint)
    if given.deadband is not None and codes and "watched" not in codes:
        hint = "others have on_delay and off_delay"
        scope.issues.at_key("E016", (*path, "deadband"), "a deadband is of a constraint that is only watched", hint)
    if given.suppress_when is not None and codes & SAFETY_CLASS and codes <= SAFETY_CLASS:
        message = f"an alarm of {', '.join(sorted(codes))} cannot be suppressed"
        scope.issues.at_key("E016", (*path, "suppress_when"), message, "it protects; an interlock has its bypass")
    return AlarmRule(
        priority=given.priority,
        on_delay_s=_time(scope, (*path, "on_delay"), given.on_delay),
        off_delay_s=_time(scope, (*path, "off_delay"), given.off_delay),
        deadband=given.deadband,
        response=given.response,
        time_to_respond_s=_time(scope, (*path, "time_to_respond"), given.time_to_respond),
        consequence=given.consequence,
        suppress_when=switching_condition(
            scope,
            (*path, "suppress_when"),
            given.suppress_when,
            known,
            ranges,
            lambda word: f"alarm {key!r} is {word} suppressed by this condition",
        ),
    )


def _codes(scope: Scope, key: str) -> set[str]:
    """Return the codes of the alarms that a key is about."""
    if key in ABOUT:
        return {key}
    code, subject = key_of(key)
    if subject and code in ABOUT:
        return {code} if subject in _subjects(scope, code) else set()
    return {code for code in ABOUT if key in _subjects(scope, code)}


def _subjects(scope: Scope, code: str) -> set[str]:
    if code in ONLY:
        return {ONLY[code]}
    return {name for section in ABOUT[code] for name in _names(scope, section)}


def _names(scope: Scope, section: str) -> Iterable[str]:
    """Return every name that is declared in a section, a mapping or a list, entries with errors included."""
    if section == "dvs":
        return scope.dv_names
    given = scope.document.data.get(section)
    if not isinstance(given, list):
        return scope.names(section)
    return [name for each in given if isinstance(each, dict) and isinstance(name := each.get("name"), str)]


def _report_unknown(scope: Scope, key: str) -> None:
    code, subject = key_of(key)
    if subject and code in ABOUT:
        near = scope.issues.near(subject, _subjects(scope, code))
        scope.issues.at_key("E059", ("alarms", key), f"{code} has no alarm about {subject!r}", near)
        return
    names = {name for each in ABOUT for name in _subjects(scope, each)}
    hint = scope.issues.near(key, {*ABOUT, *names}) or f"a code ({', '.join(ABOUT)}), code:subject, or a subject"
    scope.issues.at_key("E059", ("alarms", key), f"there is no alarm {key!r}", hint)


def _time(scope: Scope, path: Path, given: float | str | None) -> float | None:
    return None if given is None else scope.not_negative(path, scope.seconds(path, given))
