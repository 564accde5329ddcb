"""Models other than pairs, transforms, and late samples, from text to the plant."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plant import (
    LogTransform,
    Multiplier,
    Pair,
    Plant,
    StateSpace,
    TableTransform,
    ValveTransform,
)
from constraints.plantfile import PlantFileError, load_text, load_text_with_functions
from constraints.supplied import LabRule

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
FUNCTION = """
functions:
  kettle:
    {call: "tests.constraints.plantfile.engineer:steady", mvs: [flow_sp], dvs: [hum], cvs: [power, gas],
     differences: complex, at: {hum: 8}}
"""


def text(*changes: tuple[str, str]) -> str:
    changed = GOOD
    for old, new in changes:
        assert changed.count(old) == 1, old
        changed = changed.replace(old, new)
    return changed


def plant(*changes: tuple[str, str]) -> Plant:
    return load_text(text(*changes), "good.yaml").plant


def test_a_step_response_in_any_units() -> None:
    made = plant(("gain: -0.05, lags: [300]", "step: [[0, 0], [1 min, -2 1/K], [0.1 h, -0.05]], dead_time: 30 s"))
    pair = next(each for each in made.pairs if each.cv == "quality")
    assert pair.step == ((0.0, 0.0), (60.0, -200.0), (360.0, -0.05))
    assert pair.dead_time_s == 30.0


def test_a_block_a_multiplier_and_who_uses_it() -> None:
    made = plant(
        ("dvs: [hum]\n", """dvs: [hum]
state_space:
  - {name: pre, inputs: [hum, flow_sp], cvs: [gas], A: [[-0.01]], B: [[1, 2]], C: [[0.5]], dead_time: {gas: 1 min}}
multipliers: {load: {by: flow, points: [[500, 1.5], [4 t/h, 0.8]], max_rate: 0.6}}
"""),
        ("gain: -0.05,", "gain: -0.05, multiplier: load,"),
    )  # fmt: skip
    assert made.blocks == (
        StateSpace(
            name="pre", inputs=("hum", "flow_sp"), cvs=("gas",), a=((-0.01,),), b=((1.0, 2.0),), c=((0.5,),),
            d=((0.0, 0.0),), dead_time_s=(60.0,),
        ),
    )  # fmt: skip
    points = ((500.0, 1.5), (4000.0, 0.8))
    assert made.multipliers == {"load": Multiplier(name="load", by="flow", points=points, per_s_max=0.01)}
    assert [pair.multiplier for pair in made.pairs if pair.cv == "quality"] == ["load"]


def test_transforms_and_late_samples() -> None:
    made = plant(
        ("[null, 4]}, target", "[null, 4]}, transform: {kind: log, at: 200 ppm}, analyser: {delay: 2 min}, "
         "lab: {limits: [0, 0.09], max_difference: 0.5, max_age: 2 h}, target"),
        ("    suppression: 2\n", "    suppression: 2\n    transform: {kind: equal_percentage}\n"),
        ("gas: {limits: {operator", "gas: {transform: {kind: table, points: [[0, 0], [50, 20]]}, limits: {operator"),
        ('  - {name: Load, expr: "power <= 2 * (T_jacket_sp - T_bed) + 10", rank: 6, concern: 5}\n', ""),
    )  # fmt: skip
    quality = made.cvs["quality"]
    assert quality.transform == LogTransform(at=0.02)
    assert quality.analyser_delay_s == 120.0
    assert quality.lab == LabRule(lo=0.0, hi=0.09, difference_max=0.5, age_s_max=7200.0, share=0.5, ramp_s=600.0)
    assert made.mvs["T_jacket_sp"].transform == ValveTransform(lo=100.0, hi=190.0, rangeability=50.0)
    assert made.cvs["gas"].transform == TableTransform(points=((0.0, 0.0), (50.0, 20.0)))


def with_function(more: str = FUNCTION) -> str:
    return text(
        ("dvs: [hum]\n", f"dvs: [hum]\n{more}"), ("gas: {T_jacket_sp", "gas: {hum: {function: kettle}, T_jacket_sp")
    )


def test_a_function_is_declared_by_everybody_and_loaded_only_where_asked() -> None:
    declared = load_text(with_function(), "good.yaml").plant
    assert declared.functions["kettle"].call is None
    assert declared.functions["kettle"].at == (2250.0, 8.0)
    assert Pair(source="hum", cv="gas", gain=1.0, function="kettle") in declared.pairs
    ready = load_text_with_functions(with_function(), "good.yaml").plant.functions["kettle"]
    assert ready.call is not None
    assert ready.call([1000.0], [2.0]) == [40.0, 3001.0]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("tests.constraints.plantfile.engineer:nothing", "no function 'nothing'"),
        ("tests.constraints.plantfile.engineer:NOT_CALLABLE", "no function"),
        ("tests.constraints.plantfile.nowhere:steady", "ModuleNotFoundError"),
        ("no_such_entry_point", "no entry point"),
    ],
)
def test_a_function_that_cannot_be_had_is_a_finding_at_its_place(address: str, says: str) -> None:
    changed = with_function(FUNCTION.replace("tests.constraints.plantfile.engineer:steady", address))
    with pytest.raises(PlantFileError) as caught:
        load_text_with_functions(changed, "good.yaml")
    (found,) = caught.value.diagnostics
    assert (found.code, found.column) == ("E074", 12)
    assert says in found.message


def test_a_function_that_does_not_give_the_pair_is_a_finding() -> None:
    with pytest.raises(PlantFileError, match="does not give gas from T_jacket_sp"):
        load_text(
            text(
                ("dvs: [hum]\n", f"dvs: [hum]\n{FUNCTION}"),
                (
                    "gas: {T_jacket_sp: {gain: 3.6 m**3/h/K/h, integrating: true}}",
                    "gas: {T_jacket_sp: {function: kettle}}",
                ),
            ),
            "x",
        )
