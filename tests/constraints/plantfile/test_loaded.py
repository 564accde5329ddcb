"""Of a file with several controllers one has to be named where only one can be meant."""

from __future__ import annotations

import pytest

from constraints.plantfile import ControllerError, load
from tests.constraints.plantfile.test_compile import FILE
from tests.constraints.plantfile.two import loaded


def test_the_only_plant_needs_no_name() -> None:
    assert load(FILE).plant.controller == ""
    with pytest.raises(ControllerError, match="dryer_1, dryer_2"):
        _ = loaded().plant


def test_one_of_several() -> None:
    assert loaded().only("dryer_2").plant.controller == "dryer_2"
    with pytest.raises(ControllerError, match="did you mean 'dryer_2'"):
        loaded().only("dryer2")
    with pytest.raises(ControllerError, match="has one, without a name"):
        load(FILE, "dryer_1")
