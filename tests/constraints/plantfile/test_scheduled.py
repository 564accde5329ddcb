"""Tables of scheduled limits: the numbers that the gate gets, and what changes when a table does."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plant import Plant
from constraints.plantfile import PlantFileError, json_schema, load_text
from safety.envelope import ScheduledLimits

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
LIMITS = "limits: {safety: [500, 4000]}"


def plant(points: str, by: str = "T_bed") -> Plant:
    table = f"limits: {{safety: [500, 4000], scheduled: {{by: {by}, points: {points}}}}}"
    assert GOOD.count(LIMITS) == 1
    return load_text(GOOD.replace(LIMITS, table), "x").plant


def test_a_table_becomes_the_envelopes() -> None:
    found = plant("[[0, 500, 900], [40.5, 600, 1000], [150, 700, 4000]]")
    table = ScheduledLimits("T_bed", ((0.0, 500.0, 900.0), (40.5, 600.0, 1000.0), (150.0, 700.0, 4000.0)))
    assert found.envelopes["flow_sp"].scheduled == table
    assert found.envelopes["T_jacket_sp"].scheduled is None
    assert load_text(GOOD, "x").plant.envelopes["flow_sp"].scheduled is None


def test_each_number_may_have_its_own_unit() -> None:
    found = plant("[[273.15 K, 0.5 t/h, 900], [150, 600 kg/h, 4 t/h]]")
    assert found.envelopes["flow_sp"].scheduled == ScheduledLimits(
        "T_bed", ((0.0, 500.0, 900.0), (150.0, 600.0, 4000.0))
    )


def test_a_table_may_reach_beyond_the_tag() -> None:
    assert plant("[[-20, 500, 900], [500, 600, 4000]]").envelopes["flow_sp"].scheduled is not None


@pytest.mark.parametrize("changed", ["[[0, 600, 900], [150, 600, 901]]", "[[0, 600, 900], [151, 600, 900]]"])
def test_the_limits_hash_follows_the_table(changed: str) -> None:
    first = plant("[[0, 600, 900], [150, 600, 900]]")
    assert plant("[[0.0,600,900],[150, 600 kg/h, 900]]").limits_hash == first.limits_hash
    other = plant(changed)
    assert other.limits_hash != first.limits_hash != load_text(GOOD, "x").plant.limits_hash
    assert other.config_hash != first.config_hash
    assert plant("[[0, 600, 900], [200, 600, 900]]", by="T_jacket").limits_hash != first.limits_hash


@given(st.floats(0.0, 150.0))
def test_what_is_loaded_answers_for_every_good_value(value: float) -> None:
    """The promise of the coverage check: inside the tag's range the gate always knows the limits."""
    table = uneven().envelopes["flow_sp"].scheduled
    assert table is not None
    limits = table.at(value)
    assert limits is not None
    assert 500.0 <= limits[0] < limits[1] <= 4000.0


@cache
def uneven() -> Plant:
    return plant("[[0, 500, 900], [33.3, 600, 1000], [150, 700, 4000]]")


def test_every_mistake_of_a_table_is_told_at_once() -> None:
    with pytest.raises(PlantFileError) as caught:
        plant("[[1, 600, 900], [0, 900, 600], [10, 400, 900]]")
    found = [(each.code, each.hint) for each in caught.value.diagnostics]
    assert found == [
        ("E045", "add a point at 0"),
        ("E041", "write [value of the tag, low, high]"),
        ("E045", "sort the points by the tag's value, each value once"),
        ("E040", "scheduled limits must lie inside the safety limits"),
        ("E045", "add a point at 150"),
    ]


def test_a_tag_that_is_broken_itself_is_one_finding() -> None:
    text = GOOD.replace('TI2.PV", unit: degC', 'TI2.PV", unit: degZ')
    table = "limits: {safety: [500, 4000], scheduled: {by: T_bed, points: [[0, 600, 900], [150, 600, 900]]}}"
    with pytest.raises(PlantFileError) as caught:
        load_text(text.replace(LIMITS, table), "x")
    assert {each.code for each in caught.value.diagnostics if each.severity == "error"} == {"E020"}


def test_editors_know_its_form() -> None:
    definitions = json_schema()["$defs"]
    assert isinstance(definitions, dict)
    points = definitions["Scheduled"]["properties"]["points"]
    assert (points["minItems"], points["items"]["minItems"], points["items"]["maxItems"]) == (2, 3, 3)
