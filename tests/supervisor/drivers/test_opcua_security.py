"""Certificates, users and pins, against a server that asks for all of them."""

from __future__ import annotations

import logging
import shutil
import stat
import time
from dataclasses import replace

import pytest

from constraints.plant import Connection, Point
from supervisor.drivers.certificates import own_identity
from supervisor.drivers.opcua import OpcUaDriver
from supervisor.secrets import SecretError
from tests.supervisor.drivers.field import (
    TinyPlc,
    allowed,
    approve,
    armed,
    connected,
    opcua_address,
    outcomes,
    points,
    until,
)
from tests.supervisor.drivers.uaserver import UaServer, make_pki

WRITES = points(opcua_address)
RIGHT = "setwise:right"
DOUBLE = Point(tag="double", connection="dcs", address="ns=2;s=double")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The plant's folder: our own certificate made there, and trusted by the server."""
    return tmp_path_factory.mktemp("plant")


@pytest.fixture(scope="module")
def server(base):
    pki = make_pki(base / "server")
    own_identity(base / "pki/setwise.der", base / "pki/setwise.pem")
    shutil.copy(base / "pki/setwise.der", pki.trusted)
    shutil.copy(pki.certificate, base / "pki/dcs.der")
    running = UaServer(pki).start()
    yield running
    running.end()


@pytest.fixture
def connection(server):
    server.reset()
    return Connection(
        name="dcs",
        protocol="opcua",
        url=server.url,
        security="Basic256Sha256/SignAndEncrypt",
        user_secret="dcs",
        certificate="pki/setwise.der",
        private_key="pki/setwise.pem",
        server_certificate="pki/dcs.der",
        timeout_s=1.5,
    )


@pytest.fixture
async def opened(base):
    """``await opened(connection, secret)`` gives a started driver."""
    made = []

    async def make(connection, secret=RIGHT):
        def secrets(name):
            if secret is None:
                raise SecretError(f"secret '{name}' not found")
            return secret

        driver = OpcUaDriver(
            connection,
            base_dir=base,
            secrets=secrets,
            now_s=time.monotonic,
            registers=WRITES.registers,
            places=allowed(WRITES),
        )
        made.append(driver)
        await driver.start()
        return driver

    yield make
    for each in made:
        await each.close()


async def refused(driver) -> str:
    """Wait for a failed attempt and return its reason."""
    await until(lambda: driver.link.attempts >= 1 and not driver.link.connected)
    assert (await driver.read([DOUBLE]))["double"].why == "comm"
    return driver.link.why


async def test_reads_and_writes_over_an_encrypted_link_with_a_user(connection, opened, server):
    server.plc = TinyPlc()
    driver = await opened(connection)
    await armed(driver)
    assert (await driver.read([DOUBLE]))["double"].value == 1.5
    assert outcomes(await driver.write(approve({"a": 60.0}), WRITES)) == {"a": ("confirmed", "")}


async def test_i17_the_writing_accounts_secret_is_read_when_the_plant_is_taken_and_not_before(connection, base):
    asked = []

    def secrets(name):
        asked.append(name)
        return RIGHT

    two = replace(connection, write_user_secret="dcs-write")
    driver = OpcUaDriver(
        two, base_dir=base, secrets=secrets, now_s=time.monotonic, registers=WRITES.registers, places=allowed(WRITES)
    )
    await driver.start()
    await connected(driver)
    assert asked == ["dcs"]
    await armed(driver)
    assert asked == ["dcs", "dcs-write"]
    await driver.release()
    await armed(driver)
    assert asked == ["dcs", "dcs-write", "dcs-write"]  # it was not kept meanwhile
    await driver.close()


