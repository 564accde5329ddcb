"""A PLC with four loops, one per shed option, and a supervisor's hand on its registers."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import replace

import pytest

from hil.cascade import LoopOrder, LoopRule, LoopView
from hil.plants.pid import Mode
from hil.plc import Block, EmulatedBlock, Evaluation, PlcRule, PlcState
from hil.registers import Answered, Reject, Written, set_crc
from safety.signals import ShedAction

SHED_S = 90.0
HEAT = LoopRule(name="heat", lo=150.0, hi=205.0, up_per_min=4.0, down_per_min=8.0)
FEED = LoopRule(
    name="feed", lo=800.0, hi=4200.0, up_per_min=120.0, down_per_min=240.0, shed=ShedAction.LAST_OPERATOR,
    shed_per_min=600.0,
)  # fmt: skip
FAN = LoopRule(
    name="fan", lo=40.0, hi=100.0, up_per_min=4.0, down_per_min=8.0, shed=ShedAction.SAFE_VALUE, safe_value=60.0,
    shed_per_min=30.0,
)  # fmt: skip
VENT = LoopRule(name="vent", lo=0.0, hi=100.0, up_per_min=60.0, down_per_min=60.0, shed=ShedAction.TO_LOCAL)
RULE = PlcRule(loops=(HEAT, FEED, FAN, VENT), shed_s=SHED_S)
START = (180.0, 2850.0, 75.0, 30.0)
INSTANCE = 0x5E7 << 16


def f32(value: float) -> float:
    return float(struct.unpack(">f", struct.pack(">f", value))[0])


def carry_out(orders: Sequence[LoopOrder], modes: list[Mode], setpoints: list[float], loop_hi: Sequence[float]) -> None:
    """Loops that do as they are told at once; one in manual is left there, and each keeps its own upper limit."""
    for index, order in enumerate(orders):
        if order.mode is not None and modes[index] is not Mode.MAN:
            modes[index] = order.mode
        if order.cascade is not None and modes[index] is Mode.CAS:
            setpoints[index] = min(order.cascade, loop_hi[index])
        if order.operator is not None and modes[index] is Mode.AUTO:
            setpoints[index] = order.operator


class Rig:
    """A PLC with four loops that do as they are told at once, and a supervisor's hand on the registers."""

    def __init__(self, block: Block | None = None) -> None:
        self.block = block or EmulatedBlock(RULE)
        self.now_s = 1000.0
        self.remote = True
        self.modes = [Mode.AUTO] * len(RULE.loops)
        self.setpoints = list(START)
        self.measured = [178.0, 2800.0, 74.0, 29.0]
        self.loop_hi = [math.inf] * len(RULE.loops)
        self.written = Written(sp=(0.0,) * len(RULE.loops))
        self.block.start(self.views(), self.now_s)
        self.answers = Answered()
        self.orders: tuple[LoopOrder, ...] = ()
        self.beats = 0
        self.scan()

    @property
    def state(self) -> PlcState:
        return self.block.state

    def restart(self) -> None:
        """Power-cycle: registers fall back to 0."""
        self.block.restart(self.now_s)
        self.written = Written(sp=(0.0,) * len(RULE.loops))

    def views(self) -> list[LoopView]:
        return [LoopView(*each) for each in zip(self.modes, self.setpoints, self.measured, strict=True)]

    def write(self, **registers: object) -> None:
        self.written = replace(self.written, **registers)  # type: ignore[arg-type]

    def scan(self, after_s: float = 1.0) -> Evaluation | None:
        self.now_s += after_s
        result = self.block.scan(self.written, self.views(), self.now_s, remote=self.remote)
        self.answers, self.orders = result.answers, result.orders
        carry_out(result.orders, self.modes, self.setpoints, self.loop_hi)
        return result.evaluation

    def beat(self, epoch: int | None = None, mode_req: int = 3) -> None:
        self.beats += 1
        epoch = self.written.epoch if epoch is None else epoch
        self.write(hb=INSTANCE | self.beats & 0xFFFF, epoch=epoch, mode_req=mode_req)

    def arm(self) -> None:
        self.beat(self.answers.epoch_ack + 1)
        self.scan()

    def move(self, mask: int, *sp: float, **wrong: int) -> Reject:
        """Write a set and its COMMIT as the supervisor would, but for what ``wrong`` says; return the verdict."""
        values = tuple(f32(value) for value in sp)
        seq = wrong.get("seq", self.answers.seq_ack + 1)
        epoch = wrong.get("epoch", self.answers.epoch_ack)
        crc = wrong.get("crc", set_crc(epoch, seq, mask, values))
        self.write(epoch=epoch, seq=seq, mask=mask, crc=crc, sp=values)
        self.scan(0.0)
        self.write(commit=seq)
        evaluation = self.scan(0.0)
        if evaluation is None:
            pytest.fail("the PLC did not evaluate the set")
        return evaluation.reject


def armed_rig(block: Block | None = None) -> Rig:
    """Return a rig whose loops are in cascade."""
    rig = Rig(block)
    rig.arm()
    rig.scan()
    return rig
