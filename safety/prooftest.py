"""The proof test: one illegal candidate per rule through the real gate, each refused for exactly its reason.

All of it at every arming, a part in every cycle of service, round and round. Everything around it is invented and in
order, in a time long past, so that no approval made here could ever be used. Each MV's legal candidate must pass too,
or the refusals would prove nothing. What concerns the whole set is tried on the first MV.
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
from safety.progress import GateMemory, Pending
from safety.rules import GateRules, MvRule
from safety.signals import Candidate, Instant, Mode, ModeState, Move, Quality, Reading, Snapshot
from safety.watchdog import Watch

NOW_S: Final = -1e9
"""A monotonic time that has always passed."""
PER_CYCLE: Final = 4
"""Trials in one cycle of service."""
_NOTICED_S: Final = 1e-3
"""So much too early is surely more than what numbers of this size round to."""
HUGE: Final = 1e300
"""A number that no setpoint of the PLC contract can hold."""
_MET: Final = parse("1 > 0")
_UNMET: Final = parse("1 < 0")
_RESTED: Final = Track(paid_until_s=NOW_S - 1e9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One candidate and the world around it; legal unless something is changed."""

    name: str
    mv: str
    value: float
    actual: float
    clear: InterlockOutcome
    """What the interlocks say when none is met."""
    code: str = ""
    """The refusal that must come; empty where there must be none."""
    also: frozenset[str] = frozenset({"min_active_mvs"})
    """What may come along with it."""
    track: Track = _RESTED
    readings: Mapping[str, float] = field(default_factory=dict)
    """Instead of those in order; NaN stands for a bad one."""
    outcome: InterlockOutcome | None = None
    mode: Mode = Mode.CLOSED_LOOP
    permit: bool = True
    watch: Watch = Watch()  # noqa: RUF009 - frozen
    unresolved: frozenset[str] = frozenset()
    cycle: int = 0
    late_s: float = 0.0
    controller: str | None = None
    """Instead of the MV's owner."""
    extra: tuple[Move, ...] = ()
    pending: Mapping[str, Pending] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trials:
    """Every trial of one plant's rules, and what could not even be tried."""

    all: tuple[Trial, ...]
    failures: tuple[str, ...]


def prepare(rules: GateRules) -> Trials:
    """Return what is to be tried, made once from the rules."""
    found: list[Trial] = []
    failures = [] if rules.mvs else ["there is no MV to write"]
    clear = _outcome(rules, None)
    for index, (mv, rule) in enumerate(rules.mvs.items()):
        try:
            legal = _legal(mv, rule, clear)
            found += _of_one(legal, rule, rules)
            if index == 0:
                found += _of_all(legal, rule, rules)
        except EncodingError as error:
            failures.append(f"{mv}: its envelope does not fit its encoding: {error}")
    return Trials(tuple(found), tuple(failures))


def run(rules: GateRules, trials: Trials) -> tuple[str, ...]:
    """Return what failed, one line each; empty when every rule refuses what it must and nothing else."""
    return (*trials.failures, *_tried(rules, trials.all))


def in_service(rules: GateRules, trials: Trials, turn: int) -> tuple[str, ...]:
    """Return what failed of the few trials whose ``turn`` it is; take the cycle's number."""
    turns = max(math.ceil(len(trials.all) / PER_CYCLE), 1)
    start = turn % turns * PER_CYCLE
    return (*trials.failures, *_tried(rules, trials.all[start : start + PER_CYCLE]))


def _tried(rules: GateRules, trials: tuple[Trial, ...]) -> Iterator[str]:
    return (f"{trial.mv}: {trial.name}: {wrong}" for trial in trials if (wrong := _wrong(trial, rules)))


def _legal(mv: str, rule: MvRule, clear: InterlockOutcome) -> Trial:
    """Stand still in the middle, where scheduled limits are at their widest."""
    envelope, readings = rule.envelope, {}
    lo, hi = envelope.lo, envelope.hi
    if envelope.scheduled is not None:
        x, lo, hi = max(envelope.scheduled.points, key=lambda point: point[2] - point[1])
        readings[envelope.scheduled.tag] = x
    at = decode(encode((lo + hi) / 2.0, rule.encoding), rule.encoding)
    return Trial(name="control", mv=mv, value=at, actual=at, clear=clear, readings=readings)


