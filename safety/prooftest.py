"""The proof test at every arming: one illegal candidate per rule through the real gate, each refused for its reason.

Everything around it is invented and in order, in a time long past, so that no approval made here could ever be used.
Each MV's legal candidate must pass too, or the refusals would prove nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from safety import gate, interlocks
from safety.encoding import EncodingError, decode, encode, resolution
from safety.envelope import Track, Written
from safety.expressions import parse
from safety.handshake import Link
from safety.interlocks import Interlock, InterlockMemory, InterlockOutcome
from safety.progress import GateMemory
from safety.rules import GateRules, MvRule
from safety.signals import Candidate, Instant, Mode, ModeState, Move, Quality, Reading, Snapshot

NOW_S: Final = -1e9
"""A monotonic time that has always passed."""
_MET: Final = parse("1 > 0")
_RESTED: Final = Track(paid_until_s=NOW_S - 1e9)
_UNASKED: Final = frozenset({"min_active_mvs"})
"""What losing one MV may bring along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One candidate and the world around it; legal unless something is changed."""

    name: str
    mv: str
    rule: MvRule
    value: float
    actual: float
    code: str = ""
    """The refusal that must come; empty where there must be none."""
    track: Track = _RESTED
    readings: Mapping[str, float] = field(default_factory=dict)
    """Instead of those in order; NaN stands for a bad one."""
    outcome: InterlockOutcome | None = None
    mode: Mode = Mode.CLOSED_LOOP
    permit: bool = True
    unresolved: frozenset[str] = frozenset()
    cycle: int = 0
    extra: tuple[Move, ...] = ()


def run(rules: GateRules) -> tuple[str, ...]:
    """Return what failed, one line each; empty when every rule refuses what it must and nothing else."""
    failures = []
    for mv, rule in rules.mvs.items():
        try:
            cases = list(_cases(mv, rule, rules))
        except EncodingError as error:
            failures.append(f"{mv}: its envelope does not fit its encoding: {error}")
        else:
            failures += [f"{mv}: {case.name}: {wrong}" for case in cases if (wrong := _tried(case, rules))]
    return tuple(failures) if rules.mvs else ("there is no MV to write",)


def _cases(mv: str, rule: MvRule, rules: GateRules) -> Iterator[_Case]:
    limits, rate_s = rule.envelope, rules.rate_slack_s
    at = decode(encode((limits.lo + limits.hi) / 2.0, rule.encoding), rule.encoding)
    legal = _Case(name="control", mv=mv, rule=rule, value=at, actual=at)

    def case(code: str, value: float = at, **changes: object) -> _Case:
        return replace(legal, name=code, code=code, value=value, **changes)  # type: ignore[arg-type]  # fields of _Case

    yield legal
    yield from (case("mode", mode=mode) for mode in Mode if mode is not Mode.CLOSED_LOOP)
    yield case("handshake", permit=False)
    yield case("cycle", cycle=1)
    yield case("not_listed", extra=(Move("\0", 0.0),))
    yield case("duplicate", extra=(Move(mv, at),))
    yield case("not_finite", math.nan)
    yield case("unresolved", unresolved=frozenset({mv}))
    yield case("unavailable", readings={rule.available: 0.0})
    yield case("actual_bad", readings={rule.actual: math.nan})
    yield case("overridden", track=replace(_RESTED, expected=at + 2.0 * resolution(at, rule.encoding)))
    if limits.readback is not None:
        yield case("readback_bad", readings={limits.readback: math.nan})
        if math.isfinite(limits.distance_from_measured):
            gap = 2.0 * resolution(at, rule.encoding) + 2.0 * limits.distance_from_measured
            yield case("distance", readings={limits.readback: at + gap})
    if math.isfinite(limits.window_delta):
        far, near = at + 2.0 * limits.window_delta + 1.0, Written(NOW_S, at, at)
        yield case("window", track=Track((Written(NOW_S, far, far), near), NOW_S))
    for up, edge, step, rate, windup in (
        (True, limits.hi, limits.step_up, limits.rate_up_per_min, rule.windup_hi),
        (False, limits.lo, limits.step_down, limits.rate_down_per_min, rule.windup_lo),
    ):
        start = _beyond(rule, edge, up=not up)
        yield case("range_hi" if up else "range_lo", _beyond(rule, edge, up=up), actual=start)
        too_far = _beyond(rule, at + step if up else at - step, up=up)
        if limits.lo <= too_far <= limits.hi:
            yield case("step_up" if up else "step_down", too_far)
        too_fast = _beyond(rule, at + (rate if up else -rate) * rate_s / 60.0, up=up)
        if abs(too_fast - at) <= step:
            yield case("rate_up" if up else "rate_down", too_fast, track=Track(paid_until_s=NOW_S))
            yield case("first_move", _beyond(rule, at, up=up), track=Track())
            if windup is not None:
                yield case("windup_hi" if up else "windup_lo", _beyond(rule, at, up=up), readings={windup: 1.0})
    yield from _interlock_cases(legal, rules)


def _interlock_cases(legal: _Case, rules: GateRules) -> Iterator[_Case]:
    """Move each way that an interlock closes; where it sheds, not even standing still may pass."""
    rule, at = legal.rule, legal.value
    away = _beyond(rule, at, up=rule.safe_value is None or rule.safe_value <= at)
    for interlock in rules.interlocks:
        case = replace(legal, name=interlock.name, outcome=_met(interlock, rules, NOW_S))
        if interlock.then in ("hold", "ramp"):
            yield replace(case, code="interlock", value=away)
        elif not interlock.target:
            yield replace(case, code="interlock")
        elif interlock.target == legal.mv:
            up = interlock.then == "block_up"
            yield replace(case, code="blocked_up" if up else "blocked_down", value=_beyond(rule, at, up=up))


def _beyond(rule: MvRule, edge: float, *, up: bool) -> float:
    """Return the first value that can be sent and lies beyond ``edge``."""
    step = resolution(edge, rule.encoding) if up else -resolution(edge, rule.encoding)
    values = [decode(encode(edge + tries * step, rule.encoding), rule.encoding) for tries in range(3)]
    return next((value for value in values if (value > edge if up else value < edge)), edge)


def _met(interlock: Interlock | None, rules: GateRules, now_s: float) -> InterlockOutcome:
    """Return the outcome when exactly this interlock's condition is met, through the real evaluation."""
    empty = Snapshot(0, Instant(now_s, 0.0), {})
    never = parse("1 < 0")
    told = [replace(each, when=_MET if each is interlock else never, for_s=0.0) for each in rules.interlocks]
    return interlocks.evaluate(empty, told, InterlockMemory())[0]


