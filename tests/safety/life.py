"""One supervisor's safety side, put together as ``safety.gate`` says, on the plant of the machine's tests."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field, replace
from typing import Any

from safety import handshake, modes, prooftest
from safety.encoding import Encoding
from safety.envelope import ScheduledLimits
from safety.expressions import parse
from safety.gate import GateMemory, Situation, judge, settle, stand_still
from safety.handshake import HandshakeMemory, HandshakeRule
from safety.interlocks import BypassRule, Interlock, InterlockMemory, InterlockState, evaluate
from safety.modes import PERMITS, Facts, ModeMemory, ModeRules
from safety.signals import Candidate, Mode, Move
from safety.validity import ValidityMemory, ValidityRule, validate
from safety.watchdog import WatchdogRule, watch
from tests.safety.words import envelope, gate_rules, mv_rule

LOAD = ScheduledLimits("load", ((0.0, 150.0, 190.0), (50.0, 160.0, 205.0), (100.0, 150.0, 205.0)))
LOCKS = (
    Interlock(name="hot", when=parse("hot > 0"), then="shed"),
    Interlock(name="fire", when=parse("fire > 0"), then="off", latch=True, reset_role="engineer"),
    Interlock(name="leak", when=parse("leak > 0"), then="shed", latch=True, bypass=BypassRule(longest_s=600.0)),
    Interlock(name="damp", when=parse("damp > 0"), then="hold", for_s=30.0),
    Interlock(name="icy", when=parse("icy > 0"), then="ramp"),
    Interlock(name="warm", when=parse("warm > 0"), then="block_up", target="sp"),
    Interlock(name="cold", when=parse("cold > 0"), then="block_down", target="fan"),
)
ALARMS = tuple(lock.name for lock in LOCKS)
FREE = envelope(readback=None, distance_from_measured=math.inf)
RULES = gate_rules(
    mvs={
        "sp": mv_rule(safe_value=170.0, envelope=envelope(scheduled=LOAD)),
        "fan": mv_rule("fan", encoding=Encoding("int16", scale=0.25), envelope=FREE, windup_hi=None, windup_lo=None),
    },
    interlocks=LOCKS,
    handshake=HandshakeRule(kind="full", every_s=15.0, plc_timeout_s=90.0, probe=1234.5, mv_order=("fan", "sp")),
)
MODES = ModeRules(arm_wait_s=60.0)
WATCHDOGS = {"plan": WatchdogRule(warn_s=30.0, trip_s=60.0)}
VALIDITY = {
    "T": ValidityRule(lo=0.0, hi=400.0, rate_per_s_max=5.0, stale_s=30.0, frozen_s=200.0, hold_s=20.0),
    **{tag: ValidityRule(lo=-1.0, hi=100.0, stale_s=30.0, stamp="ignore") for tag in (*ALARMS, "load")},
}


@functools.cache
def proved():
    """The proof test of these rules: pure, so once is enough."""
    return prooftest.run(RULES, prooftest.prepare(RULES))


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """What came of one cycle, for the model and for the counting of reasons."""

    snapshot: Any
    outcome: Any
    link: Any
    decision: Any
    conditions: dict
    situation: Any
    verdicts: tuple
    approval: Any
    before: Mode


@dataclass
class Supervisor:
    """All memories of one process."""

    instance: int
    mode: ModeMemory = field(default_factory=lambda: modes.started(Mode.ADVISORY))
    locks: InterlockMemory = field(default_factory=InterlockMemory)
    unresolved: dict = field(default_factory=dict)
    validity: ValidityMemory = field(default_factory=ValidityMemory)
    gate: GateMemory = field(default_factory=GateMemory)
    gate_sheds: bool = False
    number: int = 0

    def __post_init__(self):
        self.shake = HandshakeMemory(self.instance, unresolved=self.unresolved)

    def restarted(self, start_in=Mode.ADVISORY):
        """A new process: what the record keeps are the trip's causes, the latches and the writes without outcome."""
        latched = {
            name: InterlockState(tripped=True, latched=True, trips=1)
            for name, state in self.locks.states.items()
            if state.latched
        }
        waiting = {**self.shake.unresolved, **dict.fromkeys(self.gate.pending, 0.0)}
        return Supervisor(
            self.instance % 0xFFFF + 1,
            mode=modes.started(start_in, ModeMemory(actual=self.mode.actual, causes=self.mode.causes)),
            locks=InterlockMemory(states=latched).restarted(),
            unresolved=waiting,
        )

    def cycle(self, raw, wish, *, requests=(), now, fit=True, cap=Mode.CLOSED_LOOP, plan_age_s=5.0, **more):
        """Judge ``wish(still)`` and, when it is refused, standing still; ``more`` are further conditions."""
        self.number = raw.cycle
        snapshot, self.validity = validate(raw, VALIDITY, self.validity)
        outcome, self.locks = evaluate(snapshot, LOCKS, self.locks)
        link, self.shake = handshake.observe(snapshot, RULES.handshake, self.shake)
        watched = watch({"plan": plan_age_s}, WATCHDOGS)
        own = {
            "gate": not self.gate_sheds, "watchdog": watched.action != "shed", "proof_test": not proved(),
            "mvs_active": any(snapshot.good(f"{mv}.available") == 1.0 for mv in RULES.mvs),
            "audit": True, "guard": True,
        }  # fmt: skip
        conditions = {**outcome.conditions, **link.conditions, **own, **more}
        before = self.mode.actual
        facts = Facts(conditions=conditions, has_candidate=fit, cap=cap, requests=tuple(requests))
        decision, self.mode = modes.decide(facts, MODES, self.mode, now)
        situation = Situation(decision.state, outcome, link, watched)
        still = stand_still("dryer", snapshot, RULES, link.unresolved, outcome)
        first, self.gate = judge(wish(still), snapshot, situation, RULES, self.gate, now)
        verdicts = [first]
        if first.refusals:
            again, self.gate = judge(still, snapshot, situation, RULES, self.gate, now)
            verdicts.append(again)
        self.gate_sheds = decision.state.actual is Mode.CLOSED_LOOP and first.action in ("shed", "off")
        return Cycle(
            snapshot=snapshot, outcome=outcome, link=link, decision=decision, conditions=conditions, before=before,
            situation=situation, verdicts=tuple(verdicts), approval=verdicts[-1].approval,
        )  # fmt: skip

    def settle(self, approval, receipts, now):
        self.gate = settle(self.gate, receipts, now)
        self.shake = handshake.settle(self.shake, approval, receipts, now)

    def beat(self, decision, now):
        frame, self.shake = handshake.beat(decision.beat, RULES.handshake, self.shake, now)
        return frame


