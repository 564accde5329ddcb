"""Tags into a plant file's text: only the lines that must change do."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hil.demo
from constraints.plantfile.taglists.drafts import Draft
from constraints.plantfile.taglists.merge import MergeError, merge, tags_of
from constraints.plantfile.yamltext import parse

DEMO = Path(hil.demo.__file__).with_name("plant.yaml").read_text("utf-8")
NEW = {"source": "dcs:ns=2;s=N", "unit": "degC"}


def put(text, **tags):
    return merge(parse(text, "plant.yaml"), [Draft(0, name, name, keys) for name, keys in tags.items()])


def changed_lines(before, after):
    return [line for line in difflib.ndiff(before.splitlines(True), after.splitlines(True)) if line[0] in "+-"]


def test_a_new_tag_is_one_more_line_in_the_columns_of_the_others():
    merged = put(DEMO, T_new={**NEW, "range": [0, 1.5], "desc": "New: # one"})
    line = '  T_new:      {source: "dcs:ns=2;s=N", unit: degC, range: [0, 1.5], desc: "New: # one"}\n'
    assert changed_lines(DEMO, merged.text) == [f"+ {line}"]
    assert merged.text.index(line) < merged.text.index("\nmvs:")


def test_a_changed_key_changes_its_value_and_nothing_else():
    merged = put(DEMO, T_in={"unit": "K", "range": [0, 310], "desc": "Inlet air temperature"})
    assert [str(change) for change in merged.changed] == [
        "tags.T_in.unit: degC -> K",
        "tags.T_in.range: [0, 300] -> [0, 310]",
    ]
    assert merged.text == DEMO.replace(
        'T_in:       {source: "dcs:ns=2;s=TIC201.PV", unit: degC, range: [0, 300]',
        'T_in:       {source: "dcs:ns=2;s=TIC201.PV", unit: K, range: [0, 310]',
    )


def test_what_the_file_has_already_changes_nothing():
    merged = put(DEMO, **tags_of(parse(DEMO, "plant.yaml")))
    assert merged.text == DEMO
    assert (merged.added, merged.changed, merged.unchanged) == ((), (), 14)


SHAPES = {
    "flow": "tags:\n  a: {source: 's:x', unit: bar}  # why\n",
    "trailing comma": "tags:\n  a: {source: 's:x', unit: bar,}\n",
    "lines in brackets": "tags:\n  a: {source: 's:x',   # place\n      unit: bar   # unit\n     }\n  # after\n",
    "block": "tags:\n  a:   # one\n    source: 's:x'   # place\n    unit: bar\n\n  # about b\n  b:\n    unit: K\n",
    "folded": "tags:\n  a:\n    source: 's:x'\n    unit: bar\n    desc: >-\n      many\n\n      words\n\nmvs: {}\n",
    "all in brackets": "tags: {a: {source: 's:x', unit: bar}}\n",
    "no line end": "tags:\n  a: {source: 's:x', unit: bar}",
    "deep": "tags:\n      a: {source: 's:x', unit: bar}\nmvs: {}\n",
    "windows": "# top\r\ntags:\r\n  a: {source: 's:x', unit: bar}  # why\r\n\r\nmvs: {}\r\n",
    "empty braces": "tags: {}   # none yet\nmvs: {}\n",
    "nothing": "tags:   # none yet\nmvs: {}\n",
    "nothing at the end": "version: 1\ntags:\n",
    "null": "tags: null\nmvs: {}\n",
    "no section": "version: 1\n# the end\n",
    "list in block": "tags:\n  a:\n    source: 's:x'\n    unit: bar\n    range:\n      - 0   # low\n      - 5\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_layout_takes_new_tags_and_keeps_every_line_that_it_had(shape):
    before = SHAPES[shape]
    merged = put(before, n1=NEW, n2={**NEW, "scale": -0.1})
    assert tags_of(parse(merged.text, "x"))["n2"] == {**NEW, "scale": -0.1}
    gone = [line for line in changed_lines(before, merged.text) if line[0] == "-"]
    assert all(line.strip("- \n\r")[:5] == "tags:" or shape == "no line end" for line in gone)
    assert merged.text.count("#") == before.count("#")
    assert ("\r\n" in merged.text) == (shape == "windows")
    assert "\n" not in merged.text.replace("\r\n", "") or shape != "windows"
    if shape not in ("no line end", "no section"):
        assert merged.text.endswith("\n")


@pytest.mark.parametrize("shape", [name for name in SHAPES if "a:" in SHAPES[name] or "{a:" in SHAPES[name]])
def test_every_layout_takes_changed_and_new_keys(shape):
    before = SHAPES[shape]
    merged = put(before, a={"source": "s:y", "unit": "mbar", "hold": "30 s", "range": [0, 6]})
    found = tags_of(parse(merged.text, "x"))["a"]
    assert {key: found[key] for key in ("source", "unit", "hold", "range")} == {
        "source": "s:y", "unit": "mbar", "hold": "30 s", "range": [0, 6],
    }  # fmt: skip
    assert merged.text.count("#") == before.count("#")
    assert "source: 's:y'" in merged.text  # as it was quoted
    assert len(changed_lines(before, merged.text)) <= 12


def test_a_value_of_several_lines_is_not_replaced():
    with pytest.raises(MergeError, match="by hand"):
        put("tags:\n  a:\n    unit: bar\n    desc: |\n      two\n      lines\n", a={"desc": "one"})


@pytest.mark.parametrize("text", ["tags: 5\n", "tags: [a]\n", "tags:\n  a: 5\n", "{version: 1, tags: {}}\n"])
def test_what_cannot_take_tags_is_refused(text):
    with pytest.raises(MergeError):
        put(text, a=NEW)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp")), max_size=20)


@given(WORDS, st.sampled_from(sorted(SHAPES)))
def test_any_text_comes_out_as_it_went_in(text, shape):
    before = SHAPES[shape]
    if shape == "folded":
        before = SHAPES["block"]
    merged = put(before, n={**NEW, "desc": text}, a={"source": "s:x", "unit": "bar", "desc": text})
    found = tags_of(parse(merged.text, "x"))
    assert found["n"]["desc"] == text
    assert found["a"].get("desc", "") == text