def _tried(case: _Case, rules: GateRules) -> str:
    """Return what is wrong about the gate's answer to ``case``; empty when nothing is."""
    numbers: dict[str, float] = {}
    for mv, rule in rules.mvs.items():
        actual = case.actual if mv == case.mv else rule.envelope.lo
        measured = case.value if mv == case.mv and math.isfinite(case.value) else actual
        numbers |= {tag: 0.0 for tag in (rule.windup_hi, rule.windup_lo) if tag is not None}
        numbers |= {rule.envelope.readback or rule.actual: measured}
        numbers |= {rule.available: 1.0, rule.actual: actual}
    numbers |= case.readings
    good = {tag: Quality.GOOD if math.isfinite(number) else Quality.BAD for tag, number in numbers.items()}
    readings = {tag: Reading(number, good[tag], None, NOW_S) for tag, number in numbers.items()}
    link = Link(0, case.permit, (), {}, 1, 1, case.unresolved)
    outcome = case.outcome or _met(None, rules, NOW_S)
    situation = gate.Situation(ModeState(case.mode, case.mode), outcome, link)
    candidate = Candidate("proof test", case.cycle, (Move(case.mv, case.value), *case.extra))
    memory = GateMemory({case.mv: case.track})
    snapshot = Snapshot(0, Instant(NOW_S, 0.0), readings)
    verdict, _ = gate.judge(candidate, snapshot, situation, rules, memory, NOW_S)
    codes = {refusal.code for refusal in verdict.refusals}
    if case.code in codes and codes <= {case.code, *_UNASKED}:
        return ""
    if not case.code and verdict.approval is not None:
        return ""
    return f"refused for {', '.join(sorted(codes)) or 'nothing'}"
