"""The bench's commands, added to ``setwise`` by entry point. Heavy imports stay inside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEMO_FOLDER = Path("setwise-demo")
PORT = 8420
PortOption = Annotated[int, typer.Option("--port", help="Port of the pages, on this machine only.")]
PagesOption = Annotated[bool, typer.Option("--web/--no-web", help="Whether to serve the pages too.")]


def demo(
    folder: Annotated[
        Path, typer.Option("--dir", help="Folder for the run's plant file, records and report.")
    ] = DEMO_FOLDER,
    *,
    speed: Annotated[
        float, typer.Option("--speed", help="Plant time as a multiple of real time.", min=1, max=100)
    ] = 60.0,
    seed: Annotated[int, typer.Option("--seed", help="Repeats the noise of the instruments.")] = 1,
    headless: Annotated[bool, typer.Option("--headless", help="No live view; progress on stderr.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as the last line of stdout.")] = False,
    port: PortOption = PORT,
    pages: PagesOption = True,
) -> None:
    """Run a simulated dryer line under closed-loop control: no hardware, no network, about two minutes.

    Example: setwise demo --headless --json --seed 7
    """
    from hil.demo.command import run  # noqa: PLC0415

    run(folder=folder, speed=speed, seed=seed, headless=headless, as_json=as_json, port=port if pages else None)


def bench(
    plant: Annotated[Path, typer.Argument(help="Plant file (YAML).", show_default="plant.yaml")] = Path("plant.yaml"),
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Folder for the copy of the plant file; default: bench, beside it.")
    ] = None,
    *,
    seed: Annotated[int, typer.Option("--seed", help="Repeats noise and disturbances.")] = 1,
    speed: Annotated[
        float,
        typer.Option("--speed", help="Multiple of real time; above 1 the supervisor is started too.", min=1, max=100),
    ] = 1.0,
    start: Annotated[
        list[str] | None, typer.Option("--start", help="NAME=VALUE: where it begins; default: mid limits.")
    ] = None,
    port: PortOption = PORT,
    pages: PagesOption = True,
) -> None:
    """Run the plant of a plant file, simulated, behind real servers until Ctrl-C; the real plant is not touched.

    Example: setwise bench plant.yaml
    """
    from hil.declared.command import Options, run_bench  # noqa: PLC0415

    beside = plant.resolve().parent / "bench"
    run_bench(
        Options(
            plant=plant,
            folder=(folder or beside).resolve(),
            seed=seed,
            speed=speed,
            start=start or (),
            port=port if pages else None,
        )
    )


def init(
    name: Annotated[Path, typer.Argument(help="Folder to make.")],
    template: Annotated[str, typer.Option("--template", "-t", help="What to begin with.")] = "blank",
    tags: Annotated[
        Path | None, typer.Option("--from", help="Tag list (CSV, XLSX, JSON), for --template from-csv.")
    ] = None,
) -> None:
    """Make a folder with a plant file that checks clean and runs on the bench; nothing is ever overwritten.

    Templates: blank, dryer, column, chiller, compressor-house, boiler-house, from-csv.

    Example: setwise init dryer2 --template dryer
    """
    from hil.templates.command import run_init  # noqa: PLC0415

    run_init(name, template, tags)
