"""The findings of one check, collected while it goes on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from constraints.plantfile.diagnostics import Diagnostic, Severity
from constraints.plantfile.document import Document, Path, Span

HINTS_MAX: Final = 500
_WORD_MAX: Final = 100
_FEW: Final = 100


@dataclass(frozen=True, slots=True)
class Issues:
    """Collects findings about one document; the list is the only thing here that changes."""

    document: Document
    found: list[Diagnostic] = field(default_factory=list)

    def at_value(self, code: str, path: Path, message: str, hint: str = "") -> None:
        """Report the value at ``path``."""
        self.at(code, self.document.value_at(path), message, hint)

    def at_key(self, code: str, path: Path, message: str, hint: str = "") -> None:
        """Report the key at ``path``."""
        self.at(code, self.document.key_at(path), message, hint)

    def at(self, code: str, span: Span, message: str, hint: str = "") -> None:
        """Report a place. A code that begins with W is a warning."""
        severity: Severity = "warning" if code.startswith("W") else "error"
        self.found.append(
            Diagnostic(
                code=code,
                severity=severity,
                message=message,
                path=span.file or self.document.name,
                line=span.line,
                column=span.column,
                length=span.length,
                hint=hint,
            )
        )

    def add(self, found: Iterable[Diagnostic]) -> None:
        """Take over findings of parts of the document; what two parts say of one place is said once."""
        told = {_about(each) for each in self.found}
        for each in found:
            if _about(each) not in told:
                told.add(_about(each))
                self.found.append(each)

    def near(self, word: str, choices: Iterable[str]) -> str:
        """Return ``did_you_mean``; empty once there are ``HINTS_MAX`` findings, for looking takes time."""
        return did_you_mean(word, choices) if len(self.found) < HINTS_MAX else ""

    @property
    def errors(self) -> bool:
        """Whether there is at least one error."""
        return any(each.severity == "error" for each in self.found)


def _about(found: Diagnostic) -> tuple[object, ...]:
    return found.code, found.path, found.line, found.column, found.message


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the nearest of ``choices``; empty where none is near."""
    near = nearest(word, choices)
    return f"did you mean {near!r}?" if near else ""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return the choice that ``word`` most looks like, whatever the case and the hyphens; empty where none does.

    The nearest by edits, of which there may be one in three letters; among few choices also one that has most of the
    letters in their order.
    """
    wanted = _flat(word[:_WORD_MAX])
    found, best = "", (max(1, len(wanted) // 3) if len(wanted) > 1 else 0) + 1
    few: dict[str, str] = {}
    for choice in choices:
        flat = _flat(choice)
        if len(few) <= _FEW:
            few.setdefault(flat, choice)
        if abs(len(flat) - len(wanted)) < best:
            edits = distance(wanted, flat, best)
            if edits < best:
                found, best = choice, edits
            if edits == 0:
                break
    if not found and len(few) <= _FEW:
        close = difflib.get_close_matches(wanted, few, n=1, cutoff=0.6)
        return few[close[0]] if close else ""
    return found


def _flat(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def distance(one: str, other: str, most: int) -> int:
    """Return how many letters have to be put in, taken out, changed or exchanged with the next; at most ``most``.

    Optimal string alignment, after Damerau (CACM 7, 1964) and Levenshtein: row by row, ended where no row can come
    below ``most`` again.
    """
    if len(set(one).symmetric_difference(other)) >= 2 * most:  # an edit changes two of them at most
        return most
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        last, row, above = before, [i], row
        for j, against in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        before = above
        if min(row) >= most:
            return most
    return min(row[-1], most)


def dotted(path: Path) -> str:
    """Return ``tags.T_in`` for a path, ``interlocks[2].when`` with list items counted from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
