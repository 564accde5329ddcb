from __future__ import annotations

import json
from pathlib import Path

from constraints.plantfile import json_schema
from constraints.plantfile.schema_errors import keys_at


def test_the_json_schema_is_what_editors_read() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["version", "plant", "connections", "tags"]
    assert schema["additionalProperties"] is False
    text = json.dumps(schema)
    for word in ('"yield"', '"for"', '"is"', '"set"', '"safety"', '"last_operator"', "Modbus TCP device"):
        assert word in text, word
    assert '"for_"' not in text


def test_every_mapping_of_the_schema_refuses_unknown_keys() -> None:
    definitions = json_schema()["$defs"]
    assert isinstance(definitions, dict)
    for name, definition in definitions.items():
        assert isinstance(definition, dict)
        if "properties" in definition:
            assert definition.get("additionalProperties") is False, name


def test_keys_for_suggestions_are_those_of_the_file() -> None:
    assert set(keys_at(("mvs", "x", "window"))) == {"for", "change"}
    assert "url" in keys_at(("connections", "x", "opcua"))
    assert "url" not in keys_at(("connections", "x", "mqtt"))
    assert set(keys_at(("models", "a", "b"))) == {
        "gain", "dead_time", "lags", "lead", "integrating", "step", "step_file", "function", "multiplier", "expects",
    }  # fmt: skip
    assert keys_at(("tags",)) == ()


def test_schema_files_stay_readable() -> None:
    folder = Path(__file__).parents[3] / "constraints" / "plantfile"
    assert all(len(path.read_text(encoding="utf-8").splitlines()) <= 300 for path in folder.glob("*.py"))
