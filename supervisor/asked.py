"""What persons ask for, taken into the cycle: settings, resets, bypasses and what they supply here, modes for the mode
table. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from constraints.plant import Plant
from safety import interlocks
from safety.interlocks import Bypass, InterlockMemory
from safety.modes import Ask, ModeRequest
from safety.roles import may
from safety.signals import Mode
from supervisor import advice
from supervisor import supplied as supplies
from supervisor.alarms import asking
from supervisor.memory import Memory, Outside
from supervisor.record import Answer, Request
from supervisor.rules import Rules
from supervisor.settings import Settings, hand_changed, limit_changed, limit_in_force

CHANGES: Mapping[str, Callable[[Plant, Settings, Request], tuple[Settings, str]]] = {
    "limit": limit_changed,
    "mv_opr": hand_changed,
    "mv_apc": hand_changed,
}
RELOAD_ROLE = "engineer"
"""Who may bring another plant file into force; energy managers too, whose plans hold tariffs alone (supervisor.web)."""
ASKS: Mapping[Mode, Ask] = {
    Mode.OFF: "off",
    Mode.MONITOR: "monitor",
    Mode.ADVISORY: "advisory",
    Mode.CLOSED_LOOP: "closed_loop",
}


def taken(rules: Rules, outside: Outside, memory: Memory) -> tuple[Memory, tuple[Answer, ...]]:
    """Carry out the calendar's settings, and persons' requests that are not about the mode."""
    settings, locks = _in_force(memory.settings, outside), memory.locks
    supplied = supplies.with_files(memory.supplied, outside.forecasts)
    advised = advice.standing(memory.advice, memory.mode.actual, outside.at)
    answers, calls = [], memory.alarm_list
    reload = memory.reload
    for request in outside.requests:
        was = None
        if request.action in CHANGES:
            was = limit_in_force(rules.plant, settings, request)
            settings, why = CHANGES[request.action](rules.plant, settings, request)
        elif request.action in advice.ACTIONS:
            advised, why = advice.answered(rules.plant, request, memory.mode.actual, outside.at, advised)
        elif request.action == "reset":
            locks, why = interlocks.reset(locks, rules.plant.interlocks, request.interlock or "", request.role)
        elif request.action == "bypass":
            locks, why = _bypassed(rules, request, locks, outside.at.mono_s)
        elif request.action == "restore":
            locks, why = interlocks.restore(locks, request.interlock or "")
        elif request.action == "reload":
            why = _may_reload(memory, request)
            reload |= not why
        elif request.action in asking.NEEDS:
            calls, why = asking.asked(rules.plant, calls, request, outside.at)
        elif request.action in supplies.ACTIONS:
            supplied, why = supplies.asked(rules.plant, request, outside.at, memory.cycle, supplied)
            if request.action == "lab" and not why:
                continue  # the controller judges it first
        elif _ask(request) is None:
            why = "incomplete"  # nobody is left waiting for an answer that cannot come
        else:
            continue
        answers.append(Answer(id=request.id, accepted=not why, why=why, was=was))
    memory = replace(
        memory, settings=settings, locks=locks, supplied=supplied, advice=advised, reload=reload, alarm_list=calls
    )
    return memory, tuple(answers)


def _in_force(settings: Settings, outside: Outside) -> Settings:
    """Return the settings with what the calendar has changed."""
    return replace(
        settings,
        schedule=settings.schedule if outside.schedule is None else outside.schedule,
        cap=settings.cap if outside.cap is None else outside.cap,
        prices=settings.prices if outside.prices is None else outside.prices,
    )


def mode_requests(
    rules: Rules, requests: Sequence[Request], now_s: float
) -> tuple[tuple[ModeRequest, ...], dict[int, str]]:
    """Return the requests that the mode table decides on, and the id that each very object answers to."""
    asked: list[ModeRequest] = []
    ids: dict[int, str] = {}
    for request in requests:
        ask = _ask(request)
        if ask is None:
            continue
        asked.append(
            ModeRequest(
                ask=ask,
                who=request.who,
                role=request.role,
                confirmed=request.confirmed,
                expires_s=now_s + rules.plant.cycle_s,  # the mailbox has judged its own expiry just now
            )
        )
        ids[id(asked[-1])] = request.id
    return tuple(asked), ids


def _ask(request: Request) -> Ask | None:
    """Return what the mode table is asked for; None for a request that is about something else or names no mode."""
    if request.action == "acknowledge":
        return "acknowledge"
    return ASKS.get(request.mode) if request.action == "mode" and request.mode is not None else None


def confirms(request: ModeRequest, rules: Rules) -> bool:
    """Whether a person with the role said again that closed loop is wanted: only that counts as attendance."""
    return request.ask == "closed_loop" and request.confirmed and may(request.role, rules.modes.role)


def _may_reload(memory: Memory, request: Request) -> str:
    """Return why another plant file may not come into force now; empty where it may: never while armed."""
    if request.role != "energy_manager" and not may(request.role, RELOAD_ROLE):
        return "role"
    mode = memory.mode
    return "armed" if mode.armed or Mode.CLOSED_LOOP in (mode.actual, mode.requested) else ""


def _bypassed(rules: Rules, request: Request, locks: InterlockMemory, now_s: float) -> tuple[InterlockMemory, str]:
    """Bypass an interlock for the seconds in ``value``: whoever asks owns it, for the reason that the request gives."""
    if request.interlock is None or request.value is None:
        return locks, "incomplete"
    bypass = Bypass(request.who, request.why, now_s + request.value)
    return interlocks.bypass(locks, rules.plant.interlocks, request.interlock, bypass, request.role, now_s)
