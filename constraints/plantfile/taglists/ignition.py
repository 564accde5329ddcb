"""Ignition 8's tag export, a tree in JSON, laid out in rows.

A node is a folder, an atomic tag, a UDT's definition or an instance (``tagType``); a tag is read from an OPC server
where its ``valueSource`` is ``opc``, by its ``opcItemPath``. A property bound to a parameter of a UDT is an object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from constraints.plantfile.taglists.sheet import Row, Sheet, SheetError, row

BOUND: Final = "{bound}"
"""Stands for a property that is bound to a parameter."""
DEPTH_MAX: Final = 40
_HEADER: Final = (
    "path", "name", "tagType", "valueSource", "dataType", "opcItemPath", "scaleMode", "rawLow", "rawHigh", "scaledLow",
    "scaledHigh", "engUnit", "engLow", "engHigh", "documentation",
)  # fmt: skip


def sheet_of_json(text: str) -> Sheet:
    """Return a row for each atomic tag, those inside UDT instances too; definitions of UDTs are left out.

    Raises SheetError.
    """
    try:
        tree: JsonValue = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        at = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SheetError(f"not valid JSON{at}: export the tags from Ignition's designer anew") from error
    found = list(_tags(tree, (), 0))
    rows = (row(number, [node.get(key, "") for key in _HEADER]) for number, node in enumerate(found, start=1))
    return Sheet((Row(0, _HEADER), *rows), f"JSON, {len(found)} tags")


def _tags(node: JsonValue, path: tuple[str, ...], depth: int) -> Iterator[dict[str, str]]:
    if depth > DEPTH_MAX:
        raise SheetError(f"folders in more than {DEPTH_MAX} levels")
    if isinstance(node, list):
        for each in node:
            yield from _tags(each, path, depth)
        return
    if not isinstance(node, dict):
        return
    name = str(node.get("name") or "")
    if node.get("tagType") == "UdtType" or name == "_types_":
        return
    inner = node.get("tags")
    if isinstance(inner, list):
        yield from _tags(inner, (*path, name) if name else path, depth + 1)
    elif name:
        yield {**{key: _cell(node, key) for key in _HEADER}, "path": "/".join(path)}


def _cell(node: Mapping[str, JsonValue], key: str) -> str:
    value = node.get(key)
    if isinstance(value, dict | list):
        return BOUND
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