def _case(legal: Trial, code: str, value: float | None = None, **changes: object) -> Trial:
    value = legal.value if value is None else value
    return replace(legal, name=code, code=code, value=value, **changes)  # type: ignore[arg-type]  # fields of Trial


def _read(legal: Trial, tag: str, number: float) -> Mapping[str, float]:
    return {**legal.readings, tag: number}


def _of_one(legal: Trial, rule: MvRule, rules: GateRules) -> Iterator[Trial]:
    """Try what each MV is judged by alone."""
    limits, mv, at = rule.envelope, legal.mv, legal.value
    yield legal
    yield _case(legal, "duplicate", extra=(Move(mv, at),))
    yield _case(legal, "not_owner", controller=rule.owner + "\0")
    yield _case(legal, "not_finite", math.nan)
    yield _case(legal, "unresolved", unresolved=frozenset({mv}))
    yield _case(legal, "unavailable", readings=_read(legal, rule.available, 0.0))
    yield _case(legal, "actual_bad", readings=_read(legal, rule.actual, math.nan))
    yield _case(legal, "overridden", track=replace(_RESTED, expected=at + 2.0 * resolution(at, rule.encoding)))
    if rules.handshake.kind == "full" or rule.encoding.kind != "float64":
        yield _case(legal, "encoding", HUGE)
    if limits.readback is not None:
        yield _case(legal, "readback_bad", readings=_read(legal, limits.readback, math.nan))
        if math.isfinite(limits.distance_from_measured):
            gap = 2.0 * resolution(at, rule.encoding) + 2.0 * limits.distance_from_measured
            yield _case(legal, "distance", readings=_read(legal, limits.readback, at + gap))
    if limits.scheduled is not None:
        yield _case(legal, "schedule_bad", readings=_read(legal, limits.scheduled.tag, math.nan))
        x, lo, hi = max(limits.scheduled.points, key=lambda point: point[1] - limits.lo + limits.hi - point[2])
        for code, edge, up in (("scheduled_hi", hi, True), ("scheduled_lo", lo, False)):
            out = _beyond(rule, edge, up=up)
            if limits.lo <= out <= limits.hi:
                inside = _beyond(rule, edge, up=not up)
                yield _case(legal, code, out, actual=inside, readings=_read(legal, limits.scheduled.tag, x))
    if math.isfinite(limits.window_delta):
        far, near = at + 2.0 * limits.window_delta + 1.0, Written(NOW_S, at, at)
        yield _case(legal, "window", track=Track((Written(NOW_S, far, far), near), NOW_S))
    yield from _ways(legal, rule, rules)
    for each in rules.interlocks:
        if each.target == mv:
            up = each.then == "block_up"
            value = _beyond(rule, at, up=up)
            code = "blocked_up" if up else "blocked_down"
            yield replace(legal, name=each.name, code=code, value=value, outcome=_outcome(rules, each))


def _ways(legal: Trial, rule: MvRule, rules: GateRules) -> Iterator[Trial]:
    """Try the limits upward and downward."""
    limits, at = rule.envelope, legal.value
    for up, edge, step, rate, windup in (
        (True, limits.hi, limits.step_up, limits.rate_up_per_min, rule.windup_hi),
        (False, limits.lo, limits.step_down, limits.rate_down_per_min, rule.windup_lo),
    ):
        side = "hi" if up else "lo"
        with_it = legal.also | {f"scheduled_{side}"}
        out, inside = _beyond(rule, edge, up=up), _beyond(rule, edge, up=not up)
        if math.isfinite(out):
            yield _case(legal, f"range_{side}", out, actual=inside, also=with_it)
        too_far = _beyond(rule, at + step if up else at - step, up=up)
        if limits.lo <= too_far <= limits.hi:
            yield _case(legal, "step_up" if up else "step_down", too_far, also=with_it)
        too_fast = _beyond(rule, at + (rate if up else -rate) * (rules.rate_slack_s + _NOTICED_S) / 60.0, up=up)
        if abs(too_fast - at) <= step:
            yield _case(legal, "rate_up" if up else "rate_down", too_fast, track=Track(paid_until_s=NOW_S))
            yield _case(legal, "first_move", _beyond(rule, at, up=up), track=Track())
            if windup is not None:
                readings = _read(legal, windup, 1.0)
                yield _case(legal, f"windup_{side}", _beyond(rule, at, up=up), readings=readings)


