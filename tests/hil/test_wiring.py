"""The bench's addresses against the two documents that promise them: the demo's plant file and the PLC contract."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hil.registers import ANSWERED, WRITTEN, Reject, set_crc
from hil.wiring import (
    COMMIT_AT,
    GAS_POINTS,
    GAS_UNIT_ID,
    LOOPS,
    MV_ORDER,
    PLC_RULE,
    PLC_WRITABLE,
    POWER_POINTS,
    POWER_UNIT_ID,
    TOPICS,
    opcua_nodes,
    plc_points,
)

ROOT = Path(__file__).parents[2]
PLANT = YAML(typ="safe").load((ROOT / "hil" / "demo" / "plant.yaml").read_text(encoding="utf-8"))
CONTRACT = (ROOT / "docs" / "plc" / "README.md").read_text(encoding="utf-8")


def addresses(node: object) -> list[str]:
    if isinstance(node, dict):
        return [found for value in node.values() for found in addresses(value)]
    if isinstance(node, list):
        return [found for value in node for found in addresses(value)]
    known = isinstance(node, str) and node.split(":")[0] in PLANT["connections"] and ":" in node
    return [str(node)] if known else []


@pytest.mark.parametrize("address", sorted({*addresses(PLANT["tags"]), *addresses(PLANT["mvs"])}))
def test_every_address_of_the_plant_file_is_served(address: str) -> None:
    connection, _, rest = address.partition(":")
    if connection == "dcs":
        assert rest.removeprefix("ns=2;s=") in {spec.name for spec in opcua_nodes()}
    elif connection == "site":
        topic, _, field = rest.partition("#")
        assert field in {name for each in TOPICS if each.name == topic for name, _ in each.fields}
    else:
        table, address_text = rest.split(":")[0].split("/")
        kinds = {
            (point.table, point.address): (point.kind, point.order)
            for point in (POWER_POINTS if connection == "power" else GAS_POINTS)
        }
        kind, order = kinds[table, int(address_text)]
        assert rest.split(":")[1] == kind
        assert rest.split(":")[2:] in ([order], [])


def test_meters_scale_and_unit_ids_are_those_of_the_plant_file() -> None:
    assert GAS_POINTS[0].scale == PLANT["tags"]["gas"]["scale"]
    assert PLANT["connections"]["power"]["unit_id"] == POWER_UNIT_ID
    assert PLANT["connections"]["gas"]["unit_id"] == GAS_UNIT_ID


def test_the_plc_is_set_up_as_the_plant_file_says() -> None:
    assert tuple(PLANT["mvs"]) == MV_ORDER
    assert f"{PLC_RULE.shed_s:.0f} s" == PLANT["heartbeat"]["plc_timeout"]
    assert PLC_RULE.probe == PLANT["heartbeat"]["probe"]
    for wiring in LOOPS:
        mv = PLANT["mvs"][wiring.rule.name]
        assert [wiring.rule.lo, wiring.rule.hi] == mv["limits"]["safety"]
        assert wiring.rule.up_per_min == 2 * float(mv["move"]["up"].split()[0])
        assert wiring.rule.down_per_min == 2 * float(mv["move"]["down"].split()[0])
        assert wiring.rule.shed == mv["shed"]
        assert mv["readback"] == wiring.loop


def test_only_the_contracts_registers_can_be_written() -> None:
    writable = {spec.name for spec in opcua_nodes() if spec.writable}
    assert writable == {f"APC.{name}" for name in (*WRITTEN, *(f"SP.{mv}" for mv in MV_ORDER))}
    assert {name for name in PLC_WRITABLE if not name.startswith("SPARE")} == {n.removeprefix("APC.") for n in writable}


def test_the_contract_page_has_every_register_with_its_type_and_every_reason() -> None:
    for name, kind in {**WRITTEN, **ANSWERED}.items():
        assert f"| `{name}` | {kind} |" in CONTRACT
    for reject in Reject:
        assert reject is Reject.NONE or f"\n| {reject:d} | " in CONTRACT


def test_the_contract_pages_modbus_map_is_the_one_that_is_served() -> None:
    rows = re.findall(r"^\| (\d+)(?: \+ (\d)i)? \| (.+?) \| (\w+)", CONTRACT, re.MULTILINE)
    promised = {}
    for base, stride, name, kind in rows:
        if kind not in ("uint16", "uint32", "float32"):
            continue
        for index, mv in enumerate(MV_ORDER if stride else ("",)):
            promised[int(base) + int(stride or 0) * index] = (name.replace("[i]", f".{mv}"), kind)
    served = {point.address: (point.name, point.kind) for point in plc_points()}
    assert {address: kind for address, (_, kind) in promised.items()} == {a: kind for a, (_, kind) in served.items()}
    for address, (name, _) in served.items():
        if name in WRITTEN or name in ANSWERED or name.startswith("SP."):
            assert promised[address][0] == name
    assert all(point.order == "ABCD" and point.table == "holding" for point in plc_points())
    assert f"on {COMMIT_AT} and {COMMIT_AT + 1}" in CONTRACT


def test_the_contract_pages_crc_example() -> None:
    assert f"**{set_crc(1, 1, 1, (181.0,)):04X}h**" in CONTRACT
    assert "43350000" in CONTRACT
