"""Section ``machines`` of a plant file."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from constraints.machines import MachineSpec, runs
from constraints.plantfile import PlantFileError, load_text
from safety.expressions import parse
from safety.signals import Instant, Quality, Reading, Snapshot

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
TAGS = """
  vib: {source: "site:fan/vib#rms", unit: mm/s, range: [0, 50]}
  kwh: {source: "meter:holding/1:uint32", unit: kWh}

mvs:"""
FULL = """{kind: fan, desc: Exhaust fan, tags: [hum, power], runs_when: "power > 40", power: power,
    rated_power: 0.25 MW,
    energy: kwh, vibration: vib, limits: {warn: 4.5, alarm: 0.0071 m/s}, service_every: 8000 h}"""


def plant(machine: str, name: str = "fan"):
    text = GOOD.replace("\n\nmvs:", TAGS, 1) + f"\nmachines:\n  {name}: {machine}\n"
    return load_text(text, "x").plant


def test_a_whole_machine() -> None:
    assert plant(FULL).machines == {
        "fan": MachineSpec(
            name="fan",
            kind="fan",
            description="Exhaust fan",
            tags=("hum", "power", "kwh", "vib"),
            runs_when=parse("power > 40"),
            power="power",
            rated_power_kw=250.0,
            energy="kwh",
            vibration="vib",
            vibration_warn=4.5,
            vibration_alarm=7.1,
            service_every_s=8000.0 * 3600.0,
        )
    }


def test_a_bare_machine() -> None:
    assert plant("{}").machines == {"fan": MachineSpec(name="fan")}


@pytest.mark.parametrize(
    ("machine", "code", "words"),
    [
        ("{kind: fun}", "E013", "did you mean 'fan'?"),
        ("{tags: [hmu]}", "E051", "unknown tag 'hmu'"),
        ("{tags: [hum, hum]}", "E054", "hum twice"),
        ("{power: flow}", "E021", "flow is in kg/h"),
        ("{power: pwr}", "E051", "unknown tag 'pwr'"),
        ("{energy: power}", "E021", "power is in kW, not in kWh"),
        ("{rated_power: 250 kg}", "E021", "kg is not a unit"),
        ("{rated_power: -1}", "E014", "above 0"),
        ("{service_every: 0}", "E014", "above 0"),
        ("{limits: {warn: 1, alarm: 2}}", "E016", "limits are of the vibration"),
        ("{vibration: vib, limits: {warn: 3, alarm: 2}}", "E041", "not above warn"),
        ("{vibration: vib, limits: {warn: 3}}", "E011", "key 'alarm' is missing"),
        ("{runs_when: power}", "E032", "a condition is needed"),
        ("{runs_when: powr > 3}", "E030", "unknown tag 'powr'"),
        ("{runs_when: power > flow}", "E031", "compares"),
        ("{runs_when: vib > 60}", "E033", "never runs"),
        ("{runs_when: vib >= 0}", "E033", "always runs"),
        ("{runs_when: 'rate(power, 60) > 1'}", "E032", "rate is not possible here"),
        ("{runs_wen: power > 3}", "E010", "did you mean 'runs_when'?"),
    ],
)
def test_what_is_wrong_is_one_finding(machine: str, code: str, words: str) -> None:
    with pytest.raises(PlantFileError) as caught:
        plant(machine)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert words in f"{found.message} {found.hint}"
    assert found.line == (GOOD + TAGS).count("\n") + 1


def test_a_name_is_a_word() -> None:
    with pytest.raises(PlantFileError):
        plant("{}", "fan 1")


@pytest.mark.parametrize(
    ("reading", "running"),
    [((50.0, Quality.GOOD), True), ((3.0, Quality.GOOD), False), ((math.nan, Quality.BAD), None)],
)
def test_whether_it_runs(reading: tuple[float, Quality], running: bool | None) -> None:
    seen = Snapshot(1, Instant(9.0, 9.0), {"power": Reading(*reading, None, 9.0)})
    assert runs(plant(FULL).machines["fan"], seen) is running
    assert runs(MachineSpec(name="x"), seen) is None
