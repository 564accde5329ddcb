"""What is wrong with a plant file, where, and what to do about it; and how that looks on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final, Literal

from constraints.plantfile.codes import CODES

Severity = Literal["error", "warning"]

SHOWN_MAX: Final = 1000
"""Nobody reads more of them in a terminal."""
Sources = str | Mapping[str, str]
"""The text that findings are in; or, where there are several files, the text of each by name."""

_WIDTH_MAX: Final = 160
_BEFORE_MAX: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding at one place. Raises ValueError for a code that is not in ``CODES``."""

    code: str
    severity: Severity
    message: str
    path: str
    """Name of the file, as it was given."""
    line: int
    column: int
    """Both from 1, in characters."""
    length: int = 1
    hint: str = ""

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"no such code: {self.code}")


class PlantFileError(Exception):
    """The plant file has errors; ``diagnostics`` holds all findings, by place, and ``source`` the text they are in."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], source: Sources = "") -> None:
        super().__init__(diagnostics, source)
        self.diagnostics = diagnostics
        self.source = source

    def __str__(self) -> str:
        return render(self.diagnostics, self.source)


@dataclass(frozen=True, slots=True)
class Palette:
    """Terminal sequences around the parts of a rendered finding."""

    error: str = ""
    warning: str = ""
    place: str = ""
    strong: str = ""
    off: str = ""


PLAIN: Final = Palette()
ANSI: Final = Palette(error="\x1b[1;31m", warning="\x1b[1;33m", place="\x1b[1;34m", strong="\x1b[1m", off="\x1b[0m")


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return each finding once, sorted by place."""
    return tuple(sorted(set(diagnostics), key=lambda d: (d.path, d.line, d.column, d.code, d.message)))


def render(diagnostics: Sequence[Diagnostic], source: Sources = "", palette: Palette = PLAIN) -> str:
    """Return the findings as text, each with its source line and a caret, and a count at the end.

    Without findings the text is empty; of more than ``SHOWN_MAX`` the first are shown. ``palette`` is ``PLAIN`` or
    ``ANSI``.
    """
    if not diagnostics:
        return ""
    texts = dict.fromkeys((each.path for each in diagnostics), source) if isinstance(source, str) else source
    lines = {path: lines_of(texts.get(path, "")) for path in {each.path for each in diagnostics}}
    blocks = [_block(each, lines[each.path], palette) for each in diagnostics[:SHOWN_MAX]]
    more = [f"... and {len(diagnostics) - SHOWN_MAX} more"] if len(diagnostics) > SHOWN_MAX else []
    return "\n".join([*blocks, *more, _count(diagnostics)])


def lines_of(text: str) -> Sequence[str]:
    """Return the lines of a file's text, as places count them."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _block(found: Diagnostic, lines: Sequence[str], palette: Palette) -> str:
    tone = palette.error if found.severity == "error" else palette.warning
    head = f"{tone}{found.severity}[{found.code}]{palette.off}{palette.strong}: {found.message}{palette.off}"
    place = f"  {palette.place}-->{palette.off} {found.path}:{found.line}:{found.column}{_cell(found)}"
    hint = f"help: {found.hint}" if found.hint else ""
    if not (1 <= found.line <= len(lines) and lines[found.line - 1].strip()):
        return "\n".join([head, place, *([f"   = {hint}"] if hint else [])])
    text, column = _window(lines[found.line - 1], found.column)
    gutter = len(str(found.line)) + 1
    bar = f"{palette.place}|{palette.off}"
    carets = "^" * max(1, min(found.length, len(text) - column + 1))
    under = " " * (column - 1) + f"{tone}{carets}{palette.off}" + (f" {hint}" if hint else "")
    return "\n".join(
        [
            head,
            place,
            f"{' ' * gutter}{bar}",
            f" {palette.place}{found.line}{palette.off}{bar} {text}",
            f"{' ' * gutter}{bar} {under}",
        ]
    )


def _window(line: str, column: int) -> tuple[str, int]:
    """Return at most ``_WIDTH_MAX`` characters of ``line`` around ``column``, and the column in them."""
    column = min(max(column, 1), len(line) + 1)
    start = 0 if len(line) <= _WIDTH_MAX else max(0, min(column - 1 - _BEFORE_MAX, len(line) - _WIDTH_MAX))
    shown = "".join(c if c.isprintable() else " " for c in line[start : start + _WIDTH_MAX])
    return shown, column - start


def _cell(found: Diagnostic) -> str:
    """Return what a spreadsheet calls the place; empty for a text."""
    if not found.path.lower().endswith(".xlsx"):
        return ""
    letters, number = "", found.column
    while number > 0:
        number, digit = divmod(number - 1, len(ascii_uppercase))
        letters = ascii_uppercase[digit] + letters
    return f" (cell {letters}{found.line})"


def _count(diagnostics: Sequence[Diagnostic]) -> str:
    errors = sum(d.severity == "error" for d in diagnostics)
    warnings = len(diagnostics) - errors
    parts = [_plural(errors, "error")] if errors or not warnings else []
    if warnings:
        parts.append(_plural(warnings, "warning"))
    files = {each.path for each in diagnostics}
    where = diagnostics[0].path if len(files) == 1 else f"{len(files)} files"
    return f"{where}: {', '.join(parts)}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
