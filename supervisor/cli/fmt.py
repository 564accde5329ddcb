"""``setwise fmt``."""

from __future__ import annotations

import difflib
from pathlib import Path

from constraints.plantfile.layout import laid_out
from constraints.plantfile.layout_parts import LayoutError
from supervisor.cli.console import fail, say, tell
from supervisor.cli.exits import Exit
from supervisor.cli.planttext import PlantText
from supervisor.rewrite import RewriteError


def lay_out(path: Path, *, check: bool) -> None:
    """Bring a plant file into canonical layout; with ``check`` only show what would change, and exit 1 if anything."""
    plant = PlantText.read(path)
    before = plant.document.source
    try:
        after = laid_out(plant.document)
    except LayoutError as error:
        fail(Exit.FINDING, f"{path}: {error}")
    if before == after:
        tell(f"{path}: as it should be")
        return
    if check:
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), str(path), f"{path}, laid out", lineterm=""
        )
        for line in lines:
            say(line)
        fail(Exit.FINDING, f"{path}: not laid out; run: setwise fmt {path}")
    try:
        plant.original.replace(after)
    except RewriteError as error:
        fail(Exit.FINDING, str(error))
    tell(f"{path}: laid out anew")
