"""``setwise tags browse`` on a live server."""

from __future__ import annotations

import pytest

from supervisor.cli.exits import Exit
from tests.supervisor.cli.calls import call, one_object
from tests.supervisor.drivers.threaded import nested_server
from tests.supervisor.tank import closed_port


@pytest.fixture(scope="module")
def port():
    with nested_server() as found:
        yield found


@pytest.fixture
def plant(tmp_path, port):
    path = tmp_path / "plant.yaml"
    path.write_text(
        f'connections:\n  dcs: {{type: opcua, url: "opc.tcp://127.0.0.1:{port}", timeout: 5 s}}  # ours\n'
        f'  gone: {{type: opcua, url: "opc.tcp://127.0.0.1:{closed_port()}"}}\n'
        "  m: {type: modbus-tcp, host: 127.0.0.1}\ntags: {}\n",
        encoding="utf-8",
    )
    return path


def test_a_table_by_folders(plant):
    done = call("tags", "browse", "dcs", "-c", plant)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert "Plant/Line/TIC1" in lines
    assert any(line.split() == ["PV", "ns=2;s=TIC1.PV", "186.4", "degC", "0..300", "R", "Good"] for line in lines)
    assert any(line.split() == ["SP", "ns=2;s=TIC1.SP", "180", "RW", "Good"] for line in lines)
    assert lines[-1] == "5 of 5 variables"
    assert "\x1b" not in done.stdout


def test_find_and_writable(plant):
    found = one_object(call("tags", "browse", "dcs", "-c", plant, "--find", "tic1.p", "--json"))
    assert sorted(each["node_id"] for each in found["nodes"]) == ["ns=2;s=TIC1.PV", "ns=2;s=TIC1.PV.RAW"]
    found = one_object(call("tags", "browse", "dcs", "-c", plant, "--writable", "--json"))
    assert [each["name"] for each in found["nodes"]] == ["SP"]
    done = call("tags", "browse", "dcs", "-c", plant, "--find", "nowhere")
    assert (done.exit_code, "0 of 5 variables" in done.stdout) == (Exit.FINDING, True)


def test_tags_are_offered_with_unit_and_range(plant):
    before = plant.read_text("utf-8")
    done = call("tags", "browse", "dcs", "--into", plant)
    assert (done.exit_code, "2 skipped (no unit)" in done.stdout) == (Exit.FINDING, True)
    assert "not offered: 2 nodes that hold no single number" in done.stdout
    assert plant.read_text("utf-8") == before
    assert call("tags", "browse", "dcs", "--into", plant, "--skip").exit_code == 0
    line = '  PV: {source: "dcs:ns=2;s=TIC1.PV", unit: degC, range: [0, 300]}\n'
    assert plant.read_text("utf-8") == before.replace("tags: {}\n", f"tags:\n{line}")
    done = call("tags", "browse", "dcs", "--into", plant, "--find", "TIC1.PV", "--skip")
    assert (done.exit_code, "there already: 1 tags" in done.stdout) == (0, True)
    plant.write_text(plant.read_text("utf-8").replace("unit: degC", "unit: K"), encoding="utf-8")
    done = call("tags", "browse", "dcs", "--into", plant, "--find", "TIC1.PV", "--skip")
    assert "tags.PV.unit: the file says K, the device degC" in done.stderr


def test_bounds(plant):
    done = call("tags", "browse", "dcs", "-c", plant, "--depth", "2")
    assert "stopped 2 levels down: name a node to begin at" in done.stderr


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("dsc", Exit.USAGE, "did you mean 'dcs'"),
        ("m", Exit.USAGE, "m is modbus-tcp"),
        ("gone", Exit.UNREACHABLE, "gone (opc.tcp"),
    ],
)
def test_what_cannot_be_browsed_says_why(plant, name, code, says):
    done = call("tags", "browse", name, "-c", plant)
    assert (done.exit_code, says in done.stderr) == (code, True)
