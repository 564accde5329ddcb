"""The plain data of one controller's part of a plant file: what its hash is of, and names are looked up in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Final

from constraints.plantfile.document import Value
from constraints.plantfile.schema import PlantFile
from constraints.plantfile.shares import Share

SIDES: Final = ("value", "cost")
LISTS: Final = ("state_space", "constraints", "interlocks")


def part_content(
    data: Mapping[str, Value], part: PlantFile, share: Share, listed: Mapping[str, list[int]], others: Set[str]
) -> dict[str, Value]:
    """Return what of ``data`` concerns one controller; ``listed`` says which items of lists.

    ``others`` are variables of other controllers. One of nobody stays: a name without content, as one with an error.
    """
    found = {key: _kept(key, value, part, share, listed) for key, value in data.items() if key != "controllers"}
    for section in ("mvs", "cvs"):
        value = data.get(section)
        if isinstance(value, dict):
            found[section] = _only(value, [name for name in value if name not in others])
    entries = data.get("controllers")
    entry = entries.get(share.name) if isinstance(entries, dict) else None
    found["controllers"] = {share.name: entry}
    if isinstance(entry, dict) and "modes" in entry:
        found.pop("modes", None)
    return found


def _kept(section: str, value: Value, part: PlantFile, share: Share, listed: Mapping[str, list[int]]) -> Value:
    if section in listed and isinstance(value, list):
        kept = [value[i] for i in listed[section] if i < len(value)]
        settings = share.schedule.values()
        return [_set(*each) for each in zip(kept, settings, strict=False)] if section == "schedule" else kept
    if not isinstance(value, dict):
        return value
    if section == "economics":
        return {side: _only(terms, getattr(share, side)) if side in SIDES else terms for side, terms in value.items()}
    if section == "models":
        return _only(value, share.models)
    kept_keys = getattr(part, section, None)
    return _only(value, kept_keys) if isinstance(kept_keys, dict) else value


def _only(value: Value, keys: Iterable[str]) -> Value:
    return {key: value[key] for key in keys if key in value} if isinstance(value, dict) else value


def _set(entry: Value, keys: list[str]) -> Value:
    return {**entry, "set": _only(entry["set"], keys)} if isinstance(entry, dict) and "set" in entry else entry
