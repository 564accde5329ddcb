"""The demo plant walked cycle by cycle through the pure half, against a PLC of forty lines that keeps the contract.

Nothing here waits, and the sensors say what a test tells them to say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import hil.demo
from constraints.plant import Plant
from constraints.plantfile import load
from controllers.types import Plan, PlanStatus
from safety import modes
from safety.handshake import HandshakeMemory
from safety.signals import BeatFrame, Instant, Mode, Quality, Reading, Snapshot, WriteOutcome, WriteReceipt
from supervisor import conclude, think
from supervisor.memory import Decision, Memory, Outside, Result, View
from supervisor.record import Answer, CycleRecord, Intent, Request
from supervisor.rules import Rules, rules_of
from supervisor.stored import Stored, not_stored

PLANT_FILE = Path(hil.demo.__file__).with_name("plant.yaml")
CYCLE_S = 15.0
UTC_S = 1_795_545_600.0
"""2026-11-24 18:40 UTC."""
START = {"T_in_sp": 184.0, "feed_sp": 2800.0, "fan_sp": 70.0}
SENSORS = {
    "T_out": 84.0, "T_out_b": 84.5, "moist": 3.6, "evap": 1200.0, "feed_moist": 52.0, "P_fan": 80.0, "P_el": 150.0,
    "gas": 180.0, "hum_amb": 7.0, "T_amb": 12.0, "fan_vib": 3.0,
}  # fmt: skip
READBACKS = {"T_in": "T_in_sp", "feed": "feed_sp", "fan": "fan_sp"}


@cache
def demo_plant() -> Plant:
    return load(PLANT_FILE).plant


@cache
def demo_rules() -> Rules:
    return rules_of(demo_plant())


@dataclass
class Plc:
    """The PLC's half: answers, and the loops' setpoints."""

    setpoints: dict[str, float] = field(default_factory=lambda: dict(START))
    cas: bool = False
    remote: bool = True
    echo: int = 0
    epoch: int = 4
    set_epoch: int = 4
    sequence: int = 17
    reject: int = 0
    boot_count: int = 3
    probe: float = 1234.5
    deaf: bool = False
    """Answers nothing new; what is written does not arrive."""
    refuses: bool = False
    """Takes no move set."""

    def beat(self, frame: BeatFrame) -> bool:
        if self.deaf or frame.epoch < self.epoch:
            return not self.deaf
        self.echo, self.epoch = frame.heartbeat, frame.epoch
        self.cas = self.remote and frame.mode_request is Mode.CLOSED_LOOP
        return True

    def write(self, approval) -> tuple[WriteReceipt, ...]:
        if self.deaf:
            return tuple(WriteReceipt(move.mv, WriteOutcome.UNKNOWN, move.value, why="late") for move in approval.moves)
        in_turn = approval.sequence == self.sequence + 1 or approval.epoch > self.set_epoch
        taken = not self.refuses and self.cas and approval.epoch == self.epoch and in_turn
        self.sequence, self.reject = approval.sequence, 0 if taken else 3
        outcome = WriteOutcome.CONFIRMED if taken else WriteOutcome.REJECTED
        if taken:
            self.set_epoch = approval.epoch
            self.setpoints |= {move.mv: move.value for move in approval.moves}
        return tuple(WriteReceipt(m.mv, outcome, m.value, self.setpoints[m.mv]) for m in approval.moves)

    def values(self) -> dict[str, float]:
        found = {
            "plc.heartbeat_echo": self.echo, "plc.epoch_ack": self.epoch, "plc.sequence_ack": self.sequence,
            "plc.reject": self.reject, "plc.remote": self.remote, "plc.clamped": 0, "plc.boot_count": self.boot_count,
            "plc.probe": self.probe,
        }  # fmt: skip
        for mv, value in self.setpoints.items():
            found |= {f"{mv}.actual": value, f"{mv}.available": self.cas, f"{mv}.windup_hi": 0, f"{mv}.windup_lo": 0}
        return {tag: float(value) for tag, value in found.items()}


@dataclass(frozen=True)
class Step:
    """What one cycle did."""

    view: View
    decision: Decision
    receipts: tuple[WriteReceipt, ...]
    frame: BeatFrame | None
    record: CycleRecord
    intent: Intent | None

    @property
    def mode(self) -> Mode:
        return self.decision.mode.state.actual

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.decision.mode.state.reasons

    @property
    def refusals(self) -> set[str]:
        return {each.code for each in self.record.refusals}

    def answer(self, id_: str) -> Answer:
        (found,) = (each for each in self.decision.answers if each.id == id_)
        return found


Plans = Plan | Callable[[View], Plan]


class Walk:
    """Plant, PLC and supervisor, one cycle at a time."""

    def __init__(self, rules: Rules | None = None, instance: int = 7) -> None:
        self.rules = rules or demo_rules()
        self.memory = Memory(shake=HandshakeMemory(instance), mode=modes.started(self.rules.plant.start_in))
        self.plc = Plc()
        self.now_s = 1_000.0
        self.sensors = dict(SENSORS)
        self.bad: dict[str, Reading | None] = {}
        """By tag: a reading instead of what stands there; None for a tag that is missing."""
        self.held: dict[str, float] = {}
        """By tag: the source stamp at which its device has stopped."""
        self.links = dict.fromkeys(self.rules.plant.connections, "connected")
        self.record_why = ""
        self.disk = ""
        """Why nothing can be stored now."""
        self.steps: list[Step] = []
        self.plans: Plans = still_plan
        self._requests = 0

    # ------------------------------------------------------------------ the world

    def snapshot(self, at_s: float) -> Snapshot:
        values = {**self.sensors, **{tag: self.plc.setpoints[mv] for tag, mv in READBACKS.items()}, **self.plc.values()}
        utc_s = UTC_S + at_s
        readings = {
            tag: Reading(value, Quality.GOOD, None if tag.startswith("plc.") else self.held.get(tag, utc_s), at_s)
            for tag, value in values.items()
        }
        for tag, reading in self.bad.items():
            if reading is None:
                readings.pop(tag, None)
            else:
                readings[tag] = replace(reading, received_at_s=at_s)
        return Snapshot(self.memory.cycle + 1, Instant(at_s, utc_s), readings)

    def request(self, action: str = "mode", **what: object) -> Request:
        self._requests += 1
        fields: dict = {
            "id": f"r{self._requests}", "action": action, "who": "anna", "role": "operator", "why": "test",
            "asked_utc_s": UTC_S, "expires_utc_s": UTC_S + 60.0, "saw_cycle": None,
        }  # fmt: skip
        return Request(**{**fields, **what})

    # ------------------------------------------------------------------ one cycle

    def cycle(self, *requests: Request, plan: Plans | None = None, late_s: float = 0.0, **outside: object) -> Step:
        """Run one cycle; ``late_s`` passes between the fresh snapshot and the judgement."""
        self.now_s += CYCLE_S
        raw = self.snapshot(self.now_s)
        view, memory = think.observe(self.rules, raw, self.memory)
        chosen = plan if plan is not None else self.plans
        plan = chosen(view) if callable(chosen) else replace(chosen, cycle=view.inputs.cycle)
        fresh = replace(self.snapshot(self.now_s + 1.0), cycle=memory.cycle)
        at = Instant(self.now_s + 1.1 + late_s, UTC_S + self.now_s + 1.1)
        world = Outside(
            at=at, requests=requests, links=dict(self.links), record_why=self.record_why,
            **({"prices": {"grid": 0.131}} | outside),
        )  # fmt: skip
        decision, memory = think.permit(self.rules, fresh, view, plan, world, memory)
        stored = None
        if decision.intent is not None:
            stored = Stored(len(self.steps) + 1) if not self.disk else not_stored(self.disk)
        receipts: tuple[WriteReceipt, ...] = ()
        if stored is not None and decision.verdict is not None:
            approval = decision.verdict.approval
            receipts = self.plc.write(approval) if stored.stored else conclude.not_sent(decision, self.disk)
        frame, memory = think.sent(self.rules, decision, receipts, memory, self.now_s + 1.5)
        memory = think.beaten(memory, frame is None or self.plc.beat(frame))
        record, memory = conclude.conclude(
            self.rules, view, plan, decision, memory, Result(stored, receipts, world, {"total": 1.0})
        )
        self.memory = conclude.remembered(memory, Stored(1) if not self.disk else not_stored(self.disk), 0.5)
        self.steps.append(Step(view, decision, receipts, frame, record, decision.intent))
        return self.steps[-1]

    def run(self, cycles: int, **kwargs) -> Step:
        for _ in range(cycles):
            step = self.cycle(**kwargs)
        return step

    # ------------------------------------------------------------------ short cuts

    def advisory(self) -> Walk:
        self.run(3)
        self.cycle(self.request(mode=Mode.ADVISORY))
        self.run(3)
        return self

    def armed(self) -> Walk:
        """Bring it into closed loop; the last step is its first write."""
        self.advisory()
        step = self.cycle(self.request(mode=Mode.CLOSED_LOOP, confirmed=True))
        for _ in range(8):
            if step.mode is Mode.CLOSED_LOOP:
                return self
            step = self.cycle()
        raise AssertionError(f"not armed: {step.decision.mode}")

    def closed(self, cycles: int = 2) -> Walk:
        self.armed()
        self.run(cycles)
        assert self.steps[-1].record.verdict == "approved"
        return self


def still_plan(view: View) -> Plan:
    """A plan that keeps every setpoint; what a controller in MONITOR answers where nothing is to be optimised."""
    status = PlanStatus.OK if view.inputs.optimise else PlanStatus.ESTIMATE_ONLY
    moves = dict(view.inputs.u) if view.inputs.optimise else {}
    return Plan(cycle=view.inputs.cycle, status=status, moves=moves, y_now={"moist": 3.6})


def plan_to(**moves: float) -> Callable[[View], Plan]:
    """Plans that go to fixed setpoints."""
    return lambda view: Plan(cycle=view.inputs.cycle, status=PlanStatus.OK, moves=moves)


def late_plan(view: View) -> Plan:
    return Plan(cycle=view.inputs.cycle, status=PlanStatus.LATE, why="deadline")


def bad_reading(why: str = "comm", value: float = math.nan, quality: Quality = Quality.BAD) -> Reading:
    return Reading(value, quality, None, 0.0, why)


def with_rules(**changes: object) -> Rules:
    """The demo's rules, made from a changed plant."""
    return rules_of(replace(demo_plant(), **changes))


def approvals(steps: Sequence[Step]) -> list[Mapping[str, float]]:
    return [step.intent.setpoints for step in steps if step.intent is not None]


def arm(walk: Walk, **what: object) -> Request:
    """Ask for closed loop as an operator does; ``what`` changes the request."""
    return walk.request(**{"mode": Mode.CLOSED_LOOP, "confirmed": True, **what})
