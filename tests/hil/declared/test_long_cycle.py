"""A supervisor whose cycle is longer than two minutes: a whole cycle's move is not too much for the PLC's block."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from constraints.plant import Plant
from constraints.plantfile import load_text
from hil.cascade import LoopView
from hil.compiled.block import CompiledBlock
from hil.compiled.native import Library
from hil.declared.wiring import plc_rule
from hil.plants.pid import Mode
from hil.plc import Block, EmulatedBlock, PlcRule
from hil.registers import Reject, Written, set_crc
from tests.hil.plc_rig import INSTANCE, f32

TEXT = Path(__file__).with_name("odd.yaml").read_text(encoding="utf-8")
CYCLES = 10


def plant_of(cycle: str, timeout: str) -> Plant:
    """odd.yaml at another cycle, with moves so slow that ten whole ones stay inside the limits."""
    text = TEXT.replace("plc_timeout: 90 s", f"plc_timeout: {timeout}").replace("5 delta_degC/min", "1 delta_degC/min")
    return load_text(text.replace("tags:", f"controller: {{cycle: {cycle}}}\ntags:", 1), "odd.yaml").plant


def verdicts(block: Block, plant: Plant, bits: int) -> list[Reject]:
    """Arm, then move every loop as far as the gate lets it in one cycle, each cycle, up and down in turn."""
    steps = [plant.envelopes[name].step_up for name in plant.mvs]
    now_s, setpoints = 1000.0, [sum(mv.limits.safety) / 2.0 for mv in plant.mvs.values()]
    written, found = Written(sp=tuple(setpoints)), []

    def scan(mode: Mode, later_s: float) -> Reject | None:
        nonlocal now_s
        now_s += later_s
        views = [LoopView(mode, setpoint, setpoint) for setpoint in setpoints]
        result = block.scan(written, views, now_s, remote=True)
        return None if result.evaluation is None else result.evaluation.reject

    block.start([LoopView(Mode.AUTO, setpoint, setpoint) for setpoint in setpoints], now_s)
    scan(Mode.AUTO, 1.0)
    for cycle in range(1, CYCLES + 1):
        written = replace(written, hb=INSTANCE | cycle, epoch=1, mode_req=3)
        scan(Mode.AUTO if cycle == 1 else Mode.CAS, 0.0)
        scan(Mode.CAS, 0.0)
        way = 1.0 if cycle % 4 in (1, 2) else -1.0  # two cycles up, two cycles down
        sp = tuple(f32(at + way * step) for at, step in zip(setpoints, steps, strict=True))
        written = replace(written, seq=cycle, mask=bits, crc=set_crc(1, cycle, bits, sp), sp=sp)
        scan(Mode.CAS, 0.0)
        written = replace(written, commit=cycle)
        verdict = scan(Mode.CAS, 0.0)
        assert verdict is not None
        found.append(verdict)
        setpoints = list(sp) if verdict is Reject.NONE else setpoints
        for _ in range(int(plant.cycle_s)):
            scan(Mode.CAS, 1.0)
    return found


@pytest.fixture(params=["emulated", "compiled"])
def make(request: pytest.FixtureRequest, library: Library):
    return EmulatedBlock if request.param == "emulated" else lambda rule: CompiledBlock(rule, library)


def shortened(rule: PlcRule, burst_s: float) -> PlcRule:
    return replace(rule, loops=tuple(replace(loop, burst_s=burst_s) for loop in rule.loops))


@pytest.mark.parametrize(("cycle", "timeout"), [("15 s", "90 s"), ("2 min", "12 min"), ("5 min", "30 min")])
def test_a_whole_cycles_move_passes_cycle_after_cycle(make, cycle: str, timeout: str) -> None:
    plant = plant_of(cycle, timeout)
    rule = plc_rule(plant)
    assert verdicts(make(rule), plant, 0b11) == [Reject.NONE] * CYCLES


def test_with_one_minute_of_the_rate_it_would_be_refused_in_every_cycle(make) -> None:
    plant = plant_of("5 min", "30 min")
    assert verdicts(make(shortened(plc_rule(plant), 60.0)), plant, 0b11) == [Reject.LIMITS] * CYCLES
