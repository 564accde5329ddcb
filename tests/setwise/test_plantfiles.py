"""Loading and checking a plant file as the command does."""

from __future__ import annotations

from pathlib import Path

import pytest

import setwise
from supervisor.cli.check import run_check

TWO = Path(__file__).parents[1] / "constraints" / "plantfile" / "two.yaml"


@pytest.fixture
def broken(path, tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text(path.read_text().replace("operator: [170, 195]", "operator: [210, 195]").replace("dvs: [", "dv: ["))
    return file


def test_a_plant_is_loaded_from_text_and_path(path, plant):
    assert setwise.load(str(path)).config_hash == plant.config_hash
    assert list(plant.mvs) == ["T_in_sp", "feed_sp", "fan_sp"]


def test_errors_are_what_the_command_prints(broken, capsys):
    with pytest.raises(setwise.PlantFileError) as raised:
        setwise.load(broken)
    with pytest.raises(SystemExit):
        run_check(broken)
    assert capsys.readouterr().out.rstrip() == str(raised.value).rstrip()
    assert "^" in str(raised.value)
    assert setwise.check(broken).attrs["text"] == str(raised.value)


def test_check_gives_every_finding_as_a_row(broken):
    found = setwise.check(broken)
    assert len(found) >= 2
    assert set(found["severity"]) <= {"error", "warning"}
    line = found.iloc[0]["line"]
    assert broken.read_text().splitlines()[line - 1].strip()
    assert found["line"].is_monotonic_increasing


def test_a_good_file_has_no_finding(path):
    found = setwise.check(path)
    assert found.empty
    assert list(found.columns) == ["severity", "code", "message", "hint", "line", "column", "path"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(setwise.PlantFileError, match=r"nowhere\.yaml"):
        setwise.load(tmp_path / "nowhere.yaml")


def test_a_finding_that_is_no_error_is_a_warning(path, tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text(path.read_text().replace("    write_user: {secret: dcs-write}", "    #"))
    with pytest.warns(setwise.PlantFileWarning, match="W110"):
        plant = setwise.load(file)
    assert plant.name == "Dryer 2"


def test_of_several_controllers_one_is_named() -> None:
    assert list(setwise.load(TWO, controller="dryer_2").mvs) == ["T2_sp"]
    with pytest.raises(setwise.InputError, match="dryer_1, dryer_2"):
        setwise.load(TWO)
    with pytest.raises(setwise.InputError, match="did you mean 'dryer_1'"):
        setwise.load(TWO, controller="dryer1")
