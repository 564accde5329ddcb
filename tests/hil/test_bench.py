"""The bench as a process of its own: started, read by every protocol, moved, unplugged, stopped, orphaned."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import struct
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiomqtt
import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from pymodbus.client import AsyncModbusTcpClient

from hil.bench import READY_FILE
from hil.registers import set_crc
from hil.remote import BenchError, BenchProcess, BenchRemote
from hil.wiring import MV_ORDER, SIGNALS, opcua_nodes

pytestmark = pytest.mark.asyncio(loop_scope="module")

START_S = 30.0
"""What the bench may take to start."""
START_UTC_S = 1_793_606_400.0
NUMBERS = {"uint16": ua.VariantType.UInt16, "uint32": ua.VariantType.UInt32, "float32": ua.VariantType.Float}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(folder: Path) -> AsyncIterator[BenchProcess]:
    began = time.monotonic()
    process = await BenchProcess.start(folder, "--speed", "60", "--start-utc", str(START_UTC_S))
    assert time.monotonic() - began < START_S
    yield process
    assert await process.stop() == 0
    assert not (folder / READY_FILE).exists()
    assert (folder / "bench.log").read_text(encoding="utf-8") == ""


async def state(bench: BenchProcess) -> dict[str, object]:
    answer = await bench.remote.do("state")
    assert isinstance(answer, dict)
    return answer


async def until(bench: BenchProcess, wanted: Callable[[dict[str, object]], bool], timeout_s: float = 30.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not wanted(await state(bench)):
            await asyncio.sleep(0.02)


async def opcua(bench: BenchProcess, secret: str = "secret") -> Client:
    ready = bench.remote.ready
    client = Client(str(ready["opcua_url"]), timeout=1, watchdog_intervall=5)
    user, _, password = str(ready[secret]).partition(":")
    client.application_uri = str(ready["client_uri"])
    client.set_user(user)
    client.set_password(password)
    await client.set_security(
        SecurityPolicyBasic256Sha256, str(ready["client_certificate"]), str(ready["client_private_key"]),
        server_certificate=str(ready["server_certificate"]),
    )  # fmt: skip
    return client


def port(bench: BenchProcess, cable: str) -> int:
    ports = bench.remote.ready["ports"]
    assert isinstance(ports, dict)
    return int(ports[cable])


async def write(client: Client, **registers: float) -> None:
    kinds = {spec.name: spec.kind for spec in opcua_nodes()}
    names = [f"APC.{name.replace('SP_', 'SP.', 1)}" for name in registers]
    values = [
        ua.DataValue(
            ua.Variant(value if kinds[name] == "float32" else int(value), NUMBERS[kinds[name]]), StatusCode=None
        )
        for name, value in zip(names, registers.values(), strict=True)
    ]
    for status in await client.uaclient.write_attributes([ua.NodeId(name, 2) for name in names], values):
        status.check()


async def test_the_ready_file_is_private_and_complete(bench: BenchProcess, folder: Path) -> None:
    path = folder / READY_FILE
    assert path.stat().st_mode & 0o077 == 0
    ready = json.loads(path.read_text(encoding="utf-8"))
    assert ready["pid"] == bench.process.pid
    assert set(ready["ports"]) == {"dcs", "power", "gas", "site", "plc"}
    assert Path(ready["client_private_key"]).stat().st_mode & 0o077 == 0


async def test_every_protocol_serves_the_plant_and_the_clock_is_shared(bench: BenchProcess) -> None:
    async with await opcua(bench) as client:
        nodes = [client.get_node(ua.NodeId(spec.name, 2)) for spec in opcua_nodes()]
        datas = await client.read_attributes(nodes)
        now_s = bench.remote.clock.now().utc_s
        by_name = {spec.name: data for spec, data in zip(opcua_nodes(), datas, strict=True)}
    assert by_name["TIC201.PV"].Value is not None
    assert by_name["TIC201.PV"].Value.Value == pytest.approx(180.0, abs=2.0)
    assert by_name["APC.PROBE"].Value is not None
    assert by_name["APC.PROBE"].Value.Value == 1234.5
    stamp = by_name["TIC201.PV"].SourceTimestamp
    assert stamp is not None
    assert START_UTC_S < stamp.timestamp() <= now_s
    assert now_s - stamp.timestamp() < 60.0  # a second of real time
    seen = await state(bench)
    measured = seen["measured"]
    assert isinstance(measured, dict)
    assert set(SIGNALS) <= set(measured)
    meter = AsyncModbusTcpClient("127.0.0.1", port=port(bench, "power"), timeout=1, retries=0)
    assert await meter.connect()
    words = (await meter.read_holding_registers(3054, count=2, device_id=8)).registers
    meter.close()
    kw = struct.unpack(">f", struct.pack(">2H", words[1], words[0]))[0]
    assert kw == pytest.approx(measured["P_fan"], abs=5.0)
    meter = AsyncModbusTcpClient("127.0.0.1", port=port(bench, "gas"), timeout=1, retries=0)
    assert await meter.connect()
    words = (await meter.read_input_registers(100, count=1, device_id=1)).registers
    meter.close()
    assert words[0] * 0.1 == pytest.approx(measured["gas"], abs=8.0)
    async with aiomqtt.Client("127.0.0.1", port(bench, "site")) as sensor:
        await sensor.subscribe("northmill/#")
        seen_topics: dict[str, dict[str, float]] = {}
        async with asyncio.timeout(5):
            async for message in sensor.messages:
                seen_topics[str(message.topic)] = json.loads(bytes(message.payload))
                if len(seen_topics) == 2:
                    break
    assert seen_topics["northmill/ambient"]["humidity"] == pytest.approx(8.0, abs=1.0)
    assert abs(seen_topics["northmill/fan/vibration"]["ts"] - bench.remote.clock.now().utc_s) < 120.0


async def test_a_supervisor_takes_the_loops_moves_one_and_is_shed_when_its_cable_is_pulled(
    bench: BenchProcess, folder: Path
) -> None:
    client = await opcua(bench, "write_secret")
    await client.connect()
    epoch = int((await state(bench))["epoch"]) + 1  # type: ignore[call-overload]
    beats = 0

    async def beat() -> None:
        nonlocal beats
        beats += 1
        await write(client, HB=9 << 16 | beats, EPOCH=epoch, MODE_REQ=3)

    for _ in range(3):
        await beat()
        await asyncio.sleep(0.1)
    await until(bench, lambda now: now["mode"] == dict.fromkeys(MV_ORDER, "CAS"))
    sp = (180.5, 0.0, 0.0)
    await write(client, SP_T_in_sp=sp[0], EPOCH=epoch, SEQ=1, MASK=1, CRC=set_crc(epoch, 1, 1, sp))
    await write(client, COMMIT=1)
    await until(bench, lambda now: now["sp"]["T_in_sp"] == 180.5)  # type: ignore[index]
    assert await client.get_node(ua.NodeId("APC.SEQ_ACK", 2)).read_value() == 1
    assert await client.get_node(ua.NodeId("TIC201.SP", 2)).read_value() == 180.5
    await beat()
    pulled_at_s = (await state(bench))["t"]
    await bench.remote.do("pull_cable", cable="dcs")
    with pytest.raises((TimeoutError, ConnectionError, ua.UaError)):
        await beat()
    await until(bench, lambda now: not now["permitted"])
    shed = await state(bench)
    assert 80.0 < shed["t"] - pulled_at_s < 130.0  # type: ignore[operator]
    assert shed["mode"] == dict.fromkeys(MV_ORDER, "AUTO")
    await until(bench, lambda now: now["sp"]["T_in_sp"] == 180.0)  # type: ignore[index] # the operator's, by its ramp
    await bench.remote.do("restore_cable", cable="dcs")
    with contextlib.suppress(TimeoutError, ConnectionError, ua.UaError):
        await client.disconnect()
    events = [json.loads(line) for line in (folder / "trace.jsonl").read_text(encoding="utf-8").splitlines()]
    sets = [event for event in events if event.get("event") == "set"]
    assert [event["reject"] for event in sets] == ["NONE"]
    assert [event["event"] for event in events if event.get("event") in ("permitted", "shed")] == ["permitted", "shed"]
    assert any(event.get("register") == "COMMIT" and event["via"] == "opcua" for event in events)
    rows = [event for event in events if "true" in event]
    assert rows[-1]["t"] > 90.0
    assert rows[-1]["utc"] == pytest.approx(START_UTC_S + rows[-1]["t"], abs=60.0)
    assert set(rows[0]["sp"]) == set(MV_ORDER)


async def test_control_disturbs_operates_breaks_and_repairs(bench: BenchProcess) -> None:
    do = bench.remote.do
    await do("disturb", name="hum_amb", value=14.0)
    await until(bench, lambda now: now["true"]["hum_amb"] == 14.0)  # type: ignore[index]
    await do("plc_local")
    await until(bench, lambda now: now["answers"]["REMOTE"] == 0.0)  # type: ignore[index]
    await do("plc_remote")
    assert await do("operator_setpoint", mv="feed_sp", value=2800.0) is True
    await until(bench, lambda now: now["sp"]["feed_sp"] == 2800.0)  # type: ignore[index]
    await do("loop_mode", mv="SIC301", mode="MAN")
    await until(bench, lambda now: now["mode"]["fan_sp"] == "MAN")  # type: ignore[index]
    await do("loop_mode", mv="fan", mode="AUTO")
    await do("fault", name="nan", subject="T_out")
    assert (await state(bench))["faults"] == ["nan:T_out"]
    assert await do("check", name="nan", subject="T_out") is True
    await do("clear", name="nan", subject="T_out")
    await do("fault", name="plc_restart", subject="plc")
    await until(bench, lambda now: now["answers"]["BOOT_COUNT"] == 2.0)  # type: ignore[index]
    listed = await do("faults")
    assert isinstance(listed, dict)
    assert listed["frozen"]["catalogue"] == "F07"


@pytest.mark.parametrize(
    ("command", "args", "error"),
    [
        ("dance", {}, "no command 'dance'"),
        ("disturb", {"name": "mood", "value": 1.0}, "KeyError"),
        ("disturb", {"name": "hum_amb", "value": "wet"}, "value must be a number"),
        ("disturb", {"name": "hum_amb", "value": 1e9}, "must be from"),
        ("pull_cable", {"cable": "x"}, "KeyError"),
        ("loop_mode", {"mv": "fan_sp", "mode": "FAST"}, "not a valid Mode"),
        ("loop_mode", {"mv": "x", "mode": "AUTO"}, "no loop 'x'"),
        ("clear", {"name": "nan", "subject": "T_out"}, "KeyError"),
    ],
)
async def test_control_refuses_nonsense_and_goes_on(
    bench: BenchProcess, command: str, args: dict[str, object], error: str
) -> None:
    with pytest.raises(BenchError, match=error):
        await bench.remote.do(command, **args)
    assert "t" in await state(bench)


async def test_control_needs_its_token(bench: BenchProcess) -> None:
    control = bench.remote.ready["control"]
    assert isinstance(control, dict)
    reader, writer = await asyncio.open_connection("127.0.0.1", control["port"])
    for line in (b'{"do": "stop"}\n', b'{"do": "stop", "token": "guess"}\n', b"[1]\n", b"\xff\xfe\n"):
        writer.write(line)
        assert json.loads(await reader.readline())["ok"] is False
    writer.close()


async def test_the_plant_keeps_up_with_its_clock(bench: BenchProcess) -> None:
    first, began_s = await state(bench), bench.remote.clock.now().mono_s
    await asyncio.sleep(1.0)

    def caught_up(now: dict[str, object]) -> bool:
        moved = now["t"] - first["t"]  # type: ignore[operator]
        return bool(moved == pytest.approx(bench.remote.clock.now().mono_s - began_s, abs=30.0))

    await until(bench, caught_up)  # to half a second of real time; after a pause of the machine it catches up


async def test_a_port_that_is_taken_is_an_error_in_words(bench: BenchProcess, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="ended with 1"):
        await BenchProcess.start(tmp_path, "--gas-port", str(port(bench, "gas")))
    assert "address already in use" in (tmp_path / "bench.log").read_text(encoding="utf-8").lower()


async def test_no_bench_no_remote(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no bench in"):
        await BenchRemote.connect(tmp_path)


async def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-m', 'hil.bench', '--dir', {str(tmp_path)!r}])\n"
        "time.sleep(60)"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    async with asyncio.timeout(100):
        while not (tmp_path / READY_FILE).exists():
            await asyncio.sleep(0.05)
        pid = json.loads((tmp_path / READY_FILE).read_text(encoding="utf-8"))["pid"]
        parent.send_signal(signal.SIGKILL)
        await parent.wait()
        while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
            await asyncio.sleep(0.05)
    assert not (tmp_path / READY_FILE).exists()
    assert pid != os.getpid()
