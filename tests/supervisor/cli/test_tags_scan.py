"""``setwise tags scan`` on a live device."""

from __future__ import annotations

import pytest
from pymodbus.constants import ExcCodes

from constraints.plant import Point
from safety.encoding import Encoding
from supervisor.cli.exits import Exit
from tests.supervisor.cli.calls import call, one_object
from tests.supervisor.drivers.threaded import modbus_meter


@pytest.fixture(scope="module")
def device():
    with modbus_meter() as made:
        made.put(Point(tag="P", connection="m", address="holding/10", encoding=Encoding("float32", "CDAB")), 92.19)
        made.put(Point(tag="T", connection="m", address="input/100", encoding=Encoding("int16", scale=0.1)), -23.5)
        made.refuse = {20: ExcCodes.ILLEGAL_ADDRESS}
        yield made


@pytest.fixture
def plant(tmp_path, device):
    path = tmp_path / "plant.yaml"
    path.write_text(
        f"connections:\n  m: {{type: modbus-tcp, host: 127.0.0.1, port: {device.port}, unit_id: 8, timeout: 5 s}}\n",
        encoding="utf-8",
    )
    return path


def scan(plant, *words):
    return call("tags", "scan", "m", "-c", plant, "--pause", "0.02", *words)


def test_known_values_give_type_order_and_scale(plant, device):
    device.requests.clear()
    done = scan(
        plant,
        "--block",
        "holding/0:30",
        "--block",
        "input/100:101",
        "--known",
        "holding/10=92.2",
        "--known",
        "input/100=-23.5",
    )
    assert done.exit_code == 0
    assert 'source: "m:holding/10:float32:CDAB"   shows 92.19' in done.stdout
    assert 'source: "m:input/100:int16", scale: 0.1   shows -23.5' in done.stdout
    assert "not there: holding/20" in done.stdout
    assert "word order of this device: CDAB" in done.stdout
    assert {code for code, _, _ in device.requests} == {3, 4}


def test_json_holds_every_register(plant):
    found = one_object(scan(plant, "--block", "holding/8:21", "--known", "holding/10=92.2", "--json"))
    assert len(found["words"]["holding"]) == 13
    assert found["not_there"] == {"holding": [20]}
    assert found["known"][0]["guesses"][0]["address"] == "holding/10:float32:CDAB"
    assert found["word_order"] == "CDAB"


def test_a_value_that_is_not_there_is_a_finding(plant):
    done = scan(plant, "--block", "holding/8:21", "--known", "holding/8=777")
    assert (done.exit_code, "no type, order and scale shows that" in done.stdout) == (Exit.FINDING, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--block"),
        (("--block", "holding"), "FIRST:LAST"),
        (("--block", "holding/9:3"), "FIRST:LAST"),
        (("--block", "holding/0:65536"), "FIRST:LAST"),
        (("--block", "writing/0:1"), "FIRST:LAST"),
        (("--block", "holding/0:9", "--known", "holding/10=1"), "none of the blocks"),
        (("--block", "holding/0:9", "--known", "holding/1"), "holding/10=23.5"),
        (("--block", "coil/0:9", "--known", "coil/1=1"), "holding/10=23.5"),
    ],
)
def test_wrong_use_asks_the_device_nothing(plant, device, words, says):
    device.requests.clear()
    done = scan(plant, *words)
    assert (done.exit_code, says in done.stderr, device.requests) == (Exit.USAGE, True, [])


def test_nobody_there(tmp_path):
    from tests.supervisor.tank import closed_port

    path = tmp_path / "plant.yaml"
    path.write_text(
        f"connections:\n  m: {{type: modbus-tcp, host: 127.0.0.1, port: {closed_port()}}}\n", encoding="utf-8"
    )
    done = scan(path, "--block", "holding/0:1")
    assert (done.exit_code, "setwise doctor" in done.stderr) == (Exit.UNREACHABLE, True)
