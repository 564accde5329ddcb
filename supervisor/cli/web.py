"""``setwise web``."""

from __future__ import annotations

from pathlib import Path

from constraints.plantfile import PlantFileError, render
from supervisor.cli.console import fail, tell
from supervisor.cli.exits import Exit
from supervisor.web.serve import Serving, serve


def run_web(plant: Path, data: Path | None, *, host: str, port: int) -> None:
    """Serve the pages until Ctrl-C."""
    if not plant.exists():
        fail(Exit.USAGE, f"there is no plant file {plant}: name it, e.g. setwise web plant.yaml")
    tell(f"pages at http://{host}:{port}/")
    try:
        serve(Serving(plant=plant, data=data, host=host, port=port))
    except PlantFileError as error:
        fail(Exit.FINDING, render(error.diagnostics, error.source))
