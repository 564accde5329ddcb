"""How the tests of the modes ask: requests of persons, and one cycle of deciding."""

from __future__ import annotations

from safety.modes import PERMITS, Facts, ModeMemory, ModeRequest, ModeRules, decide
from safety.signals import Mode

TRIPPED, OFF, MONITOR, ADVISORY, CLOSED = Mode.TRIPPED, Mode.OFF, Mode.MONITOR, Mode.ADVISORY, Mode.CLOSED_LOOP
ASKS = ["off", "monitor", "advisory", "closed_loop", "acknowledge"]
RULES = ModeRules()


def met(**changes):
    return dict.fromkeys(PERMITS, True) | changes


def ask(what, **changes):
    fields = {"ask": what, "who": "ann", "role": "operator", "confirmed": True, "expires_s": 1e9}
    return ModeRequest(**{**fields, **changes})


def at(mode):
    return {
        TRIPPED: ModeMemory(ADVISORY, TRIPPED, causes=("no_trip",)),
        CLOSED: ModeMemory(CLOSED, CLOSED, armed=True),
    }.get(mode, ModeMemory(mode, mode))


def step(memory, *requests, now=100.0, candidate=True, cap=CLOSED, rules=RULES, **conditions):
    facts = Facts(conditions=met(**conditions), has_candidate=candidate, cap=cap, requests=requests)
    return decide(facts, rules, memory, now)
