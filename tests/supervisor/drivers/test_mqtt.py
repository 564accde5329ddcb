"""The MQTT driver against a real mosquitto."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import aiomqtt
import pytest

from constraints.plant import Connection, Point
from safety.signals import BeatFrame, Mode, Quality
from supervisor.drivers.mqtt import MqttDriver, MqttSession
from supervisor.secrets import SecretError
from tests.supervisor.drivers.field import approve, connected, opcua_address, outcomes, points, until

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="needs mosquitto (apt-get install mosquitto)")


class Broker:
    def __init__(self, folder: Path, lines: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._config = folder / f"mosquitto-{self.port}.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\npersistence false\nuser root\n{lines}\n")
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self.stop()
        raise AssertionError("mosquitto does not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(5)
            self._process = None


@pytest.fixture(scope="module")
def shared_broker(tmp_path_factory):
    made = Broker(tmp_path_factory.mktemp("mosquitto"), "allow_anonymous true")
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def broker(shared_broker):
    yield shared_broker
    await publish(shared_broker, "site/a", b"", retain=True)  # forget what a test had retained


async def publish(broker, topic: str, payload: bytes, *, retain: bool = False) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.publish(topic, payload, qos=1, retain=retain)


def point(address: str, **changes) -> Point:
    return Point(tag=address, connection="site", address=address, **changes)


T = point("site/a#T")
HUM = point("site/a#H")
PLAIN = point("site/b")
STATE = point("site/c", equals="ON")
ALL = (T, HUM, PLAIN, STATE)


def driver_for(port: int, *, now_s=time.monotonic, timeout_s: float = 0.5, secret=None) -> MqttDriver:
    def secrets(name: str) -> str:
        if secret is None:
            raise SecretError("none")
        return secret

    connection = Connection(
        name="site",
        protocol="mqtt",
        host="127.0.0.1",
        port=port,
        timeout_s=timeout_s,
        user_secret="site" if secret is not None else None,
    )
    return MqttDriver(connection, ALL, secrets=secrets, now_s=now_s)


@pytest.fixture
async def driver(broker):
    made = driver_for(broker.port)
    await made.start()
    await connected(made)
    yield made
    await made.close()


async def settled(driver, asked: Point, wanted: str = ""):
    """Wait until the reading's reason is ``wanted`` and return it."""
    deadline = time.monotonic() + 5
    while True:
        reading = (await driver.read([asked]))[asked.tag]
        if reading.why == wanted:
            return reading
        assert time.monotonic() < deadline, reading
        await asyncio.sleep(0.01)


async def test_before_the_first_message_there_is_no_value(driver):
    readings = await driver.read(ALL)
    assert {reading.why for reading in readings.values()} == {"initial"}
    assert not any(reading.good for reading in readings.values())


async def test_fields_of_one_message_are_tags(driver, broker):
    await publish(broker, "site/a", b'{"T": 21.5, "H": 7, "ts": 1700000000.25}')
    assert (await settled(driver, T)).value == 21.5
    reading = await settled(driver, HUM)
    assert (reading.value, reading.source_utc_s) == (7.0, 1700000000.25)


async def test_a_plain_number_and_a_text(driver, broker):
    await publish(broker, "site/b", b" 12.5\n")
    await publish(broker, "site/c", b"ON")
    assert (await settled(driver, PLAIN)).value == 12.5
    assert (await settled(driver, STATE)).value == 1.0


async def test_received_at_is_when_the_message_came_not_when_it_is_read(broker):
    now = [10.0]
    driver = driver_for(broker.port, now_s=lambda: now[0])
    await driver.start()
    await connected(driver)
    await publish(broker, "site/b", b"1")
    await settled(driver, PLAIN)
    now[0] = 99.0
    reading = (await driver.read([PLAIN]))["site/b"]
    await driver.close()
    assert reading.received_at_s == 10.0


async def test_a_retained_message_is_not_a_measurement(broker):
    await publish(broker, "site/a", b'{"T": 99}', retain=True)
    driver = driver_for(broker.port)
    await driver.start()
    await connected(driver)
    await asyncio.sleep(0.1)
    assert (await driver.read([T]))[T.tag].why == "initial"
    await publish(broker, "site/a", b'{"T": 21}', retain=True)  # live for us, though retained for later ones
    assert (await settled(driver, T)).value == 21.0
    await driver.close()


