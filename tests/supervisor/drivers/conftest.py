from __future__ import annotations

import logging

import pytest

from tests.supervisor.drivers import modbusbench, opcuabench
from tests.supervisor.drivers.field import MVS, armed
from tests.supervisor.drivers.modbusdevice import ModbusDevice
from tests.supervisor.drivers.toxic import ToxicProxy
from tests.supervisor.drivers.uaserver import UaServer


@pytest.fixture(autouse=True, scope="session")
def quiet_libraries():
    """The libraries log every lost link with a traceback; what they say is not what is tested."""
    for name in ("asyncua", "mqtt"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@pytest.fixture(scope="session")
def ua_server_shared():
    server = UaServer().start()
    yield server
    server.end()


@pytest.fixture
def ua_server(ua_server_shared):
    """A server without security, as in its table, shared by the tests."""
    ua_server_shared.reset()
    return ua_server_shared


@pytest.fixture
async def proxy():
    """``await proxy(port)`` gives a started toxic proxy in front of ``port``."""
    made = []

    async def make(target: int) -> ToxicProxy:
        made.append(ToxicProxy(target))
        await made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.heal()
        await each.stop()


@pytest.fixture
async def opcua_driver(ua_server):
    made = opcuabench.driver_for(ua_server.port)
    await made.start()
    await armed(made)
    yield made
    await made.close()


@pytest.fixture
async def opcua_toxic(ua_server, proxy):
    """A driver through a proxy: (driver, proxy)."""
    between = await proxy(ua_server.port)
    made = opcuabench.driver_for(between.port, timeout_s=0.5)
    await made.start()
    await armed(made)
    yield made, between
    await made.close()


@pytest.fixture
async def modbus_device():
    made = ModbusDevice()
    made.registers = modbusbench.register_points()
    for mv in MVS:
        made.put(modbusbench.WRITES.actuals[mv], 50.0)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def modbus_driver(modbus_device):
    made = modbusbench.driver_for(modbus_device.port)
    await made.start()
    await armed(made)
    modbus_device.requests.clear()
    yield made
    await made.close()


@pytest.fixture
async def modbus_toxic(modbus_device, proxy):
    """A driver through a proxy: (driver, proxy)."""
    between = await proxy(modbus_device.port)
    made = modbusbench.driver_for(between.port, timeout_s=0.5)
    await made.start()
    await armed(made)
    yield made, between
    await made.close()
