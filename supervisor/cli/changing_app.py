"""The commands that change a running plant file; what they do lives in ``supervisor.cli.changing``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supervisor.cli.about import About

PlanFile = Annotated[Path, typer.Argument(help="Plan that setwise plan --out wrote.")]
PlantOption = Annotated[Path, typer.Option("--config", "-c", help="Plant file (YAML) that control runs with.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of the records; default: beside the file.")]
ControllerOption = Annotated[
    str, typer.Option("--controller", "-C", help="Whose versions, where the plant has several controllers.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stays with the version.")]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Save the plan here.")]
PLANT_FILE = Path("plant.yaml")


def add_changing(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    for command in (plan, sign, apply, keep, rollback, versions):
        app.command()(command)


def plan(  # noqa: PLR0917 - one option each
    file: Annotated[Path | None, typer.Argument(help="New plant file; default: the plant file as it is now.")] = None,
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    replay: Annotated[str, typer.Option("--replay", help="Try it on so much of the record, such as 24 h.")] = "",
    out: OutOption = None,
    exit_code: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 3 for changes.")] = False,  # noqa: FBT002
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Show what a changed plant file would change in what runs, who must sign it, and what it would do first.

    Example: setwise plan --replay "24 h" --out 88.plan
    """
    from supervisor.cli.changing import make_plan  # noqa: PLC0415

    make_plan(file, About(plant, data), replay=replay, out=out, as_json=as_json, exit_code=exit_code)


def sign(path: PlanFile, plant: PlantOption = PLANT_FILE, data: DataOption = None, reason: ReasonOption = "") -> None:
    """Sign a plan, as the account that you are signed in with. Safety limits take two people.

    Example: setwise sign 88.plan --reason "agreed in the HAZOP of 12 November"
    """
    from supervisor.cli.changing import sign_plan  # noqa: PLC0415

    sign_plan(path, About(plant, data), reason)


def apply(
    path: PlanFile,
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    reason: ReasonOption = "",
    keep_after: Annotated[str, typer.Option("--keep-after", help="Back by itself after this, unless kept.")] = "",
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Bring exactly this plan into force, or refuse: something else runs now, a signature is missing, or it is armed.

    Example: setwise apply 88.plan --keep-after "15 min" --reason "more room in winter"
    """
    from supervisor.cli.changing import apply_plan  # noqa: PLC0415

    apply_plan(path, About(plant, data), reason, keep_after=keep_after, as_json=as_json)


def keep(plant: PlantOption = PLANT_FILE, data: DataOption = None) -> None:
    """Keep a change that is on trial.

    Example: setwise keep
    """
    from supervisor.cli.changing import keep_change  # noqa: PLC0415

    keep_change(About(plant, data))


def rollback(
    to: Annotated[int, typer.Option("--to", help="Number of the version to go back to; setwise versions lists them.")],
    out: OutOption = None,
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Plan the way back to an earlier version; it is signed and applied like any other plan.

    Example: setwise rollback --to 86 --out back.plan
    """
    from supervisor.cli.changing import plan_rollback  # noqa: PLC0415

    plan_rollback(About(plant, data, controller), to, out=out, as_json=as_json)


def versions(
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """List the versions of the plant file that ran, who brought each, and whether they are as they were stored.

    Example: setwise versions
    """
    from supervisor.cli.changing import list_versions  # noqa: PLC0415

    list_versions(About(plant, data, controller), as_json=as_json)
