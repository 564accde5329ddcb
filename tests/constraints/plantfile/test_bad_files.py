"""Files with one mistake each: the right code, at the right place. ``§`` marks where the finding must point."""

from __future__ import annotations

import pytest

from constraints.plantfile import CODES, PlantFileError, load_text, render
from tests.constraints.plantfile.bad_files import BAD, GOOD, Bad

PLACES = {  # for changes that take away what the finding would point at, or point elsewhere
    "open bracket": "dvs: §[hum\n",
    "colon in text": "desc: a§: b",
    "missing unit": "  §nox: {",
    "missing setpoint": "  §flow_sp:\n    writes",
    "no certificate": "    security: §Basic",
    "no safe value": "    shed: §safe",
    "price and tariff": "    §electricity:",
    "empty schedule entry": "  - §{name: Cleaning",
    "tag and MV": "  §flow_sp:\n",
    "word order": "§holding/3054",
    "same address": '    writes: §"dcs:ns=2;s=APC.SP.T_jacket_sp"\n    setpoint: "dcs:ns=2;s=FIC4',
    "no root": "§heartbeat: {",
    "overlap": "          §night",
    "gap": "        §bands:\n",
}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_one_mistake_is_found_where_it_is(bad: Bad) -> None:
    assert GOOD.count(bad.old) == 1, f"{bad.old!r} must occur once in the good file"
    text = GOOD.replace(bad.old, bad.new.replace("§", ""))
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "bad.yaml")
    errors = [each for each in caught.value.diagnostics if each.severity == "error"]
    found = [each for each in errors if each.code == bad.code]
    assert found, f"no {bad.code}:\n{caught.value}"
    anchor = bad.new if "§" in bad.new else PLACES[bad.name]
    assert text.count(anchor.replace("§", "")) == 1
    at = text.index(anchor.replace("§", "")) + anchor.index("§")
    place = (text[:at].count("\n") + 1, at - (text[:at].rfind("\n") + 1) + 1)
    assert place in [(each.line, each.column) for each in found], str(caught.value)
    assert any(bad.hint in each.hint for each in found), [each.hint for each in found]
    assert len(errors) <= 3, f"one mistake, many findings:\n{caught.value}"
    assert render(caught.value.diagnostics, text).count("-->") == len(caught.value.diagnostics)


def test_all_mistakes_of_a_file_are_told_at_once_in_order_and_as_the_command_shows_them() -> None:
    text = GOOD
    for old, new in (
        ("hold: 30 s", "holt: 30 s"),
        ("operator: [78, 92]", "operator: [78, 99]"),
        ("flow_sp: {gain: -0.02", "flow: {gain: -0.02"),
        ("max(T_bed, T_bed_b)", "max(T_bed, T_bedb)"),
        ("days: sat,", "days: someday,"),
    ):
        text = text.replace(old, new)
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "bad.yaml")
    assert [(each.code, each.line) for each in caught.value.diagnostics] == [
        ("E010", 23), ("E040", 61), ("E070", 75), ("E030", 104), ("E081", 113),
    ]  # fmt: skip
    assert str(caught.value).startswith(
        """error[E010]: unknown key 'holt' in tags.T_bed
  --> bad.yaml:23:69
   |
 23|   T_bed: {source: "dcs:ns=2;s=TI2.PV", unit: degC, range: [0, 150], holt: 30 s, uncertain: good}
   |                                                                     ^^^^ help: did you mean 'hold'?
"""
    )
    assert str(caught.value).endswith("\nbad.yaml: 5 errors")


def test_the_rest_of_an_entry_is_checked_too() -> None:
    """A flag or a choice that is wrong hides no limit that is."""
    text = GOOD.replace("critical: true\n    limit", "critical: yes\n    limit").replace("[78, 92]", "[78, 99]")
    text = text.replace("shed: safe_value", "shed: save_value").replace("safe_value: 120", "safe_value: 99")
    text = text.replace("rank: {hi: 2,", "rank: {hi: 0,").replace("target: 3.8", "target: 4.8")
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "bad.yaml")
    assert [each.code for each in caught.value.diagnostics] == ["E013", "E042", "E040", "E012", "E042", "E014"]


def test_a_broken_entry_is_still_known_by_its_name() -> None:
    """One mistake in a tag must not make every mention of the tag an unknown name."""
    with pytest.raises(PlantFileError) as caught:
        load_text(GOOD.replace('TI2.PV", unit: degC', 'TI2.PV", unit: 3'), "bad.yaml")
    assert [each.code for each in caught.value.diagnostics] == ["E012"]


def test_two_loops_cannot_have_one_readback() -> None:
    with pytest.raises(PlantFileError) as caught:
        load_text(GOOD.replace("readback: flow\n", "readback: T_jacket\n"), "bad.yaml")
    assert ("E054", 54, 15) in [(each.code, each.line, each.column) for each in caught.value.diagnostics]


def test_the_corpus_reaches_every_error_code() -> None:
    elsewhere = {"E001", "E019", "E078", "E091"}  # tests of loader, tag lists, the command, several controllers
    assert {bad.code for bad in BAD} >= {code for code in CODES if code.startswith("E")} - elsewhere


@pytest.mark.parametrize(
    "old", ["T_jacket_sp: {gain: -0.05, lags: [300]}", "flow_sp: {gain: 36 kW/(t/s), integrating: false}"]
)
def test_a_model_with_an_error_is_still_one(old: str) -> None:
    """No warning of a CV that nothing moves beside the error that says why."""
    for new in (old.partition(":")[0] + ": {gain: 0}", old.partition(":")[0] + ": {gain: no}"):
        with pytest.raises(PlantFileError) as caught:
            load_text(GOOD.replace(old, new), "bad.yaml")
        assert len(caught.value.diagnostics) == 1, str(caught.value)


def test_the_good_file_is_good() -> None:
    assert load_text(GOOD, "good.yaml").warnings == ()
