"""Every fault on the whole rig, in hand-made time: without it the control says no, with it yes, and it goes away again.

One rig for all: a supervisor's hand on the PLC's Modbus face keeps the loops in cascade meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest
import pytest_asyncio
from pymodbus.client import AsyncModbusTcpClient

from hil.clock import FastClock
from hil.devices import make_credentials
from hil.faults import FAULTS, ActiveFaults, subjects
from hil.plants.pid import Mode
from hil.registers import set_crc
from hil.rig import BenchSettings, Rig
from hil.wiring import COMMIT_AT

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Hand:
    """A supervisor reduced to its writes."""

    def __init__(self, rig: Rig, client: AsyncModbusTcpClient) -> None:
        self.rig, self.client, self.beats, self.epoch = rig, client, 0, 0

    async def write(self, address: int, layout: str, *numbers: float) -> None:
        payload = struct.pack(">" + layout, *numbers)
        words = list(struct.unpack(f">{len(payload) // 2}H", payload))
        answer = await asyncio.wait_for(self.client.write_registers(address, words, device_id=1), 5)
        assert not answer.isError()

    async def beat(self) -> None:
        self.beats += 1
        await self.write(0, "IHHI", 7 << 16 | self.beats, 3, 0, self.epoch)
        self.rig.step()

    async def arm(self) -> None:
        self.epoch = self.rig.cabinet.state.epoch + 1
        await self.beat()
        await self.beat()

    async def move(self, by: float) -> None:
        """Move the fan by ``by`` percent with a whole move set."""
        seq = self.rig.cabinet.state.seq + 1
        sp = (0.0, 0.0, round(8 * (self.rig.line.loops["fan"].setpoint + by)) / 8)
        await self.write(4, "IIIHHfff", self.epoch, seq, 0b100, set_crc(self.epoch, seq, 0b100, sp), 0, *sp)
        await self.write(COMMIT_AT, "I", seq)
        self.rig.step()
        self.rig.step()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rig")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hand(folder: Path) -> AsyncIterator[Hand]:
    credentials = await make_credentials(folder / "pki")
    rig = Rig(BenchSettings(folder=folder), FastClock.from_now(1e-9, 1.8e9), credentials)
    await rig.start()
    client = AsyncModbusTcpClient("127.0.0.1", port=rig.devices.cables["plc"].port, timeout=2, retries=0)
    assert await client.connect()
    yield Hand(rig, client)
    client.close()
    await rig.stop()


async def talk_through(rig: Rig, cable: str) -> None:
    """Send some bytes through a cable, whatever comes of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.devices.cables[cable].port)
    try:
        writer.write(bytes.fromhex("000100000006080303ee0002") * 20)  # reads of the power meter
        await asyncio.wait_for(reader.read(10), 0.2)
    except (OSError, TimeoutError):
        pass
    finally:
        writer.close()


async def until_true(hand: Hand, active: ActiveFaults, name: str, subject: str) -> bool:
    """Let the plant live for up to 200 s, doing what shows the fault."""
    rig = hand.rig
    for _ in range(200):
        if active.took_effect(rig, name, subject):
            return True
        if FAULTS[name].kind == "cable":
            await talk_through(rig, subject)
        elif name in ("plc_clamp", "plc_deaf"):
            await hand.move(0.25)
        else:
            rig.step()
        await rig.show()
    return False


@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_a_fault_takes_effect_and_goes_away(hand: Hand, name: str) -> None:
    rig, active, fault = hand.rig, ActiveFaults(), FAULTS[name]
    await hand.arm()
    await rig.show()
    possible = subjects(fault, rig)
    for subject in {"signal": possible[:3], "cable": ("power",)}.get(fault.kind, possible[-1:]):
        await active.inject(rig, name, subject)
        assert active.names() == [f"{name}:{subject}"]
        assert await until_true(hand, active, name, subject)
        await active.clear(rig, name, subject)
        assert active.names() == []
        for _ in range(70):
            rig.step()
        await rig.show()
        if fault.kind in ("signal", "meter"):
            served, healthy = rig.devices.served(subject), rig.devices.expected(subject, rig.instruments)
            assert served.status == "Good"
            assert served.value == pytest.approx(healthy.value, abs=0.06)


async def test_the_positive_control_says_no_while_nothing_is_wrong(hand: Hand) -> None:
    rig = hand.rig
    for _ in range(130):
        rig.step()
        await rig.show()
        for fault in FAULTS.values():
            if fault.kind in ("signal", "meter"):
                for subject in subjects(fault, rig):
                    assert not fault.took_effect(rig, subject, 0.0), (fault.name, subject)


async def test_a_deaf_plc_keeps_its_setpoint_and_a_clamped_one_says_so(hand: Hand) -> None:
    rig, active = hand.rig, ActiveFaults()
    await hand.arm()
    before = rig.line.loops["fan"].setpoint
    await hand.move(0.5)
    assert rig.line.loops["fan"].setpoint == pytest.approx(before + 0.5, abs=0.1)
    before = rig.line.loops["fan"].setpoint
    await active.inject(rig, "plc_deaf", "plc")
    await hand.move(0.5)
    assert rig.line.loops["fan"].setpoint == before
    await active.clear(rig, "plc_deaf", "plc")
    await active.inject(rig, "plc_clamp", "fan_sp")
    await hand.move(0.5)
    assert rig.line.loops["fan"].setpoint == before
    assert rig.cabinet.answers.clamped == 0b100
    await active.clear(rig, "plc_clamp", "fan_sp")


async def test_plc_stop_freezes_the_echo_and_its_end_is_a_restart(hand: Hand) -> None:
    rig, active = hand.rig, ActiveFaults()
    await hand.arm()
    echo, boots = rig.cabinet.answers.hb_echo, rig.cabinet.answers.boot_count
    await active.inject(rig, "plc_stop", "plc")
    await hand.beat()
    assert rig.cabinet.answers.hb_echo == echo
    await active.clear(rig, "plc_stop", "plc")
    rig.step()
    rig.step()
    assert rig.cabinet.answers.boot_count == boots + 1
    assert rig.line.loops["T_in"].mode is Mode.AUTO
    assert rig.devices.opcua.shown("APC.HB").value == 0


async def test_a_fault_fits_its_subjects_only(hand: Hand) -> None:
    active = ActiveFaults()
    with pytest.raises(ValueError, match="bad_status fits a signal"):
        await active.inject(hand.rig, "bad_status", "P_fan")
    with pytest.raises(KeyError):
        await active.inject(hand.rig, "meteor", "plc")
    with pytest.raises(KeyError):
        await active.clear(hand.rig, "frozen", "T_out")


async def test_a_late_topic_reaches_a_subscriber_late(hand: Hand) -> None:
    rig, active = hand.rig, ActiveFaults()
    async with aiomqtt.Client("127.0.0.1", rig.devices.cables["site"].port) as client:
        await client.subscribe("northmill/fan/vibration")
        await active.inject(rig, "late", "northmill/fan/vibration")
        for _ in range(40):
            rig.step()
            await rig.show()
        async with asyncio.timeout(3):
            async for message in client.messages:  # some may still be under way from before
                if json.loads(bytes(message.payload))["ts"] < rig.utc_s - 3000.0:
                    break
    await active.clear(rig, "late", "northmill/fan/vibration")
