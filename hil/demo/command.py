"""``setwise demo``: what the command does, from options to exit code."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from hil.demo.processes import DemoError
from hil.demo.run import Options, run_demo
from supervisor.cli.console import fail, say, say_json, tell
from supervisor.cli.exits import Exit


def run(*, folder: Path, speed: float, seed: int, headless: bool, as_json: bool, port: int | None) -> None:
    """Run the story; exit 0 when it went as it must, 1 when a figure is out of bounds, 130 when interrupted."""
    live = not headless and sys.stdout.isatty()
    options = Options(folder=folder.resolve(), speed=speed, seed=seed, live=live, port=None if headless else port)
    try:
        outcome = asyncio.run(run_demo(options, tell))
    except DemoError as error:
        fail(Exit.FINDING, f"the demo stopped: {error}")
    if outcome is None:
        fail(Exit.INTERRUPTED, "interrupted: the plant is in its shed state, the record is closed and whole")
    for line in outcome.lines:
        (tell if as_json else say)(line)
    if as_json:
        say_json(outcome.figures)
    if not outcome.well:
        raise SystemExit(int(Exit.FINDING))
