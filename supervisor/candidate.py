"""From what is wanted to a candidate for the gate: numbers that the PLC can hold, no faster than this moment affords.

The gate refuses and never repairs; so what is proposed must already be right. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from safety.encoding import quantise
from safety.envelope import Envelope, Track
from safety.gate import GateMemory
from safety.interlocks import InterlockOutcome
from safety.rules import closed_ways
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
    wishes: Mapping[str, float],
    snapshot: Snapshot,
    gate: GateMemory,
    still: Candidate,
    now_s: float,
    *,
    limits: Mapping[str, tuple[float, float]],
) -> Candidate:
    """Return ``wishes`` (setpoints by MV) as numbers that the PLC can hold and that this moment can afford.

    A cycle that began early has earned less of its rate; an MV whose account is not open yet stands still.
    ``limits``: the limits in force, those that operators and a scheduling tag set. The gate knows no operator limits,
    so nothing goes beyond them here; a setpoint that was left outside may stand there or come in. What is not a number
    is proposed as it is: the gate refuses it, and the record says so.
    """
    moves = []
    for move in still.moves:
        rule = rules.gate.mvs[move.mv]
        track = gate.tracks.get(move.mv)
        wanted = wishes.get(move.mv)
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


def to_safe_values(rules: Rules, snapshot: Snapshot, outcome: InterlockOutcome) -> Mapping[str, float]:
    """Return where a ``ramp`` interlock wants each MV that has a safe value and whose way there is open."""
    goals = {}
    for mv, rule in rules.gate.mvs.items():
        actual, goal = snapshot.good(rule.actual), rule.safe_value
        up_closed, down_closed = closed_ways(mv, rule, snapshot, outcome)
        if actual is not None and goal is not None and not (up_closed if goal > actual else down_closed):
            goals[mv] = goal
    return goals


def narrowed(
    rules: Rules, snapshot: Snapshot, limits: Mapping[str, tuple[float, float]]
) -> Mapping[str, tuple[float, float]]:
    """Return ``limits`` (by variable) with those of each MV inside its scheduled limits, where these are known.

    Where nothing is left between the two, the scheduled limit that is nearer counts for both.
    """
    found = dict(limits)
    for mv, rule in rules.gate.mvs.items():
        scheduled = rule.envelope.scheduled_limits(snapshot)
        if scheduled is not None and rule.envelope.scheduled is not None:
            lo, hi = limits.get(mv, scheduled)
            found[mv] = (min(max(lo, scheduled[0]), scheduled[1]), max(min(hi, scheduled[1]), scheduled[0]))
    return found


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


def without(candidate: Candidate, by_hand: frozenset[str]) -> Candidate:
    """Return a candidate that leaves alone what operators took: it is not even written as it stands."""
    return replace(candidate, moves=tuple(move for move in candidate.moves if move.mv not in by_hand))


def let_go(gate: GateMemory, by_hand: frozenset[str]) -> GateMemory:
    """Return the gate's memory without what it expects of setpoints that operators took: they may set them.

    As with a loop that was taken at the PLC, the first write after giving it back only stands still.
    """
    return replace(gate, tracks={mv: track for mv, track in gate.tracks.items() if mv not in by_hand})
