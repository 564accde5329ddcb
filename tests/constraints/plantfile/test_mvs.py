"""What the other tests of ``mvs`` leave out: the least move."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plantfile import PlantFileError, load_text

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
MOVE = "move: {up: 0.5 degC/min, down: 120 K/h}"


def with_least(least: str) -> str:
    return GOOD.replace(MOVE, MOVE.replace("}", f", min: {least}}}"))


def test_the_least_move_is_a_distance() -> None:
    assert load_text(with_least("0.05 K"), "x").plant.mvs["T_jacket_sp"].move_min == 0.05
    assert load_text(GOOD, "x").plant.mvs["T_jacket_sp"].move_min == 0.0


@pytest.mark.parametrize(("least", "code"), [("-1", "E014"), ("0.1", "E044"), ("3 kg", "E021")])
def test_a_least_move_that_cannot_be(least: str, code: str) -> None:
    with pytest.raises(PlantFileError) as caught:
        load_text(with_least(least), "x")
    (found,) = caught.value.diagnostics
    assert (found.code, found.line) == (code, GOOD[: GOOD.index(MOVE)].count("\n") + 1)
