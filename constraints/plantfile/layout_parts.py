"""A block of YAML as parts, a key or an item each, with the comments that belong to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from constraints.plantfile.nodes import end, entry_end, is_block, pairs, start

_REST: Final = re.compile(r"[ \t]*(#.*)?")


class LayoutError(ValueError):
    """The file is laid out in a way that cannot be changed safely; the message says where, and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """A key with its value, or an item of a list."""

    node: Node
    key: ScalarNode | None
    column: int
    """Where the key, or the item's dash, stands."""
    before: tuple[str, ...]
    """Comments and blank lines above it, without their indentation, never two blank ones in a row."""
    after: tuple[tuple[int, str], ...]
    """Comments below its last line that are indented deeper than it: by how much, and their text."""
    beside: tuple[int, str]
    """The comment on its line and the column of it; empty where there is none."""

    @property
    def is_block(self) -> bool:
        """Whether its value is laid out by indentation on further lines."""
        return is_block(self.node) and bool(self.node.value)


def parts_of(node: Node, source: str, limit: int) -> tuple[list[Part], tuple[str, ...]]:
    """Return the parts of a block, and what stands before ``limit`` and belongs to none. Raises LayoutError."""
    entries: Sequence[tuple[ScalarNode | None, Node]]
    entries = pairs(node) if isinstance(node, MappingNode) else [(None, item) for item in node.value]
    firsts = [key if key is not None else value for key, value in entries]
    above = _above(firsts[0], _column(*entries[0], source), source)
    found: list[Part] = []
    for number, (key, value) in enumerate(entries):
        column = _column(key, value, source)
        last = end(value, source) if key is None else entry_end(key, value, source)
        stop = _line(source, start(firsts[number + 1])) if number + 1 < len(entries) else limit
        tail = source[last:stop].split("\n")[1:]
        if number + 1 < len(entries):
            tail = tail[:-1]  # what stands before the next part on its own line
        deep = _deeper(tail, column)
        after = tuple((len(text) - len(text.lstrip()) - column, text.strip()) for text in tail[:deep] if text.strip())
        found.append(Part(value, key, column, above, after, _beside(key, value, source)))
        above = squeezed([text.strip() for text in tail[deep:]])
    return found, above


def squeezed(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the lines with no two blank ones in a row."""
    return tuple(line for at, line in enumerate(lines) if line or at == 0 or lines[at - 1])


def _above(first: Node, column: int, source: str) -> tuple[str, ...]:
    """Return the comments between what opens a block (the file, a colon) and its first part."""
    at = _line(source, start(first))
    if source[at : at + column].strip():
        return ()  # it stands on the line of what opens it, behind a dash
    lines: list[str] = []
    while at > 0:
        before = _line(source, at - 1)
        text = source[before : at - 1].strip()
        if text and not text.startswith("#"):
            break
        lines.insert(0, text)
        at = before
    return squeezed(lines)


def _column(key: ScalarNode | None, value: Node, source: str) -> int:
    if key is not None:
        return int(key.start_mark.column)
    lead = source[_line(source, start(value)) : start(value)]
    if "-" not in lead:
        raise LayoutError(f"line {value.start_mark.line + 1}: put it behind its dash, on the same line")
    return lead.rindex("-")


def _deeper(tail: Sequence[str], column: int) -> int:
    """Return how many of the lines belong to the part above: up to the last comment that is deeper than it."""
    deep = 0
    for number, text in enumerate(tail, start=1):
        if text.strip():
            if len(text) - len(text.lstrip()) <= column:
                break
            deep = number
    return deep


def _beside(key: ScalarNode | None, value: Node, source: str) -> tuple[int, str]:
    """Return the comment behind a value, or behind the colon that opens a block, with its column."""
    if is_block(value) and value.value:
        if key is None:
            return 0, ""  # the comment of its first part
        at = source.index(":", int(key.end_mark.index)) + 1
    else:
        at = end(value, source) if key is None else entry_end(key, value, source)
    stop = source.find("\n", at)
    rest = source[at : stop if stop >= 0 else len(source)]
    found = _REST.fullmatch(rest)
    if found is None:
        raise LayoutError(
            f"line {source.count(chr(10), 0, at) + 1}: {rest.strip()[:40]!r}: put it on a line of its own"
        )
    return (at + found.start(1) - _line(source, at), found[1].rstrip()) if found[1] else (0, "")


def _line(source: str, at: int) -> int:
    """Return the position of the line's first character."""
    return source.rfind("\n", 0, at) + 1
