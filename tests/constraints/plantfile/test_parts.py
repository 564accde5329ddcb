"""A controller's part of a file compiles to what a file of its own would; what changes for others leaves it alone."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import cast

import pytest

from benchmarks.plant_text import Size, plant_text
from constraints.plant import Plant
from constraints.plantfile import load, load_text
from constraints.plantfile.compile import compile_document
from constraints.plantfile.document import Document, Value
from constraints.plantfile.loader import _document
from tests.constraints.plantfile.two import findings, line_of, loaded, only

HOME = Path(__file__).parents[3]
FILES = [
    HOME / "tests" / "constraints" / "plantfile" / "good.yaml",
    HOME / "hil" / "demo" / "plant.yaml",
    *sorted((HOME / "hil" / "templates").glob("*/plant.yaml")),
]
SHARED = {"tags", "tag_delay_s", "validity", "connections", "derived", "machines", "tariffs", "dvs", "multipliers"}
HASHES = {"config_hash", "limits_hash", "controller"}

Mapped = dict[str, Value]


def _with_controllers(document: Document, entries: Mapped) -> Document:
    """The document with ``controllers``: the last entry is what its one controller was."""
    data = {key: each for key, each in document.data.items() if key not in ("controller", "heartbeat", "adaptation")}
    was = cast("Mapped", document.data.get("controller", {}))
    only: Mapped = {
        **was,
        "mvs": list(cast("Mapped", data.get("mvs", {}))),
        "cvs": list(cast("Mapped", data.get("cvs", {}))),
        **{key: document.data[key] for key in ("heartbeat", "adaptation") if key in document.data},
    }
    return replace(document, data={**data, "controllers": {**entries, "own": only}})


def _beside_another(document: Document) -> Document:
    """The document with one more loop and a controller for it, before the other one."""
    made = _with_controllers(document, {"other": {"mvs": ["extra_sp"], "cvs": ["extra_cv"]}})
    extra: Mapped = {
        "writes": "extra:ns=2;s=X.SP", "readback": "extra", "unit": "degC", "limits": {"safety": [1.0, 2.0]},
        "setpoint": "extra:ns=2;s=X.ACT", "move": {"up": 1.0, "down": 1.0},
    }  # fmt: skip
    tag: Mapped = {"source": "extra:ns=2;s=X", "unit": "degC", "range": [0.0, 9.0]}
    more: dict[str, Mapped] = {
        "connections": {"extra": {"type": "opcua", "url": "opc.tcp://10.9.9.9:4840", "waive_security": "lab"}},
        "tags": {"extra": tag, "extra_cv": {**tag, "source": "extra:ns=2;s=Y"}},
        "mvs": {"extra_sp": extra},
        "cvs": {"extra_cv": {"limits": {"operator": [1.0, 5.0]}}},
        "models": {"extra_cv": {"extra_sp": {"gain": 1.0}}},
    }
    data = {**made.data, **{key: {**cast("Mapped", made.data.get(key, {})), **each} for key, each in more.items()}}
    return replace(made, data=data)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_one_controller_under_a_name_is_the_same_plant(path: Path) -> None:
    alone = load(path).plant
    (plant,) = compile_document(_with_controllers(_document(path), {})).plants.values()
    assert plant.controller == "own"
    for each in fields(Plant):
        if each.name not in HASHES:
            assert getattr(plant, each.name) == getattr(alone, each.name), each.name
    assert plant.limits_hash == alone.limits_hash


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_beside_another_controller_it_gets_all_that_it_needs(path: Path) -> None:
    alone = load(path).plant
    plants = compile_document(_beside_another(_document(path))).plants
    own, other = plants["own"], plants["other"]
    for each in fields(Plant):
        if each.name not in SHARED | HASHES | {"interlocks"}:
            assert getattr(own, each.name) == getattr(alone, each.name), each.name
    assert set(own.interlocks) == set(alone.interlocks)
    for name in SHARED - {"derived", "validity"}:
        mine, theirs, all_ = (getattr(plant, name) for plant in (own, other, alone))
        assert all(all_[key] == value for key, value in mine.items()), name
        assert all_.keys() <= mine.keys() | theirs.keys(), name
    points = {point.tag for point in own.points_read()} | {tag.name for tag in own.tags.values()}
    named = {tag for lock in own.interlocks for tag in lock.when.names} | {tag for d in own.derived for tag in d.inputs}
    assert named | own.dvs.keys() | own.cvs.keys() | {mv.readback for mv in own.mvs.values()} <= points


@pytest.mark.parametrize(
    "change",
    [
        ("down: 6 delta_degC/min}\n\ncvs:", "down: 5 delta_degC/min}\n\ncvs:"),
        ("cycle: 10 s", "cycle: 12 s"),
        ("start_in: advisory", "start_in: monitor"),
        ("  moist2: {limits: {operator: [3, 5]}", "  moist2: {limits: {operator: [3, 6]}"),
        ("T2: {source: \"dcs:ns=2;s=TIC2.PV\"", "T2: {desc: inlet, source: \"dcs:ns=2;s=TIC2.PV\""),
        ("when: \"moist2 > 15\"", "when: \"moist2 > 14\""),
        ("    moist1: {gain: 0.5,", "    moist1: {gain: 0.6,"),
    ],
)  # fmt: skip
def test_a_change_for_one_leaves_the_others_hashes_alone(change: tuple[str, str]) -> None:
    before, after = loaded().plants, loaded(change).plants
    assert (before["dryer_1"].config_hash, before["dryer_1"].limits_hash) == (
        after["dryer_1"].config_hash,
        after["dryer_1"].limits_hash,
    )
    assert before["dryer_2"].config_hash != after["dryer_2"].config_hash


def test_each_has_its_own_cycle_handshake_modes_and_tags() -> None:
    plants = loaded().plants
    one, two = plants["dryer_1"], plants["dryer_2"]
    assert (one.cycle_s, two.cycle_s) == (5.0, 10.0)
    assert (one.handshake.plc_timeout_s, two.handshake.plc_timeout_s) == (30.0, 60.0)
    assert (one.handshake_points["heartbeat"].address, two.handshake_points["heartbeat"].address) == (
        "ns=2;s=APC1.HB",
        "ns=2;s=APC2.HB",
    )
    assert (one.handshake.mv_order, two.handshake.mv_order) == (("T1_sp",), ("T2_sp",))
    assert (one.start_in.name, two.start_in.name) == ("MONITOR", "ADVISORY")
    assert set(one.tags) == {"T1", "moist1", "fan"}
    assert set(two.tags) == {"T2", "moist2", "moist1", "fan"}


def test_what_nobody_needs_is_read_all_the_same() -> None:
    plants = loaded(("mvs:\n  T1_sp:", '  spare: {source: "dcs:ns=2;s=XI9.PV", unit: bar}\n\nmvs:\n  T1_sp:')).plants
    assert ["spare" in plant.tags for plant in plants.values()] == [True, False]


def test_a_machine_is_reported_by_one() -> None:
    machine = "machines: {dryer_two: {kind: dryer, tags: [T2, fan]}}\ninterlocks:\n"
    plants = loaded(("interlocks:\n", machine)).plants
    assert [list(plant.machines) for plant in plants.values()] == [["dryer_two"], []]
    assert "T2" in plants["dryer_1"].tags


def test_places_of_each_controllers_findings_are_those_of_the_file() -> None:
    changes = (("cycle: 5 s", "cycle: 0 s"), ("every: 10 s,", "every: 11 s,"))
    found = findings(*changes)
    where = {(each.code, line_of(each, *changes)) for each in found}
    assert ("E014", "0 s") in where
    assert ("E061", "11 s") in where
    assert any("controllers.dryer_1.cycle must be above 0" in each.message for each in found)


def test_what_both_have_is_said_once() -> None:
    found = only(("fan: {source:", "fan: {hold: 1 parsec, source:"))
    assert line_of(found, ("fan: {source:", "fan: {hold: 1 parsec, source:")) == "1 parsec"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("APC2.SP.T2_sp", "APC1.SP.T1_sp"), "T2_sp writes to the place of T1_sp of dryer_1"),
        (("APC2.SP.T2_sp", "APC1.SEQ"), "T2_sp writes to the place of handshake register SEQ of dryer_1"),
        (("APC1.SP.T1_sp", "APC2.SEQ"), "T1_sp writes to the place of handshake register SEQ of dryer_2"),
        (('s=APC2."', 's=APC1."'), "HB of dryer_2 and HB of dryer_1 share a place"),
        (("readback: T2\n", "readback: T1\n"), "T2_sp and T1_sp have the same readback"),
    ],
)  # fmt: skip
def test_two_controllers_write_nothing_twice(change: tuple[str, str], message: str) -> None:
    found = [each for each in findings(change) if each.code in ("E057", "E054")]
    assert len(found) == 1
    assert message in found[0].message
    assert change[1].strip() in f"readback: {line_of(found[0], change)}"


def test_a_ramp_is_of_controllers_with_somewhere_to_go() -> None:
    ramp = ("then: hold, controllers: [dryer_2]", "then: ramp")
    found = only(ramp, ("readback: T1\n", "readback: T1\n    safe_value: 160\n"))
    assert (found.code, "name in controllers whom" in found.hint) == ("E016", True)


@pytest.mark.parametrize("change", [("moist2: {limits: {operator: [3, 5]}", "moist2: {limits: {operator: [3, ]}")])
def test_an_entry_whose_form_is_wrong_is_all_that_is_said(change: tuple[str, str]) -> None:
    assert only(change).code == "E014"


@pytest.mark.parametrize("section", ["controller: {cycle: 5 s}", "heartbeat: {handshake: none}"])
def test_both_forms_exclude_each_other(section: str) -> None:
    found = only(("\ntags:\n", f"\n{section}\n\ntags:\n"))
    assert found.code == "E016"
    assert "move it into the entries of controllers" in found.hint


def test_more_mvs_than_a_mask_has_bits_where_each_controller_has_fewer() -> None:

    plants = load_text(plant_text(Size(tags=250, mvs=40, cvs=40, constraints=10, controllers=2)), "p.yaml").plants
    assert [len(plant.mvs) for plant in plants.values()] == [20, 20]
