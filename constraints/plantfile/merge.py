"""Several parsed files -> one document, as if all had been written into one file.

Sections of named things are joined key by key, lists one after the other, in the order in which the files are named.
Nothing is overwritten: the same key in two files is an error that names both places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from constraints.plantfile.diagnostics import Diagnostic
from constraints.plantfile.document import Document, Path, Span, Value
from constraints.plantfile.issues import dotted

INCLUDE: Final = "include"
_DEEPER: Final = frozenset({("economics", "value"), ("economics", "cost")})
"""Sections of sections: their terms may come from several files too."""


@dataclass(slots=True)
class _Whole:
    """What has been joined so far."""

    main: str
    """Name of the first file."""
    data: dict[str, Value] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)
    values: dict[Path, Span] = field(default_factory=dict)
    inner: dict[Path, int] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)

    def join(self, path: Path, into: dict[str, Value], given: dict[str, Value], taken: dict[Path, Path]) -> None:
        """Join ``given``, which stands at ``path`` of a file; ``taken`` learns where each kept part of it went."""
        for key, value in given.items():
            at = (*path, key)
            have = into.get(key)
            if key not in into:
                into[key] = value
                taken[at] = at
            elif at == ("version",) and have == value:
                continue
            elif isinstance(have, dict) and isinstance(value, dict) and (not path or at in _DEEPER):
                joined = dict(have)
                self.join(at, joined, value, taken)
                into[key] = joined
            elif isinstance(have, list) and isinstance(value, list) and not path:
                taken.update({(*at, i): (*at, len(have) + i) for i in range(len(value))})
                into[key] = [*have, *value]
            else:
                taken[at] = ()

    def place(self, document: Document, taken: dict[Path, Path], name: str) -> None:
        """Take over the places of what was kept, and report what stood there already."""
        for path, span in document.keys.items():
            root = _root(path, taken)
            if root is not None and taken[root]:
                self.keys[(*taken[root], *path[len(root) :])] = replace(span, file=name)
            elif root == path:
                self.twice(path, span, document.name)
        for path, span in document.values.items():
            root = _root(path, taken)
            if root is not None and taken[root]:
                new = (*taken[root], *path[len(root) :])
                self.values[new] = replace(span, file=span.file or name)
                if path in document.inner:
                    self.inner[new] = document.inner[path]

    def twice(self, path: Path, span: Span, name: str) -> None:
        first = self.keys.get(path) or self.values.get(path) or Span(1, 1)
        where = f"{first.file or self.main}:{first.line}:{first.column}"
        self.found.append(
            Diagnostic(
                code="E004",
                severity="error",
                message=f"{dotted(path)} in two files",
                path=name,
                line=span.line,
                column=span.column,
                length=span.length,
                hint=f"first in {where}; remove one",
            )
        )


def merged(documents: Sequence[Document], texts: dict[str, str]) -> tuple[Document, tuple[Diagnostic, ...]]:
    """Return the documents as one, named like the first, and what stands in two of them.

    ``texts`` is the text of each included file, by name; sections ``include`` are left out.
    """
    main = documents[0]
    whole = _Whole(main.name)
    for document in documents:
        taken: dict[Path, Path] = {}
        given = {section: value for section, value in document.data.items() if section != INCLUDE}
        whole.join((), whole.data, given, taken)
        whole.place(document, taken, "" if document is main else document.name)
    empty = frozenset().union(*(document.empty for document in documents))
    joined = Document(main.name, main.source, whole.data, whole.keys, whole.values, whole.inner, empty, texts)
    return joined, tuple(whole.found)


def _root(path: Path, taken: dict[Path, Path]) -> Path | None:
    """Return the beginning of ``path`` that was kept or refused as a whole; None where it belongs to neither."""
    for length in range(1, min(len(path), 3) + 1):
        if path[:length] in taken:
            return path[:length]
    return None
