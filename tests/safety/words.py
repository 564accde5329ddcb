"""Builders that the tests of this folder share: a plant of two MVs, written a second time, as numbers."""

from __future__ import annotations

import math

from safety.encoding import Encoding
from safety.envelope import Envelope
from safety.gate import GateRules, MvRule
from safety.handshake import HandshakeRule, Link
from safety.interlocks import InterlockOutcome
from safety.signals import Candidate, Instant, Mode, ModeState, Move, Quality, Reading, Snapshot
from safety.watchdog import Watch

UTC_S = 1.8e9
LO, HI, STEP_UP, STEP_DOWN, RATE_UP, RATE_DOWN = 150.0, 205.0, 1.0, 2.0, 2.0, 4.0
CYCLE_S, LIFE_S, SLACK_S = 15.0, 12.0, 1.5


def reading(value, quality=Quality.GOOD, *, at=0.0, stamp=None, why=""):
    return Reading(value, quality, stamp, at, why)


def snapshot(values, *, cycle=1, now=1000.0, utc=None):
    """A validated snapshot; a value of None is a bad reading."""
    readings = {
        tag: reading(math.nan, Quality.BAD, at=now, why="comm") if value is None else reading(float(value), at=now)
        for tag, value in values.items()
    }
    return Snapshot(cycle, Instant(now, UTC_S + now if utc is None else utc), readings)


def envelope(**changes):
    fields = {
        "lo": LO, "hi": HI, "step_up": STEP_UP, "step_down": STEP_DOWN, "rate_up_per_min": RATE_UP,
        "rate_down_per_min": RATE_DOWN, "window_s": 300.0, "window_delta": 8.0, "distance_from_measured": 30.0,
        "readback": "T",
    }  # fmt: skip
    return Envelope(**{**fields, **changes})


def mv_rule(name="sp", *, kind="float32", **changes):
    fields = {
        "owner": "dryer", "envelope": envelope(), "encoding": Encoding(kind), "actual": f"{name}.actual",
        "available": f"{name}.available", "windup_hi": f"{name}.windup_hi", "windup_lo": f"{name}.windup_lo",
    }  # fmt: skip
    return MvRule(**{**fields, **changes})


def gate_rules(**changes):
    mvs = changes.pop("mvs", {"sp": mv_rule(), "fan": mv_rule("fan", envelope=envelope(readback=None,
                      distance_from_measured=math.inf))})  # fmt: skip
    fields = {
        "mvs": mvs, "interlocks": (), "handshake": HandshakeRule(kind="full", probe=1234.5, mv_order=("fan", "sp")),
        "limits_hash": "L", "config_hash": "C", "approval_life_s": LIFE_S, "rate_slack_s": SLACK_S,
    }  # fmt: skip
    return GateRules(**{**fields, **changes})


def values(**changes):
    """Tags of the plant, all in order; dots are written as two underscores."""
    tags = {"T": 180.0}
    for mv in ("sp", "fan"):
        tags |= {f"{mv}.actual": 180.0, f"{mv}.available": 1.0, f"{mv}.windup_hi": 0.0, f"{mv}.windup_lo": 0.0}
    return tags | {tag.replace("__", "."): value for tag, value in changes.items()}


def clear(**changes):
    fields = {
        "cycle": 1, "action": "none", "blocked_up": frozenset(), "blocked_down": frozenset(), "acting": (),
        "tripped": (), "first_out": None, "bypassed": (), "states": {},
    }  # fmt: skip
    return InterlockOutcome(**{**fields, **changes})


def calm():
    """Nothing is late."""
    return Watch()


def link(**changes):
    fields = {
        "cycle": 1, "permit": True, "reasons": (), "conditions": {}, "epoch": 7, "sequence": 41,
        "unresolved": frozenset(),
    }  # fmt: skip
    return Link(**{**fields, **changes})


def closed(mode=Mode.CLOSED_LOOP):
    return ModeState(Mode.CLOSED_LOOP, mode)


def candidate(cycle=1, **moves):
    return Candidate("dryer", cycle, tuple(Move(mv, value) for mv, value in moves.items()))
