"""``include`` -> the whole plant: sections from more YAML files, tags from CSV and XLSX lists; ``step_file`` -> points.

Names are relative to the file that they stand in and never lead out of the plant's folder. Every finding about every
file is made in one go. Which bytes a name stands for is the loader's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from constraints.plantfile.booktags import workbook_rows
from constraints.plantfile.csvtext import csv_rows
from constraints.plantfile.diagnostics import Diagnostic, PlantFileError, in_order
from constraints.plantfile.document import Document, Path, Span, Value
from constraints.plantfile.merge import INCLUDE, merged
from constraints.plantfile.rawtext import BYTES_MAX, decoded
from constraints.plantfile.stepfiles import KEY, StepFileError, wanted, with_step
from constraints.plantfile.taglist import Cell, tag_list
from constraints.plantfile.yamltext import parse

FILES_MAX: Final = 100
DEPTH_MAX: Final = 8
TOTAL_BYTES_MAX: Final = 8 * 1024 * 1024
WORKBOOK_BYTES_MAX: Final = 4 * 1024 * 1024
SEEK_END: Final = 2
_TABLES: Final = (".csv", ".xlsx")
KINDS: Final = (".yaml", ".yml", *_TABLES)
"""Files that can be included, by how their names end."""


class IncludeError(Exception):
    """A file that cannot be included; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


Read = Callable[[str, int], BinaryIO]
"""(name relative to the plant file's folder, most bytes) -> the file; raises IncludeError. It may hold a byte more."""


def with_included(document: Document, read: Read) -> Document:
    """Return ``document`` with all that it includes; raises PlantFileError with every finding about those files."""
    if INCLUDE not in document.data and not any(wanted(document.data)):
        return document
    gathering = _Gathering(document.name.rpartition("/")[0], read)
    gathering.visit(document, (document.name.rpartition("/")[2],), ())
    texts = {name: text for name, text in gathering.texts.items() if name != document.name}
    whole, twice = merged(gathering.documents, texts)
    found = (*gathering.found, *twice)
    if found:
        raise PlantFileError(in_order(found), {document.name: document.source, **texts})
    return whole


