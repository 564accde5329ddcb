"""The documented order of keys at each place of a plant file, from its published schema."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence, Set

from pydantic import JsonValue

from constraints.plantfile.document import Path
from constraints.plantfile.schema import json_schema

Schema = Mapping[str, JsonValue]


@functools.cache
def _whole() -> Schema:
    return json_schema()


def order_at(path: Path, keys: Set[str]) -> tuple[str, ...]:
    """Return ``keys`` in the documented order of the mapping at ``path``; unknown ones last, as they stand.

    Where people choose the names, as of tags, the order is theirs.
    """
    found = [_whole()]
    for part in path:
        found = [inner for each in found for inner in _inside(each, part)]
    known = _documented([_properties(each) for each in found], keys)
    if not keys & known.keys():
        return tuple(keys)
    return tuple(sorted(keys, key=lambda key: known.get(key, len(known))))


def _documented(alternatives: Sequence[Mapping[str, JsonValue]], keys: Set[str]) -> dict[str, int]:
    """Return the places of the keys of the alternative that fits best.

    Where there are several, as for connections, what tells them apart comes first, and what all have comes last.
    """
    fitting = [each for each in alternatives if each]
    best = max(fitting, key=lambda each: len(keys & each.keys()), default={})
    shared = set(best).intersection(*fitting) if len(fitting) > 1 else set[str]()
    telling = {key for key, schema in best.items() if isinstance(schema, dict) and "const" in schema}
    ordered = sorted(best, key=lambda key: (key not in telling, key in shared))
    return {key: at for at, key in enumerate(ordered)}


def _inside(schema: Schema, part: str | int) -> list[Schema]:
    """Return the schemas of what lies at a key or an index."""
    if isinstance(part, int):
        return _choices(schema.get("items"))
    properties = _properties(schema)
    if part in properties:
        return _choices(properties[part])
    return _choices(schema.get("additionalProperties"))


def _properties(schema: Schema) -> dict[str, JsonValue]:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def _choices(schema: JsonValue) -> list[Schema]:
    """Return the alternatives of a schema, references followed."""
    if not isinstance(schema, dict):
        return []
    reference = schema.get("$ref")
    if isinstance(reference, str):
        definitions = _whole().get("$defs")
        return _choices(definitions.get(reference.rpartition("/")[2]) if isinstance(definitions, dict) else None)
    if "properties" in schema:
        return [schema]  # what else it says only bounds how its keys may stand together
    inner: Sequence[JsonValue] = next(
        (each for each in (schema.get("anyOf"), schema.get("oneOf")) if isinstance(each, list)), []
    )
    return [choice for each in inner for choice in _choices(each)] if inner else [schema]
