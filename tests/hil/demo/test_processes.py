from __future__ import annotations

import asyncio
import stat
import sys

import pytest

from constraints.plantfile import load
from hil.clock import FastClock
from hil.demo.processes import BenchRemote, Child, DemoError, Ready, wait_ready, write_plant
from hil.demo.run import MARKER, _prepare
from supervisor.rules import rules_of
from supervisor.secrets import secrets_beside


@pytest.fixture
def ready(tmp_path):
    bench = tmp_path / "bench"
    bench.mkdir()
    certificates = {}
    for name in ("setwise.der", "setwise.pem", "dcs.der"):
        (bench / name).write_bytes(name.encode())
        certificates[name] = bench / name
    return Ready(
        clock=FastClock(60.0, 0.0, 1.7e9),
        url="opc.tcp://127.0.0.1:14840",
        ports={"power": 15020, "gas": 15021, "site": 11883},
        secrets={"dcs": "setwise-read:canary-91", "dcs-write": "setwise-write:canary-92"},
        certificates=certificates,
        control_port=1,
        token="token",
        trace=bench / "trace.jsonl",
    )


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_plant_file_it_writes_loads_and_points_at_the_bench(tmp_path, ready):
    path = write_plant(tmp_path, ready)
    plant = load(path).plant
    assert plant.connections["dcs"].url == ready.url
    assert {name: plant.connections[name].port for name in ready.ports} == ready.ports
    assert rules_of(plant).unprotected == ()
    assert {plant.connections["dcs"].user_secret, plant.connections["dcs"].write_user_secret} == set(ready.secrets)
    assert len({connection.port for connection in plant.connections.values() if connection.port}) == 3


def test_secret_and_key_are_their_owners_only_and_not_in_the_plant_file(tmp_path, ready):
    path = write_plant(tmp_path, ready)
    assert mode(tmp_path / "secrets") == 0o700
    assert {path.name: mode(path) for path in (tmp_path / "secrets").iterdir()} == {"dcs": 0o600, "dcs-write": 0o600}
    assert mode(tmp_path / "pki" / "setwise.pem") == 0o600
    assert "canary" not in path.read_text(encoding="utf-8")
    assert {name: secrets_beside(tmp_path)(name) for name in ready.secrets} == ready.secrets


def test_an_older_secret_that_was_open_to_others_is_closed(tmp_path, ready):
    (tmp_path / "secrets").mkdir(mode=0o755)
    (tmp_path / "secrets" / "dcs").write_text("old", encoding="utf-8")
    (tmp_path / "secrets" / "dcs").chmod(0o644)
    write_plant(tmp_path, ready)
    assert mode(tmp_path / "secrets" / "dcs") == 0o600


def test_it_takes_a_new_folder_an_empty_one_and_one_of_an_earlier_demo(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    for _ in range(2):
        _prepare(folder)
        assert [path.name for path in folder.iterdir()] == [MARKER]
        (folder / "data").mkdir()
        (folder / "plant.yaml").write_text("version: 1", encoding="utf-8")
    _prepare(tmp_path / "other" / "demo")
    assert (tmp_path / "other" / "demo" / MARKER).is_file()


def test_it_never_empties_the_folder_of_a_plant_or_of_a_bench(tmp_path):
    (tmp_path / "bench").mkdir()
    (tmp_path / "plant.yaml").write_text("version: 1", encoding="utf-8")
    (tmp_path / "setwise-data").mkdir()
    (tmp_path / "setwise-data" / "setwise.db").write_bytes(b"the record")
    with pytest.raises(DemoError, match="not empty"):
        _prepare(tmp_path)
    assert (tmp_path / "setwise-data" / "setwise.db").read_bytes() == b"the record"


@pytest.mark.parametrize("content", ["thesis.txt", "plant.yaml", ".hidden"])
def test_it_refuses_to_empty_a_strangers_folder(tmp_path, content):
    (tmp_path / content).write_text("mine", encoding="utf-8")
    with pytest.raises(DemoError, match="not empty"):
        _prepare(tmp_path)
    assert (tmp_path / content).read_text(encoding="utf-8") == "mine"


async def test_a_child_that_ends_is_told_with_the_place_of_its_output(tmp_path):
    child = Child("bench", (sys.executable, "-c", "print('why'); raise SystemExit(3)"), tmp_path / "log")
    await child.start()
    with pytest.raises(DemoError, match=r"bench ended \(exit 3\).*log"):
        await wait_ready(child, tmp_path)
    assert "why" in (tmp_path / "log").read_text(encoding="utf-8")
    await child.stop()


async def test_a_child_is_asked_to_end(tmp_path):
    script = (
        "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(0)); print('up', flush=True); time.sleep(60)"
    )
    child = Child("control", (sys.executable, "-c", script), tmp_path / "log")
    await child.start()
    child.check()
    for _ in range(1000):
        if (tmp_path / "log").read_text(encoding="utf-8"):
            break
        await asyncio.sleep(0.02)
    await child.stop()
    assert not child.running
    with pytest.raises(DemoError, match=r"control ended \(exit 0\)"):
        child.check()


async def test_a_bench_that_is_gone_is_a_demo_error(ready):
    with pytest.raises(DemoError, match="does not answer"):
        await BenchRemote(ready).do("state")
