"""``setwise tags``: lists of tags in and out, and what a server or a device has to offer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

tags_app = typer.Typer(no_args_is_help=True, help="Tags: import and export lists, browse servers, scan devices.")

IntoOption = Annotated[Path, typer.Option("--into", help="Plant file (YAML) that takes the tags.")]
PlantOption = Annotated[Path, typer.Option("--config", "-c", help="Plant file (YAML).")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Show everything, write nothing.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
PLANT_FILE = Path("plant.yaml")


@tags_app.command("import")
def tags_import(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or Ignition JSON.")],
    *,
    into: IntoOption = PLANT_FILE,
    mapping: Annotated[str, typer.Option("--map", help="auto, or a mapping file (YAML).")] = "auto",
    connection: Annotated[
        str | None, typer.Option("--connection", help="Connection that the tags are read over, e.g. dcs.")
    ] = None,
    address: Annotated[
        str | None, typer.Option("--address", help="Address of each tag, with {name}, {path}, {address} of the list.")
    ] = None,
    skip: Annotated[bool, typer.Option("--skip", help="Leave out what is not understood.")] = False,
    dry_run: DryOption = False,
    as_json: JsonOption = False,
) -> None:
    """Import a tag list as Kepware, Ignition or TIA Portal write it, or any with a header. Comments stay.

    Example: setwise tags import kepware.csv --into plant.yaml --connection dcs --address "ns=2;s=Line1.PLC1.{name}"
    """
    from supervisor.cli.tags_lists import import_list  # noqa: PLC0415

    import_list(file, into, mapping, connection, address, skip=skip, dry_run=dry_run, as_json=as_json)


@tags_app.command("export")
def tags_export(
    *,
    csv: Annotated[Path | None, typer.Option("--csv", help="File to write.")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="File to write.")] = None,
    form: Annotated[str, typer.Option("--as", help="generic, kepware, ignition or tia.")] = "generic",
    connection: Annotated[str | None, typer.Option("--connection", help="Only tags of this connection.")] = None,
    plant: PlantOption = PLANT_FILE,
    as_json: JsonOption = False,
) -> None:
    """Export the tags as a list; a generic one comes back without loss.

    Example: setwise tags export --xlsx tags.xlsx
    """
    from supervisor.cli.tags_lists import export_list  # noqa: PLC0415

    export_list(plant, csv, xlsx, form, connection, as_json=as_json)
