"""A walk through real servers: the bench's secured one, and one with nested folders, cycles and odd nodes."""

from __future__ import annotations

import time
from pathlib import Path

import grimp
import pytest

from constraints.plant import Connection
from constraints.plantfile.taglists.unitnames import unit_of_server
from hil.servers.opcua import NodeSpec, OpcUaServer, OpenToAll, Sample, Span
from supervisor.drivers.opcua_browse import Bounds, BrowseError, browse
from supervisor.names import ROOMS
from tests.supervisor.drivers.threaded import nested_server


def no_secrets(name):
    raise AssertionError("no secret was to be asked for")


async def walked(port, root=None, wanted=lambda *_: True, **bounds):
    connection = Connection(name="dcs", protocol="opcua", url=f"opc.tcp://127.0.0.1:{port}/", timeout_s=5.0)
    return await browse(
        connection, base_dir=Path(), secrets=no_secrets, root=root, wanted=wanted, bounds=Bounds(**bounds),
        now_s=time.monotonic,
    )  # fmt: skip


@pytest.fixture(scope="module")
def nested():
    with nested_server() as port:
        yield port


async def test_every_variable_once_with_its_folders_unit_and_range(nested):
    walk = await walked(nested)
    found = {each.node_id: each for each in walk.variables}
    assert len(found) == len(walk.variables) == walk.seen == 5
    assert walk.cut == ""
    pv = found["ns=2;s=TIC1.PV"]
    assert (pv.value, pv.kind, pv.status, pv.span) == (186.4, "Double", "Good", (0.0, 300.0))
    assert unit_of_server(pv.unit_uri, pv.unit_id, pv.unit_name) == "degC"
    assert found["ns=2;s=TIC1.SP"].path == ("Plant", "Line", "TIC1")
    assert {name for name, each in found.items() if each.writable} == {"ns=2;s=TIC1.SP"}
    assert all(each.readable for each in found.values())
    assert (found["ns=2;s=TIC1.TREND"].kind, found["ns=2;s=TIC1.TREND"].numeric) == ("Double[]", False)
    assert not found["ns=2;s=TIC1.MODE"].numeric
    assert found["ns=2;s=TIC1.PV.RAW"].path[-1] == "PV"


async def test_nothing_that_a_terminal_would_obey_comes_through(nested):
    walk = await walked(nested, wanted=lambda node, *_: "MODE" in node)
    assert walk.variables[0].value == "CAS [31m"


async def test_only_what_is_wanted_is_read_and_the_rest_is_counted(nested):
    walk = await walked(nested, wanted=lambda node, name, path: name == "SP" and path[-1] == "TIC1")
    assert [each.name for each in walk.variables] == ["SP"]
    assert walk.seen == 5


async def test_a_walk_may_begin_anywhere(nested):
    walk = await walked(nested, root="ns=2;s=TIC1.PV")
    assert [each.name for each in walk.variables] == ["RAW"]
    with pytest.raises(BrowseError):
        await walked(nested, root="what")


@pytest.mark.parametrize(
    ("bound", "says"),
    [({"references_max": 2}, "2 references"), ({"depth_max": 2}, "2 levels"), ({"seconds_max": 0.0}, "0 s")],
)
async def test_bounds_end_it_and_say_so(nested, bound, says):
    walk = await walked(nested, **bound)
    assert says in walk.cut
    assert walk.seen < 5


async def test_the_server_itself_is_left_out_unless_it_is_asked_for(nested):
    assert all(not each.node_id.startswith("i=") for each in (await walked(nested)).variables)
    assert (await walked(nested, root="i=2253", depth_max=2)).seen > 5


async def test_a_server_with_many_nodes_in_pieces_as_it_allows_them():
    names = [f"N{number // 100}.{number}" for number in range(600)]
    nodes = [NodeSpec(name, "float64", span=Span("CEL", "°C", 0.0, number)) for number, name in enumerate(names, 1)]
    writes = []
    server = OpcUaServer(nodes, lambda *write: writes.append(write), OpenToAll())
    await server.start()
    try:
        await server.publish([Sample("N3.300", 7.5, 1_700_000_000.0, "BadSensorFailure")])
        walk = await walked(server.port)
    finally:
        await server.stop()
    found = {each.name: each for each in walk.variables}
    assert set(found) == set(names)
    assert found["N3.300"].status == "BadSensorFailure"
    assert {each.span[1] for each in walk.variables} == set(map(float, range(1, 601)))
    assert writes == []


async def test_nobody_there():
    with pytest.raises(BrowseError):
        await walked(1)


def test_there_is_no_path_from_here_to_anything_that_writes():
    """Not even inside a function (I-12)."""
    graph = grimp.build_graph(*ROOMS, cache_dir=None)
    readers = ["supervisor.drivers.opcua_browse", "supervisor.drivers.modbus_scan", "supervisor.cli.tags",
               "supervisor.cli.tags_browse", "supervisor.cli.tags_scan", "supervisor.cli.tags_lists"]  # fmt: skip
    writers = [f"supervisor.drivers.{name}" for name in (
        "opcua", "opcua_writing", "modbus", "writing", "guarded", "pool", "build", "allow_list",
    )] + ["supervisor.cycle", "safety.gate"]  # fmt: skip
    chains = {(reader, writer): graph.find_shortest_chain(reader, writer) for reader in readers for writer in writers}
    assert {key: chain for key, chain in chains.items() if chain} == {}
    assert graph.find_shortest_chain("supervisor.cli.doctor", "supervisor.drivers.build")
