"""What the gate judges by: made from the plant file once, then never changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from safety.encoding import Encoding
from safety.envelope import Envelope
from safety.interlocks import Interlock, InterlockOutcome
from safety.plc import HandshakeRule
from safety.signals import Refusal, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class MvRule:
    """One MV that may be written; tags are names in the snapshot."""

    owner: str
    """The controller that may move it."""
    envelope: Envelope
    encoding: Encoding
    actual: str
    """The loop's actual setpoint."""
    available: str
    """1 while the loop accepts our setpoint; a loop that does not say so is never written."""
    windup_hi: str | None = None
    windup_lo: str | None = None
    """1 while the loop below cannot follow upward, downward; None where there is no such signal."""
    safe_value: float | None = None
    """Where a ``ramp`` interlock allows it to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """The write list and everything around it. Raises ValueError where the rules contradict each other."""

    mvs: Mapping[str, MvRule]
    """Exactly these may be written."""
    interlocks: tuple[Interlock, ...]
    handshake: HandshakeRule
    limits_hash: str
    config_hash: str
    approval_life_s: float
    """How long an approval, and the snapshot under it, may be used; at most one cycle."""
    min_active_mvs: int = 1
    """Fewer MVs than this at work shed the controller."""
    rate_slack_s: float = 0.0
    """How much earlier than its time a cycle may start; take a tenth of the cycle. Without it, one that moves at its
    full rate would be refused whenever the clock wakes it a millisecond early. It does not add up, but where refusals
    come closer together than itself: each then lends it once more."""

    def __post_init__(self) -> None:
        names = [interlock.name for interlock in self.interlocks]
        targets = {interlock.target for interlock in self.interlocks if interlock.target}
        if len(set(names)) != len(names):
            raise ValueError("interlocks need different names")
        if not targets <= self.mvs.keys() or not self.mvs.keys() <= set(self.handshake.mv_order):
            raise ValueError("interlock targets must be MVs, and every MV needs its place in the handshake's order")
        if not (0.0 < self.approval_life_s < math.inf and 0.0 <= self.rate_slack_s < self.approval_life_s):
            raise ValueError("an approval needs a life, and the rate slack must be shorter than it")
        object.__setattr__(self, "mvs", MappingProxyType(dict(self.mvs)))  # nobody widens a limit while it is in force


def at_work(mv: str, rule: MvRule, snapshot: Snapshot) -> list[Refusal]:
    """Return why this MV cannot be worked with on a validated snapshot; empty when it can."""
    found = [] if snapshot.good(rule.available) == 1.0 else [Refusal("unavailable", mv)]
    if snapshot.good(rule.actual) is None:
        found.append(Refusal("actual_bad", mv))
    if rule.envelope.readback is not None and snapshot.good(rule.envelope.readback) is None:
        found.append(Refusal("readback_bad", mv))
    if rule.envelope.scheduled_limits(snapshot) is None:
        found.append(Refusal("schedule_bad", mv))
    return found


def closed_ways(
    mv: str, rule: MvRule, snapshot: Snapshot, outcome: InterlockOutcome | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return why ``mv`` may not go up, and why not down: an interlock, or a loop below that cannot follow."""
    ways = []
    for windup, code, blocked, block in (
        (rule.windup_hi, "windup_hi", outcome.blocked_up if outcome else (), "blocked_up"),
        (rule.windup_lo, "windup_lo", outcome.blocked_down if outcome else (), "blocked_down"),
    ):
        wound = windup is not None and snapshot.good(windup) != 0.0
        ways.append((*([block] if mv in blocked else []), *([code] if wound else [])))
    return ways[0], ways[1]
