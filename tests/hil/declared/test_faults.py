"""The fault catalogue on the bench of a template: each fault that fits takes effect, and goes away again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hil.bench import Bench
from hil.clock import FastClock
from hil.control import COMMANDS
from hil.declared.rig import DeclaredRig, make_declared_rig
from hil.declared.settings import Wishes
from hil.faults import FAULTS, OPC_UA_ONLY, ActiveFaults, subjects
from hil.plants.pid import Mode
from hil.registers import set_crc
from hil.rig import BenchSettings
from hil.templates.catalogue import plant_files

pytestmark = pytest.mark.asyncio(loop_scope="module")

DRYER_ONLY = {"word_order", "silent", "late", "server_restart"}
OPC_UA, OTHERS = "chiller", "compressor-house"


async def rig_of(folder, path) -> DeclaredRig:
    rig = await make_declared_rig(BenchSettings(folder=folder), FastClock.from_now(1.0), path, Wishes())
    await rig.start()
    rig.step()
    await rig.show()
    return rig


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rigs(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, DeclaredRig]]:
    made = {}
    for name in (OPC_UA, OTHERS):
        made[name] = await rig_of(tmp_path_factory.mktemp(name) / "bench", plant_files()[name])
    yield made
    for rig in made.values():
        await rig.stop()


class Hand:
    """A supervisor reduced to what it writes into the PLC's registers."""

    def __init__(self, rig: DeclaredRig) -> None:
        self.cabinet, self.rig, self.beats, self.epoch = rig.cabinet, rig, 0, rig.cabinet.state.epoch

    def write(self, **registers: float) -> None:
        for name, value in registers.items():
            self.cabinet.write(name, value, "test")
        self.rig.step()

    def beat(self) -> None:
        self.beats += 1
        self.write(HB=7 << 16 | self.beats, EPOCH=self.epoch, MODE_REQ=3)

    def arm(self) -> None:
        self.beat()  # after a start the first one is only seen
        self.epoch = self.cabinet.state.epoch + 1
        self.beat()
        self.beat()

    def move(self, share: float) -> None:
        """Move the first loop by this share of its range with a whole set."""
        wiring, seq = self.cabinet.loops[0], self.cabinet.state.seq + 1
        rule = wiring.rule
        values = [self.rig.line.loops[each.loop].setpoint for each in self.cabinet.loops]
        values[0] = round(64 * (values[0] + share * (rule.hi - rule.lo))) / 64
        names = dict(zip((f"SP.{mv}" for mv in self.cabinet.mv_order), values, strict=True))
        self.beat()
        self.write(SEQ=seq, MASK=1, CRC=set_crc(self.epoch, seq, 1, values), **names)
        self.write(COMMIT=seq)
        self.rig.step()


async def talk_through(rig: DeclaredRig, cable: str) -> None:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", rig.devices.cables[cable].port), 1)
        writer.write(b"\0" * 200)
        await asyncio.sleep(0.02)
        writer.close()
    except OSError:
        await asyncio.sleep(0.01)


async def until_true(hand: Hand, active: ActiveFaults, name: str, subject: str) -> bool:
    rig = hand.rig
    for _ in range(200):
        if active.took_effect(rig, name, subject):
            return True
        if FAULTS[name].kind == "cable":
            await talk_through(rig, subject)
        elif name in ("plc_clamp", "plc_deaf"):
            hand.move(0.002)
        rig.step()
        await rig.show()
    return False


@pytest.mark.parametrize("name", sorted(set(FAULTS) - DRYER_ONLY))
async def test_a_fault_takes_effect_and_goes_away(rigs: dict[str, DeclaredRig], name: str) -> None:
    rig = rigs[OPC_UA if name in OPC_UA_ONLY else OTHERS]
    hand, active, fault = Hand(rig), ActiveFaults(), FAULTS[name]
    hand.arm()
    possible = subjects(fault, rig)
    assert possible
    for subject in possible if fault.kind == "signal" else possible[:1]:
        await active.inject(rig, name, subject)
        assert await until_true(hand, active, name, subject), subject
        await active.clear(rig, name, subject)
    assert active.names() == []
    for _ in range(70):
        rig.step()
    await rig.show()
    await nothing_is_wrong(rig)


async def nothing_is_wrong(rig: DeclaredRig) -> None:
    for name in {*FAULTS} - DRYER_ONLY:
        if FAULTS[name].kind == "signal":
            for subject in subjects(FAULTS[name], rig):
                assert not FAULTS[name].took_effect(rig, subject, 0.0), (name, subject)


@pytest.mark.parametrize("template", [OPC_UA, OTHERS])
async def test_the_positive_control_says_no_while_nothing_is_wrong(rigs, template: str) -> None:
    rig = rigs[template]
    assert set(rig.devices.signals()) >= set(rig._whole.plant.cvs)
    for _ in range(130):
        rig.step()
        await rig.show()
        await nothing_is_wrong(rig)


async def test_a_restarted_plc_has_let_go_and_a_local_one_gives_back(rigs) -> None:
    rig, active = rigs[OPC_UA], ActiveFaults()
    hand = Hand(rig)
    hand.arm()
    loop = rig.cabinet.loops[0].loop
    assert rig.line.loops[loop].mode is Mode.CAS
    await active.inject(rig, "plc_local", "plc")
    rig.step()
    assert rig.line.loops[loop].mode is Mode.AUTO
    await active.clear(rig, "plc_local", "plc")
    hand.beat()
    assert rig.line.loops[loop].mode is Mode.CAS
    await active.inject(rig, "plc_restart", "plc")
    hand.beat()
    assert rig.line.loops[loop].mode is Mode.AUTO


async def test_what_this_plant_does_not_have_is_said(rigs, tmp_path) -> None:
    bench = Bench(rigs[OTHERS])
    listed = await COMMANDS["faults"](bench, {})
    assert set(listed) == set(FAULTS) - DRYER_ONLY - OPC_UA_ONLY
    await COMMANDS["fault"](bench, {"name": "frozen", "subject": listed["frozen"]["subjects"][0]})
    assert bench.state()["faults"] == [f"frozen:{listed['frozen']['subjects'][0]}"]
    await COMMANDS["clear"](bench, {"name": "frozen", "subject": listed["frozen"]["subjects"][0]})
    with pytest.raises(ValueError, match="word_order fits a meter \\(this plant has none\\), not 'P_el'"):
        await COMMANDS["fault"](bench, {"name": "word_order", "subject": "P_el"})
    text = plant_files()[OPC_UA].read_text(encoding="utf-8").replace("handshake: full", "handshake: none")
    path = tmp_path / "plant.yaml"
    path.write_text(text, encoding="utf-8")
    rig = await make_declared_rig(BenchSettings(folder=tmp_path / "b"), FastClock.from_now(1.0), path, Wishes())
    rig.trace.close()
    kinds = {fault.kind for fault in FAULTS.values() if subjects(fault, rig)}
    assert kinds == {"signal", "loop"}  # no PLC block, and before the start no cable either
