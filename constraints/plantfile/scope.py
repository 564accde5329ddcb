"""What the compiling steps share: the file's form, its places, the findings, and conversions that report by themselves.

A conversion that fails reports and returns NaN (or None): NaN compares false with everything, so one mistake gives one
finding, and the plant is only built when there was none.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Final, TypeVar

from constraints.plantfile import units
from constraints.plantfile.document import Document, Path
from constraints.plantfile.issues import Issues, dotted
from constraints.plantfile.schema import PlantFile
from constraints.plantfile.unitnames import USUAL, Conditions
from constraints.plantfile.units import Unit, UnitError

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_WORDS_TAKEN: Final = frozenset({"abs", "min", "max", "avg", "median", "rate", "delta", "age", "good"})
_KINDS: Final = {"connections": "connection", "tags": "tag", "mvs": "MV", "cvs": "CV", "tariffs": "tariff"}

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Scope:
    """One file being compiled."""

    document: Document
    file: PlantFile
    issues: Issues
    broken: frozenset[Path]
    """Entries left out because their form is wrong: known names without a content."""
    conditions: Conditions = field(default=USUAL)
    """Of this plant."""
    beyond: Mapping[str, Set[str]] = field(default_factory=dict)
    """Of one controller among several: names in the whole file, by section that all controllers share."""

    def names(self, section: str) -> Set[str]:
        """Return every name declared in a section, entries with errors included, in the file's order."""
        if section in self.beyond:
            return self.beyond[section]
        there = self.document.data.get(section)
        return there.keys() if isinstance(there, dict) else frozenset()

    def dvs(self) -> tuple[tuple[Path, str], ...]:
        """Return each DV with its place: an item of the list, or a key of the mapping."""
        given = self.file.dvs
        if isinstance(given, dict):
            return tuple((("dvs", name), name) for name in given)
        return tuple((("dvs", index), name) for index, name in enumerate(given))

    def dotted(self, path: Path) -> str:
        """Return what messages call ``path``: as it stands in the file."""
        return dotted(self.document.placed(path))

    @property
    def dv_names(self) -> tuple[str, ...]:
        """Return every DV declared, entries with errors included."""
        given = self.document.data.get("dvs")
        return tuple(name for name in given if isinstance(name, str)) if isinstance(given, dict | list) else ()

    def unknown(self, code: str, section: str, name: str, path: Path) -> bool:
        """Return whether no such thing is declared, and report it at the value of ``path`` if so."""
        declared = self.names(section)
        if name in declared:
            return False
        hint = self.issues.near(name, declared)
        self.issues.at_value(code, path, f"unknown {_KINDS[section]} {name!r} in {self.dotted(path)}", hint)
        return True

    def check_name(self, path: Path) -> None:
        """Report a key that cannot be the name of a variable."""
        name = str(path[-1])
        if not _NAME.fullmatch(name):
            hint = "letters, digits and _ only, not beginning with a digit"
            self.issues.at_key("E015", path, f"{name!r} cannot be the name of a variable", hint)
        elif keyword.iskeyword(name) or name in _WORDS_TAKEN:
            hint = "expressions use this word for something else"
            self.issues.at_key("E015", path, f"{name!r} cannot be the name of a variable", hint)

    def unit(self, path: Path, text: str) -> Unit | None:
        """Return the unit that the text at ``path`` names."""
        try:
            return units.unit(text, self.conditions)
        except UnitError as error:
            self.issues.at_value(error.code, path, error.message, error.hint)
            return None

    def point(self, path: Path, value: float | str, wanted: Unit | None) -> float:
        """Return a position in ``wanted``; NaN where the unit is unknown (reported elsewhere)."""
        return math.nan if wanted is None else self._number(path, lambda: units.point(value, wanted, self.conditions))

    def difference(self, path: Path, value: float | str, wanted: Unit | None) -> float:
        """Return a distance in ``wanted``."""
        return (
            math.nan if wanted is None else self._number(path, lambda: units.difference(value, wanted, self.conditions))
        )

    def rate(self, path: Path, value: float | str, wanted: Unit | None, per: str) -> float:
        """Return a change of ``wanted`` per ``per``."""
        return (
            math.nan if wanted is None else self._number(path, lambda: units.rate(value, wanted, per, self.conditions))
        )

    def seconds(self, path: Path, value: float | str) -> float:
        """Return a time in seconds."""
        return self._number(path, lambda: units.seconds(value))

    def positive(self, path: Path, value: float) -> float:
        """Return ``value``, reported and NaN where it is not above 0."""
        if value <= 0.0:
            self.issues.at_value("E014", path, f"{self.dotted(path)} must be above 0")
            return math.nan
        return value

    def not_negative(self, path: Path, value: float) -> float:
        """Return ``value``, reported and NaN where it is below 0."""
        if value < 0.0:
            self.issues.at_value("E014", path, f"{self.dotted(path)} must not be below 0")
            return math.nan
        return value

    def built(self, path: Path, make: Callable[[], Made]) -> Made | None:
        """Return what ``make`` makes; None where it refuses its numbers, reported unless a finding explains it."""
        try:
            return make()
        except ValueError as error:
            if not self.issues.errors:
                self.issues.at_key("E014", path, f"{self.dotted(path)}: {error}")
            return None

    def once(self, code_path: Iterable[tuple[str, Path]], what: str) -> None:
        """Report each name that stands for a second time."""
        seen: set[str] = set()
        for name, path in code_path:
            if name in seen:
                self.issues.at_value("E054", path, f"two {what} are called {name!r}", "rename one")
            seen.add(name)

    def _number(self, path: Path, convert: Callable[[], float]) -> float:
        try:
            return convert()
        except UnitError as error:
            self.issues.at_value(error.code, path, f"{error.message} ({self.dotted(path)})", error.hint)
            return math.nan
