"""Every security policy and mode that a plant file may name, against the bench's server that offers only this one."""

from __future__ import annotations

import shutil
import time
from typing import get_args

import pytest
from asyncua import ua

from constraints.plant import Connection
from constraints.plantfile.schema_plant import Security
from hil.servers.opcua import NAMESPACE, NodeSpec, OpcUaServer, Sample, Secured
from hil.servers.opcua_access import Account
from hil.servers.pki import make_identity
from safety.encoding import Encoding, encode
from supervisor.drivers.certificates import own_identity
from supervisor.drivers.moveset import Delivery, Word
from supervisor.drivers.opcua import OpcUaDriver
from supervisor.drivers.opcua_security import POLICIES
from tests.supervisor.drivers.field import armed, until
from tests.supervisor.drivers.opcuabench import point, read_one

PASSWORD = "canary-7731"
X = point("x")
SLOW_S = 60.0
"""So long a crowded machine may take to connect."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    (folder / "trusted").mkdir()
    server = make_identity(folder, "server", "urn:test:server", "server")
    own_identity(folder / "own.der", folder / "own.pem")
    shutil.copy(folder / "own.der", folder / "trusted")
    return folder, server


@pytest.fixture
async def serve(pki):
    made = []

    async def start(policy: str) -> OpcUaServer:
        secured = Secured(pki[1], pki[0] / "trusted", {"setwise": Account(PASSWORD, writes=True)}, policy)
        server = OpcUaServer([NodeSpec("x", "float64", writable=True)], lambda _name, _value: None, secured)
        await server.start()
        made.append(server)
        await server.publish([Sample("x", 1.5, 0.0)])
        return server

    yield start
    for each in made:
        await each.stop()


@pytest.fixture
async def opened(pki):
    made = []

    async def open_(port: int, security: str, timeout_s: float = 2.0) -> OpcUaDriver:
        connection = Connection(
            name="dcs",
            protocol="opcua",
            url=f"opc.tcp://127.0.0.1:{port}/",
            security=security,
            user_secret="dcs",
            certificate="own.der",
            private_key="own.pem",
            server_certificate=pki[1].certificate.name,
            timeout_s=timeout_s,
        )
        driver = OpcUaDriver(
            connection, base_dir=pki[0], secrets=lambda _name: f"setwise:{PASSWORD}", now_s=time.monotonic
        )
        made.append(driver)
        await driver.start()
        return driver

    yield open_
    for each in made:
        await each.close()


def test_the_driver_and_the_bench_have_all_that_a_plant_file_may_name():
    assert {*POLICIES, "None"} == set(get_args(Security))


@pytest.mark.parametrize("security", POLICIES)
async def test_it_reads_and_writes_and_never_shows_the_password(security, serve, opened, proxy):
    server = await serve(security)
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
    driver = await opened(between.port, security)
    await armed(driver, SLOW_S)
    assert (await read_one(driver, X)).value == 1.5
    assert (await driver.put([Word(X, encode(2.5, Encoding("float64")))], float("inf"))).delivery is Delivery.DONE
    assert server.shown("x").value == 2.5
    policy, mode = POLICIES[security]
    assert policy.URI.encode() in seen  # the channel's opening is in the clear: this policy and no other
    assert (NAMESPACE.encode() in seen) == (mode is ua.MessageSecurityMode.Sign)
    assert PASSWORD.encode() not in seen


@pytest.mark.parametrize(
    ("offered", "asked"),
    [
        ("Basic256Sha256/Sign", "Basic256Sha256/SignAndEncrypt"),
        ("Aes128_Sha256_RsaOaep/SignAndEncrypt", "Aes256_Sha256_RsaPss/SignAndEncrypt"),
    ],
)
async def test_less_than_was_asked_for_is_no_link(offered, asked, serve, opened):
    driver = await opened((await serve(offered)).port, asked, 0.2)
    await until(lambda: driver.link.attempts >= 1, SLOW_S)
    assert not driver.link.connected
    assert (await read_one(driver, X)).why == "comm"


async def test_a_signing_server_that_wants_the_password_in_the_clear_does_not_get_it(serve, opened):
    server = await serve("Basic256Sha256/Sign")
    (endpoint,) = server._server.iserver.endpoints
    for token in endpoint.UserIdentityTokens:
        token.SecurityPolicyUri = "http://opcfoundation.org/UA/SecurityPolicy#None"
    driver = await opened(server.port, "Basic256Sha256/Sign")
    await until(lambda: "in the clear" in driver.link.why, SLOW_S)
    assert server.logins == {}
