"""Node ids with a namespace's URI: looked up in the server's table, and again when it comes back with another."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from asyncua import ua

from hil.servers.opcua import NodeSpec, OpcUaServer, OpenToAll, Sample
from safety.encoding import Encoding, encode
from supervisor.drivers.moveset import Delivery, Word
from supervisor.drivers.opcua_facts import facts
from supervisor.drivers.opcua_nodes import node_of
from supervisor.drivers.opcua_rights import rights
from tests.supervisor.drivers.field import HOLD, armed, connected, until
from tests.supervisor.drivers.opcuabench import connection_for, driver_for, no_secrets, point, read_one

TABLE = ("http://opcfoundation.org/UA/", "urn:server", "urn:maker:line", "urn:odd;name")
MAKER = "nsu=urn:maker:line;s=T|1"
OTHER = "nsu=urn:other:line;s=T|1"
SLOW_S = 60.0
"""So long a crowded machine may take to start a server."""
GONE = "nsu=urn:maker:gone;s=T|1"


@pytest.mark.parametrize(
    ("address", "node"),
    [
        ("nsu=urn:maker:line;s=T;1=a", ua.NodeId("T;1=a", 2)),
        ("nsu=urn:maker:line;i=7", ua.NodeId(7, 2)),
        ("nsu=urn:odd%3Bname;s=x", ua.NodeId("x", 3)),
        ("nsu=http://opcfoundation.org/UA/;i=2258", ua.NodeId(2258, 0)),
        ("ns=9;s=x", ua.NodeId("x", 9)),  # the server will say that it has none
        ("i=2258", ua.NodeId(2258, 0)),
        ("nsu=urn:maker;s=T", None),
        ("nsu=URN:MAKER:LINE;s=T", None),
        ("nsu=urn:maker:line;ns=1;s=T", None),
        ("nsu=urn:maker:line", None),
        ("nsu=;s=T", None),
        ("ns=65536;s=x", None),
        ("ns=-1;s=x", None),
        ("ns=2;i=4294967296", None),
        ("ns=2;g=nonsense", None),
        ("srv=1;ns=2;s=x", None),
        ("T|1", None),
        ("", None),
    ],
)
def test_an_address_means_one_node_of_this_table_or_none(address, node):
    assert node_of(address, TABLE) == node


@asynccontextmanager
async def serving(*nodes: NodeSpec, port: int = 0):
    server = OpcUaServer(nodes, lambda _name, _value: None, OpenToAll(), port)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def at(address: str, name: str = "maker") -> NodeSpec:
    return NodeSpec(name, "float64", writable=True, node=address)


def maker(address: str = MAKER):
    return point("maker", address=address)


async def test_it_is_read_written_described_and_missed_by_name():
    async with serving(at(MAKER)) as server:
        driver = driver_for(server.port)
        await driver.start()
        await armed(driver, SLOW_S)
        await server.publish([Sample("maker", 1.5, 0.0)])
        assert (await read_one(driver, maker())).value == 1.5
        assert (await read_one(driver, maker(GONE))).why == "namespace"
        word = Word(maker(), encode(2.5, Encoding("float64")))
        assert (await driver.put([word], float("inf"))).delivery is Delivery.DONE
        assert server.shown("maker").value == 2.5
        lost = await driver.put([word, Word(maker(GONE), word.payload)], float("inf"))
        assert (lost.delivery, lost.why) == (Delivery.UNSENT, "namespace")
        connection = connection_for(server.port)
        told = await facts(connection, [GONE, MAKER], base_dir=None, secrets=no_secrets)
        assert (told[GONE].missing, told[MAKER].missing, told[MAKER].kind) == ("namespace", "", "float64")
        assert list(await rights(connection, None, [GONE, MAKER], base_dir=None, secrets=no_secrets)) == [MAKER]
        await driver.close()


@pytest.mark.parametrize("relied", [False, True])
async def test_after_a_restart_it_is_looked_up_anew_unless_an_index_was_relied_on(relied):
    async with serving(at(MAKER)) as server:
        port = server.port
        driver = driver_for(port, reconnect_s_max=0.5)
        await driver.start()
        await connected(driver, SLOW_S)
        await server.publish([Sample("maker", 1.5, 0.0)])
        assert (await read_one(driver, maker())).value == 1.5
        if relied:
            assert (await read_one(driver, maker("ns=3;s=T|1"))).value == 1.5
    await until(lambda: not driver.link.connected, SLOW_S)
    async with serving(at(OTHER, "another"), at(MAKER), port=port) as server:  # ns=3 is the other maker's now
        await server.publish([Sample("another", 9.0, 0.0), Sample("maker", 2.5, 0.0)])
        if relied:
            await until(lambda: "namespaces changed" in driver.link.why, SLOW_S)
        else:
            await connected(driver, SLOW_S)
            assert (await read_one(driver, maker())).value == 2.5
            assert (await read_one(driver, maker("ns=3;s=T|1"))).value == 9.0  # the control: it did move
        await driver.close()


async def test_two_addresses_of_one_node_are_never_written():
    async with serving(at(MAKER)) as server:
        await server.publish([Sample("maker", 1.5, 0.0)])
        places = frozenset(("dcs", address, "float64") for address in (MAKER, "ns=3;s=T|1"))
        driver = driver_for(server.port, places=places)
        await driver.start()
        await connected(driver, SLOW_S)
        driver.take()
        await until(lambda: "are one node" in driver.link.why, SLOW_S)
        assert (await read_one(driver, maker())).good  # reading goes on
        assert not await driver.beat(HOLD)
        await driver.close()
