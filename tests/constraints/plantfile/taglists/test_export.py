"""Tags out and in again: without loss as a generic list, with what is lost named for the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hil.demo
from constraints.plantfile.schema_variables import Tag
from constraints.plantfile.taglists.drafts import drafts
from constraints.plantfile.taglists.export import KINDS, losses, numeric_columns, rows_of
from constraints.plantfile.taglists.keys import columns, kinds
from constraints.plantfile.taglists.mapping import TagMapping
from constraints.plantfile.taglists.merge import merge, tags_of
from constraints.plantfile.taglists.places import Target
from constraints.plantfile.taglists.sheet import csv_of, sheet_of, tidy
from constraints.plantfile.taglists.understand import understand
from constraints.plantfile.yamltext import parse

DEMO = Path(hil.demo.__file__).with_name("plant.yaml").read_text("utf-8")
GOOD = (Path(__file__).parents[1] / "good.yaml").read_text("utf-8")
OPC = Target("dcs", "opcua", "{address}")


def back(rows, form="generic", target=None, existing=None):
    understood = understand([sheet_of(csv_of(rows), "UTF-8")], TagMapping())
    assert understood.format.name == form
    assert understood.strangers == ()
    return drafts(understood, TagMapping(), target, existing or {})


def test_every_key_of_a_tag_has_its_column():
    declared = {field.alias or name for name, field in Tag.model_fields.items()}
    assert set(kinds()) == declared == {column.key for column in columns()} - {"name"}


@pytest.mark.parametrize("text", [DEMO, GOOD])
def test_a_generic_list_into_its_own_file_changes_no_byte(text):
    document = parse(text, "x")
    made, skipped = back(rows_of(tags_of(document), "generic"), existing=tags_of(document))
    assert skipped == []
    assert merge(document, made).text == text


@pytest.mark.parametrize("text", [DEMO, GOOD])
def test_a_generic_list_into_an_empty_file_gives_the_same_tags(text):
    tags = tags_of(parse(text, "x"))
    made, _ = back(rows_of(tags, "generic"))
    assert tags_of(parse(merge(parse("tags:\n", "x"), made).text, "x")) == tags
    assert not losses(tags, rows_of(tags, "generic"), "generic", None)


WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp")), max_size=12)
NUMBER = st.integers(-(10**9), 10**9) | st.floats(-1e12, 1e12, allow_nan=False)
VALUES = {
    "text": WORD.map(tidy).filter(bool),
    "number": NUMBER,
    "quantity": NUMBER | st.just("-30 degC/min"),
    "pair": st.lists(NUMBER | st.just("273.15 K"), min_size=2, max_size=2),
}


@given(st.fixed_dictionaries({}, optional={key: VALUES[kind] for key, kind in kinds().items() if kind in VALUES}))
def test_any_value_of_any_key_comes_back(keys):
    tags = {"a": {**keys, "source": "dcs:ns=2;s=A", "unit": "bar"}}
    made, skipped = back(rows_of(tags, "generic"))
    assert skipped == []
    assert dict(made[0].keys) == tags["a"]


@pytest.mark.parametrize(
    ("form", "lost"),
    [
        ("kepware", {"max_rate", "stale_after", "frozen_after"}),
        ("ignition", {"max_rate", "stale_after", "frozen_after", "every"}),
    ],
)
def test_what_another_programs_list_cannot_hold_is_named_and_nothing_else_is_lost(form, lost):
    tags = {name: keys for name, keys in tags_of(parse(DEMO, "x")).items() if str(keys["source"]).startswith("dcs")}
    rows = rows_of(tags, form)
    assert set(losses(tags, rows, form, OPC)) == lost
    made, _ = back(rows, form, OPC)
    found = {each.name: each.keys for each in made}
    assert found.keys() == tags.keys()
    assert all(found[name]["range"] == keys["range"] for name, keys in tags.items())


def test_kepware_numbers_modbus_registers_as_modicon_did():
    tags = {
        "P": {"source": "m:holding/3054:float32:CDAB", "unit": "kW"},
        "g": {"source": "m:input/0:int16", "unit": "L"},
    }
    rows = rows_of(tags, "kepware")
    assert [row[:3] for row in rows[1:]] == [("P", "403055", "Float"), ("g", "300001", "Short")]
    made, _ = back(rows, "kepware", Target("m", "modbus-tcp", word_order="CDAB"))
    assert {each.name: each.keys["source"] for each in made} == {name: keys["source"] for name, keys in tags.items()}


def test_tia_keeps_what_an_s7_1500_calls_the_tag():
    tags = {"T": {"source": 'plc:ns=3;s="TT 1"', "unit": "degC", "desc": "Inlet"}}
    rows = rows_of(tags, "tia")
    assert (rows[1][0], rows[1][4]) == ("TT 1", "Inlet [degC]")
    made, _ = back(rows, "tia", Target("plc", "opcua"), existing=tags)
    assert [(each.name, dict(each.keys)) for each in made] == [
        ("T", {key: tags["T"][key] for key in ("source", "unit", "desc")})
    ]


@pytest.mark.parametrize("form", KINDS)
def test_names_are_no_numbers_in_a_workbook(form):
    header = rows_of({}, form)[0]
    numeric = {header[at] for at in numeric_columns(form)}
    assert numeric.isdisjoint({"name", "Name", "Tag Name", "Address", "desc", "unit", "source"})
    assert form == "tia" or numeric
