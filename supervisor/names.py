"""The name-collision guard: the first thing that every entry point calls.

PyPI has strangers called ``supervisor``, ``safety`` and ``constraints``. pip installs them beside Setwise without a
word, and then either replaces our files with theirs or mixes the two in one folder; a gate that is half somebody else's
must not run. So Setwise refuses to start when one of its packages would be imported from elsewhere, or when
another installed distribution claims files in one of them (``docs/decisions/0001-flat-packages.md``).

Standard library only, and none of the slow parts: installed distributions are read as plain text.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOMS = ("setwise", "hil", "supervisor", "controllers", "constraints", "safety")
"""Our import packages: the face for notebooks and the five rooms."""
DISTRIBUTION = "setwise"
"""The one installed distribution that may claim them."""

# One file of ours in a RECORD line (``safety/gate.py,sha256=...``), or the bare name in a top_level.txt.
_CLAIM = re.compile(r"^(" + "|".join(ROOMS) + r")(?:/|$)", re.MULTILINE)
_LISTS = ("RECORD", "top_level.txt")


class Collision(NamedTuple):
    """One reason not to start."""

    room: str
    what: str
    stranger: str | None
    """Name of the other distribution, where it is known."""


def refuse_collisions() -> None:
    """End the process with status 1 and a message when another package took one of our names; else return.

    Raises:
        SystemExit: there is a collision.
    """
    found = collisions(Path(__file__).resolve().parent.parent, sys.path)
    if found:
        print(explain(found), file=sys.stderr)
        raise SystemExit(1)


def collisions(home: Path, search_path: Sequence[str]) -> tuple[Collision, ...]:
    """Return every collision: rooms not imported from ``home``, and strangers on ``search_path`` that claim one."""
    return (*_misplaced(home), *_claimed(search_path))


def explain(found: Sequence[Collision]) -> str:
    """Return the message for a person: which names, where, and what to do."""
    strangers = sorted({collision.stranger for collision in found if collision.stranger})
    remove = f"pip uninstall {' '.join(strangers)}, then " if strangers else ""
    lines = [
        "setwise will not start: package names collide.",
        *(f"  {collision.room}: {collision.what}" for collision in found),
        "Setwise needs an environment of its own. Install it into a fresh virtual environment,",
        f"or put this one right: {remove}pip install --force-reinstall --no-deps {DISTRIBUTION}",
    ]
    return "\n".join(lines)


def _misplaced(home: Path) -> Iterator[Collision]:
    for room in ROOMS:
        spec = importlib.util.find_spec(room)
        if spec is None:
            yield Collision(room, f"not found, expected in {home}", None)
        elif spec.origin is None:
            yield Collision(room, f"imported from a folder without __init__.py, expected {home / room}", None)
        elif Path(spec.origin).resolve().parent != home / room:
            yield Collision(room, f"imported from {Path(spec.origin).parent}, expected {home / room}", None)


def _claimed(search_path: Sequence[str]) -> Iterator[Collision]:
    for folder in dict.fromkeys(search_path):
        for metadata in sorted(Path(folder or ".").glob("*.*-info")):
            stranger, _, version = metadata.stem.partition("-")
            if stranger.lower() == DISTRIBUTION:
                continue
            for room in sorted(_rooms_in(metadata)):
                what = f"also claimed by the installed distribution {stranger} {version} in {folder}"
                yield Collision(room, what, stranger)


def _rooms_in(metadata: Path) -> set[str]:
    lists = (metadata / name for name in _LISTS)
    return {room for path in lists if path.is_file() for room in _CLAIM.findall(path.read_text("utf-8", "replace"))}
