"""A server that dies, hangs and comes back: a real process, killed and stopped by signal."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from constraints.plant import Connection, Point
from supervisor.drivers.opcua import OpcUaDriver
from tests.supervisor.drivers.field import approve, armed, connected, opcua_address, outcomes, points, until

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys, time
from tests.supervisor.drivers.uaserver import V, UaServer
server = UaServer(port=int(sys.argv[1]), table={"x": (float(sys.argv[2]), V.Double), "SP.a": (0.0, V.Float)}).start()
if sys.argv[3]:
    server._do(server._server.register_namespace(sys.argv[3]))
print(server.port, flush=True)
time.sleep(60)
"""
X = Point(tag="x", connection="dcs", address="ns=2;s=x")


class Server:
    def __init__(self) -> None:
        self.port = 0
        self.process: subprocess.Popen | None = None

    async def start(self, value: float, namespace: str = "") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(self.port), str(value), namespace],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.port = int(await asyncio.to_thread(self.process.stdout.readline))

    def hang(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)  # until it really stands still

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(5)
        self.process.stdout.close()


@pytest.fixture
async def server():
    made = Server()
    await made.start(1.0)
    yield made
    made.kill()


@pytest.fixture
async def driver(server):
    made = OpcUaDriver(
        Connection(name="dcs", protocol="opcua", url=f"opc.tcp://127.0.0.1:{server.port}/", timeout_s=0.4),
        base_dir=Path(),
        secrets=str,
        now_s=time.monotonic,
    )
    await made.start()
    await connected(made)
    yield made
    await made.close()


async def value(driver):
    reading = (await driver.read([X]))["x"]
    return reading.value if reading.good else reading.why


async def test_killed_and_restarted_on_the_same_port(driver, server):
    assert await value(driver) == 1.0
    server.kill()
    await until(lambda: not driver.link.connected)
    assert await value(driver) == "comm"
    await server.start(2.0)
    await connected(driver)
    assert await value(driver) == 2.0


async def test_a_hang_then_a_kill_then_a_restart(driver, server):
    """The order that leaves asyncua's own reconnection connected to nothing for ever."""
    await armed(driver)
    server.hang()
    assert await value(driver) == "comm"
    assert not driver.link.connected
    plain = points(opcua_address, handshake="none")
    assert outcomes(await driver.write(approve({"a": 9.0}), plain)) == {"a": ("not_sent", "comm")}
    server.kill()
    await server.start(3.0)
    await connected(driver)
    assert await value(driver) == 3.0


async def test_a_hang_that_ends_is_a_new_connection(driver, server):
    first = driver._manager.session
    server.hang()
    assert await value(driver) == "comm"
    server.wake()
    await connected(driver)
    assert driver._manager.session is not first
    assert await value(driver) == 1.0


async def test_other_namespaces_after_a_restart_are_refused(driver, server):
    """ns=2 may now be another vendor's tags (reference: fault F36)."""
    assert await value(driver) == 1.0
    server.kill()
    await until(lambda: not driver.link.connected)
    await server.start(4.0, "urn:new")
    await until(lambda: "namespaces changed" in driver.link.why)
    assert await value(driver) == "comm"
