"""``setwise check`` and ``setwise schema``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from constraints.plant import Plant
from constraints.plantfile import ANSI, PLAIN, PlantFileError, json_schema, load_with_functions, render
from constraints.plantfile.diagnostics import Diagnostic, Sources
from supervisor.cli.console import colour, fail, say, say_json
from supervisor.cli.exits import Exit


def run_check(plant: Path, *, as_json: bool) -> None:
    """Print every finding of the plant file; exit 1 when one is an error."""
    if not plant.exists():
        fail(Exit.FINDING, f"there is no plant file {plant}: name one, e.g. setwise check plant.yaml")
    try:
        loaded = load_with_functions(plant)
    except PlantFileError as error:
        _show(error.diagnostics, error.source, as_json=as_json)
        raise SystemExit(int(Exit.FINDING)) from None
    unfit = _unfit(loaded.plant)
    if unfit:
        fail(Exit.FINDING, f"{plant}: models: {unfit}")
    if as_json or loaded.warnings:
        _show(loaded.warnings, loaded.sources, as_json=as_json)
    if not as_json:
        it = loaded.plant
        say(f"{plant}: ok - {len(it.tags)} tags, {len(it.mvs)} MVs, {len(it.cvs)} CVs, {len(it.interlocks)} interlocks")


def print_schema() -> None:
    """Print the JSON Schema."""
    say_json(json_schema())


def _unfit(plant: Plant) -> str:
    """Return why the models cannot be computed with, which takes numbers to find out; empty where they can."""
    from controllers.edges import Edges  # noqa: PLC0415 - numpy and scipy: only this command pays for them
    from controllers.model import Model, ModelError  # noqa: PLC0415
    from controllers.models.function import FunctionError  # noqa: PLC0415

    try:
        Model.of(Edges(plant).plant)
    except (ModelError, FunctionError) as error:
        return str(error)
    return ""


def _show(found: tuple[Diagnostic, ...], source: Sources, *, as_json: bool) -> None:
    if as_json:
        errors = sum(each.severity == "error" for each in found)
        say_json({"errors": errors, "findings": [asdict(each) for each in found]})
    else:
        say(render(found, source, ANSI if colour() else PLAIN))
