"""When something must not go on: condition, delay, action, latch, reset, first-out (I-20, I-21, I-22).

A condition that cannot be evaluated counts as met. Until its delay has passed, an unknown one already holds (or blocks,
where it would only block), because nothing may move blindly; then it acts like a true one. The worst action wins.

``block_up``/``block_down`` forbid one MV one direction; ``ramp`` allows only moves toward safe values; ``hold`` none at
all; ``shed`` hands the loops back; ``off`` also locks. Each allows strictly less than the one before: where a ramp must
happen whatever else is wrong, declare ``shed`` and let the PLC ramp (shed option ``safe_value``).

A person may bypass one that says so, for a time: then it is evaluated and asks for nothing. Its state stays what it was
and its delay runs on, so that it acts at once when the bypass ends. No bypass outlives the process (reference: F68).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from safety import expressions as when
from safety.expressions import Expression
from safety.roles import ROLES, may
from safety.samples import History
from safety.signals import Snapshot

Then = Literal["block_up", "block_down", "ramp", "hold", "shed", "off"]
Action = Literal["none", "ramp", "hold", "shed", "off"]

ACTIONS: Final[tuple[Action, ...]] = ("none", "ramp", "hold", "shed", "off")
"""From mild to severe."""
_ACTS: Final[Mapping[Then, Action]] = {
    "block_up": "none",
    "block_down": "none",
    "ramp": "ramp",
    "hold": "hold",
    "shed": "shed",
    "off": "off",
}


def worst(*actions: Action) -> Action:
    """Return the most severe of them; ``none`` for none."""
    return max(actions, key=ACTIONS.index, default="none")


@dataclass(frozen=True, slots=True, kw_only=True)
class BypassRule:
    """Who may bypass an interlock, and for how long at most. Raises ValueError where that cannot be."""

    role: str = "engineer"
    longest_s: float = 28_800.0
    """One shift of eight hours."""

    def __post_init__(self) -> None:
        if self.role not in ROLES or not 0.0 < self.longest_s < math.inf:
            raise ValueError(f"a bypass by role {self.role!r} for up to {self.longest_s!r} s is not possible")


@dataclass(frozen=True, slots=True)
class Bypass:
    """One interlock that is bypassed."""

    owner: str
    """The person who answers for it."""
    reason: str
    until_s: float
    """Monotonic; it is in force before this moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interlock:
    """One rule. Raises ValueError where it could never work as declared."""

    name: str
    when: Expression
    for_s: float = 0.0
    """How long the condition must be met. It counts up while met, and down at half that speed while not: a flapping
    condition cannot put the action off for ever."""
    then: Then
    target: str | None = None
    """The MV of ``block_up`` and ``block_down``."""
    latch: bool = False
    """Stays tripped until a person resets it."""
    reset_role: str = "operator"
    alarm: Literal["none", "low", "medium", "high", "critical"] = "medium"
    bypass: BypassRule | None = None
    """None: it cannot be bypassed."""
    proof_due_utc_s: float | None = None
    """When its next proof test is due, with sensor and all; an alarm then says so. None where none is planned."""

    def __post_init__(self) -> None:
        if self.when.sort != "truth":
            raise ValueError(f"interlock {self.name!r}: {self.when.text!r} is a number, not a condition")
        if self.then not in _ACTS or (self.target is not None) != self.then.startswith("block_"):
            raise ValueError(f"interlock {self.name!r}: {self.then!r} and target {self.target!r} do not go together")
        if not 0.0 <= self.for_s < math.inf or self.reset_role not in ROLES:
            raise ValueError(
                f"interlock {self.name!r}: delay {self.for_s!r} or role {self.reset_role!r} is not possible"
            )


@dataclass(frozen=True, slots=True)
class InterlockState:
    """One interlock now."""

    condition: bool | None = None
    met_s: float = 0.0
    """How far its delay has run."""
    tripped: bool = False
    latched: bool = False
    trips: int = 0
    """How often it has tripped."""
    was_known: bool = False
    """Evaluated to true or false at least once: one that never was cannot latch, or every start would need a reset."""


_FRESH: Final = InterlockState()


@dataclass(frozen=True, slots=True)
class InterlockMemory:
    """What is remembered between cycles."""

    at_s: float | None = None
    states: Mapping[str, InterlockState] = field(default_factory=dict)
    history: History = field(default_factory=History)
    first_out: str | None = None
    bypasses: Mapping[str, Bypass] = field(default_factory=dict)

    def restarted(self) -> InterlockMemory:
        """Return what outlives a restart of the process: latches and counters, no bypass, nothing in its seconds."""
        states = {
            name: InterlockState(tripped=state.latched, latched=state.latched, trips=state.trips)
            for name, state in self.states.items()
        }
        return InterlockMemory(states=states, first_out=self.first_out)


@dataclass(frozen=True, slots=True)
class InterlockOutcome:
    """What all interlocks together ask for in one cycle."""

    cycle: int
    action: Action
    blocked_up: frozenset[str]
    blocked_down: frozenset[str]
    acting: tuple[str, ...]
    """Names of those that ask for something, tripped or unknown, the most severe first."""
    tripped: tuple[str, ...]
    """Of these, the tripped ones."""
    first_out: str | None
    """The one that tripped first since all were clear."""
    bypassed: tuple[str, ...]
    """Names of those that ask for nothing because a person said so."""
    states: Mapping[str, InterlockState]
    """By name: every interlock that was evaluated."""

    @property
    def conditions(self) -> Mapping[str, bool]:
        """For ``safety.modes``: whether nothing asks to shed, and whether nothing asks to lock."""
        return {"interlocks": self.action not in ("shed", "off"), "no_trip": self.action != "off"}


