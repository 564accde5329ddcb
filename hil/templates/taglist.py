"""A tag list -> the text of a plant file with its tags, by the same readers as ``setwise tags import``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from constraints.plantfile.addresses import AddressError, place
from constraints.plantfile.taglists.drafts import drafts
from constraints.plantfile.taglists.mapping import TagMapping
from constraints.plantfile.taglists.merge import MergeError, merge
from constraints.plantfile.taglists.places import Target
from constraints.plantfile.taglists.sheet import Sheet, SheetError
from constraints.plantfile.taglists.understand import Understood, understand
from constraints.plantfile.yamltext import parse

CONNECTION: Final = "dcs"
"""The connection of the template ``from-csv``; OPC UA."""
_BY_NAME: Final = "ns=2;s={name}"
"""Address of a tag whose list has none that an OPC UA server would know."""
_SHOWN_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Listed:
    """A plant file with the tags of a list."""

    text: str
    skipped: tuple[str, ...]
    """What was left out, column or row, and why."""


def with_tags(text: str, name: str, sheets: Sequence[Sheet]) -> Listed:
    """Return the plant file ``text``, called ``name`` and without tags, with those of the list.

    Raises SheetError where the list cannot be read or nothing of it can be taken.
    """
    mapping = TagMapping(address=_BY_NAME)
    understood = understand(sheets, mapping)
    target = Target(CONNECTION, "opcua", None if _has_nodes(understood) else _BY_NAME)
    made, left_out = drafts(understood, mapping, target, {})
    skipped = (
        *(f"column {title!r}: nobody knows it" for title in understood.strangers),
        *(f"line {each.row}: {each.listed or 'no name'}: {each.detail}" for each in left_out),
    )
    if not made:
        raise SheetError("no tag can be taken from it" + "".join(f"\n  {why}" for why in skipped[:_SHOWN_MAX]))
    try:
        return Listed(merge(parse(text, name), made).text, skipped)
    except MergeError as error:
        raise SheetError(str(error)) from error


def _has_nodes(understood: Understood) -> bool:
    """Return whether the list says where an OPC UA server has its tags, and not only what the device calls them."""
    if understood.format.name != "generic":
        return understood.format.name != "kepware"
    rows = [understood.cells(row) for row in understood.rows]
    return any("source" in cells or _is_node(cells.get("address", "")) for cells in rows)


def _is_node(address: str) -> bool:
    try:
        place(CONNECTION, "opcua", address)
    except AddressError:
        return False
    return True
