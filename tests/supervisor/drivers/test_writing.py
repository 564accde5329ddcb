"""Who may write, and when: a client for it exists only while the plant is held (invariants I-12, I-13, I-17)."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace

import pytest
from asyncua.client.client import Client
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu.register_message import WriteMultipleRegistersRequest

from supervisor.drivers.modbus_session import ReadingClient
from tests.supervisor.drivers import modbusbench, opcuabench
from tests.supervisor.drivers.field import HOLD, approve, armed, connected, outcomes, until
from tests.supervisor.drivers.modbusbench import F32 as CDAB


class Bench:
    """One driver through one proxy, and how to look at what it did to the device behind it."""

    def __init__(self, kind, server, between) -> None:
        self.kind, self.server, self.between = kind, server, between
        self.module = opcuabench if kind == "opcua" else modbusbench
        self.writes = self.module.WRITES
        self.plain = replace(self.writes, handshake="none")
        self.driver = self.module.driver_for(between.port, timeout_s=0.5)
        self.point = opcuabench.point("double") if kind == "opcua" else modbusbench.point("holding/1")

    async def reads(self) -> bool:
        return (await self.driver.read([self.point]))[self.point.tag].good

    def setpoint(self) -> float:
        return self.server.get("SP.a") if self.kind == "opcua" else self.server.get(self.writes.targets["a"])

    def heartbeat(self) -> float:
        return self.server.get("HB") if self.kind == "opcua" else self.server.get(self.writes.registers["heartbeat"])

    def approval(self, value: float, **changes):
        return approve({"a": value}, **({"encoding": CDAB} if self.kind == "modbus" else {}), **changes)

    def open_connections(self) -> int:
        return len(self.between._tasks)


@pytest.fixture(params=["opcua", "modbus"])
async def bench(request, ua_server, modbus_device, proxy):
    server = ua_server if request.param == "opcua" else modbus_device
    made = Bench(request.param, server, await proxy(server.port))
    await made.driver.start()
    await connected(made.driver)
    yield made
    made.between.heal()
    await made.driver.close()


def writing_clients() -> list[object]:
    """Every object of this process by which something could be written."""
    gc.collect()
    found = [each for each in gc.get_objects() if isinstance(each, AsyncModbusTcpClient | Client)]
    return [
        each
        for each in found
        if (isinstance(each, AsyncModbusTcpClient) and not isinstance(each, ReadingClient))
        or (isinstance(each, Client) and each.name == "Setwise writing")
    ]


async def test_i17_without_a_hold_there_is_no_client_that_could_write(bench):
    assert await bench.reads()
    assert (bench.open_connections(), bench.driver.writing.link, writing_clients()) == (1, None, [])
    assert not await bench.driver.beat(HOLD)
    assert outcomes(await bench.driver.write(bench.approval(60.0), bench.writes)) == {"a": ("not_sent", "no_writer")}
    assert (bench.heartbeat(), bench.setpoint() == 60.0, bench.between.accepted) == (0, False, 1)


async def test_i17_it_is_there_while_the_plant_is_held_and_gone_after(bench):
    await armed(bench.driver)
    assert (bench.open_connections(), len(writing_clients())) == (2, 1)
    assert await bench.driver.beat(HOLD)
    assert bench.heartbeat() == HOLD.heartbeat
    await bench.driver.release()
    await until(lambda: bench.open_connections() == 1)
    assert (writing_clients(), bench.driver.link.connected) == ([], True)
    assert not await bench.driver.beat(replace(HOLD, heartbeat=9))
    assert bench.heartbeat() == HOLD.heartbeat
    assert await bench.reads()


async def test_i17_closing_the_driver_closes_both(bench):
    await armed(bench.driver)
    await bench.driver.close()
    await until(lambda: bench.open_connections() == 0)
    assert writing_clients() == []


async def test_taking_twice_and_releasing_twice_is_once(bench):
    await armed(bench.driver)
    bench.driver.take()
    assert await bench.driver.beat(HOLD)
    assert bench.between.accepted == 2
    await bench.driver.release()
    await bench.driver.release()
    await armed(bench.driver)
    assert await bench.driver.beat(HOLD)


async def test_i13_what_a_cut_line_swallowed_is_not_sent_again(bench):
    await armed(bench.driver)
    bench.between.black_hole()
    assert outcomes(await bench.driver.write(bench.approval(60.0), bench.plain)) == {"a": ("unknown", "timeout")}
    await bench.between.stop()  # with what was on its way
    bench.between.heal()
    await bench.between.start()
    await armed(bench.driver)
    assert await bench.driver.beat(HOLD)  # the positive control: the new line carries
    assert await bench.reads()
    await asyncio.sleep(0.1)
    assert bench.setpoint() != 60.0


async def test_i13_what_arrived_without_an_answer_is_not_sent_again(bench):
    await armed(bench.driver)
    bench.between.hold_answers()
    receipts = await bench.driver.write(bench.approval(60.0), bench.plain)
    assert outcomes(receipts) == {"a": ("unknown", "timeout")}
    await bench.driver.release()
    await until(lambda: bench.setpoint() == 60.0)  # the positive control: it did arrive, once
    bench.server.set("SP.a", 50.0) if bench.kind == "opcua" else bench.server.put(bench.writes.targets["a"], 50.0)
    bench.between.heal()
    await until(lambda: bench.driver.link.connected)
    await armed(bench.driver)
    assert await bench.driver.beat(HOLD)
    assert await bench.reads()
    assert bench.setpoint() == 50.0


async def test_i13_what_a_lost_writer_could_not_send_is_not_kept_and_the_loss_is_counted(bench):
    await armed(bench.driver)
    manager, session = bench.driver.writing.current
    before = bench.driver.link.writer_losses
    manager.lose(session, "reset")
    assert (bench.driver.link.connected, bench.driver.link.why) == (False, "writing: reset")
    assert await bench.reads()
    assert outcomes(await bench.driver.write(bench.approval(60.0), bench.writes)) == {"a": ("not_sent", "no_writer")}
    await connected(bench.driver)
    assert bench.driver.link.writer_losses == before + 1
    await asyncio.sleep(0.05)
    assert bench.setpoint() != 60.0
    assert await bench.driver.beat(HOLD)
    await bench.driver.release()
    assert bench.driver.link.writer_losses == before + 1


async def test_nothing_is_written_that_could_not_be_read_back(bench):
    await armed(bench.driver)
    bench.driver._manager.lose(bench.driver._manager.session, "reset")
    assert outcomes(await bench.driver.write(bench.approval(60.0), bench.writes)) == {"a": ("not_sent", "comm")}
    assert await bench.driver.beat(HOLD)  # a PLC that is to shed must hear of it all the same
    await connected(bench.driver)
    assert bench.setpoint() != 60.0


async def test_a_release_in_the_middle_of_a_write_leaves_it_unknown(bench):
    await armed(bench.driver)
    bench.between.black_hole()
    writing = asyncio.ensure_future(bench.driver.write(bench.approval(60.0), bench.writes))
    await asyncio.sleep(0.05)
    await bench.driver.release()
    receipts = await writing
    assert [receipt.outcome.value for receipt in receipts] == ["unknown"]
    assert bench.driver.writing.current is None


async def test_a_hung_device_does_not_hold_up_letting_go(bench):
    await armed(bench.driver)
    bench.between.black_hole()
    began = asyncio.get_running_loop().time()
    await bench.driver.release()
    assert asyncio.get_running_loop().time() - began < 5.0
    assert bench.driver.writing.link is None


async def test_a_first_attempt_under_way_is_no_trouble_but_a_failed_one_is_named(bench):
    bench.between.black_hole()
    bench.driver.take()
    assert bench.driver.link.connected
    await until(lambda: bench.driver.link.why.startswith("writing: "))
    assert not bench.driver.link.connected
    await bench.driver.release()
    bench.between.heal()
    await connected(bench.driver)


async def test_i12_the_modbus_client_that_reads_refuses_to_write(modbus_driver, modbus_device):
    await modbus_driver.release()
    client = modbus_driver._manager.session._client
    for attempt in (
        lambda: client.write_registers(200, [1], device_id=8),
        lambda: client.write_register(200, 1, device_id=8),
        lambda: client.write_coil(3, True, device_id=8),
        lambda: client.mask_write_register(address=200, device_id=8),
        lambda: client.execute(False, WriteMultipleRegistersRequest(address=200, registers=[1], dev_id=8)),
    ):
        with pytest.raises(RuntimeError, match="only reads"):
            await attempt()
    assert (modbus_device.words[200], modbus_device.requests) == (0, [])
