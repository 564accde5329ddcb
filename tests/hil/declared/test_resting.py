from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plant import Plant
from constraints.plantfile import load, load_text
from hil.declared.line import DeclaredLine
from hil.declared.resting import measured_only, resting
from hil.declared.settings import Wishes, WishesError
from hil.plants.pid import Mode
from hil.templates.catalogue import plant_files
from safety.expressions import parse

ODD = Path(__file__).with_name("odd.yaml")


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(ODD).plant


def test_setpoints_and_controlled_variables_rest_in_the_middle(plant: Plant) -> None:
    rest = resting(plant, Wishes()).values
    assert rest["a_sp"] == rest["a_text"] == 50.0
    assert rest["m_f32"] == 200.0
    assert rest["q_field"] == 25.0


def test_a_start_that_is_wished_for_holds_and_the_loop_is_there_too(plant: Plant) -> None:
    rest = resting(plant, Wishes(start={"a_sp": 70.0, "m_f32": 120.0, "q_bare": 4.5})).values
    assert (rest["a_sp"], rest["a_text"], rest["m_f32"], rest["q_bare"]) == (70.0, 70.0, 120.0, 4.5)


def test_a_loop_whose_measurement_is_controlled_too_rests_at_its_setpoint() -> None:
    text = ODD.read_text(encoding="utf-8").replace("cvs:", "cvs:\n  a_text: {limits: {operator: [30, 90]}}")
    text = text.replace("models:", "models:\n  a_text: {a_sp: {gain: 1, lags: [10]}}")
    both = load_text(text, "odd.yaml").plant
    assert resting(both, Wishes()).values["a_text"] == 50.0
    line = DeclaredLine(both, resting(both, Wishes()).values, Wishes(), 1, Mode.CAS)
    line.setpoint("a_text", 60.0)
    line.step(300.0)
    assert line.true()["a_text"] == pytest.approx(60.0, abs=4.0)


def test_tags_that_no_model_moves_stand_where_no_interlock_trips(plant: Plant) -> None:
    found = resting(plant, Wishes())
    assert found.tripped == ()
    assert found.values["q_bare"] == pytest.approx(4.0)  # from 3 on it is not tripped, and the range ends at 5
    assert abs(found.values["a_uri"] - found.values["a_guid"]) <= 2.0


def test_what_trips_all_the_same_is_named(plant: Plant) -> None:
    assert resting(plant, Wishes(start={"q_bare": 1.0})).tripped == ("Bare low",)


def test_a_calculated_tag_follows_the_others(plant: Plant) -> None:
    wishes = Wishes(tags={"a_uri": parse("a_guid + 0.5")}, start={"a_guid": 33.0})
    assert resting(plant, wishes).values["a_uri"] == 33.5


def test_one_sided_and_missing_limits() -> None:
    text = ODD.read_text(encoding="utf-8")
    for limits, at in (("[null, 300]", 150.0), ("[100, null]", 300.0), ("[null, null]", 250.0)):
        one = load_text(text.replace("operator: [100, 300]", f"operator: {limits}"), "odd.yaml").plant
        assert resting(one, Wishes()).values["m_f32"] == at
    bare = text.replace("range: [0, 500]", "every: 15 s").replace("operator: [100, 300]", "operator: [null, 300]")
    assert resting(load_text(bare, "odd.yaml").plant, Wishes()).values["m_f32"] == 295.0  # its concern is 5


@pytest.mark.parametrize("template", plant_files())
def test_every_template_rests_with_nothing_tripped(template: str) -> None:
    path = plant_files()[template]
    beside = Path(str(path)) if template != "dryer" else path.parents[1] / "templates" / "dryer" / "plant.yaml"
    assert resting(load(path).plant, Wishes.of(beside)).tripped == ()


def column(tmp_path: Path, extra: str) -> Plant:
    """The column template with a second file that works tags out of others."""
    text = plant_files()["column"].read_text(encoding="utf-8")
    (tmp_path / "plant.yaml").write_text(text.replace("version: 1\n", "version: 1\ninclude: [more.yaml]\n"), "utf-8")
    (tmp_path / "more.yaml").write_text(extra, encoding="utf-8")
    return load(tmp_path / "plant.yaml").plant


def test_what_the_supervisor_works_out_itself_is_not_served(tmp_path: Path) -> None:
    plant = column(tmp_path, 'tags:\n  twice: {calc: "2 * reflux", unit: lb/min}\n')
    served = measured_only(plant)
    assert set(plant.tags) - set(served.tags) == {"twice"}
    assert "twice" not in resting(served, Wishes()).values
    assert DeclaredLine(served, resting(served, Wishes()).values, Wishes(), seed=1).measured().keys() == set(
        served.tags
    )


def test_a_model_of_a_calculated_tag_is_refused_with_what_to_do(tmp_path: Path) -> None:
    extra = """
tags:
  twice: {calc: "2 * reflux", unit: lb/min}
cvs:
  twice: {limits: {operator: [2, 6]}}
models:
  twice: {reflux_sp: {gain: 2, lags: [10]}}
"""
    with pytest.raises(WishesError, match=r"twice is worked out of other tags.*model the tags that it is made of"):
        measured_only(column(tmp_path, extra))
