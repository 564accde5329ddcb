"""The proof test at every arming: one illegal candidate per rule through the real gate, each refused for its reason.

Everything around it is invented and in order, in a time long past, so that no approval made here could ever be used.
The legal candidate must pass (else the refusals would prove nothing).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from safety import gate, interlocks
from safety.encoding import EncodingError, decode, encode, resolution
from safety.envelope import Track, Written
from safety.expressions import parse
from safety.handshake import Link
from safety.interlocks import Interlock, InterlockMemory, InterlockOutcome
from safety.rules import GateRules, MvRule
from safety.signals import Candidate, Instant, Mode, ModeState, Move, Quality, Reading, Snapshot

_NOW_S: Final = -1e9
"""A monotonic time that has always passed."""
_MET: Final = parse("1 > 0")


def run(rules: GateRules) -> tuple[str, ...]:
    """Return what failed, one line each; empty when every rule refuses what it must and nothing else."""
    try:
        bench = _Bench(rules, {mv: _middle(rule) for mv, rule in rules.mvs.items()})
    except EncodingError as error:
        return (f"control: {error}",)
    failures = [bench.tried("control", set())]
    failures += [bench.tried("mode", {"mode"}, mode=mode) for mode in Mode if mode is not Mode.CLOSED_LOOP]
    failures.append(bench.tried("handshake", {"handshake"}, permit=False))
    failures.append(bench.tried("cycle", {"cycle"}, cycle=1))
    failures.append(bench.tried("not listed", {"not_listed"}, extra=(Move("\0nowhere", 0.0),)))
    for mv, rule in rules.mvs.items():
        failures += _of_mv(bench, mv, rule)
    failures += [_of_interlock(bench, each) for each in rules.interlocks]
    return tuple(failure for failure in failures if failure)


def _of_mv(bench: _Bench, mv: str, rule: MvRule) -> list[str]:
    envelope, at = rule.envelope, bench.places[mv]
    tests = [
        bench.tried(f"{mv} not finite", {"not_finite"}, moves={mv: math.nan}),
        bench.tried(f"{mv} duplicate", {"duplicate"}, extra=(Move(mv, at),)),
        bench.tried(f"{mv} unavailable", {"unavailable"}, readings={rule.available: 0.0}),
        bench.tried(f"{mv} actual bad", {"actual_bad"}, readings={rule.actual: math.nan}),
        bench.tried(f"{mv} unresolved", {"unresolved"}, unresolved=frozenset({mv})),
    ]
    if envelope.readback is not None:
        tests.append(bench.tried(f"{mv} readback bad", {"readback_bad"}, readings={envelope.readback: math.nan}))
    for way, edge, step, rate in (
        (1.0, envelope.hi, envelope.step_up, envelope.rate_up_per_min),
        (-1.0, envelope.lo, envelope.step_down, envelope.rate_down_per_min),
    ):
        side = "hi" if way > 0.0 else "lo"
        turn = "up" if way > 0.0 else "down"
        tests.append(bench.beyond(f"{mv} range {side}", {f"range_{side}", f"sent_range_{side}"}, mv, edge, way))
        room = abs(edge - at)
        if step < room:
            codes = {f"step_{turn}", f"sent_step_{turn}", f"rate_{turn}"}
            tests.append(bench.beyond(f"{mv} step {turn}", codes, mv, at + way * step, way))
        if rate * bench.rules.rate_slack_s < min(step, room) * 60.0 * 0.5:
            tests.append(bench.hurried(f"{mv} rate {turn}", {f"rate_{turn}"}, mv, way))
        tag = rule.windup_hi if way > 0.0 else rule.windup_lo
        if tag is not None and step > 0.0:
            tests.append(bench.nudged(f"{mv} windup {side}", {f"windup_{side}"}, mv, way, readings={tag: 1.0}))
    return tests
