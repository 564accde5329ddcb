"""``setwise run``."""

from __future__ import annotations

import asyncio
from pathlib import Path

from constraints.plantfile import ControllerError, PlantFileError, load
from supervisor.cli.about import About
from supervisor.cli.beside import Beside, pages_beside
from supervisor.cli.console import fail
from supervisor.cli.exits import Exit
from supervisor.clock import RealClock
from supervisor.control import run_until_told


def run_control(about: About, beside: Beside) -> None:
    """Run control in the foreground until a signal ends it; of several controllers each in a process of its own."""
    names = _names(about) if _may_have_several(about.plant) or about.controller else ("",)
    with pages_beside(about, beside):
        if len(names) == 1:
            raise SystemExit(run_until_told(about.site(names[0]), RealClock()))
        from supervisor.family import run_family  # noqa: PLC0415 - most plants have one controller

        raise SystemExit(asyncio.run(run_family([about.site(name) for name in names])))


def _names(about: About) -> tuple[str, ...]:
    try:
        return tuple(load(about.plant, about.controller or None).plants)
    except ControllerError as error:
        fail(Exit.USAGE, str(error))
    except PlantFileError:
        return (about.controller,)  # control says what is wrong with the file


def _may_have_several(plant: Path) -> bool:
    """Return whether the file's words leave it open: most have one controller, and control reads the file itself."""
    try:
        text = plant.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "controllers" in text or "include" in text