NAMES = tuple(PERMITS)


def set_of(number, *moves, controller="dryer"):
    """A candidate: ``(mv, value)``, as often as one likes."""
    return Candidate(controller, number, tuple(Move(mv, value) for mv, value in moves))


def proposal(kind, still, stands, turn, number):
    """What a solver may come up with, from what is there to what no sane one would propose."""
    by = {
        "ramp": {"sp": 0.4, "fan": -0.75}, "back": {"sp": -0.9, "fan": 0.5}, "wild": {"sp": 70.0, "fan": -200.0},
        "swing": {"sp": 0.5 * (-1) ** turn, "fan": 0.75 * (-1) ** turn}, "greedy": {"sp": 0.99, "fan": 0.75},
        "nan": {"sp": math.nan}, "inf": {"fan": math.inf}, "huge": {"sp": 1e39}, "odd": {"fan": 0.3},
        "one": {"sp": 0.2}, "leap": {"sp": 1.2},
    }.get(kind)  # fmt: skip
    if by is not None:
        return set_of(number, *((mv, stands[mv] + change) for mv, change in by.items()))
    standing = tuple((move.mv, move.value) for move in still.moves)
    others = {
        "none": set_of(number), "old": set_of(number - 1, *standing), "twice": set_of(number, *standing, *standing),
        "unlisted": set_of(number, *standing, ("valve", 1.0)),
        "foreign": replace(set_of(number, *standing), controller="other"),
    }  # fmt: skip
    return others.get(kind, still)


PLANS = ("ramp", "ramp", "greedy", "back", "still", "wild", "swing", "nan", "inf", "huge", "odd", "one", "leap", "none",
         "old", "twice", "unlisted", "foreign")  # fmt: skip
