from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plantfile import load, load_text
from hil.clock import FastClock
from hil.declared.resting import resting
from hil.declared.rig import line_of, make_declared_rig
from hil.declared.settings import Wishes, WishesError
from hil.declared.whole import whole_of
from hil.declared.wiring import UnservableError, loops, node, places, plc_rule, shown_when, topics
from hil.plants.pid import Mode
from hil.rig import BenchSettings
from hil.servers.opcua import Span
from hil.templates.catalogue import plant_files
from safety.signals import ShedAction

ODD = Path(__file__).with_name("odd.yaml")
TEXT = ODD.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", plant_files().values(), ids=str)
def test_everything_that_a_cycle_reads_and_writes_has_a_place(path: Path) -> None:
    plant = load(path).plant
    found = places(plant)
    wanted = {(point.connection, point.address) for point in plant.points_read()}
    wanted |= {(mv.writes.connection, mv.writes.address) for mv in plant.mvs.values()}
    wanted |= {(point.connection, point.address) for point in plant.handshake_points.values()}
    assert wanted == {(connection, address) for connection, given in found.items() for address in given}
    writable = {place.register for given in found.values() for place in given.values() if place.register}
    registers = {"HB", "EPOCH", "MODE_REQ", "SEQ", "MASK", "CRC", "COMMIT"} if plant.mvs else set()
    assert writable == {*registers, *(f"SP.{mv}" for mv in plant.mvs)}


def test_nodes_say_their_unit_and_range_unless_they_show_raw_numbers() -> None:
    plant = load(ODD).plant
    nodes = {place.shows: node(plant, place) for place in places(plant)["ua"].values()}
    assert nodes["a_text"].span == Span("CEL", "degC", 0.0, 100.0)
    assert nodes["a_number"].span is None
    unbounded = load_text(TEXT.replace("unit: degC, range: [0, 100]}", "unit: degC}", 1), "odd.yaml").plant
    assert node(unbounded, places(unbounded)["ua"]["ns=2;s=A.PV"]).span is None
    unnamed = load_text(TEXT.replace('ns=2;s=N", unit: bar', 'ns=2;s=N", unit: m**2/s**3'), "odd.yaml").plant
    assert unnamed.tags["n_text"].unit == "m**2/s**3"
    assert node(unnamed, places(unnamed)["nouser"]["ns=2;s=N"]).span is None


def test_the_plc_is_set_up_as_its_contract_advises() -> None:
    plant = load(plant_files()["compressor-house"]).plant
    rule = plc_rule(plant)
    assert rule is not None
    assert (rule.shed_s, rule.probe) == (90.0, 1234.5)
    first = rule.loops[0]
    assert (first.name, first.lo, first.hi, first.up_per_min, first.down_per_min) == ("p_sp", 5.8, 8.0, 0.2, 0.1)
    assert (first.shed, first.safe_value) == (ShedAction.SAFE_VALUE, 7.2)
    assert [loop.loop for loop in loops(plant)] == ["p_header", "C1", "C2"]


@pytest.mark.parametrize(("cycle", "burst_s"), [("15 s", 60.0), ("5 min", 300.0)])
def test_a_cycles_move_is_never_too_much_for_the_plc(cycle: str, burst_s: float) -> None:
    text = TEXT.replace("plc_timeout: 90 s", "plc_timeout: 30 min").replace(
        "tags:", f"controller: {{cycle: {cycle}}}\ntags:"
    )
    plant = load_text(text, "odd.yaml").plant
    rule = plc_rule(plant)
    assert rule is not None
    for loop in rule.loops:
        assert loop.burst_s == burst_s
        assert loop.up_per_min * loop.burst_s / 60.0 >= plant.envelopes[loop.name].step_up


def test_a_timer_that_the_block_does_not_have() -> None:
    plant = load_text(TEXT.replace("plc_timeout: 90 s", "plc_timeout: 2 h"), "odd.yaml").plant
    with pytest.raises(UnservableError, match="plc_timeout"):
        plc_rule(plant)


def test_topics_are_spoken_before_their_values_are_stale() -> None:
    plant = load(ODD).plant
    found = {topic.name: topic for topic in topics(plant, places(plant)["hall"])}
    assert found["hall/air"].fields == (("temperature", "q_field"), ("inner.humidity", "q_nested"))
    assert found["hall/level"].fields == (("", "q_bare"),)
    assert all(topic.every_s <= plant.validity["q_bare"].stale_s / 3.0 for topic in found.values())


@pytest.mark.parametrize(
    ("equals", "yes", "no"),
    [
        ("CAS", "CAS", "AUTO"),
        ("AUTO", "AUTO", "MAN"),
        ("2", 2.0, 0.0),
        ("0", 0.0, 1.0),
        ("true", True, False),
        ("FALSE", False, True),
    ],
)
def test_yes_and_no_as_a_device_says_it(equals: str, yes: object, no: object) -> None:
    assert shown_when(equals, yes=True) == yes
    assert shown_when(equals, yes=False) == no


async def test_a_plc_without_our_block_leaves_the_loops_to_the_operator(tmp_path: Path) -> None:
    path = tmp_path / "plant.yaml"
    path.write_text("\n".join(line for line in TEXT.split("\n") if not line.startswith("heartbeat:")), encoding="utf-8")
    rig = await make_declared_rig(
        BenchSettings(folder=tmp_path / "bench"), FastClock.from_now(1.0), path, Wishes(start={"a_sp": 40.0})
    )
    rig.line.mode("a_text", Mode.AUTO)
    for _ in range(100):
        rig.step()
    assert rig.line.operator_setpoint("a_text", 45.0)
    rig.step()
    assert rig.line.loops["a_text"].setpoint == 45.0
    assert rig.story()["permitted"] is False
    rig.trace.close()


def test_a_loop_that_is_read_where_it_is_written_shows_its_setpoint() -> None:
    lines = [line for line in TEXT.split("\n") if not line.startswith("heartbeat:") and 's=A.SP"' not in line]
    place = places(load_text("\n".join(lines), "odd.yaml").plant)["ua"]["ns=2;s=APC.SP.a_sp"]
    assert (place.shows, place.register) == ("a_sp.actual", "SP.a_sp")


def test_the_dryer_is_itself_and_only_for_its_own_tags() -> None:
    dryer, odd = load(plant_files()["dryer"]).plant, load(ODD).plant
    wishes = Wishes(process="dryer")
    assert line_of(whole_of({"": dryer}), resting(dryer, wishes), wishes, 1).measured()["T_out"] > 60.0
    with pytest.raises(WishesError, match="the dryer has no a_guid"):
        line_of(whole_of({"": odd}), resting(odd, wishes), wishes, 1)
    started = Wishes(process="dryer", start={"T_in_sp": 180.0})
    with pytest.raises(WishesError, match="rests and measures by itself"):
        line_of(whole_of({"": dryer}), resting(dryer, started), started, 1)
