"""A plant file's plain data with the place of every key, value and item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]
Path = tuple[str | int, ...]
"""Keys and list indices from the root, e.g. ``("tags", "T_in", "range", 1)``."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a piece of text stands: line and column from 1, length in characters (of its first line)."""

    line: int
    column: int
    length: int = 1
    file: str = ""
    """Name of the included file; empty: the plant file itself. In a workbook lines are rows and columns are columns."""


START: Final = Span(1, 1)


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file."""

    name: str
    source: str
    data: dict[str, Value]
    keys: Mapping[Path, Span]
    values: Mapping[Path, Span]
    inner: Mapping[Path, int] = field(default_factory=dict)
    """By path of a text: how many characters before its first (1 inside quotes); absent where offsets do not map."""
    empty: frozenset[Path] = frozenset()
    """Keys after which nothing stands; ``null`` is something."""
    included: Mapping[str, str] = field(default_factory=dict)
    """Text of each included file, by name; workbooks have none."""
    moved: Mapping[Path, Path] = field(default_factory=dict)
    """Of a part of a larger document: where a beginning of a path stands in that one."""

    @property
    def texts(self) -> Mapping[str, str]:
        """The text of every file, by name."""
        return {self.name: self.source, **self.included}

    def placed(self, path: Path) -> Path:
        """Return where ``path`` stands in the document as it was read."""
        for end in (2, 1):
            if path[:end] in self.moved and len(path) >= end:
                return (*self.moved[path[:end]], *path[end:])
        return path

    def value_at(self, path: Path) -> Span:
        """Return where the value at ``path`` stands; of the nearest known ancestor where there is no such value."""
        return self._nearest(self.values, self.placed(path))

    def key_at(self, path: Path) -> Span:
        """Return where the key at ``path`` stands; for a list's item, the item itself."""
        path = self.placed(path)
        return self.keys.get(path) or self._nearest(self.values, path)

    def keys_in(self, path: Path) -> tuple[str, ...]:
        """Return the keys of the mapping at ``path``; empty where there is none."""
        inside: Value = self.data
        for part in path:
            if isinstance(inside, dict) and isinstance(part, str):
                inside = inside.get(part)
            elif isinstance(inside, list) and isinstance(part, int) and part < len(inside):
                inside = inside[part]
            else:
                return ()
        return tuple(inside) if isinstance(inside, dict) else ()

    def inside(self, path: Path, offset: int, length: int = 1) -> Span:
        """Return where character ``offset`` of the text at ``path`` stands."""
        span = self.value_at(path)
        lead = self.inner.get(self.placed(path))
        if lead is None:
            return span
        return replace(span, column=span.column + lead + offset, length=length)

    def _nearest(self, spans: Mapping[Path, Span], path: Path) -> Span:
        for end in range(len(path), 0, -1):
            found = spans.get(path[:end]) or self.keys.get(path[:end])
            if found is not None:
                return found
        return START
