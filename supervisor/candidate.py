"""From a plan to a candidate for the gate: numbers that the PLC can hold, no faster than this moment can afford.

The gate refuses and never repairs; so what is proposed must already be right. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from controllers.types import Plan
from safety.encoding import quantise
from safety.envelope import Envelope, Track
from safety.gate import GateMemory
from safety.signals import Candidate, Move, Snapshot
from supervisor.rules import Rules

RATE_SLACK_USED = 0.9
"""Part of the gate's rate slack that a candidate counts on."""


@dataclass(frozen=True, slots=True)
class Room:
    """How far one setpoint may move now, both ways, its unit."""

    up: float
    down: float


def candidate_of(
    rules: Rules,
    plan: Plan,
    snapshot: Snapshot,
    gate: GateMemory,
    still: Candidate,
    now_s: float,
    *,
    limits: Mapping[str, tuple[float, float]],
) -> Candidate:
    """Return the plan's moves as numbers that the PLC can hold and that this moment can afford.

    A cycle that began early has earned less of its rate; an MV whose account is not open yet stands still.
    ``limits``: the operator limits in force. The gate knows only the safety limits, so nothing goes beyond them here; a
    setpoint that operators left outside may stand there or come in. What is not a number is proposed as it is: the gate
    refuses it, and the record says so.
    """
    moves = []
    for move in still.moves:
        rule = rules.gate.mvs[move.mv]
        track = gate.tracks.get(move.mv)
        wanted = plan.moves.get(move.mv)
        actual = snapshot.good(rule.actual)
        if wanted is None or actual is None or track is None or track.paid_until_s is None:
            moves.append(move)
            continue
        if not math.isfinite(wanted):
            moves.append(Move(move.mv, wanted))
            continue
        lo, hi = limits.get(move.mv, (-math.inf, math.inf))
        wanted = min(max(wanted, min(lo, actual)), max(hi, actual))
        room = affordable(rule.envelope, track, now_s + RATE_SLACK_USED * rules.gate.rate_slack_s)
        value = min(max(wanted, actual - room.down), actual + room.up)
        moves.append(Move(move.mv, quantise(value, actual, rule.envelope.lo, rule.envelope.hi, rule.encoding)))
    return Candidate(still.controller, snapshot.cycle, tuple(moves))


def affordable(envelope: Envelope, track: Track, until_s: float) -> Room:
    """Return the movement that the rates have earned up to ``until_s`` (monotonic) and that was not used yet."""
    if track.paid_until_s is None:
        return Room(0.0, 0.0)
    used_s = max([track.paid_until_s, *(each.at_s for each in track.writes[-1:])])
    minutes = max(until_s - used_s, 0.0) / 60.0
    return Room(
        min(envelope.step_up, envelope.rate_up_per_min * minutes),
        min(envelope.step_down, envelope.rate_down_per_min * minutes),
    )
