"""The commands about who may sign in; what they do lives in ``supervisor.cli.accounts``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

user_app = typer.Typer(no_args_is_help=True, help="Who may sign in to the pages, and as what.")
token_app = typer.Typer(no_args_is_help=True, help="Tokens by which programs use the API.")

PlantOption = Annotated[Path, typer.Option("--config", "-c", help="Plant file (YAML).")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of the records; default: beside the file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
RoleOption = Annotated[str, typer.Option("--role", help="viewer, operator, energy_manager, engineer or admin.")]
NameArgument = Annotated[str, typer.Argument(help="Name that the person signs in with.")]
PLANT_FILE = Path("plant.yaml")


@user_app.command("add")
def user_add(
    name: NameArgument,
    role: RoleOption,
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
) -> None:
    """Add a person; prints a password for the first sign-in, once.

    Example: setwise user add ann --role operator
    """
    from supervisor.cli.accounts import add_user  # noqa: PLC0415

    add_user(name, role, plant, data)


@user_app.command("list")
def user_list(plant: PlantOption = PLANT_FILE, data: DataOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    """List everybody, the disabled ones too: nobody is deleted, and no name is used twice.

    Example: setwise user list
    """
    from supervisor.cli.accounts import list_users  # noqa: PLC0415

    list_users(plant, data, as_json=as_json)


@user_app.command("role")
def user_role(
    name: NameArgument,
    role: Annotated[str, typer.Argument(help="viewer, operator, energy_manager, engineer or admin.")],
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
) -> None:
    """Give a person another role, at once.

    Example: setwise user role ann engineer
    """
    from supervisor.cli.accounts import set_role  # noqa: PLC0415

    set_role(name, role, plant, data)


@user_app.command("disable")
def user_disable(name: NameArgument, plant: PlantOption = PLANT_FILE, data: DataOption = None) -> None:
    """Keep a person out: every session and token ends at once.

    Example: setwise user disable ann
    """
    from supervisor.cli.accounts import disable  # noqa: PLC0415

    disable(name, plant, data)


@user_app.command("enable")
def user_enable(name: NameArgument, plant: PlantOption = PLANT_FILE, data: DataOption = None) -> None:
    """Let a person in again.

    Example: setwise user enable ann
    """
    from supervisor.cli.accounts import enable  # noqa: PLC0415

    enable(name, plant, data)


@user_app.command("reset")
def user_reset(name: NameArgument, plant: PlantOption = PLANT_FILE, data: DataOption = None) -> None:
    """End a person's sessions and print a new password for the next sign-in, once.

    Example: setwise user reset ann
    """
    from supervisor.cli.accounts import reset  # noqa: PLC0415

    reset(name, plant, data)


@user_app.command("sign-out")
def user_sign_out(name: NameArgument, plant: PlantOption = PLANT_FILE, data: DataOption = None) -> None:
    """End a person's sessions; the password stays.

    Example: setwise user sign-out ann
    """
    from supervisor.cli.accounts import sign_out  # noqa: PLC0415

    sign_out(name, plant, data)


@user_app.command("events")
def user_events(plant: PlantOption = PLANT_FILE, data: DataOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    """Show what happened to accounts, the newest last, and check that nothing of it was changed.

    Example: setwise user events
    """
    from supervisor.cli.accounts import show_events  # noqa: PLC0415

    show_events(plant, data, as_json=as_json)


@token_app.command("add")
def token_add(
    name: Annotated[str, typer.Argument(help="What uses it.")],
    user: Annotated[str, typer.Option("--user", help="In whose name.")],
    scope: Annotated[str, typer.Option("--scope", help="read, or act: whatever the person may.")] = "read",
    days: Annotated[float, typer.Option("--days", help="How long it lasts.")] = 90.0,
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
) -> None:
    """Make a token; prints it, once.

    Example: setwise token add grafana --user ann --days 30
    """
    from supervisor.cli.accounts import add_token  # noqa: PLC0415

    add_token(name, user, scope, days, plant, data)


@token_app.command("list")
def token_list(plant: PlantOption = PLANT_FILE, data: DataOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    """List the tokens there are and were; never the tokens themselves.

    Example: setwise token list
    """
    from supervisor.cli.accounts import list_tokens  # noqa: PLC0415

    list_tokens(plant, data, as_json=as_json)


@token_app.command("revoke")
def token_revoke(
    number: Annotated[int, typer.Argument(help="Its number; setwise token list shows it.")],
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
) -> None:
    """Make a token worthless, at once.

    Example: setwise token revoke 3
    """
    from supervisor.cli.accounts import revoke_token  # noqa: PLC0415

    revoke_token(number, plant, data)
