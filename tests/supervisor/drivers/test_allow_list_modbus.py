"""The whole Modbus register space is tried: nothing outside the write list is ever written (I-07)."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from constraints.plant import Connection, Point
from hil.registers import WRITTEN
from hil.servers.modbus import ModbusDevice
from hil.wiring import MV_ORDER, PLC_WRITABLE, plc_points
from safety.approval import ApprovedMove
from safety.encoding import Encoding, encode
from safety.signals import BeatFrame, Mode
from supervisor.drivers.allow_list import AllowedWire, places_of
from supervisor.drivers.driver import WritePoints
from supervisor.drivers.modbus import ModbusDriver
from supervisor.drivers.moveset import Delivery, MoveSetWriter, Word
from tests.supervisor.drivers.field import approve, armed, outcomes

SPACE = range(65_536)
SIZES = {"uint16": 2, "uint32": 4, "int32": 4, "float32": 4, "float64": 8, "bool": 2}
TRIED = (
    ("holding", "uint16"), ("holding", "float64"), ("coil", "bool"), ("input", "uint16"), ("discrete", "bool"),
)  # fmt: skip
ADDRESS = {point.name: point for point in plc_points()}
F32 = Encoding("float32")


def point(name: str, address: str, kind: str) -> Point:
    return Point(tag=name, connection="plc", address=address, encoding=Encoding(kind))


def of_the_bench(name: str) -> Point:
    return point(name, f"holding/{ADDRESS[name].address}", ADDRESS[name].kind)


TARGETS = {mv: of_the_bench(f"SP.{mv}") for mv in MV_ORDER}
NAMES = {"HB": "heartbeat", "SEQ": "sequence", "MODE_REQ": "mode_request"}
REGISTERS = {NAMES.get(name, name.lower()): of_the_bench(name) for name in WRITTEN}
PLACES = places_of(TARGETS.values(), REGISTERS)
WRITES = WritePoints(
    handshake="none", targets=TARGETS, actuals=TARGETS, mv_order=MV_ORDER, registers=REGISTERS, confirm_timeout_s=0.0
)


class Everything:
    """A pymodbus server that takes every write there is, to all registers and all coils."""

    def __init__(self) -> None:
        self.holding = [0] * len(SPACE)
        self.coils = [False] * len(SPACE)
        self.codes: list[int] = []
        self.port = 0

    async def start(self) -> None:
        bits = SimData(0, values=[False] * len(SPACE), datatype=DataType.BITS)
        words = SimData(0, values=[0] * len(SPACE), datatype=DataType.REGISTERS)
        device = SimDevice(id=1, simdata=([bits], [bits], [words], [words]), action=self._action)
        self._server = ModbusTcpServer(device, address=("127.0.0.1", 0))
        await self._server.serve_forever(background=True)
        self.port = self._server.transport.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        await self._server.shutdown()

    async def _action(self, code, start, address, count, current, new):
        if new is not None:
            self.codes.append(code)
            store = self.coils if code in (5, 15) else self.holding
            store[address : address + len(new)] = new


def driver_for(port: int) -> ModbusDriver:
    connection = Connection(name="plc", protocol="modbus-tcp", host="127.0.0.1", port=port, timeout_s=2.0)
    return ModbusDriver(connection, now_s=time.monotonic, registers=REGISTERS)


@pytest.fixture
async def server():
    made = Everything()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def driver(server):
    made = driver_for(server.port)
    await made.start()
    await armed(made)
    yield made
    await made.close()


def guarded(driver) -> tuple[AllowedWire, MoveSetWriter]:
    wire = AllowedWire(driver, "plc", PLACES)
    return wire, MoveSetWriter(wire, REGISTERS, time.monotonic)


def approved(number: int, value: float = 12.5):
    payload = ApprovedMove("T_in_sp", value, encode(value, F32))
    return approve({}, cycle=number, sequence=number % 1000 + 1, moves=(payload,), mask=1)


async def test_i07_every_holding_register_through_the_real_driver(driver, server):
    """A setpoint is put at each address in turn, by the way that a move set takes."""
    _, writer = guarded(driver)
    tried = 0
    for address in SPACE:
        where = f"holding/{address}"
        if where in {TARGETS[mv].address for mv in MV_ORDER}:
            continue
        aside = replace(WRITES, targets={"T_in_sp": point("T_in_sp", where, "float32")})
        receipts = await writer.write(approved(address + 1), aside)
        assert outcomes(receipts) == {"T_in_sp": ("not_sent", "not_listed")}
        tried += 1
    assert tried == len(SPACE) - len(MV_ORDER)
    assert (server.codes, any(server.holding), any(server.coils)) == ([], False, False)


async def test_i07_every_address_of_every_table_and_kind(driver, server):
    """As one would write single coils (5), single registers (6), several coils (15) and several registers (16)."""
    wire, _ = guarded(driver)
    for table, kind in TRIED:
        places = {("plc", f"{table}/{address}", kind) for address in SPACE}
        payload = b"\1" * SIZES[kind]
        words = [Word(point("x", where, kind), payload) for _, where, _ in sorted(places - PLACES)]
        puts = [await wire.put([word], float("inf")) for word in words]
        assert {(put.delivery, put.why) for put in puts} == {(Delivery.UNSENT, "not_listed")}
        assert len(puts) == len(SPACE) - len(places & PLACES)
    assert (server.codes, any(server.holding), any(server.coils)) == ([], False, False)


async def test_what_is_listed_does_get_written(driver, server):
    """The positive control: the same way, the same server."""
    wire, writer = guarded(driver)
    await writer.write(approve({}, moves=(ApprovedMove("T_in_sp", 12.5, encode(12.5, F32)),), mask=1), WRITES)
    assert await writer.beat(BeatFrame(heartbeat=9 << 16 | 1, epoch=2, mode_request=Mode.CLOSED_LOOP))
    at = ADDRESS["SP.T_in_sp"].address
    assert server.holding[at : at + 2] == [0x4148, 0x0000]
    for place in PLACES:
        word = Word(point("x", place[1], place[2]), b"\1\1" if place[2] == "uint16" else b"\1\1\1\1")
        assert (await wire.put([word], float("inf"))).delivery is Delivery.DONE
    written = {address for address, value in enumerate(server.holding) if value}
    listed = [ADDRESS[name] for name in (*WRITTEN, *(f"SP.{mv}" for mv in MV_ORDER))]
    expected = {each.address + offset for each in listed for offset in range(each.words)}
    assert written == expected
    assert not any(server.coils)


@pytest.mark.parametrize("address", [3, 120, 65_534])
async def test_without_the_list_the_same_way_would_write_there(driver, server, address):
    """The other control: it is the list that holds it back, and the test would see it."""
    bare = MoveSetWriter(driver, REGISTERS, time.monotonic)
    aside = replace(WRITES, targets={"T_in_sp": point("T_in_sp", f"holding/{address}", "float32")})
    await bare.write(approved(1), aside)
    assert server.holding[address : address + 2] == [0x4148, 0x0000]
    assert server.codes == [16]


async def test_the_server_would_take_all_four_ways_of_writing(server):
    async with AsyncModbusTcpClient("127.0.0.1", port=server.port) as client:
        await client.write_coil(40_000, value=True)
        await client.write_coils(50_000, [True, True])
        await client.write_register(40_000, 7)
        await client.write_registers(50_000, [7, 8])
    assert server.codes == [5, 15, 6, 16]
    assert server.coils[50_000:50_002] == [True, True]
    assert (server.holding[40_000], server.holding[50_000:50_002]) == (7, [7, 8])


async def test_i07_the_benchs_plc_sees_no_write_from_all_its_registers():
    """The PLC's own face on the bench; its spare registers could be written, and are not on the list."""
    trace: list[str] = []
    device = ModbusDevice(plc_points(), writable=PLC_WRITABLE, on_write=trace.extend)
    await device.start()
    driver = driver_for(device.port)
    await driver.start()
    await armed(driver)
    wire, _ = guarded(driver)
    try:
        before = {name: device.words(name) for name in ADDRESS}
        for address in range(200):
            for kind, size in SIZES.items():
                word = Word(point("x", f"holding/{address}", kind), b"\1" * size)
                if ("plc", word.point.address, kind) not in PLACES:
                    assert (await wire.put([word], float("inf"))).why == "not_listed"
        assert (trace, {name: device.words(name) for name in ADDRESS}) == ([], before)
        assert (await wire.put([Word(TARGETS["fan_sp"], encode(70.0, F32))], float("inf"))).delivery is Delivery.DONE
        assert (trace, device.shown("SP.fan_sp")) == (["SP.fan_sp"], 70.0)
        assert (await driver.put([Word(of_the_bench("SPARE_3"), b"\0\7")], float("inf"))).delivery is Delivery.DONE
        assert device.shown("SPARE_3") == 7.0
    finally:
        await driver.close()
        await device.stop()
