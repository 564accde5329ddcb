"""Every example of docs/plant-file.md is a part of a plant that loads without a finding."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from constraints.plantfile import load

PAGE = (Path(__file__).parents[3] / "docs" / "plant-file.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```(yaml|csv)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
KNOWN = {
    "T_in": "degC", "T_out": "degC", "T_out_b": "degC", "T_a": "degC", "T_b": "degC", "T_c": "degC", "T_amb": "degC",
    "flow": "kg/h", "fan": "percent", "P_fan": "kW", "fan_kwh": "kWh", "fan_vib": "mm/s",
}  # fmt: skip
BASE = "connections:\n  meter: {type: memory}\n  dcs: {type: memory}\n  all: {type: memory}\ntags:\n" + "".join(
    f'  {name}: {{source: "all:{name}", unit: {unit}}}\n' for name, unit in KNOWN.items()
)
PLANT = "version: 1\nplant: {name: Example, timezone: Europe/Berlin}\n"


def yaml_examples() -> list[str]:
    return [text for kind, text in EXAMPLES if kind == "yaml"]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 7


@pytest.mark.parametrize("text", [each for each in yaml_examples() if "include:" not in each])
def test_an_example_of_sections(tmp_path: Path, text: str) -> None:
    (tmp_path / "base.yaml").write_text(BASE.replace("  meter: {type: memory}", "  meter: {type: modbus-tcp, host: m}"))
    (tmp_path / "steps.csv").write_text("t,T_out\n0,0\n5,0.2\n20,0.4\n")
    (tmp_path / "plant.yaml").write_text(f"include: [base.yaml]\n{PLANT}{text}")
    found = load(tmp_path / "plant.yaml")
    plants = tuple(found.plants.values())
    tags = {name for plant in plants for name in plant.tags}
    assert tags > KNOWN.keys() or any(
        plant.machines or plant.tariffs or plant.controller or plant.pairs for plant in plants
    )
    assert {each.code for each in found.warnings} <= {"W105"}


def test_the_example_of_files(tmp_path: Path) -> None:
    (main,) = [each for each in yaml_examples() if "include:" in each]
    (csv,) = [text for kind, text in EXAMPLES if kind == "csv"]
    (tmp_path / "area").mkdir()
    (tmp_path / "area" / "dryer.yaml").write_text(BASE)
    (tmp_path / "tags.csv").write_text(csv.replace("dcs:ns=2;s=", "dcs:"))
    (tmp_path / "plant.yaml").write_text(main.replace(", meters.xlsx", ""))
    assert {"T_bed", "feed"} <= load(tmp_path / "plant.yaml").plant.tags.keys()
