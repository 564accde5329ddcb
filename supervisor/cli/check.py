"""``setwise check`` and ``setwise schema``."""

from __future__ import annotations

import os
from pathlib import Path

from constraints.plant import Plant
from constraints.plantfile import Diagnostic, PlantFileError, finding_at, json_schema, load_with_functions
from constraints.tariffs import not_begun
from supervisor.cli.console import fail, say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.findings import show
from supervisor.cli.forms import Form
from supervisor.clock import machine_utc_s


def run_check(plant: Path, form: Form = Form.TEXT) -> None:
    """Print every finding of the plant file; exit 1 when one is an error."""
    if form is Form.TEXT and not os.path.exists(plant):  # noqa: PTH110 - pathlib's raises where a folder is closed
        fail(Exit.FINDING, f"there is no plant file {plant}: name one, e.g. setwise check plant.yaml")
    try:
        loaded = load_with_functions(plant)
    except PlantFileError as error:
        show(error.diagnostics, error.source, form)
        raise SystemExit(int(Exit.FINDING)) from None
    unfit = tuple(each for it in loaded.plants.values() for each in _unfit(plant, it))
    now_s = machine_utc_s()
    dated = dict.fromkeys(each for it in loaded.plants.values() for each in of_date(plant, it, now_s))
    found = (*unfit, *loaded.warnings, *dated)
    show(found, loaded.sources, form)
    if unfit:
        raise SystemExit(int(Exit.FINDING))
    if form is Form.TEXT:
        for name, it in loaded.plants.items():
            counts = f"{len(it.tags)} tags, {len(it.mvs)} MVs, {len(it.cvs)} CVs, {len(it.interlocks)} interlocks"
            say(f"{plant}: ok - {counts}" if not name else f"{plant}: {name} ok - {counts}, cycle {it.cycle_s:g} s")


def of_date(path: Path, plant: Plant, utc_s: float) -> tuple[Diagnostic, ...]:
    """Return what is questioned about the file at ``path`` on the day of ``utc_s`` only."""
    return tuple(
        finding_at(
            path,
            "W127",
            ("tariffs", name, "versions", 0, "valid_from"),
            f"no version of tariff {name} is in force before {date}",
            "its first prices are used all the same: add the version that holds today",
        )
        for name, date in not_begun(plant, utc_s).items()
    )


def print_schema() -> None:
    """Print the JSON Schema."""
    say_json(json_schema())


def _unfit(path: Path, plant: Plant) -> tuple[Diagnostic, ...]:
    """Return why the models cannot be computed with, which takes numbers to find out; empty where they can."""
    if plant.calls:
        from controllers.calls import with_calls  # noqa: PLC0415 - cvxpy: seconds, and only for a file that calls

        try:
            plant = with_calls(plant)
        except ValueError as error:
            return (finding_at(path, "E078", ("constraints",), str(error), "setwise explain E078 says more"),)
    transforms = [spec.transform for spec in plant.mvs.values()] + [spec.transform for spec in plant.cvs.values()]
    if not any((plant.blocks, plant.functions, plant.multipliers, *transforms)):
        return ()  # of gains, lags and steps everything was checked already
    from numpy.linalg import LinAlgError  # noqa: PLC0415 - numpy and scipy: only such a plant pays for them

    from controllers.edges import Edges  # noqa: PLC0415
    from controllers.model import Model, ModelError  # noqa: PLC0415
    from controllers.models.function import FunctionError  # noqa: PLC0415

    try:
        Model.of(Edges(plant).plant)
    except (ModelError, FunctionError, LinAlgError) as error:
        text = str(error)
        hint = "setwise explain E078 lists what a model must be"
        return (finding_at(path, "E078", _place(plant, text), f"the models cannot be computed with: {text}", hint),)
    return ()


def _place(plant: Plant, text: str) -> tuple[str | int, ...]:
    """Return where that of which ``text`` speaks is declared; models name themselves first."""
    for index, block in enumerate(plant.blocks):
        if text.startswith(f"{block.name}:"):
            return ("state_space", index)
    for name in plant.functions:
        if text.startswith(f"function {name} "):
            return ("functions", name)
    for pair in plant.pairs:
        if text.startswith(f"{pair.source} -> {pair.cv}:"):
            return ("models", pair.cv, pair.source)
    return ("models",)