@dataclass(slots=True)
class _Gathering:
    folder: str
    read: Read
    documents: list[Document] = field(default_factory=list)
    found: list[Diagnostic] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    tables: dict[str, list[list[Cell]]] = field(default_factory=dict)
    """Rows of those with step responses: of one table several models may each want a column."""
    total_bytes: int = 0

    def visit(self, document: Document, name: tuple[str, ...], above: tuple[tuple[str, ...], ...]) -> None:
        """Keep a document, whose name is given part by part, and then what it includes; ``above``: who includes it."""
        self.texts[document.name] = document.source
        document = self.with_steps(document, name)
        self.documents.append(document)
        included_files = document.data.get(INCLUDE, [])
        if not isinstance(included_files, list):
            self.error(document, (INCLUDE,), "E012", "a list of file names is needed here", "such as [tags.csv]")
            return
        for index, each in enumerate(included_files):
            at: Path = (INCLUDE, index)
            try:
                child = _relative(each, name[:-1])
                self.check(child, (*above, name))
                included = self.opened(child)
            except IncludeError as error:
                self.error(document, at, "E009", error.message, error.hint)
            except PlantFileError as error:
                self.found += error.diagnostics
            else:
                self.visit(included, child, (*above, name))

    def with_steps(self, document: Document, name: tuple[str, ...]) -> Document:
        """Return a document with the step responses that it wants from files."""
        for want in tuple(wanted(document.data)):
            at: Path = (*want.path, KEY, "file")
            try:
                child = _relative(want.file, name[:-1], _TABLES)
                rows = self.rows(child)
                document = with_step(document, want, rows, self.shown(child))
            except IncludeError as error:
                self.error(document, at, "E009", error.message, error.hint)
            except PlantFileError as error:
                self.found += error.diagnostics
            except StepFileError as error:
                self.found_at("E072", self.shown(child), error.span, error.message, error.hint)
        return document

    def rows(self, name: tuple[str, ...]) -> list[list[Cell]]:
        """Return the rows of a table; raises IncludeError, PlantFileError."""
        shown = self.shown(name)
        if shown not in self.tables:
            if len(self.texts) > FILES_MAX:
                raise IncludeError(f"more than {FILES_MAX} files", "use fewer files")
            self.texts[shown] = ""
            self.tables[shown] = self.read_rows(name)
        return self.tables[shown]

    def check(self, name: tuple[str, ...], above: tuple[tuple[str, ...], ...]) -> None:
        """Raise IncludeError where a file is not to be opened."""
        shown = "/".join(name)
        if name in above:
            circle = " -> ".join("/".join(part) for part in (*above, name))
            raise IncludeError(f"{shown} includes itself: {circle}", "remove it")
        if self.shown(name) in self.texts:
            raise IncludeError(f"{shown} is included twice", "name each file once")
        if len(above) > DEPTH_MAX or len(self.texts) > FILES_MAX:
            raise IncludeError(f"more than {DEPTH_MAX} levels or {FILES_MAX} files", "use fewer files")

    def opened(self, name: tuple[str, ...]) -> Document:
        """Return the document of a file; raises IncludeError, PlantFileError."""
        shown, ending = self.shown(name), _ending(name)
        self.texts[shown] = ""
        if ending in _TABLES:
            rows = self.read_rows(name)
            return tag_list(shown, self.texts[shown], rows)
        with self.opened_file(name, BYTES_MAX) as file:
            self.texts[shown] = decoded(file.read(), shown)
        return parse(self.texts[shown], shown)

    def read_rows(self, name: tuple[str, ...]) -> list[list[Cell]]:
        """Return the rows of a table, and keep its text; raises IncludeError, PlantFileError."""
        shown = self.shown(name)
        if _ending(name) == ".xlsx":
            with self.opened_file(name, WORKBOOK_BYTES_MAX) as file:
                return workbook_rows(file, shown)
        with self.opened_file(name, BYTES_MAX) as file:
            self.texts[shown] = decoded(file.read(), shown)
        return csv_rows(self.texts[shown], shown)

    def opened_file(self, name: tuple[str, ...], bytes_max: int) -> BinaryIO:
        """Return a file, counted among all; raises IncludeError."""
        file = self.read("/".join(name), bytes_max)
        self.total_bytes += file.seek(0, SEEK_END)
        file.seek(0)
        if self.total_bytes > TOTAL_BYTES_MAX:
            file.close()
            raise IncludeError(f"more than {TOTAL_BYTES_MAX // 1024} KiB in all files together", "use fewer files")
        return file

    def shown(self, name: tuple[str, ...]) -> str:
        """Return what findings call the file: its name beside the plant file's."""
        return "/".join((self.folder, *name) if self.folder else name)

    def error(self, document: Document, path: Path, code: str, message: str, hint: str) -> None:
        self.found_at(code, document.name, document.value_at(path), message, hint)

    def found_at(self, code: str, shown: str, span: Span, message: str, hint: str) -> None:
        self.found.append(
            Diagnostic(
                code=code,
                severity="error",
                message=message,
                path=shown,
                line=span.line,
                column=span.column,
                length=span.length,
                hint=hint,
            )
        )


def _relative(given: Value, folder: tuple[str, ...], kinds: tuple[str, ...] = KINDS) -> tuple[str, ...]:
    """Return the parts of a name relative to the plant file's folder; raises IncludeError."""
    if not isinstance(given, str) or not given.strip():
        raise IncludeError("a file name is needed here", "such as tags.csv")
    if given.startswith(("/", "~")) or "\\" in given or ":" in given or not given.isprintable():
        raise IncludeError(f"{given[:80]!r} is not a path inside the plant's folder", "such as area/tags.csv, with /")
    parts = list(folder)
    for part in given.split("/"):
        if part == ".." and not parts:
            raise IncludeError(f"{given[:80]!r} leads out of the plant's folder", "keep all files of a plant together")
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    if _ending(tuple(parts)) not in kinds:
        raise IncludeError(f"{given[:80]!r} is of no kind that can be included", f"one of {', '.join(kinds)}")
    return tuple(parts)


def _ending(name: tuple[str, ...]) -> str:
    return "." + name[-1].lower().rpartition(".")[2] if name else ""
