"""Who may bring the supervisor into which mode, and what it falls back to by itself (I-16, I-18, I-19, I-23, I-38).

Asked for by persons; granted as far as every named condition permits. Two tables say it all: ``NEEDS`` (what a person's
request needs, by mode and request) and ``ModeRules.permits`` (how high a mode may be while a condition is not met; a
condition that was not evaluated is not met). The machine lowers the mode at once, and raises it again by itself, but
never to CLOSED_LOOP and never out of TRIPPED: these take a person's new act.

Arming: the person's confirmed request must find every condition met, except the few that only the PLC's answer to our
heartbeat can meet (``waits``); for these it stands for ``arm_wait_s``. CLOSED_LOOP begins in a cycle where all are met.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from safety.roles import may
from safety.signals import Mode, ModeState

Ask = Literal["off", "monitor", "advisory", "closed_loop", "acknowledge"]
Need = Literal["nothing", "role", "arm", "rearm", "refused"]

MODES: Final[Mapping[Ask, Mode]] = {
    "off": Mode.OFF,
    "monitor": Mode.MONITOR,
    "advisory": Mode.ADVISORY,
    "closed_loop": Mode.CLOSED_LOOP,
}
NEEDS: Final[Mapping[Mode, Mapping[Ask, Need]]] = {
    Mode.TRIPPED: {
        "off": "nothing", "monitor": "rearm", "advisory": "rearm", "closed_loop": "refused", "acknowledge": "role",
    },
    Mode.OFF: {
        "off": "nothing", "monitor": "role", "advisory": "role", "closed_loop": "refused", "acknowledge": "refused",
    },
    Mode.MONITOR: {
        "off": "nothing", "monitor": "nothing", "advisory": "role", "closed_loop": "arm", "acknowledge": "refused",
    },
    Mode.ADVISORY: {
        "off": "nothing", "monitor": "nothing", "advisory": "nothing", "closed_loop": "arm", "acknowledge": "refused",
    },
    Mode.CLOSED_LOOP: {
        "off": "nothing", "monitor": "nothing", "advisory": "nothing", "closed_loop": "nothing",
        "acknowledge": "refused",
    },
}  # fmt: skip
"""``nothing``: anybody, at any time, even late. ``arm`` and ``rearm``: a role, and what ``_ready`` says."""
PERMITS: Final[Mapping[str, Mode]] = {
    "no_trip": Mode.TRIPPED,
    "guard": Mode.TRIPPED,
    "interlocks": Mode.ADVISORY,
    "gate": Mode.ADVISORY,
    "watchdog": Mode.ADVISORY,
    "audit": Mode.ADVISORY,
    "proof_test": Mode.ADVISORY,
    "plc_remote": Mode.ADVISORY,
    "plc_probe": Mode.ADVISORY,
    "plc_boot": Mode.ADVISORY,
    "plc_alone": Mode.ADVISORY,
    "plc_echo": Mode.ADVISORY,
    "plc_epoch": Mode.ADVISORY,
    "mvs_active": Mode.ADVISORY,
}
WAITS: Final = frozenset({"plc_echo", "plc_epoch", "mvs_active"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRules:
    """The plant's own numbers and conditions."""

    permits: Mapping[str, Mode] = field(default_factory=lambda: PERMITS)
    """Condition to the highest mode while it is not met."""
    waits: frozenset[str] = WAITS
    """Conditions that only our own heartbeat makes possible."""
    role: str = "operator"
    misses_max: int = 3
    """So many cycles in a row without a candidate end CLOSED_LOOP."""
    arm_wait_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRequest:
    """One request of a person, or ``off`` from anything."""

    ask: Ask
    who: str
    role: str = ""
    confirmed: bool = False
    """The second confirmation was given."""
    expires_s: float
    """Monotonic; not taken later than this, ``nothing`` requests excepted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request; ``reasons`` is empty when it was taken."""

    request: ModeRequest
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is true in this cycle."""

    conditions: Mapping[str, bool | None]
    has_candidate: bool
    cap: Mode = Mode.CLOSED_LOOP
    """Never above this now: the schedule."""
    requests: tuple[ModeRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class ModeMemory:
    """What is remembered between cycles; make the first with ``started``."""

    requested: Mode = Mode.OFF
    actual: Mode = Mode.OFF
    armed: bool = False
    arm_until_s: float | None = None
    """An accepted request for CLOSED_LOOP that waits for the PLC's answer."""
    causes: tuple[str, ...] = ()
    """Why it is tripped; empty when it is not."""
    acknowledged: bool = False
    misses: int = 0


@dataclass(frozen=True, slots=True)
class ModeDecision:
    """What holds in this cycle."""

    state: ModeState
    beat: Mode
    """For ``handshake.beat``: CLOSED_LOOP also while arming."""
    shed: tuple[str, ...]
    """Why CLOSED_LOOP ended in this very cycle; empty when it did not."""
    answers: tuple[Answer, ...]


def started(start_in: Mode, before: ModeMemory | None = None) -> ModeMemory:
    """Return the memory of a fresh process: at most ADVISORY, never armed; a trip of an earlier run stays."""
    mode = max(Mode.OFF, min(start_in, Mode.ADVISORY))
    if before is None or not before.causes:
        return ModeMemory(mode, mode)
    return ModeMemory(mode, Mode.TRIPPED, causes=before.causes, acknowledged=before.acknowledged)


