"""``check --live`` against real OPC UA and Modbus servers: what differs is found, and nothing is written."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import pytest
from asyncua import ua

from constraints.plantfile import load_text
from constraints.plantfile.unece import unit_id
from hil.servers.modbus import ModbusDevice, ModbusPoint
from hil.servers.opcua import NodeSpec, OpcUaServer, OpenToAll, Sample
from supervisor.cli.live import looked_all
from tests.constraints.plantfile.two import TEXT as TWO
from tests.supervisor.tank import closed_port, setwise


def eu(code: str, name: str = "") -> ua.EUInformation:
    return ua.EUInformation(UnitId=unit_id(code) if code else -1, DisplayName=ua.LocalizedText(name))


PLANT = """\
version: 1
plant: {name: Tank, timezone: Europe/Berlin}
connections:
  plc: {type: opcua, url: "opc.tcp://127.0.0.1:UA", waive_security: test, timeout: 2 s}
  meter: {type: modbus-tcp, host: 127.0.0.1, port: MB, timeout: 2 s}
heartbeat: {handshake: none}
tags:
  flow: {source: "plc:ns=2;s=FIC1.PV", unit: kg/h, range: [0, 100], stamp: ignore}
  level: {source: "plc:ns=2;s=LIC1.PV", unit: percent, range: [0, 100], stamp: ignore}
  steam: {source: "plc:ns=2;s=PI1.PV", unit: barg, range: [0, 10], scale: 0.01, stamp: ignore}
  power: {source: "meter:holding/10:float32:CDAB", unit: kW, range: [0, 500], stamp: ignore}
mvs:
  flow_sp:
    writes: "plc:ns=2;s=FIC1.SP"
    available_when: {node: "plc:ns=2;s=FIC1.MODE", is: CAS}
    readback: flow
    unit: kg/h
    limits: {safety: [0, 100], operator: [10, 90]}
    move: {up: 20, down: 20}
cvs:
  level: {limits: {operator: [40, 60]}}
models:
  level: {flow_sp: {gain: 0.5, lags: [20]}}