async def test_a_writing_account_that_may_not_log_in_is_named_and_reading_goes_on(connection, base):
    two = replace(connection, write_user_secret="dcs-write")
    words = {"dcs": RIGHT, "dcs-write": "setwise:wrong"}
    driver = OpcUaDriver(two, base_dir=base, secrets=words.__getitem__, now_s=time.monotonic, places=allowed(WRITES))
    await driver.start()
    await connected(driver)
    driver.take()
    await until(lambda: driver.link.why == "writing: BadUserAccessDenied")
    assert (await driver.read([DOUBLE]))["double"].value == 1.5
    assert outcomes(await driver.write(approve({"a": 60.0}), WRITES)) == {"a": ("not_sent", "no_writer")}
    await driver.close()


async def test_nothing_readable_crosses_the_wire(connection, opened, server, proxy):
    between = await proxy(server.port)
    seen = bytearray()
    pump = between._pump

    async def listen(reader, writer, *, up):
        class Tap:
            async def read(self, n):
                chunk = await reader.read(n)
                seen.extend(chunk)
                return chunk

        await pump(Tap(), writer, up=up)

    between._pump = listen
    driver = await opened(replace(connection, url=f"opc.tcp://127.0.0.1:{between.port}/"))
    await connected(driver)
    await driver.read([DOUBLE])
    assert len(seen) > 3000
    assert b"opc.tcp" in seen  # the positive control: the hello is in the clear
    assert b"right" not in seen
    assert b"ns=2" not in seen and b"double" not in seen


async def test_a_wrong_password_is_named(connection, opened):
    assert await refused(await opened(connection, "setwise:wrong")) == "BadUserAccessDenied"


async def test_a_missing_secret_is_named(connection, opened):
    assert await refused(await opened(connection, None)) == "SecretError: secret 'dcs' not found"


async def test_another_server_than_the_pinned_one_is_refused_and_named(connection, opened, base):
    stranger = make_pki(base / "stranger")
    shutil.copy(stranger.certificate, base / "pki/stranger.der")
    driver = await opened(replace(connection, server_certificate="pki/stranger.der", timeout_s=0.2))
    assert "not the pinned one" in await refused(driver)


async def test_a_client_that_the_server_does_not_trust_is_refused(connection, opened):
    unknown = replace(connection, certificate="pki/unknown.der", private_key="pki/unknown.pem")
    assert await refused(await opened(unknown)) in {"BadCertificateUntrusted", "BadSecurityChecksFailed", "reset"}


async def test_an_open_link_to_a_protected_server_is_refused(connection, opened):
    naked = replace(connection, security="None", certificate=None, private_key=None, server_certificate=None)
    assert "No matching endpoints" in await refused(await opened(naked))


@pytest.mark.parametrize("missing", ["certificate", "private_key", "server_certificate"])
async def test_protection_that_is_not_complete_does_not_connect_at_all(connection, opened, server, proxy, missing):
    between = await proxy(server.port)
    half = replace(connection, url=f"opc.tcp://127.0.0.1:{between.port}/", **{missing: None})
    assert "needed" in await refused(await opened(half))
    assert between.accepted == 0


async def test_an_unknown_policy_does_not_fall_back_to_none(connection, opened, server, proxy):
    between = await proxy(server.port)
    odd = replace(connection, url=f"opc.tcp://127.0.0.1:{between.port}/", security="Basic256/Sign")
    assert "not known" in await refused(await opened(odd))
    assert between.accepted == 0


async def test_our_certificate_is_made_when_missing(connection, opened, base):
    fresh = replace(connection, certificate="new/own.der", private_key="new/own.pem")
    await refused(await opened(fresh))
    assert stat.S_IMODE((base / "new/own.pem").stat().st_mode) == 0o600
    assert own_identity(base / "new/own.der", base / "new/own.pem").uri.endswith(":setwise")


async def test_neither_password_nor_key_reaches_the_log(connection, opened, caplog, base):
    logging.getLogger("asyncua").setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG):
            await refused(await opened(connection, "setwise:canary-7731"))
    finally:
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    assert any(record.name.startswith("asyncua.client") for record in caplog.records)
    assert "canary-7731" not in "".join(record.getMessage() for record in caplog.records)
