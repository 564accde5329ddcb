"""What happens to each MV when the supervisor lets go, and the candidate for standing still."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from safety.encoding import EncodingError, around
from safety.interlocks import InterlockOutcome
from safety.rules import GateRules, MvRule, at_work, closed_ways
from safety.signals import Candidate, Move, ShedAction, Snapshot


@dataclass(frozen=True, slots=True)
class Fallback:
    """What the PLC does with one loop after shedding; carried out by the PLC even when this process is dead."""

    mv: str
    action: ShedAction
    target: float | None
    """Where the setpoint ends, MV unit; None where that cannot be known from here."""
    seconds: float | None
    """How long that takes, where the PLC ramps at the envelope's rate."""


def after_shed(mv: str, action: ShedAction, rule: MvRule, snapshot: Snapshot, last_operator: float | None) -> Fallback:
    """Return what to expect of one MV, for the page and the record."""
    actual = snapshot.good(rule.actual)
    readback = rule.envelope.readback
    targets: Mapping[ShedAction, float | None] = {
        ShedAction.HOLD: actual,
        ShedAction.LAST_OPERATOR: last_operator,
        ShedAction.SAFE_VALUE: rule.safe_value,
        ShedAction.TO_LOCAL: None if readback is None else snapshot.good(readback),
    }
    target = targets[action]
    if action is not ShedAction.SAFE_VALUE:
        return Fallback(mv, action, target, None if target is None else 0.0)
    if target is None or actual is None:
        return Fallback(mv, action, target, None)
    rate = rule.envelope.rate_up_per_min if target > actual else rule.envelope.rate_down_per_min
    return Fallback(mv, action, target, abs(target - actual) * 60.0 / rate if rate > 0.0 else None)


def stand_still(
    controller: str,
    snapshot: Snapshot,
    rules: GateRules,
    without: Collection[str] = (),
    outcome: InterlockOutcome | None = None,
) -> Candidate:
    """Return the candidate that keeps every MV of ``controller`` at work where it stands, ``without`` some
    (``Link.unresolved``).

    A setpoint between two values that can be sent goes to the nearer one, or the way that ``outcome`` and windup leave
    open. An MV that stands outside its envelope is left out: it stands still by not being written.
    """
    moves = []
    for mv, rule in rules.mvs.items():
        actual, scheduled = snapshot.good(rule.actual), rule.envelope.scheduled_limits(snapshot)
        if rule.owner != controller or mv in without or actual is None or scheduled is None:
            continue
        if not rule.envelope.lo <= actual <= rule.envelope.hi or at_work(mv, rule, snapshot):
            continue
        lo = max(rule.envelope.lo, min(scheduled[0], actual))
        hi = min(rule.envelope.hi, max(scheduled[1], actual))
        up_closed, down_closed = closed_ways(mv, rule, snapshot, outcome)
        try:
            below, above = around(actual, rule.encoding)
        except EncodingError:
            continue  # nothing that we could send would be where it stands
        sides = ((below, down_closed), (above, up_closed))
        places = [place for place, closed in sides if lo <= place <= hi and (below == above or not closed)]
        moves += [Move(mv, place) for place in sorted(places, key=lambda place: abs(place - actual))[:1]]
    return Candidate(controller, snapshot.cycle, tuple(moves))
