"""``setwise web``."""

from __future__ import annotations

from supervisor.cli.about import About
from supervisor.cli.console import tell
from supervisor.cli.which import every
from supervisor.web.serve import Serving, serve
from supervisor.web.units import units_of


def run_web(about: About, *, host: str, port: int) -> None:
    """Serve the pages until Ctrl-C."""
    units = units_of(every(about))
    tell(f"pages at http://{host}:{port}/")
    serve(Serving(units=units, host=host, port=port))