"""


def node(name, kind="float32", unit=None, between=None, *, writable=False):
    return NodeSpec(name, kind, writable=writable, unit=unit, range=between)


NODES = (
    node("FIC1.PV", unit=eu("E93"), between=(0.0, 100.0)),
    node("FIC1.SP", unit=eu("E93"), between=(0.0, 100.0), writable=True),
    node("FIC1.MODE", "string"),
    node("LIC1.PV", "float64", eu("", "%"), (0.0, 100.0)),
    node("PI1.PV", "uint16", eu("KPA"), (0.0, 1000.0)),
    # and what a test points the file at instead
    node("TH.PV", unit=eu("E18"), between=(0.0, 0.1)),
    node("M3.PV", unit=eu("MQH")),
    node("GAS.PV", unit=eu("Q40")),
    node("ODD.PV", unit=eu("", "Kilo/Std"), between=(0.0, 80.0)),
    node("FAR.PV", unit=eu("P1"), between=(200.0, 300.0)),
    node("BAD.PV", unit=eu("P1")),
    node("NARROW.SP", unit=eu("E93"), between=(0.0, 80.0), writable=True),
    node("FIXED.SP", unit=eu("E93")),
    node("DOUBLE.SP", "float64", eu("E93"), writable=True),
)
BARE = {"string": "CAS", "uint16": 400}


class Field:
    """A control system and a meter in a thread of their own, as the plant file expects them, and more."""

    def __init__(self) -> None:
        self.writes: list[object] = []
        self.server = OpcUaServer(NODES, lambda *write: self.writes.append(write), OpenToAll())
        self.meter = ModbusDevice(
            [ModbusPoint("power", "holding", 10, "float32", "CDAB"), ModbusPoint("tiny", "holding", 20, "float32")],
            on_write=self.writes.append,
        )
        self.meter.publish({"power": 123.4, "tiny": 1e-40})

    async def start(self) -> None:
        await self.server.start()
        await self.server.publish(
            Sample(
                each.name, BARE.get(each.kind, 50.0), time.time(), "BadSensorFailure" if "BAD" in each.name else "Good"
            )
            for each in NODES
        )
        await self.meter.start()

    async def stop(self) -> None:
        await self.meter.stop()
        await self.server.stop()

    def text(self, edits: dict[str, str]) -> str:
        text = PLANT.replace(":UA", f":{self.server.port}").replace("port: MB", f"port: {self.meter.port}")
        for before, after in edits.items():
            assert text.count(before) == 1
            text = text.replace(before, after)
        return text


@pytest.fixture(scope="module")
def field():
    made, loop = Field(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(made.start(), loop).result(60)
    yield made
    asyncio.run_coroutine_threadsafe(made.stop(), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(60)
    loop.close()
    assert made.writes == []


GAS = {
    '"plc:ns=2;s=PI1.PV", unit: barg, range: [0, 10], scale: 0.01': (
        '"plc:ns=2;s=GAS.PV", unit: Sm3/h, range: [0, 100], scale: 1.073220'
    )
}
WARM = {
    "timezone: Europe/Berlin}": "timezone: Europe/Berlin, standard_gas: {temperature: 20 degC, pressure: 1.01325 bar}}"
}
SP, PV, LEVEL = 's=FIC1.SP"', 's=FIC1.PV"', 's=LIC1.PV"'
CASES = {
    "nothing": ({}, []),
    "missing node": ({LEVEL: 's=LIC2.PV"'}, [("missing", "level", "BadNodeIdUnknown")]),
    "missing setpoint": (
        {SP: 's=FIC2.SP"'},
        [("missing", "flow_sp", "BadNodeIdUnknown"), ("missing", "flow_sp.actual", "BadNodeIdUnknown")],
    ),
    "bad quality": ({LEVEL: 's=BAD.PV"'}, [("quality", "level", "BadSensorFailure")]),
    "another unit": ({PV: 's=TH.PV"'}, [("unit", "flow", "says t/h, the file kg/h: set unit: t/h, or scale: 1000")]),
    "another kind of unit": ({PV: 's=M3.PV"'}, [("unit", "flow", "says m**3/h, the file kg/h: another kind")]),
    "no unit": (
        {PV: 's=ODD.PV"'},
        [("(range)", "flow", "the server's range is 0 to 80, the file's 0 to 100"), ("(unit)", "flow", "no unit here")],
    ),
    "another scale": ({"scale: 0.01": "scale: 0.1"}, [
        ("range", "steam", "reads 40, outside its range 0 to 10"),
        ("unit", "steam", "or scale: 0.01"),
    ]),
    "gas at the file's own conditions": (GAS | WARM, []),
    "gas at other conditions": (GAS, [("unit", "steam", "or scale: 1.0549")]),
    "limits too wide": ({SP: 's=NARROW.SP"'}, [("range", "flow_sp", "the server would refuse or clamp")]),
    "another world": ({LEVEL: 's=FAR.PV"'}, [("range", "level", "is 200 to 300, the file's 0 to 100")]),
    "not writable": ({SP: 's=FIXED.SP"'}, [("write", "flow_sp", "may not write it")]),
    "another type": ({SP: 's=DOUBLE.SP"'}, [("type", "flow_sp", "takes float64, the file would send float32")]),
    "a text": ({PV: 's=FIC1.MODE"'}, [("quality", "flow", "wire"), ("type", "flow", "shows text, a number is needed")]),
    "no register": ({"holding/10": "holding/90"}, [("missing", "power", "exception_2")]),
    "word order": ({":CDAB": ":ABCD"}, [("range", "power", "check type, word order and scale")]),
    "tiny": ({"holding/10:float32:CDAB": "holding/20:float32:ABCD"}, [("range", "power", "reads 9.99995e-41")]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_what_differs_is_found_and_nothing_else(field, tmp_path, case):
    edits, expected = CASES[case]
    findings, looked_at = await looked_all(load_text(field.text(edits), "plant.yaml"), tmp_path)
    assert looked_at == (5 if case == "a text" else 6)
    found = [(each.kind if each.error else f"({each.kind})", each.name, each.text) for each in findings]
    assert sorted(each[:2] for each in found) == sorted(each[:2] for each in expected)
    for (_, _, text), (_, _, said) in zip(sorted(found), sorted(expected), strict=True):
        assert said in text
    assert field.writes == []


def test_the_command_says_it_in_lines_and_in_its_exit_code(field, tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_text(field.text({LEVEL: 's=LIC2.PV"'}), encoding="utf-8")
    done = setwise("check", "--live", path)
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[0].split()[:3] == ["missing", "level", "plc:ns=2;s=LIC2.PV"]
    assert done.stdout.splitlines()[-1].endswith("6 places looked at, 1 error")
    path.write_text(field.text({f"port: {field.meter.port}": f"port: {closed_port()}"}), encoding="utf-8")
    done = setwise("check", "--live", "--json", path)
    assert done.returncode == 5, done.stderr
    assert [(each["kind"], each["name"]) for each in json.loads(done.stdout)["findings"]] == [("unreached", "meter")]
    path.write_text(field.text({PV + ", unit: kg/h": PV + ", unit: kgh"}), encoding="utf-8")
    done = setwise("check", "--live", path)
    assert (done.returncode, "error[E020]" in done.stdout) == (1, True)
    path.write_text(field.text({}), encoding="utf-8")
    done = setwise("check", "--live", path)
    assert (done.returncode, "all as the file says" in done.stdout) == (0, True)


def test_live_is_asked_alone(tmp_path):
    done = setwise("check", "--live", "--history", "7 d", tmp_path / "plant.yaml")
    assert done.returncode == 2
    assert "--live" in done.stderr


async def test_what_two_controllers_read_is_told_once(tmp_path):
    begin, end = TWO.index("  dcs: {"), TWO.index("\ncontrollers:")
    both = load_text(TWO[:begin] + "  dcs: {type: memory}\n" + TWO[end:], "two.yaml")
    found, looked_at = await looked_all(both, tmp_path)
    assert len(set(found)) == len(found) > 0
    assert looked_at == 43
    alone, _ = await looked_all(both.only("dryer_1"), tmp_path)
    shared = [each for each in alone if each.name == "fan"]
    assert shared
    assert [each for each in found if each.name == "fan"] == shared
