"""What persons say to the advice for an MV. Nothing is written because of it: in ADVISORY the operator sets the loop.

An accepted advice stays on record until the mode changes or ``KEPT_S`` have passed, so that pages can show whether it
was carried out; a rejected one with its reason, which is what tells whether advice is any good. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from constraints.plant import Plant
from safety.roles import may
from safety.signals import Instant, Mode
from supervisor.record import REASON_MAX, Advised, Request

ACTIONS = frozenset({"advice_accept", "advice_reject"})
ROLE = "operator"
"""Who may say something to an advice."""
KEPT_S = 3600.0


def standing(advice: Mapping[str, Advised], mode: Mode, at: Instant) -> Mapping[str, Advised]:
    """Return what still counts: all of it while advising, nothing in another mode."""
    if mode is not Mode.ADVISORY:
        return {}
    return {name: each for name, each in advice.items() if 0.0 <= at.utc_s - each.utc_s <= KEPT_S}


def answered(
    plant: Plant, request: Request, mode: Mode, at: Instant, advice: Mapping[str, Advised]
) -> tuple[Mapping[str, Advised], str]:
    """Return the advice after a person accepted or rejected it for the MV ``variable``, or why that is not taken.

    ``value`` is the setpoint that the person saw advised, in the MV's unit.
    """
    if not may(request.role, ROLE):
        return advice, "role"
    if mode is not Mode.ADVISORY:
        return advice, "not_advising"
    if request.variable is None or request.variable not in plant.mvs:
        return advice, "unknown_variable"
    if request.value is None or not math.isfinite(request.value):
        return advice, "not_a_number"
    accepted = request.action == "advice_accept"
    if not accepted and not request.why.strip():
        return advice, "no_remark"
    said = Advised(
        value=request.value, accepted=accepted, who=request.who, why=request.why[:REASON_MAX], utc_s=at.utc_s
    )
    return {**advice, request.variable: said}, ""
