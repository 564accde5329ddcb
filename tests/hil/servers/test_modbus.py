"""Modbus devices through pymodbus' own client: word orders, scaled integers, refusals, one PDU = one write."""

from __future__ import annotations

import math
import struct
from collections.abc import AsyncIterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client import AsyncModbusTcpClient

from hil.servers.modbus import ModbusDevice, ModbusPoint, WordOrder, from_words, to_words
from safety.encoding import Encoding, encode

ORDERS: tuple[WordOrder, ...] = ("ABCD", "CDAB", "BADC", "DCBA")
POINTS = (
    ModbusPoint("kw", "holding", 3054, "float32", "CDAB"),
    ModbusPoint("gas", "input", 100, "int16", scale=0.1),
    ModbusPoint("hb", "holding", 0, "uint32"),
    ModbusPoint("mode", "holding", 2, "uint16"),
    ModbusPoint("sp", "holding", 3, "float32"),
)


@pytest.mark.parametrize(
    ("order", "words"),
    [("ABCD", (0x4148, 0x0001)), ("CDAB", (0x0001, 0x4148)), ("BADC", (0x4841, 0x0100)), ("DCBA", (0x0100, 0x4841))],
)
def test_word_orders_by_the_book(order: WordOrder, words: tuple[int, ...]) -> None:
    value = struct.unpack(">f", bytes.fromhex("41480001"))[0]
    point = ModbusPoint("x", "holding", 0, "float32", order)
    assert to_words(point, value) == words
    assert from_words(point, words) == value


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.sampled_from(ORDERS))
def test_words_are_those_of_the_supervisors_encoding(value: float, order: WordOrder) -> None:
    words = to_words(ModbusPoint("x", "holding", 0, "float32", order), value + 0.0)  # ours sends no zero with a sign
    assert struct.pack(">2H", *words) == encode(value, Encoding("float32", order))


@pytest.mark.parametrize(("value", "raw"), [(19.27, 193), (-5.0, 0xFFCE), (9999.0, 0x7FFF), (math.nan, 0x8000)])
def test_scaled_integers_round_and_saturate(value: float, raw: int) -> None:
    assert to_words(POINTS[1], value) == (raw,)


class Rig:
    def __init__(self, device: ModbusDevice, client: AsyncModbusTcpClient, writes: list[Mapping[str, float]]) -> None:
        self.device, self.client, self.writes = device, client, writes


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    writes: list[Mapping[str, float]] = []
    device = ModbusDevice(POINTS, 8, writable=frozenset({"hb", "mode", "sp"}), on_write=writes.append)
    await device.start()
    client = AsyncModbusTcpClient("127.0.0.1", port=device.port, timeout=1, retries=0)
    assert await client.connect()
    yield Rig(device, client, writes)
    client.close()
    await device.stop()


async def test_published_values_are_read_at_their_addresses(rig: Rig) -> None:
    rig.device.publish({"kw": 92.5, "gas": 192.4})
    answer = await rig.client.read_holding_registers(3054, count=2, device_id=8)
    assert struct.unpack(">f", struct.pack(">2H", *reversed(answer.registers)))[0] == 92.5
    answer = await rig.client.read_input_registers(100, count=1, device_id=8)
    assert answer.registers == [1924]
    rig.device.publish({"kw": 93.5})
    answer = await rig.client.read_holding_registers(3054, count=2, device_id=8)
    assert rig.client.convert_from_registers(answer.registers, rig.client.DATATYPE.FLOAT32, "little") == 93.5


async def test_rewired_words_are_swapped(rig: Rig) -> None:
    rig.device.rewire("kw", "ABCD")
    rig.device.publish({"kw": 92.5})
    answer = await rig.client.read_holding_registers(3054, count=2, device_id=8)
    assert rig.client.convert_from_registers(answer.registers, rig.client.DATATYPE.FLOAT32, "big") == 92.5
    assert rig.device.order("kw") == "ABCD"


@pytest.mark.parametrize(("address", "count"), [(3053, 2), (3056, 1), (0, 6), (9000, 1)])
async def test_addresses_that_are_not_there_give_exception_2(rig: Rig, address: int, count: int) -> None:
    answer = await rig.client.read_holding_registers(address, count=count, device_id=8)
    assert answer.isError()
    assert answer.exception_code == 2


async def test_one_pdu_is_one_write(rig: Rig) -> None:
    words = [0x0005, 0x0007, 3, *struct.unpack(">2H", struct.pack(">f", 181.5))]
    assert not (await rig.client.write_registers(0, words, device_id=8)).isError()
    assert rig.writes == [{"hb": 0x50007, "mode": 3.0, "sp": 181.5}]
    answer = await rig.client.read_holding_registers(0, count=5, device_id=8)
    assert answer.registers == words
    assert not (await rig.client.write_register(2, 1, device_id=8)).isError()
    assert rig.writes[1:] == [{"mode": 1.0}]


@pytest.mark.parametrize(
    ("address", "words"), [(3054, [1, 2]), (0, [1]), (1, [1, 3]), (3, [1]), (4, [1]), (0, [1, 2, 3, 4, 5, 6])]
)
async def test_a_write_of_half_a_number_or_a_reading_changes_nothing(rig: Rig, address: int, words: list[int]) -> None:
    rig.device.publish({"hb": 77.0, "sp": 5.0, "kw": 1.0})
    assert (await rig.client.write_registers(address, words, device_id=8)).isError()
    assert rig.writes == []
    assert [rig.device.shown(name) for name in ("hb", "sp", "kw")] == [77.0, 5.0, 1.0]


@pytest.mark.parametrize(
    "points",
    [(POINTS[0], ModbusPoint("y", "holding", 3055, "int16")), (ModbusPoint("x", "input", 1, "int16"),) * 2],
)
def test_points_that_overlap_are_refused(points: tuple[ModbusPoint, ...]) -> None:
    with pytest.raises(ValueError, match="overlaps"):
        ModbusDevice(points)


@pytest.mark.parametrize(("address", "scale"), [(65_535, 1.0), (-1, 1.0), (0, 0.0)])
def test_points_that_cannot_be_are_refused(address: int, scale: float) -> None:
    with pytest.raises(ValueError, match="address outside"):
        ModbusPoint("x", "holding", address, "float32", scale=scale)
