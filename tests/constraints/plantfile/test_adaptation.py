"""Section ``adaptation``, from text to the plant."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plantfile import PlantFileError, load_text

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")


def plant(section: str):
    return load_text(GOOD + section, "good.yaml").plant


def test_without_the_section_and_with_mode_off_nothing_is_corrected() -> None:
    assert plant("").adaptation is None
    assert (
        plant("\nadaptation: {mode: off, mvs: [flow_sp], accuracy: 1 EUR/h, dv_range: {hum: 5}}\n").adaptation is None
    )
    assert plant("\nadaptation: {mvs: [flow_sp], accuracy: 1 EUR/h, dv_range: {hum: 5}}\n").adaptation is None


def test_what_is_priced_and_limited_is_found_and_numbers_are_in_their_units() -> None:
    made = plant("""
adaptation:
  {mode: correct, mvs: [flow_sp], accuracy: 2 EUR/h, window: 30 min, noise: {gas: 1 m**3/h},
   dv_range: {hum: 5}, gain_factor: [0.8, 1.5], patience: 2}
""").adaptation
    assert made is not None
    assert (made.mode, made.mvs, made.accuracy, made.window_s) == ("correct", ("flow_sp",), 2.0, 1800.0)
    assert made.gain_factor == (0.8, 1.5)
    assert made.patience == 2
    assert made.noise == {"gas": 1.0}
    assert "gas" in made.priced or made.limited


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ("{mode: correct, mvs: [flaw_sp], accuracy: 1, dv_range: {hum: 5}}", "E070"),
        ("{mode: correct, mvs: [], accuracy: 1, dv_range: {hum: 5}}", "E014"),
        ("{mode: correct, mvs: [flow_sp], dv_range: {hum: 5}}", "E011"),
        ("{mode: on, mvs: [flow_sp], accuracy: 1, dv_range: {hum: 5}}", "E013"),
        ("{mode: correct, mvs: [flow_sp], accuracy: 0, dv_range: {hum: 5}}", "E014"),
        ("{mode: correct, mvs: [flow_sp], accuracy: 1 kg, dv_range: {hum: 5}}", "E021"),
        ("{mode: correct, mvs: [flow_sp], accuracy: 1, step_min: 0.5, dv_range: {hum: 5}}", "E014"),
        ("{mode: correct, mvs: [flow_sp], accuracy: 1, gain_factor: [2, 3], dv_range: {hum: 5}}", "E014"),
        ("{mode: correct, mvs: [flow_sp], accuracy: 1, noise: {nobody: 1}, dv_range: {hum: 5}}", "E052"),
        ("{mode: correct, mvs: [flow_sp], accuracy: 1, noise: {gas: 0}, dv_range: {hum: 5}}", "E014"),
        ("{mode: correct, mvs: [flow_sp], accuracy: 1, dv_range: {hum: 5, nobody: 1}}", "E070"),
        ("{mode: correct, mvs: [flow_sp], accuracy: 1, filter: 0, dv_range: {hum: 5}}", "E014"),
        ("{mode: correct, mvs: [flow_sp], accuracy: 1}", "E087"),
        ("{mode: correct, mvs: [flow_sp], accuracy: 1, wrong: 0, dv_range: {hum: 5}}", "E010"),
    ],
)
def test_a_mistake_is_refused_at_its_place(section: str, code: str) -> None:
    with pytest.raises(PlantFileError) as refused:
        plant(f"\nadaptation: {section}\n")
    errors = [each for each in refused.value.diagnostics if each.severity == "error"]
    assert [each.code for each in errors] == [code]
    assert errors[0].line > len(GOOD.splitlines())
