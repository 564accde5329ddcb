"""Lines of a plant file read into another: how the examples of ``setwise explain`` become whole files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Line:
    """A line with a key, and what is indented below it; other lines hang on the one before."""

    text: str
    key: str
    below: list[Line] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [self.text, *(line for each in self.below for line in each.lines())]


def merged(base: str, part: str) -> str:
    """Return ``base`` with the keys of ``part`` in it: replaced where both have lines below, else whole."""
    return "\n".join(line for each in _merge(_tree(base), _tree(part)) for line in each.lines()) + "\n"


def _tree(text: str) -> list[Line]:
    top: list[Line] = []
    open_: list[tuple[int, list[Line]]] = [(-1, top)]
    for line in text.strip("\n").split("\n"):
        indent = len(line.expandtabs(2)) - len(line.expandtabs(2).lstrip())
        found = re.match(r"\s*([^\s:{\[\"'#-][^:{\[]*):", line)
        while open_[-1][0] >= indent:
            open_.pop()
        node = Line(line, found[1] if found else "")
        open_[-1][1].append(node)
        open_.append((indent, node.below))
    return top


def _merge(base: Sequence[Line], part: Sequence[Line]) -> list[Line]:
    result = list(base)
    at = len(result)
    replaced: set[str] = set()
    for line in part:
        old = next((i for i, each in enumerate(result) if line.key and each.key == line.key), None)
        if old is None or line.key in replaced:
            result.insert(at if old is None and line.key else len(result) if old is None else old + 1, line)
            at = len(result)
            replaced.add(line.key)
            continue
        replaced.add(line.key)
        keyed = all(each.key for each in (*line.below, *result[old].below))
        if line.below and result[old].below and keyed:
            result[old] = Line(line.text, line.key, _merge(result[old].below, line.below))
        else:
            result[old] = line
    return result
