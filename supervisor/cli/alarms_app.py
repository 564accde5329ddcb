"""The commands of ``setwise alarms``; what they do lives in ``supervisor.cli.alarms``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supervisor.cli.about import About
from supervisor.cli.console import fail
from supervisor.cli.exits import Exit

alarms_app = typer.Typer()

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Alarm as the list shows it, e.g. link:dcs.")]
PlantOption = Annotated[Path, typer.Option("--config", "-c", help="Plant file (YAML).")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of the records; default: beside the file.")]
ControllerOption = Annotated[
    str, typer.Option("--controller", "-C", help="One of the plant's controllers, where it has several.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
ReasonOption = Annotated[str, typer.Option("--why", "--reason", help="Why; it goes on record.")]
PLANT_FILE = Path("plant.yaml")


@alarms_app.callback(invoke_without_command=True)
def alarms(  # noqa: PLR0913 - one option each
    context: typer.Context,
    *,
    unack: Annotated[bool, typer.Option("--unack", help="Only what nobody has acknowledged.")] = False,
    shelved: Annotated[bool, typer.Option("--shelved", help="What is shelved, suppressed or out of service.")] = False,
    journal: Annotated[bool, typer.Option("--journal", help="Every step of every alarm, and who did it.")] = False,
    rates: Annotated[bool, typer.Option("--rates", help="How many there are, against EEMUA 191.")] = False,
    since: Annotated[str, typer.Option("--since", help="Of journal and rates: how far back, such as 8 h.")] = "24 h",
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,
) -> None:
    """Alarms: the list with what to do; acknowledge, shelve, take out of service; journal and rates.

    Example: setwise alarms --unack
    """
    if context.invoked_subcommand is not None:
        before = [name for name in context.params if str(context.get_parameter_source(name)).endswith(".COMMANDLINE")]
        if before:
            fail(Exit.USAGE, f"write options after the command: setwise alarms {context.invoked_subcommand} ID ...")
        return
    from supervisor.cli.alarms import show  # noqa: PLC0415

    chosen = {"unack": unack, "shelved": shelved, "journal": journal, "rates": rates}
    show([name for name, wanted in chosen.items() if wanted], since, About(plant, data, controller), as_json=as_json)


@alarms_app.command()
def ack(
    id_: IdArgument,
    *,
    occurrence: Annotated[
        int | None, typer.Option("--occurrence", help="The one that you saw (its no.); default: the newest on record.")
    ] = None,
    reason: ReasonOption = "",
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,
) -> None:
    """Acknowledge an alarm: you have seen it. One that comes again after that calls again.

    Example: setwise alarms ack link:dcs
    """
    from supervisor.cli.alarms import acknowledge  # noqa: PLC0415

    acknowledge(id_, occurrence, reason, About(plant, data, controller), as_json=as_json)


@alarms_app.command()
def shelve(
    id_: IdArgument,
    *,
    lasting: Annotated[
        str, typer.Option("--for", help="How long: 1h, shift (8 h), 12 h at most. Ends by itself.")
    ] = "",
    reason: ReasonOption = "",
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,
) -> None:
    """Put an alarm aside for a time, with a reason. What protects (trip, shed, record, interlock) cannot be.

    Example: setwise alarms shelve tag:hum_amb --for 1h --reason "probe is being cleaned"
    """
    from supervisor.cli.alarms import put_aside  # noqa: PLC0415

    put_aside(id_, lasting, reason, About(plant, data, controller), as_json=as_json)


@alarms_app.command()
def unshelve(
    id_: IdArgument, *, reason: ReasonOption = "", plant: PlantOption = PLANT_FILE, data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take an alarm off the shelf: what still stands calls again.

    Example: setwise alarms unshelve tag:hum_amb
    """
    from supervisor.cli.alarms import change  # noqa: PLC0415

    change("alarm_unshelve", id_, reason, About(plant, data, controller), as_json=as_json)


@alarms_app.command("out")
def take_out(
    id_: IdArgument, *, reason: ReasonOption = "", plant: PlantOption = PLANT_FILE, data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take an alarm out of service, as an engineer, until somebody brings it back.

    Example: setwise alarms out link:power --reason "meter is replaced, permit 88"
    """
    from supervisor.cli.alarms import change  # noqa: PLC0415

    change("alarm_out", id_, reason, About(plant, data, controller), as_json=as_json)


@alarms_app.command("in")
def bring_back(
    id_: IdArgument, *, reason: ReasonOption = "", plant: PlantOption = PLANT_FILE, data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Bring an alarm back into service.

    Example: setwise alarms in link:power
    """
    from supervisor.cli.alarms import change  # noqa: PLC0415

    change("alarm_in", id_, reason, About(plant, data, controller), as_json=as_json)
