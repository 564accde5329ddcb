"""docs/plc/SETWISE_APC.st against the emulator: the same words, and the same memory after every scan of random runs."""

from __future__ import annotations

import math
import random
import re
from dataclasses import asdict, replace

import pytest

from hil.cascade import LoopView
from hil.compiled.block import CompiledBlock
from hil.compiled.native import Library
from hil.plants.pid import Mode
from hil.plc import CLOSED_LOOP, EPOCH_STEP_MAX, EmulatedBlock, PlcRule, PlcState
from hil.registers import ANSWERED, WRITTEN, Reject, Written, crc16, set_crc
from tests.hil.conftest import ST
from tests.hil.plc_rig import RULE, START, carry_out

TEXT = ST.read_text(encoding="utf-8")
ST_TYPES = {"uint32": ("UDINT", "DWORD"), "uint16": ("UINT", "WORD"), "float32": ("REAL",), "bool": ("BOOL",)}
COUNT = len(RULE.loops)
SILENCE_S = RULE.shed_s + 1.0
ACTS = {
    "beat": 35, "set": 40, "word": 4, "wild": 3, "switch": 4, "operator": 5, "limit": 3, "dead": 1, "restart": 1,
    "nothing": 4,
}  # fmt: skip
"""What a scan of a random run begins with, and how often."""
MODES = [Mode.MAN, Mode.AUTO, Mode.CAS]


@pytest.mark.parametrize("name", [*WRITTEN, *ANSWERED])
def test_every_register_of_the_contract_is_there_with_its_type(name: str) -> None:
    kind = {**WRITTEN, **ANSWERED}[name]
    declared = re.search(rf"^\s+{name}(?:_ACK)? : (\w+)", TEXT, re.MULTILINE)
    assert declared is not None
    assert declared[1] in ST_TYPES[kind]


def test_every_reject_code_is_given_and_no_other() -> None:
    assert {int(code) for code in re.findall(r"REJECT := UINT#(\d+)", TEXT)} == {int(code) for code in Reject}


def test_constants_are_those_of_the_emulator() -> None:
    assert f"<= UDINT#{EPOCH_STEP_MAX})" in TEXT
    assert f"MODE_REQ = UINT#{CLOSED_LOOP})" in TEXT
    assert f"PROBE : REAL := {RULE.probe}" in TEXT


def test_crc_known_vector() -> None:
    assert crc16(b"123456789") == 0x4B37  # CRC-16/MODBUS in the catalogue of parametrised CRC algorithms


