"""Every word that a page shows, by key and language; English is complete, other languages fall back to it.

The catalogues are ``texts/*.<language>.toml``: tables of keys, ``{name}`` where something is put in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("texts")
ENGLISH = "en"
Translate = Callable[..., str]
"""``t(key, name=value)``."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The catalogues, by language and dotted key."""

    of: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Texts:
        """Read every catalogue in ``folder``."""
        found: dict[str, dict[str, str]] = {}
        for path in sorted(folder.glob("*.toml")):
            language = path.stem.rpartition(".")[2]
            found.setdefault(language, {}).update(_flat(tomllib.loads(path.read_text(encoding="utf-8"))))
        return cls(found)

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that there are, English first."""
        return (ENGLISH, *sorted(set(self.of) - {ENGLISH}))

    def speaks(self, language: str) -> Translate:
        """Return the function that gives a text in ``language``; a key without a text is shown as it is."""
        own, english = self.of.get(language, {}), self.of[ENGLISH]

        def t(key: str, **values: object) -> str:
            text = own.get(key) or english.get(key, key)
            return text.format(**values) if values else text

        return t

    def chosen(self, accepted: str) -> str:
        """Return the language for an ``Accept-Language`` header: the first that we have."""
        for each in _preferred(accepted):
            if each in self.of:
                return each
        return ENGLISH


def named(t: Translate, table: str, code: str) -> str:
    """Return what ``table`` calls ``code``; the code itself where it has no name."""
    text = t(f"{table}.{code}")
    return code if text == f"{table}.{code}" else text


def _preferred(accepted: str) -> Iterable[str]:
    return (part.split(";")[0].strip().split("-")[0].lower() for part in accepted.split(","))


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)
