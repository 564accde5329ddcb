"""The JSON Schema as editors show it: every key has a title, a meaning, and a unit where it takes numbers."""

from __future__ import annotations

import pytest

from constraints.plantfile import json_schema
from constraints.plantfile.glossary import MEANINGS, UNITS
from constraints.plantfile.published import UNIT

SCHEMA = json_schema()
SECTIONS = {"PlantFile": SCHEMA, **SCHEMA["$defs"]}
KEYS = {f"{section}.{key}": of for section, form in SECTIONS.items() for key, of in form.get("properties", {}).items()}


def types(of):
    """Return every JSON type that may stand there, sections aside."""
    found = {of["type"]} if "type" in of else set()
    for each in (of.get("items"), of.get("additionalProperties"), *of.get("anyOf", ())):
        if isinstance(each, dict):
            found |= types(each)
    return found


def test_the_schema_is_of_draft_2020_12():
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "Setwise plant file"
    assert "x-kind" not in str(SCHEMA)


@pytest.mark.parametrize("name", sorted(KEYS))
def test_every_key_says_what_it_is_and_in_which_unit(name):
    of = KEYS[name]
    assert of["title"]
    assert len(of["description"].partition(" [")[0]) > 3
    if types(of) & {"number", "integer"}:
        assert of[UNIT]
        assert of[UNIT] == "none" or f"[{of[UNIT]}]" in of["description"]
    else:
        assert UNIT not in of


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_every_section_says_what_it_is_and_takes_no_other_key(section):
    assert SECTIONS[section]["description"]
    assert SECTIONS[section]["additionalProperties"] is False


def test_the_glossary_speaks_of_keys_that_are_there():
    assert MEANINGS.keys() <= KEYS.keys()
    assert UNITS.keys() <= KEYS.keys()


def test_amounts_have_examples_with_and_without_a_unit():
    assert KEYS["Model.dead_time"]["examples"] == ["15 s", "500 ms", "12 h"]
    assert KEYS["Cv.target"]["examples"] == [12, "12 kg/h"]
    assert "examples" not in KEYS["Tag.max_rate"]
    assert "examples" not in KEYS["Tag.range"]
