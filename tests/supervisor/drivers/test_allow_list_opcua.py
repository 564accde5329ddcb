"""Every node that a browse of the bench's server finds, and names like those: none but the listed is written (I-07)."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from asyncua import Client

from constraints.plant import Point
from hil.servers.opcua import OpcUaServer, OpenToAll
from hil.wiring import opcua_nodes
from safety.approval import ApprovedMove
from safety.encoding import Encoding, encode
from safety.signals import BeatFrame, Mode
from supervisor.drivers.allow_list import AllowedWire, allowed_places
from supervisor.drivers.moveset import Delivery, MoveSetWriter, Word
from supervisor.drivers.opcua import OpcUaDriver
from supervisor.drivers.pool import write_points
from tests.supervisor.drivers.field import approve, armed, outcomes
from tests.supervisor.walk import demo_plant

PLANT = demo_plant()
PLACES = allowed_places(PLANT)
LISTED = {address for _, address, _ in PLACES}
WRITES = replace(write_points(PLANT), handshake="none", confirm_timeout_s=0.0)
F32 = Encoding("float32")
BATCH = 200


@pytest.fixture
async def bench():
    """The bench's server without its encryption, and the trace of what clients wrote."""
    trace: list[str] = []
    server = OpcUaServer(opcua_nodes(), lambda name, value: trace.append(name), OpenToAll())
    await server.start()
    yield server, trace
    await server.stop()


@pytest.fixture
async def driver(bench):
    connection = replace(
        PLANT.connections["dcs"],
        url=f"opc.tcp://127.0.0.1:{bench[0].port}", security="None", user_secret=None, write_user_secret=None,
        certificate=None, private_key=None, server_certificate=None, timeout_s=5.0,
    )  # fmt: skip
    made = OpcUaDriver(
        connection, base_dir=None, secrets=str, now_s=time.monotonic, registers=PLANT.handshake_points
    )  # fmt: skip
    await made.start()
    await armed(made, 20.0)
    yield made
    await made.close()


async def browsed(port: int) -> list[str]:
    """Every node id that can be reached from the root, as text."""
    # The library's own watch would give up after a second without answer, which a busy machine may take.
    async with Client(f"opc.tcp://127.0.0.1:{port}/", timeout=30, watchdog_intervall=60.0) as client:
        found, front = {client.nodes.root.nodeid.to_string()}, [client.nodes.root]
        while front:
            ahead = []
            for start in range(0, len(front), BATCH):
                for _, result in await client.browse_nodes(front[start : start + BATCH]):
                    for reference in result.References:
                        name = reference.NodeId.to_string()
                        if name not in found:
                            found.add(name)
                            ahead.append(client.get_node(reference.NodeId))
            front = ahead
    return sorted(found)


def mutated(name: str) -> list[str]:
    """Names that a sloppy comparison would take for ``name``; some of them are the same node for the server."""
    index, _, text = name.partition(";")
    return [
        f" {name}", f"{name} ", f"{name}\n", f"{name}\0", name.upper(), name.lower(), f"{name}.", f"{name}/x", text,
        f"{text};{index}", f"ns=02;{text}", f"ns=3;{text}", f"ns=0;{text}", f"NS=2;{text}", f"{name};", f"nsu=x;{text}",
        name.replace("s=", "i="), name.replace("s=", "b="), name.replace("APC.", "APC"), name[:-1], f"{name}_",
    ]  # fmt: skip


def at(address: str, kind: str = "float32") -> Point:
    return Point(tag="T_in_sp", connection="dcs", address=address, encoding=Encoding(kind))


def move(number: int):
    moves = (ApprovedMove("T_in_sp", 180.5, encode(180.5, F32)),)
    return approve({}, cycle=number, sequence=number, moves=moves, mask=1)


def shown(server) -> dict[str, object]:
    return {spec.name: repr(server.shown(spec.name).value) for spec in opcua_nodes()}


async def test_i07_every_node_of_the_bench_and_every_name_like_it(bench, driver):
    server, trace = bench
    before = shown(server)
    names = await browsed(server.port)
    assert len(names) > 1000
    assert set(names) >= LISTED
    assert set(names) >= {f"ns=2;s={spec.name}" for spec in opcua_nodes()}
    names += [near for name in sorted(LISTED) for near in mutated(name)]
    setpoints = {point.address for point in WRITES.targets.values()}
    writer = MoveSetWriter(AllowedWire(driver, "dcs", PLACES), PLANT.handshake_points, time.monotonic)
    tried = 0
    for number, name in enumerate(names, 1):
        if name not in setpoints:
            aside = replace(WRITES, targets={**WRITES.targets, "T_in_sp": at(name)})
            receipts = await writer.write(move(number), aside)
            assert outcomes(receipts) == {"T_in_sp": ("not_sent", "not_listed")}, name
            tried += 1
    assert tried == len(names) - len(setpoints)
    assert (trace, shown(server)) == ([], before)


async def test_what_is_listed_does_get_written(bench, driver):
    """The positive control: the same way, the same server, every place of the list."""
    server, trace = bench
    wire = AllowedWire(driver, "dcs", PLACES)
    writer = MoveSetWriter(wire, PLANT.handshake_points, time.monotonic)
    await writer.write(move(1), WRITES)
    assert (trace, server.shown("APC.SP.T_in_sp").value) == (["APC.SP.T_in_sp"], 180.5)
    assert await writer.beat(BeatFrame(heartbeat=9 << 16 | 1, epoch=2, mode_request=Mode.CLOSED_LOOP))
    assert set(trace[1:]) == {"APC.HB", "APC.EPOCH", "APC.MODE_REQ"}
    for _, address, kind in PLACES:
        word = Word(at(address, kind), encode(1.0, Encoding(kind)))
        assert (await wire.put([word], float("inf"))).delivery is Delivery.DONE
    assert {f"ns=2;s={name}" for name in trace} == LISTED


async def test_without_the_list_the_same_way_would_write_there(bench, driver):
    """The other control: the server takes it, by another spelling too; it is the list that holds it back."""
    server, trace = bench
    wire = AllowedWire(driver, "dcs", PLACES - {("dcs", "ns=2;s=APC.SEQ", "uint32")})
    for number, name in enumerate(("ns=2;s=APC.SEQ", "ns=02;s=APC.SEQ"), 1):
        word = Word(at(name, "uint32"), encode(number, Encoding("uint32")))
        assert (await wire.put([word], float("inf"))).why == "not_listed"
        assert len(trace) == number - 1
        assert (await driver.put([word], float("inf"))).delivery is Delivery.DONE
        assert (trace[-1], server.shown("APC.SEQ").value) == ("APC.SEQ", number)
