"""Which causes of alarms stand, and which came or went in a cycle. Pure; states and delays are ``following``'s.

One alarm a cause: a cut link is one alarm, not one for each of its tags (reference: interface, alarms page).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from constraints.alarms import Priority
from constraints.derived import INPUT
from constraints.votes import FEW
from safety.signals import CvStatus, MvStatus, Snapshot
from supervisor.alarms.words import KINDS
from supervisor.record import Alarm

Standing = Mapping[tuple[str, str], tuple[Priority, str]]
"""By (code, subject): priority and text."""

PRIORITIES: Mapping[str, Priority] = {code: kind.priority for code, kind in KINDS.items()}
OF_OTHERS = frozenset({"comm", "late", INPUT, FEW})
"""First words of reasons that the alarm of a link, or of another tag, speaks of."""


def standing(  # noqa: PLR0912, PLR0913 - one cause an argument; keyword-only
    *,
    links: Mapping[str, str],
    snapshot: Snapshot,
    tags: Iterable[str],
    cvs: Mapping[str, CvStatus],
    mvs: Mapping[str, MvStatus],
    interlocks: Mapping[str, Priority | Literal["none"]],
    thinker_why: str,
    record_why: str,
    shed_why: str,
    held: Iterable[str] = (),
    bypassed: Mapping[str, str] | None = None,
    proofs_due: Mapping[str, str] | None = None,
    outside_schedule: Mapping[str, str] | None = None,
    votes: Mapping[str, str] | None = None,
    tariffs_ahead: Mapping[str, str] | None = None,
    supplied: Mapping[tuple[str, str], str] | None = None,
    watched: Mapping[str, float] | None = None,
    trip_why: str = "",
    notify_why: str = "",
) -> Standing:
    """Return the alarms that stand now. ``interlocks``: the tripped ones, with the priority that the plant file gives
    each; ``supplied``: what of others is not used, by (code, subject); other mappings are by name, with what is to be
    said of it.
    """
    found: dict[tuple[str, str], str] = dict(supplied or {})
    for name, state in links.items():
        if state != "connected":
            found["link", name] = f"no link to {name}: {state}"
    for tag in tags:
        reading = snapshot.readings.get(tag)
        if reading is not None and not reading.good and reading.why.split(":")[0] not in OF_OTHERS:
            found["tag", tag] = f"{tag} is {reading.quality}: {reading.why}"
    for name, status in cvs.items():
        if status in (CvStatus.DROP, CvStatus.CRIT):
            found["cv_dropped", name] = f"{name} is out of control ({status})"
    for name, mv_status in mvs.items():
        if mv_status is MvStatus.SERV:
            found["mv_service", name] = f"{name} is out of service: setpoint or readback not good"
    for name in held:
        found["mv_held", name] = f"{name} is held back by the PLC: it took another setpoint than ours"
    for name, level in interlocks.items():
        if level != "none":
            found["interlock", name] = f"interlock '{name}' is tripped"
    for name, what in (bypassed or {}).items():
        found["bypass", name] = f"interlock '{name}' is {what}"
    for name, since in (proofs_due or {}).items():
        found["proof_due", name] = f"proof test of interlock '{name}' is overdue since {since}"
    for name, where in (outside_schedule or {}).items():
        found["mv_outside_schedule", name] = f"{name} stands outside its scheduled limits: {where}"
    for name, who in (votes or {}).items():
        found["vote", name] = f"members of {name} do not agree: {who}"
    for name, date in (tariffs_ahead or {}).items():
        found["tariff", name] = f"tariff {name} is not in force before {date}: its first prices are used all the same"
    for name, beyond in (watched or {}).items():
        if beyond > 0.0:
            found["watched", name] = f"constraint '{name}', which is only watched, is broken by {beyond:.3g}"
    if thinker_why:
        found["thinker", "thinker"] = f"no plan: {thinker_why}"
    if record_why:
        found["record", "record"] = f"decisions cannot be stored: {record_why}"
    if shed_why:
        found["shed", "controller"] = f"shed: {shed_why}"
    if trip_why:
        found["trip", "controller"] = f"tripped: {trip_why}"
    if notify_why:
        found["notify", "notify"] = f"alarms cannot be sent: {notify_why}"
    return {key: (_priority(key, interlocks), text) for key, text in found.items()}


def _priority(key: tuple[str, str], interlocks: Mapping[str, Priority | Literal["none"]]) -> Priority:
    level = interlocks.get(key[1], "none") if key[0] == "interlock" else "none"
    return PRIORITIES[key[0]] if level == "none" else level


def changes(before: Standing, now: Standing) -> tuple[Alarm, ...]:
    """Return what came and what went."""
    came = [_alarm(key, now[key], "active") for key in now if key not in before]
    went = [_alarm(key, before[key], "cleared") for key in before if key not in now]
    return tuple(came + went)


def _alarm(key: tuple[str, str], what: tuple[Priority, str], state: Literal["active", "cleared"]) -> Alarm:
    return Alarm(code=key[0], subject=key[1], priority=what[0], state=state, text=what[1])
