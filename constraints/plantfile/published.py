"""pydantic's JSON Schema, completed for people who read it in an editor: a title, a meaning and a unit for each key."""

from __future__ import annotations

from typing import Any, Final

from constraints.plantfile.glossary import MEANINGS, UNITS

UNIT: Final = "x-unit"
"""Annotation with the unit of a key's numbers; JSON Schema 2020-12 lets unknown keywords be (6.5)."""
_KIND: Final = "x-kind"
_SECONDS: Final = "s, or text such as 5 min"
_OWN: Final = "variable's own unit, or text with any compatible one"
_EXAMPLES: Final = {_SECONDS: ["15 s", "500 ms", "12 h"], _OWN: [12, "12 kg/h"]}


def published(schema: dict[str, Any], title: str) -> dict[str, Any]:
    """Return ``schema`` with title, description and ``x-unit`` (where there are numbers) for each key."""
    sections = {title: schema, **schema.get("$defs", {})}
    for name, section in sections.items():
        for key, of in section.get("properties", {}).items():
            _complete(f"{name}.{key}", key, of)
    return {key: _without_kinds(value) for key, value in schema.items()}


def _complete(name: str, key: str, of: dict[str, Any]) -> None:
    of["title"] = key.replace("_", " ").capitalize() if len(key) > 1 else key
    meaning = of.get("description") or MEANINGS.get(name, "")
    kinds = set(_kinds(of))
    unit = UNITS.get(name) or _usual(kinds)
    if unit:
        of[UNIT] = unit
        meaning = f"{meaning} [{unit}]" if unit != "none" else meaning
    of["description"] = meaning
    if "array" not in kinds and of.get(UNIT) in _EXAMPLES:
        of.setdefault("examples", _EXAMPLES[of[UNIT]])


def _usual(kinds: set[str]) -> str:
    """Return the unit that follows from the kinds of value a key takes; empty where it takes no number."""
    if "duration" in kinds:
        return _SECONDS
    if "quantity" in kinds:
        return _OWN
    return "1" if kinds & {"number", "integer"} else ""


def _kinds(of: dict[str, Any]) -> list[str]:
    """Return what may stand there: ``x-kind`` of ``fields``, else the JSON type; not what stands in other sections."""
    if _KIND in of:
        return [of[_KIND]]
    found = [of["type"]] if isinstance(of.get("type"), str) else []
    for key in ("items", "additionalProperties"):
        if isinstance(of.get(key), dict):
            found += _kinds(of[key])
    for each in of.get("anyOf", ()):
        found += _kinds(each)
    return found


def _without_kinds(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(schema, dict):
        return {key: _without_kinds(value) for key, value in schema.items() if key != _KIND}
    return [_without_kinds(each) for each in schema] if isinstance(schema, list) else schema
