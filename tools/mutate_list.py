"""What is written down: the list of mutants that no test can notice, and the session that a run leaves behind."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mutate_make import HarnessError

LIST = "tools/mutants-equivalent.toml"
SHARE_LISTED_MAX = 0.01
REASON_WORDS_MIN = 3
FIELDS = ("module", "operator", "line", "becomes", "why")


@dataclass(frozen=True, slots=True)
class Listed:
    """A kind of change that leaves the program as it is."""

    module: str
    operator: str
    line: str
    """The source line, without its indent."""
    becomes: str
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mutant."""

    key: str
    module: str
    operator: str
    at_line: int
    line: str
    becomes: str
    state: str
    by: str
    cpu_s: float

    def is_listed(self, entry: Listed) -> bool:
        """Return whether the entry speaks of this mutant."""
        mine = (self.module, self.operator, self.line, self.becomes)
        return mine == (entry.module, entry.operator, entry.line, entry.becomes)


def read_list(path: Path) -> list[Listed]:
    """Return the written list. Raises HarnessError where it cannot be read or an entry has no reason."""
    if not path.exists():
        return []
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("mutant", [])
    except tomllib.TOMLDecodeError as error:
        raise HarnessError(f"{path.name}: {error}") from error
    for number, entry in enumerate(entries, 1):
        if sorted(entry) != sorted(FIELDS) or not all(isinstance(word, str) for word in entry.values()):
            raise HarnessError(f"{path.name}: entry {number} needs exactly the texts {', '.join(FIELDS)}")
        if len(entry["why"].split()) < REASON_WORDS_MIN:
            raise HarnessError(f"{path.name}: entry {number} gives no reason")
    listed = [Listed(**entry) for entry in entries]
    if len(set(listed)) < len(listed):
        raise HarnessError(f"{path.name}: an entry is there twice")
    return listed


def faults(outcomes: Sequence[Outcome], listed: Sequence[Listed], *, whole: bool) -> tuple[list[Outcome], list[str]]:
    """Return the survivors that are not listed, and what is wrong with the list.

    ``whole`` is whether all modules were tried; the share that may be listed is a share of all mutants.
    """
    survivors = [outcome for outcome in outcomes if outcome.state == "survived"]
    unlisted = [outcome for outcome in survivors if not any(outcome.is_listed(entry) for entry in listed)]
    tried = {outcome.module for outcome in outcomes}
    wrong = []
    for entry in (each for each in listed if each.operator != "mutmut"):
        if not any(outcome.is_listed(entry) for outcome in survivors) and (whole or entry.module in tried):
            met = [outcome for outcome in outcomes if outcome.is_listed(entry)]
            what = f"killed by {met[0].by}" if met else "no such mutant"
            wrong.append(f"{entry.module} {entry.operator}: {entry.line!r} -> {entry.becomes!r}: {what}")
    hidden = len(survivors) - len(unlisted)
    if whole and hidden > SHARE_LISTED_MAX * len(outcomes):
        wrong.append(f"{hidden} of {len(outcomes)} mutants are listed, more than {SHARE_LISTED_MAX:.0%}")
    return unlisted, wrong


def digest(paths: Iterable[Path], top: Path) -> str:
    """Return one hash over names and contents."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(f"{path.relative_to(top)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


class Session:
    """A file with one line of JSON per mutant, written as they come; the first line says of which tree."""

    def __init__(self, path: Path, heading: dict[str, str]) -> None:
        """Start anew."""
        self.path = path
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(heading) + "\n")

    def add(self, outcome: Outcome) -> None:
        """Append one outcome."""
        with self.path.open("a") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")


def earlier(path: Path) -> tuple[dict[str, str], list[Outcome]]:
    """Return heading and outcomes of the last session; a last line that was cut short does not count."""
    if not path.exists():
        return {}, []
    lines = path.read_text().split("\n")[:-1]
    return (json.loads(lines[0]), [Outcome(**json.loads(line)) for line in lines[1:]]) if lines else ({}, [])
