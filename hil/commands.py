"""The bench's commands, added to ``setwise`` by entry point. Heavy imports stay inside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEMO_FOLDER = Path("setwise-demo")


def demo(
    folder: Annotated[
        Path, typer.Option("--dir", help="Folder for the run's plant file, records and report.")
    ] = DEMO_FOLDER,
    speed: Annotated[
        float, typer.Option("--speed", help="Plant time as a multiple of real time.", min=1, max=100)
    ] = 60.0,
    seed: Annotated[int, typer.Option("--seed", help="Repeats the noise of the instruments.")] = 1,
    headless: Annotated[bool, typer.Option("--headless", help="No live view; progress on stderr.")] = False,  # noqa: FBT002
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as the last line of stdout.")] = False,  # noqa: FBT002
) -> None:
    """Run a simulated dryer line under closed-loop control: no hardware, no network, about two minutes.

    Example: setwise demo --headless --json --seed 7
    """
    from hil.demo.command import run  # noqa: PLC0415

    run(folder=folder, speed=speed, seed=seed, headless=headless, as_json=as_json)


def bench(
    folder: Annotated[Path, typer.Option("--dir", help="Folder for the plant file, certificates and trace.")] = Path(
        "setwise-bench"
    ),
    seed: Annotated[int, typer.Option("--seed", help="Repeats the noise of the instruments.")] = 1,
) -> None:
    """Run only the simulated plant with its PLC, servers and meters, in real time, until Ctrl-C; writes its plant file.

    Example: setwise bench --dir /tmp/dryer
    """
    from hil.demo.alone import run_bench  # noqa: PLC0415

    run_bench(folder, seed)
