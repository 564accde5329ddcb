"""``setwise run``."""

from __future__ import annotations

from pathlib import Path

from supervisor.clock import RealClock
from supervisor.control import run_until_told
from supervisor.site import Site


def run_control(plant: Path, data: Path | None) -> None:
    """Run control in the foreground until a signal ends it."""
    raise SystemExit(run_until_told(Site.of(plant, data), RealClock()))