def _of_all(legal: Trial, rule: MvRule, rules: GateRules) -> Iterator[Trial]:
    """Try what the set is judged by as a whole."""
    at, readings = legal.value, legal.readings
    yield from (_case(legal, "mode", mode=mode) for mode in Mode if mode is not Mode.CLOSED_LOOP)
    yield _case(legal, "handshake", permit=False)
    yield _case(legal, "cycle", cycle=1)
    yield _case(legal, "clock", late_s=2.0 * rules.approval_life_s)
    yield _case(legal, "unsettled", pending={legal.mv: Pending(at, at, NOW_S, NOW_S)})
    yield _case(legal, "not_listed", extra=(Move("\0", 0.0),))
    none_left = {each.available: 0.0 for each in rules.mvs.values()}
    yield _case(legal, "min_active_mvs", readings={**readings, **none_left}, also=frozenset({"unavailable"}))
    yield _case(legal, "watchdog", watch=Watch("shed", ("proof test",)))
    away = _beyond(rule, at, up=rule.safe_value is None or rule.safe_value <= at)
    yield _case(legal, "watchdog", away, watch=Watch("hold", ("proof test",)))
    if rules.interlocks:
        yield _case(legal, "not_evaluated", outcome=replace(legal.clear, states={}))
    for each in rules.interlocks:
        if each.target is None:  # where it sheds, not even standing still may pass
            value = away if each.then in ("hold", "ramp") else at
            yield replace(legal, name=each.name, code="interlock", value=value, outcome=_outcome(rules, each))


def _beyond(rule: MvRule, edge: float, *, up: bool) -> float:
    """Return the first value that can be sent and lies beyond ``edge``; infinite where the encoding ends near it."""
    step = resolution(edge, rule.encoding) if up else -resolution(edge, rule.encoding)
    try:
        values = [decode(encode(edge + tries * step, rule.encoding), rule.encoding) for tries in range(3)]
    except EncodingError:
        values = []
    ends = math.inf if up else -math.inf
    return next((value for value in values if (value > edge if up else value < edge)), ends)


def _outcome(rules: GateRules, met: Interlock | None) -> InterlockOutcome:
    """Return the outcome when exactly this interlock's condition is met, through the real evaluation."""
    empty = Snapshot(0, Instant(NOW_S, 0.0), {})
    told = [replace(each, when=_MET if each is met else _UNMET, for_s=0.0) for each in rules.interlocks]
    return interlocks.evaluate(empty, told, InterlockMemory())[0]


def _wrong(trial: Trial, rules: GateRules) -> str:
    """Return what is wrong about the gate's answer; empty when nothing is."""
    numbers: dict[str, float] = {}
    for mv, rule in sorted(rules.mvs.items(), key=lambda each: each[0] == trial.mv):  # its own readings count
        if rule.envelope.scheduled is not None:
            numbers[rule.envelope.scheduled.tag] = rule.envelope.scheduled.points[0][0]
        actual = trial.actual if mv == trial.mv else rule.envelope.lo
        measured = trial.value if mv == trial.mv and math.isfinite(trial.value) else actual
        numbers |= {tag: 0.0 for tag in (rule.windup_hi, rule.windup_lo) if tag is not None}
        numbers |= {rule.envelope.readback or rule.actual: measured}
        numbers |= {rule.available: 1.0, rule.actual: actual}
    numbers |= trial.readings
    good = {tag: Quality.GOOD if math.isfinite(number) else Quality.BAD for tag, number in numbers.items()}
    readings = {tag: Reading(number, good[tag], None, NOW_S) for tag, number in numbers.items()}
    link = Link(0, trial.permit, (), {}, 1, 1, trial.unresolved)
    situation = gate.Situation(ModeState(trial.mode, trial.mode), trial.outcome or trial.clear, link, trial.watch)
    controller = rules.mvs[trial.mv].owner if trial.controller is None else trial.controller
    candidate = Candidate(controller, trial.cycle, (Move(trial.mv, trial.value), *trial.extra))
    memory = GateMemory({trial.mv: trial.track}, trial.pending)
    snapshot = Snapshot(0, Instant(NOW_S, 0.0), readings)
    verdict, _ = gate.judge(candidate, snapshot, situation, rules, memory, NOW_S + trial.late_s)
    codes = {refusal.code for refusal in verdict.refusals}
    if trial.code in codes and codes <= {trial.code, *trial.also}:
        return ""
    if not trial.code and verdict.approval is not None:
        return ""
    return f"refused for {', '.join(sorted(codes)) or 'nothing'}"
