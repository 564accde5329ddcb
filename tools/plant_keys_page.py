"""Write docs/plant-keys.md anew from the plant file's JSON Schema: python tools/plant_keys_page.py."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from constraints.plantfile import json_schema  # noqa: E402 - only now is it found

Node = Mapping[str, Any]
HEAD = """# Every key of the plant file

Made from the schema that `setwise schema` prints, by `python tools/plant_keys_page.py`; a test holds it to that. What
the keys are for, with examples, is in [plant-file.md](plant-file.md), [controller.md](controller.md) and
[safety.md](safety.md). A key without a default that is not required may be left out.
"""


def page() -> str:
    """Return the page: the sections first, then what they are made of, in the order in which they are met."""
    schema = json_schema()
    parts = [HEAD, "## The file\n", _table(schema)]
    waiting, seen = list(_named(schema)), set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        node = schema["$defs"][name]
        waiting += _named(node)
        if node.get("properties"):
            parts += [f"## {name}\n", f"{_cell(node.get('description', ''))}\n", _table(node)]
    return "\n".join(parts)


def _table(node: Node) -> str:
    required = set(node.get("required", ()))
    rows = ["| key | what it is | form | default |", "|---|---|---|---|"]
    for key, value in node["properties"].items():
        default = "**required**" if key in required else _default(value)
        rows.append(f"| `{key}` | {_cell(value.get('description', ''))} | {_cell(_form(value))} | {default} |")
    return "\n".join(rows) + "\n"


def _default(value: Node) -> str:
    found = value.get("default")
    return "" if found in (None, "", [], {}) else f"`{found}`".replace("True", "true").replace("False", "false")


def _form(value: Node) -> str:
    """Return what may stand there, in a few words."""
    if "$ref" in value:
        return f"[{_name(value['$ref'])}](#{_name(value['$ref']).lower()})"
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    for many in ("anyOf", "oneOf"):
        if many in value:
            found = dict.fromkeys(_form(each) for each in value[many] if each.get("type") != "null")
            return " or ".join(found)
    if value.get("type") == "array":
        inside = _form(value["items"]) if "items" in value else "any"
        return f"list of {inside}"
    if value.get("type") == "object":
        more = value.get("additionalProperties")
        return f"by name: {_form(more)}" if isinstance(more, Mapping) else "mapping"
    return {"number": "number", "integer": "whole number", "boolean": "true or false", "string": "text"}.get(
        str(value.get("type")), "any"
    )


def _named(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        if "$ref" in node:
            yield _name(node["$ref"])
        for key, value in node.items():
            if key != "$defs":
                yield from _named(value)
    elif isinstance(node, list):
        for each in node:
            yield from _named(each)


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    (HOME / "docs" / "plant-keys.md").write_text(page(), encoding="utf-8")