class Chance:
    """A supervisor, an operator and a bad line, by dice."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.modes = [Mode.AUTO] * COUNT
        self.setpoints = list(START)
        self.measured = [178.5, 2800.0, 74.0, 29.0]
        self.loop_hi = [math.inf] * COUNT
        self.written = Written(sp=(0.0,) * COUNT)
        self.remote = True
        self.beats = 0

    def views(self) -> list[LoopView]:
        return [LoopView(*each) for each in zip(self.modes, self.setpoints, self.measured, strict=True)]

    def act(self, state: PlcState) -> bool:
        """Do one thing; return whether it is a restart of the PLC."""
        dice = self.dice
        what = dice.choices(list(ACTS), list(ACTS.values()))[0]
        match what:
            case "beat":
                self.beats += 1
                ahead = state.epoch <= state.barred_epoch or dice.random() < 0.05
                epoch = state.epoch + ahead
                self.written = replace(self.written, hb=7 << 16 | self.beats & 0xFFFF, epoch=epoch, mode_req=3)
            case "set":
                self._set(state)
            case "word":
                name = dice.choice(["hb", "epoch", "seq", "commit", "mask"])
                word = dice.choice([0, 1, 70_000, 2**32 - 1, dice.getrandbits(32)])
                self.written = replace(self.written, **{name: word})
            case "wild":
                mode_req = dice.choice([0, 2, 3, 65535])
                self.written = replace(self.written, sp=(math.nan, math.inf, 75.0, 1e-40), mode_req=mode_req)
            case "switch":
                self.remote = dice.random() < 0.7
            case "operator":
                index = dice.randrange(COUNT)
                self.modes[index] = dice.choice(MODES)
                if self.modes[index] is not Mode.MAN:
                    self.setpoints[index] = round(self.setpoints[index] * 8 + dice.choice([-4, 4])) / 8
            case "limit":
                index = dice.randrange(COUNT)
                self.loop_hi[index] = self.setpoints[index] - 0.5 if dice.random() < 0.7 else math.inf
                if self.modes[index] is Mode.CAS:
                    self.setpoints[index] = min(self.setpoints[index], self.loop_hi[index])
            case "dead":
                self.measured[3] = dice.choice([math.nan, 29.0, 130.0])
            case "restart" if dice.random() < 0.7:  # otherwise it keeps its registers, as some do
                self.written = Written(sp=(0.0,) * COUNT)
        return what == "restart"

    def _set(self, state: PlcState) -> None:
        dice = self.dice
        sp = tuple(
            round((loop.cascade + dice.choice([-2, -0.5, 0.25, 0.5, 1, 40]) * rule.up_per_min / 8) * 8) / 8
            for loop, rule in zip(state.loops, RULE.loops, strict=True)
        )
        seq = (state.seq + dice.choice([1, 1, 1, 1, 1, 0, 2])) % 2**32
        mask = dice.choice([0, 1, 2, 3, 5, 8, 15, 15, 16])
        epoch = max(state.epoch + dice.choice([0] * 12 + [-1, 70_000]), 0)
        crc = set_crc(epoch, seq, mask, sp) ^ dice.choice([0, 0, 0, 0, 0, 1])
        self.written = replace(self.written, epoch=epoch, seq=seq, mask=mask, crc=crc, sp=sp, commit=seq)


def differences(mine: object, other: object, path: str = "") -> list[str]:
    """Where two results differ by more than REAL rounds."""
    if isinstance(mine, dict) and isinstance(other, dict):
        return [line for name in mine for line in differences(mine[name], other[name], f"{path}.{name}")]
    if isinstance(mine, tuple) and isinstance(other, tuple) and len(mine) == len(other):
        return [line for at in range(len(mine)) for line in differences(mine[at], other[at], f"{path}[{at}]")]
    if isinstance(mine, float) and isinstance(other, float):
        same = math.isclose(mine, other, rel_tol=1e-6, abs_tol=1e-3) or (math.isnan(mine) and math.isnan(other))
    else:
        same = mine == other
    return [] if same else [f"{path}: {mine} in the emulator, {other} in the text"]


@pytest.mark.parametrize("mask", [2**32 - 1, 2**31, 1])
def test_thirty_two_loops_are_as_good_as_one(library: Library, mask: int) -> None:
    rule = PlcRule(loops=RULE.loops * 8, shed_s=30.0)
    block = CompiledBlock(rule, library)
    views = [LoopView(Mode.AUTO, at, at) for at in START * 8]
    block.start(views, 0.0)
    armed = Written(hb=1, epoch=1, mode_req=CLOSED_LOOP, sp=START * 8)
    block.scan(replace(armed, hb=0), views, 1.0, remote=True)
    orders = block.scan(armed, views, 2.0, remote=True).orders
    assert {order.mode for order in orders} == {Mode.CAS}
    sp = tuple(at + 1.0 for at in START) * 8
    written = replace(armed, seq=1, mask=mask, crc=set_crc(1, 1, mask, sp), sp=sp, commit=1)
    result = block.scan(written, [replace(view, mode=Mode.CAS) for view in views], 3.0, remote=True)
    assert result.evaluation is not None
    assert result.evaluation.reject is Reject.NONE
    assert [order.cascade for order in result.orders] == [at if mask >> i & 1 else None for i, at in enumerate(sp)]


@pytest.mark.parametrize("seed", range(16))
def test_the_text_does_what_the_emulator_does(library: Library, seed: int) -> None:
    chance = Chance(seed)
    emulated, compiled = EmulatedBlock(RULE), CompiledBlock(RULE, library)
    now_s, verdicts, sheds = 1000.0, set(), 0
    for block in (emulated, compiled):
        block.start(chance.views(), now_s)
        block.scan(chance.written, chance.views(), now_s, remote=True)  # the text counts its start in its first scan
    for turn in range(400):
        if chance.act(emulated.state):
            emulated.restart(now_s)
            compiled.restart(now_s)
        now_s += chance.dice.choice([0.25, 1.0, 1.0, 2.0, 5.0]) if chance.dice.random() > 0.02 else SILENCE_S
        was = emulated.state.permitted
        mine = emulated.scan(chance.written, chance.views(), now_s, remote=chance.remote)
        other = compiled.scan(chance.written, chance.views(), now_s, remote=chance.remote)
        assert differences(asdict(mine), asdict(other)) == [], f"turn {turn}"
        verdicts |= {mine.evaluation.reject} if mine.evaluation else set()
        sheds += was and not mine.state.permitted
        carry_out(other.orders, chance.modes, chance.setpoints, chance.loop_hi)
    assert verdicts >= set(Reject) - {Reject.HEARTBEAT}
    assert sheds
