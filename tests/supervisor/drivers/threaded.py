"""Servers in a thread with a loop of its own, for tests that block: an OPC UA one with odd corners, a Modbus device."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager

from asyncua import Server, ua

from constraints.plantfile.unece import NAMESPACE, unit_id
from tests.supervisor.drivers.modbusdevice import ModbusDevice


@contextmanager
def loop_in_a_thread():
    """Give a function that runs a coroutine in the thread and returns what it returns."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def nested_server():
    """Objects / Plant / Line / TIC1 / PV ..., a way back to the top, an array, a text, a method. Gives its port."""
    with loop_in_a_thread() as run:
        server = run(_nested())
        try:
            yield server.bserver.port
        finally:
            run(server.stop())


@contextmanager
def modbus_meter():
    """A ModbusDevice, started."""
    with loop_in_a_thread() as run:
        device = ModbusDevice()
        run(device.start())
        try:
            yield device
        finally:
            run(device.stop())


async def _nested() -> Server:
    server = Server()
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:0/")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace("urn:nested")
    plant = await server.nodes.objects.add_folder(index, "Plant")
    line = await plant.add_object(index, "Line")
    loop = await line.add_object(index, "TIC1")
    pv = await loop.add_variable(ua.NodeId("TIC1.PV", index), "PV", 186.4, ua.VariantType.Double)
    shown = ua.LocalizedText("°C")
    unit = ua.EUInformation(NAMESPACE, unit_id("CEL"), shown, shown)
    await pv.add_property(ua.NodeId("EU", index), "0:EngineeringUnits", unit)
    await pv.add_property(ua.NodeId("SPAN", index), "0:EURange", ua.Range(0.0, 300.0))
    await pv.add_property(index, "Serial", "123")
    sp = await loop.add_variable(ua.NodeId("TIC1.SP", index), "SP", 180.0, ua.VariantType.Float)
    await sp.set_writable()
    await loop.add_variable(ua.NodeId("TIC1.MODE", index), "MODE", "CAS\x1b[31m", ua.VariantType.String)
    await loop.add_variable(ua.NodeId("TIC1.TREND", index), "TREND", [1.0, 2.0], ua.VariantType.Double)
    await pv.add_variable(ua.NodeId("TIC1.PV.RAW", index), "RAW", 7, ua.VariantType.Int16)  # below a variable
    await loop.add_reference(plant, ua.ObjectIds.Organizes)  # a cycle
    await plant.add_reference(pv, ua.ObjectIds.Organizes)  # a second way to the same node
    await loop.add_method(index, "Reset", lambda *_: [], [], [])
    await server.start()
    return server
