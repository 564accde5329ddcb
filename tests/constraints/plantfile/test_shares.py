"""What reaches from one controller into another is refused, and everything else goes to whom it concerns."""

from __future__ import annotations

import pytest

from constraints.plantfile import PlantFileError, load_text
from constraints.plantfile.explain import BASE
from safety.signals import Mode
from tests.constraints.plantfile.two import line_of, loaded, only

INTERLOCKS = "interlocks:\n"
NIGHT = """schedule:
  - {name: Night, hours: "22:00-06:00", set: {cvs.moist1.limits.operator.hi: 4.5}, controllers: [dryer_2]}
"""
BLOCK = "state_space: [{name: Both, inputs: [T1_sp], cvs: [moist2], A: [[-1]], B: [[1]], C: [[1]]}]\n"
OF_T1 = 'constraints: [{name: Span, expr: "T1 <= 190"}, {name: Both, expr: "moist2 + 0.1 * T1 <= 25"}]\n'


@pytest.mark.parametrize(
    ("change", "message", "hint", "where"),
    [
        (
            ("    moist1: {gain: 0.5,", "    T1_sp: {gain: 0.5}\n    moist1: {gain: 0.5,"),
            "T1_sp belongs to dryer_1, and moist2 to dryer_2",
            "add T1 to dvs, and model T1 instead",
            "T1_sp",
        ),
        (
            (INTERLOCKS, 'constraints: [{name: Load, expr: "T1_sp + T2_sp <= 380"}]\n' + INTERLOCKS),
            "constraint 'Load' is of variables of dryer_1 and dryer_2",
            "make what the loop measures a DV",
            "{",
        ),
        (
            ("then: block_up T1_sp}", "then: block_up T1_sp, controllers: [dryer_2]}"),
            "T1_sp is dryer_1's",
            "remove the key",
            "[",
        ),
        (
            (INTERLOCKS, NIGHT + INTERLOCKS),
            "cvs.moist1.limits.operator.hi is of a variable of dryer_1",
            "add dryer_1",
            "[",
        ),
        (
            (INTERLOCKS, BLOCK + INTERLOCKS),
            "block 'Both' is of variables of dryer_2 and dryer_1",
            "a DV",
            "{",
        ),
    ],
)  # fmt: skip
def test_what_reaches_over(change: tuple[str, str], message: str, hint: str, where: str) -> None:
    found = only(change)
    assert found.code == "E091"
    assert message in found.message
    assert hint in found.hint
    assert line_of(found, change).startswith(where)


def test_a_function_is_one_controllers() -> None:
    functions = "functions: {steady: {call: 'm:f', mvs: [T2_sp], cvs: [moist2]}}\n"
    found = only(
        (INTERLOCKS, functions + INTERLOCKS),
        ("  moist1: {T1_sp: {gain: -0.1, dead_time: 5 s, lags: [40 s]}}", "  moist1: {T1_sp: {function: steady}}"),
    )
    assert (found.code, found.message) == ("E091", "function steady is dryer_2's, and moist1 belongs to dryer_1")


def test_interlocks_count_for_all_for_the_owner_or_for_those_named() -> None:
    plants = loaded().plants
    assert [each.name for each in plants["dryer_1"].interlocks] == ["Fan vibration", "Dryer 1 hot"]
    assert [each.name for each in plants["dryer_2"].interlocks] == ["Fan vibration", "Dryer 2 wet"]


def test_a_schedules_settings_go_to_their_owners_and_its_mode_to_all() -> None:
    entries = """schedule:
  - {name: Night, hours: "22:00-06:00", set: {cvs.moist1.limits.operator.hi: 4.5, mvs.T2_sp.limits.operator.hi: 195}}
  - {name: Cleaning, hours: "06:00-07:00", mode: monitor}
  - {name: Two off, hours: "07:00-08:00", mode: off, controllers: [dryer_2]}
"""
    plants = loaded((INTERLOCKS, entries + INTERLOCKS)).plants
    one, two = plants["dryer_1"].schedule, plants["dryer_2"].schedule
    assert [(each.name, dict(each.limits)) for each in one] == [("Night", {("moist1", "hi"): 4.5}), ("Cleaning", {})]
    assert [each.name for each in two] == ["Night", "Cleaning", "Two off"]
    assert dict(two[0].limits) == {("T2_sp", "hi"): 195.0}
    assert (two[1].mode, two[2].mode) == (Mode.MONITOR, Mode.OFF)


def test_an_entry_for_one_with_an_unknown_variable_is_told_of_that_alone() -> None:
    night = NIGHT.replace("cvs.moist1", "cvs.moist3")
    found = only((INTERLOCKS, night + INTERLOCKS))
    assert (found.code, found.hint) == ("E052", "did you mean 'moist2'?")


def test_what_the_other_loop_measures_can_be_a_disturbance_and_still_its_own() -> None:
    plants = loaded(
        ("dvs: [moist1]", "dvs: [moist1, T1]"),
        ("    moist1: {gain: 0.5,", "    T1: {gain: 0.05, lags: [60 s]}\n    moist1: {gain: 0.5,"),
        (INTERLOCKS, OF_T1 + INTERLOCKS),
    ).plants
    assert plants["dryer_1"].rows[0].coefficients == {"T1_sp": 1.0}
    assert [each.name for each in plants["dryer_2"].curves] == ["Both"]
    assert set(plants["dryer_2"].dvs) == {"moist1", "T1"}
    assert not plants["dryer_1"].dvs


def test_a_file_with_one_controller_has_none_to_choose_from() -> None:

    text = BASE + 'interlocks: [{name: Hot, when: "T_out > 100", then: hold, controllers: [dryer_1]}]\n'
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "p.yaml")
    assert [each.code for each in caught.value.diagnostics] == ["E090"]
    assert "remove the key" in caught.value.diagnostics[0].hint
