"""Questions to the controller's model in a process of their own."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from constraints.plantfile import load
from setwise.response import step_responses
from supervisor.history.read import History
from supervisor.study import StudyError, answer, curves, dry_run, main, with_limit
from tests.supervisor.cli.conftest import site

__all__ = ["site"]


@pytest.fixture
def plant(site):
    return load(site.plant_path).plant


@pytest.fixture
def stored(site):
    return History(site.database_url).last()


def test_the_curves_are_those_of_the_plant_file(plant):
    found = {(each["cv"], each["source"]): each for each in curves(plant)}
    pairs = {(pair.cv, pair.source): pair for pair in plant.pairs}
    assert found.keys() == pairs.keys()
    for key, pair in pairs.items():
        assert found[key]["gain"] == pytest.approx(pair.gain)
        assert found[key]["dead_s"] == pair.dead_time_s
    settled = step_responses(plant)["moist", "T_in_sp"]
    assert found["moist", "T_in_sp"]["values"][-1] == pytest.approx(settled.iloc[-1], rel=0.02)
    assert 0.0 < found["moist", "T_in_sp"]["settle_s"] < found["moist", "T_in_sp"]["until_s"]


def test_an_integrating_cv_has_a_slope_and_never_settles(plant):
    pair = replace(plant.pairs[0], integrating=True, gain=0.01)
    found = curves(replace(plant, pairs=(pair,)))
    assert found[0]["gain"] == pytest.approx(0.6)
    assert (found[0]["integrates"], found[0]["settle_s"]) == (True, None)


def test_more_room_at_a_limit_that_holds_earns_what_its_worth_says(plant, stored):
    limits = stored.replay.inputs["limits"]["moist"]
    told = dry_run(plant, stored, "moist", "hi", limits[1] + 0.1)
    assert told["as_is"]["status"] == told["then"]["status"] == "ok"
    worth = {each["name"]: each["worth"] for each in told["as_is"]["binding"]}["cv.moist.hi"]
    assert told["then"]["money"] - told["as_is"]["money"] == pytest.approx(0.1 * worth, rel=0.5)
    assert told["then"]["steady"]["moist"] == pytest.approx(told["as_is"]["steady"]["moist"] + 0.1, abs=0.02)


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [("nobody", 1.0, "nobody"), ("moist", float("nan"), "no limit"), ("moist", 0.1, "below")],
)
def test_a_limit_that_cannot_be_is_refused(stored, variable, value, why):
    with pytest.raises(StudyError, match=why):
        with_limit(stored, variable, "hi", value)


def test_a_changed_plant_file_is_not_answered_for(site):
    with pytest.raises(StudyError, match="has changed"):
        answer({"ask": "curves", "plant": str(site.plant_path), "config_hash": "other"})


def test_what_cannot_be_answered_is_said_in_a_line(tmp_path):
    said = []
    question = {"ask": "curves", "plant": str(tmp_path / "none.yaml"), "config_hash": ""}
    main(lambda: json.dumps(question), said.append)
    assert "none.yaml" in json.loads(said[0])["error"]
