"""The file of two dryers, with pieces of its text changed."""

from __future__ import annotations

from pathlib import Path

from constraints.plantfile import Diagnostic, PlantFileError, load_text
from constraints.plantfile.loaded import Loaded

TEXT = (Path(__file__).parent / "two.yaml").read_text(encoding="utf-8")


def changed(*pairs: tuple[str, str]) -> str:
    text = TEXT
    for old, new in pairs:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def loaded(*pairs: tuple[str, str]) -> Loaded:
    return load_text(changed(*pairs), "two.yaml")


def findings(*pairs: tuple[str, str]) -> list[Diagnostic]:
    try:
        return list(loaded(*pairs).warnings)
    except PlantFileError as error:
        return list(error.diagnostics)


def only(*pairs: tuple[str, str]) -> Diagnostic:
    found = findings(*pairs)
    assert len(found) == 1, [f"{each.code} {each.line}: {each.message}" for each in found]
    return found[0]


def line_of(found: Diagnostic, *pairs: tuple[str, str]) -> str:
    """The line's text from the place of the finding on, as far as the caret reaches."""
    return changed(*pairs).splitlines()[found.line - 1][found.column - 1 :][: found.length]