async def test_a_malformed_message_is_bad_until_the_next_good_one(driver, broker):
    await publish(broker, "site/a", b'{"T": 21}')
    await settled(driver, T)
    await publish(broker, "site/a", b'{"T": 2')
    reading = await settled(driver, T, "malformed")
    assert reading.quality is Quality.BAD
    await publish(broker, "site/a", b'{"T": 22}')
    assert (await settled(driver, T)).value == 22.0


async def test_a_flood_is_kept_to_the_last(driver, broker):
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for i in range(500):
            await client.publish("site/b", str(i).encode())
    await settled(driver, PLAIN)
    await until(lambda: driver._manager.session.last["site/b"].payload == b"499")
    assert (await driver.read([PLAIN]))["site/b"].value == 499.0


@pytest.fixture
def own_broker(tmp_path):
    """A broker that only this test uses, not started, with the password file of user ``setwise``."""
    passwords = tmp_path / "passwords"
    subprocess.run(
        [shutil.which("mosquitto_passwd"), "-b", "-c", str(passwords), "setwise", "right"],
        check=True,
        capture_output=True,
    )
    made = Broker(tmp_path, f"allow_anonymous false\npassword_file {passwords}")
    yield made
    made.stop()


async def test_a_broker_that_restarts_and_nothing_old_survives(tmp_path):
    broker = Broker(tmp_path, "allow_anonymous true")
    broker.start()
    driver = driver_for(broker.port)
    await driver.start()
    await connected(driver)
    await publish(broker, "site/b", b"1")
    await settled(driver, PLAIN)
    broker.stop()
    await until(lambda: not driver.link.connected)
    assert (await driver.read([PLAIN]))["site/b"].why == "comm"
    broker.start()
    await connected(driver)
    assert (await driver.read([PLAIN]))["site/b"].why == "initial"
    await publish(broker, "site/b", b"2")
    assert (await settled(driver, PLAIN)).value == 2.0
    await driver.close()
    broker.stop()


async def test_a_reset_link_is_noticed_and_mended(broker, proxy):
    between = await proxy(broker.port)
    driver = driver_for(between.port)
    await driver.start()
    await connected(driver)
    between.reset()
    await until(lambda: between.accepted >= 2 and driver.link.connected)
    await driver.close()


async def test_a_broker_that_accepts_and_says_nothing(proxy, broker):
    between = await proxy(broker.port)
    between.black_hole()
    driver = driver_for(between.port, timeout_s=0.1)
    await driver.start()
    await until(lambda: driver.link.attempts >= 2)
    assert not driver.link.connected
    between.heal()
    await connected(driver)
    await driver.close()


async def test_a_session_that_was_given_up_while_connecting_leaves_as_soon_as_it_can(broker, proxy):
    between = await proxy(broker.port)
    between.hold_answers()
    connection = Connection(name="site", protocol="mqtt", host="127.0.0.1", port=between.port, timeout_s=2.0)
    session = MqttSession(connection, ["site/b"], secrets=str, now_s=time.monotonic)
    opening = asyncio.ensure_future(session.open())
    await until(lambda: between.bytes_up > 0)
    session.abort()
    between.heal()
    await asyncio.wait({session._task}, timeout=2.0)
    assert session._task.done()
    with pytest.raises(aiomqtt.MqttError, match="ended"):
        await opening


async def test_connections_that_were_never_acknowledged_do_not_pile_up(broker, proxy):
    between = await proxy(broker.port)
    between.hold_answers()
    driver = driver_for(between.port, timeout_s=0.05)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    await driver.start()
    await until(lambda: between.accepted >= 4)
    await driver.close()
    between.reset()
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before, 2.0)  # noqa: PTH208


async def test_users_and_passwords(own_broker):
    broker = own_broker
    broker.start()
    good, wrong = driver_for(broker.port, secret="setwise:right"), driver_for(broker.port, secret="setwise:wrong")
    await good.start()
    await wrong.start()
    await connected(good)
    await until(lambda: wrong.link.attempts >= 1 and "Not authorized" in wrong.link.why)
    assert "wrong" not in wrong.link.why
    await good.close()
    await wrong.close()


async def test_nothing_is_ever_written(driver):
    receipts = await driver.write(approve({"a": 1.0}), points(opcua_address))
    assert outcomes(receipts) == {"a": ("not_sent", "read_only")}
    assert not await driver.beat(BeatFrame(heartbeat=1, epoch=1, mode_request=Mode.OFF))