def decide(facts: Facts, rules: ModeRules, memory: ModeMemory, now_s: float) -> tuple[ModeDecision, ModeMemory]:
    """Return the mode of this cycle with every reason for being lower than asked, and the memory after it."""
    was = memory
    misses = 0 if facts.has_candidate else memory.misses + 1
    unmet = _unmet(facts, rules, misses)
    trips = tuple(name for name, mode in unmet.items() if mode is Mode.TRIPPED)
    memory = replace(memory, misses=misses)
    if trips:
        causes = tuple(dict.fromkeys((*memory.causes, *trips)))
        fresh = set(causes) - set(memory.causes)
        memory = replace(memory, causes=causes, acknowledged=memory.acknowledged and not fresh, actual=Mode.TRIPPED)
    answers = []
    for request in sorted(facts.requests, key=lambda each: each.ask == "off"):  # off has the last word
        memory, reasons = _taken(request, rules, memory, unmet, now_s)
        answers.append(Answer(request, reasons))
    ceiling = min([facts.cap, *unmet.values()])
    if memory.requested is not Mode.CLOSED_LOOP or memory.causes or ceiling < Mode.CLOSED_LOOP:
        memory = replace(memory, armed=False)
    waiting = memory.arm_until_s is not None and now_s <= memory.arm_until_s and unmet.keys() <= rules.waits
    if not waiting or memory.requested is not Mode.CLOSED_LOOP or memory.causes or facts.cap < Mode.CLOSED_LOOP:
        memory = replace(memory, arm_until_s=None)
    elif ceiling is Mode.CLOSED_LOOP:
        memory = replace(memory, armed=True, arm_until_s=None)
    memory = replace(memory, actual=_actual(memory, ceiling))
    reasons = _reasons(memory, unmet, facts.cap)
    arming = memory.arm_until_s is not None
    decision = ModeDecision(
        state=ModeState(memory.requested, memory.actual, reasons),
        beat=Mode.CLOSED_LOOP if arming else max(memory.actual, Mode.OFF),
        shed=(reasons or ("asked",)) if was.armed and not memory.armed else (),
        answers=tuple(answers),
    )
    return decision, memory


def _unmet(facts: Facts, rules: ModeRules, misses: int) -> dict[str, Mode]:
    """Return the conditions that are not met, with what they still permit."""
    names = {**dict.fromkeys(facts.conditions, Mode.ADVISORY), **rules.permits}
    unmet = {name: mode for name, mode in names.items() if facts.conditions.get(name) is not True}
    return {**unmet, "candidate": Mode.ADVISORY} if misses >= rules.misses_max else unmet


def _taken(
    request: ModeRequest, rules: ModeRules, memory: ModeMemory, unmet: Mapping[str, Mode], now_s: float
) -> tuple[ModeMemory, tuple[str, ...]]:
    """Carry out one request, or say why not."""
    need = NEEDS[memory.actual][request.ask]
    if need != "nothing":
        refusals = _ready(request, need, rules, memory, unmet, now_s)
        if refusals:
            return memory, refusals
    if request.ask == "acknowledge":
        return replace(memory, acknowledged=True), ()
    mode = MODES[request.ask]
    if need == "arm":
        return replace(memory, requested=mode, arm_until_s=now_s + rules.arm_wait_s), ()
    if need == "rearm":
        memory = replace(memory, causes=(), acknowledged=False)
    return replace(memory, requested=mode, actual=mode), ()  # in TRIPPED, off is noted and the lock stays


def _ready(
    request: ModeRequest, need: Need, rules: ModeRules, memory: ModeMemory, unmet: Mapping[str, Mode], now_s: float
) -> tuple[str, ...]:
    """Return why the request cannot be taken."""
    checks = {
        "not_from_here": need != "refused",
        "expired": now_s <= request.expires_s,
        "role": may(request.role, rules.role),
    }
    if need == "arm":
        checks["not_confirmed"] = request.confirmed
        checks |= {name: name in rules.waits for name in unmet}
    if need == "rearm":
        checks["not_acknowledged"] = memory.acknowledged
        checks |= {name: mode is not Mode.TRIPPED for name, mode in unmet.items()}
    return tuple(name for name, met in checks.items() if not met)


def _actual(memory: ModeMemory, ceiling: Mode) -> Mode:
    if memory.causes:
        return Mode.TRIPPED
    if memory.armed:
        return Mode.CLOSED_LOOP
    return min(memory.requested, ceiling, Mode.ADVISORY)


def _reasons(memory: ModeMemory, unmet: Mapping[str, Mode], cap: Mode) -> tuple[str, ...]:
    if memory.actual >= memory.requested:
        return ()
    names = [name for name, mode in unmet.items() if mode < memory.requested]
    if cap < memory.requested:
        names.append("schedule")
    if memory.causes:
        return tuple(dict.fromkeys(["tripped", *memory.causes, *names]))
    if memory.requested is Mode.CLOSED_LOOP:
        names.append("arming" if memory.arm_until_s is not None else "rearm_needed")
    return tuple(names)
