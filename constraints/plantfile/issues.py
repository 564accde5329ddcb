"""The findings of one check, collected while it goes on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from constraints.plantfile.diagnostics import Diagnostic, Severity
from constraints.plantfile.document import Document, Path, Span


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

    @property
    def errors(self) -> bool:
        """Whether there is at least one error."""
        return any(each.severity == "error" for each in self.found)


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the nearest of ``choices``; empty where none is near."""
    near = nearest(word, choices)
    return f"did you mean {near!r}?" if near else ""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return the choice that ``word`` most looks like, upper and lower case alike; empty where none does."""
    by_lower: dict[str, str] = {}
    for choice in choices:
        by_lower.setdefault(choice.lower(), choice)
    close = difflib.get_close_matches(word[:100].lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else ""


def dotted(path: Path) -> str:
    """Return ``tags.T_in`` for a path, ``interlocks[2].when`` with list items counted from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
