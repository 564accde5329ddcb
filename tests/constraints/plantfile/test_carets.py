"""What a finding underlines is the whole word that it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plantfile import PlantFileError, load_text

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("hold: 30 s", "holt: 30 s", "holt"),
        ("(T_jacket_sp - T_bed)", "(T_bed_b - 3)", "T_bed_b"),
        ("max(T_bed, T_bed_b)", "max(T_bed, T_bedb)", "T_bedb"),
        ("unit: kW}", "unit: KW}", "KW"),
        ('"dcs:ns=2;s=TI2.PV"', '"dsc:ns=2;s=TI2.PV"', "dsc"),
        ('"T_bed > 96"', '"wurzel(T_bed) > 9"', "wurzel"),
        ("block_up T_jacket_sp", "block_up T_jackt_sp", "T_jackt_sp"),
        ("dvs: [hum]", "dvs [hum]", "dvs [hum]"),
    ],
)
def test_the_carets_stand_under_the_whole_word(old: str, new: str, word: str) -> None:
    text = GOOD.replace(old, new)
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "bad.yaml")
    first = next(each for each in caught.value.diagnostics if each.severity == "error")
    line = text.splitlines()[first.line - 1]
    assert line[first.column - 1 : first.column - 1 + first.length] == word
    assert f"{'^' * len(word)}" in str(caught.value)