def evaluate(
    snapshot: Snapshot, interlocks: Sequence[Interlock], memory: InterlockMemory
) -> tuple[InterlockOutcome, InterlockMemory]:
    """Return what the interlocks ask for on a validated snapshot, and the memory for the next cycle."""
    now_s = snapshot.at.mono_s
    elapsed_s = 0.0 if memory.at_s is None else now_s - memory.at_s
    if not elapsed_s >= 0.0:
        elapsed_s = math.inf  # time went back: every delay counts as passed
    windows: dict[str, float] = {}
    for interlock in interlocks:
        for tag, seconds in interlock.when.windows.items():
            windows[tag] = max(seconds, windows.get(tag, 0.0))
    values = {tag: snapshot.good(tag) for interlock in interlocks for tag in interlock.when.names}
    history = memory.history.push(snapshot, frozenset(values), windows)
    bypasses = {name: each for name, each in memory.bypasses.items() if now_s < each.until_s and elapsed_s < math.inf}
    states: dict[str, InterlockState] = {}
    for interlock in interlocks:
        history = when.timed(interlock.when, values, history)
        outcome = when.evaluate(interlock.when, values, history)
        condition = None if outcome is None else bool(outcome)
        before = memory.states.get(interlock.name, _FRESH)
        after = _next(interlock, condition=condition, elapsed_s=elapsed_s, before=before)
        if interlock.name in bypasses:
            after = replace(before, condition=condition, met_s=after.met_s)
        states[interlock.name] = after
    acting = [
        each
        for each in interlocks
        if each.name not in bypasses and (states[each.name].tripped or states[each.name].condition is None)
    ]
    acting.sort(key=lambda each: (-ACTIONS.index(_asks(each, states[each.name])), each.name))
    tripped = tuple(each.name for each in acting if states[each.name].tripped)
    first_out = (memory.first_out or tripped[0]) if tripped else None
    outcome_now = InterlockOutcome(
        cycle=snapshot.cycle,
        action=worst(*(_asks(each, states[each.name]) for each in acting)),
        blocked_up=frozenset(each.target for each in acting if each.target and each.then == "block_up"),
        blocked_down=frozenset(each.target for each in acting if each.target and each.then == "block_down"),
        acting=tuple(each.name for each in acting),
        tripped=tripped,
        first_out=first_out,
        bypassed=tuple(bypasses),
        states=states,
    )
    return outcome_now, InterlockMemory(now_s, states, history, first_out, bypasses)


def reset(
    memory: InterlockMemory, interlocks: Sequence[Interlock], name: str, role: str
) -> tuple[InterlockMemory, str]:
    """Unlatch ``name`` for a person; the text is empty when done, else why not: ``no_latch role still_tripped``."""
    state = memory.states.get(name, InterlockState())
    needed = [each.reset_role for each in interlocks if each.name == name]
    if not state.latched or not needed:
        return memory, "no_latch"
    if not may(role, needed[0]):
        return memory, "role"
    if state.condition is not False:
        return memory, "still_tripped"
    states = {**memory.states, name: replace(state, latched=False, tripped=False, met_s=0.0)}
    return replace(memory, states=states), ""


def bypass(
    memory: InterlockMemory, interlocks: Sequence[Interlock], name: str, bypass: Bypass, role: str, now_s: float
) -> tuple[InterlockMemory, str]:
    """Bypass ``name`` from the next evaluation on, or prolong that; the text is empty when done, else why not:
    ``unknown_interlock no_bypass role no_owner no_reason too_long``.
    """
    found = next((each for each in interlocks if each.name == name), None)
    rule = found.bypass if found is not None else None
    if rule is None:
        return memory, "unknown_interlock" if found is None else "no_bypass"
    checks = {
        "role": may(role, rule.role),
        "no_owner": bool(bypass.owner.strip()),
        "no_reason": bool(bypass.reason.strip()),
        "too_long": now_s < bypass.until_s <= now_s + rule.longest_s,
    }
    why = next((each for each, met in checks.items() if not met), "")
    return (memory, why) if why else (replace(memory, bypasses={**memory.bypasses, name: bypass}), "")


def restore(memory: InterlockMemory, name: str) -> tuple[InterlockMemory, str]:
    """End the bypass of ``name``, as anybody may; the text is empty when done, else ``not_bypassed``."""
    if name not in memory.bypasses:
        return memory, "not_bypassed"
    bypasses = {each: bypass for each, bypass in memory.bypasses.items() if each != name}
    return replace(memory, bypasses=bypasses), ""


def _next(interlock: Interlock, *, condition: bool | None, elapsed_s: float, before: InterlockState) -> InterlockState:
    if condition is False:
        met_s = max(0.0, before.met_s - elapsed_s / 2.0)
    elif before.condition is False:
        met_s = before.met_s  # met since now; the time since the last look does not count
    else:
        met_s = min(interlock.for_s, before.met_s + elapsed_s)
    by_condition = condition is not False and met_s >= interlock.for_s
    latches = by_condition and interlock.latch and (condition is True or before.was_known)
    tripped = by_condition or before.latched
    return InterlockState(
        condition=condition,
        met_s=met_s,
        tripped=tripped,
        latched=before.latched or latches,
        trips=before.trips + (tripped and not before.tripped),
        was_known=before.was_known or condition is not None,
    )


def _asks(interlock: Interlock, state: InterlockState) -> Action:
    """Return what it asks for: its action when tripped, at most a hold while only unknown."""
    full = _ACTS[interlock.then]
    return full if state.tripped else min(full, "hold", key=ACTIONS.index)
