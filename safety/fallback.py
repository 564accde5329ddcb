"""The candidate for standing still: what is proposed where nothing better may be.

What a loop does once it was handed back (hold, the operator's last value, the safe value, local) is the PLC's to carry
out, for it must be right when this process is dead: docs/plc.
"""

from __future__ import annotations

from collections.abc import Collection

from safety.encoding import EncodingError, around
from safety.interlocks import InterlockOutcome
from safety.rules import GateRules, at_work, closed_ways
from safety.signals import Candidate, Move, Snapshot


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
