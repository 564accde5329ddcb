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


@tags_app.command("browse")
def tags_browse(  # noqa: PLR0913 - each option is one
    connection: Annotated[str, typer.Argument(help="OPC UA connection of the plant file, e.g. dcs.")],
    *,
    find: Annotated[str, typer.Option("--find", help="Only nodes with this in name, node id or folder.")] = "",
    writable: Annotated[bool, typer.Option("--writable", help="Only nodes that the account may write.")] = False,
    root: Annotated[str | None, typer.Option("--from", help="Node to begin at, e.g. 'ns=2;s=Line1'.")] = None,
    into: Annotated[Path | None, typer.Option("--into", help="Put what is found into this plant file.")] = None,
    skip: Annotated[bool, typer.Option("--skip", help="With --into: leave out what has no unit.")] = False,
    dry_run: DryOption = False,
    most: Annotated[int, typer.Option("--max", min=1, help="References to follow at most.")] = 200_000,
    depth: Annotated[int, typer.Option("--depth", min=1, max=100, help="Levels to go down at most.")] = 20,
    seconds: Annotated[float, typer.Option("--seconds", min=1.0, help="Time to take at most.")] = 120.0,
    plant: PlantOption = PLANT_FILE,
    as_json: JsonOption = False,
) -> None:
    """Show what an OPC UA server has: names, values, units, ranges, access. Nothing is written to it.

    Example: setwise tags browse dcs --find TIC2
    """
    from supervisor.cli.tags_browse import Wish, browse_server  # noqa: PLC0415
    from supervisor.drivers.opcua_browse import Bounds  # noqa: PLC0415

    bounds = Bounds(references_max=most, depth_max=depth, seconds_max=seconds)
    wish = Wish(find=find, root=root, writable=writable, bounds=bounds)
    browse_server(plant, connection, wish, into, skip=skip, dry_run=dry_run, as_json=as_json)


@tags_app.command("scan")
def tags_scan(
    connection: Annotated[str, typer.Argument(help="Modbus connection of the plant file, e.g. meter.")],
    *,
    block: Annotated[
        list[str], typer.Option("--block", help="Registers to read, e.g. holding/0:100; may be repeated.")
    ],
    known: Annotated[
        list[str] | None, typer.Option("--known", help="A value on the display, e.g. holding/10=23.5; may be repeated.")
    ] = None,
    unit_id: Annotated[int | None, typer.Option("--unit-id", min=0, max=255, help="Default: the connection's.")] = None,
    pause: Annotated[float, typer.Option("--pause", min=0.02, help="Seconds between two requests.")] = 0.1,
    plant: PlantOption = PLANT_FILE,
    as_json: JsonOption = False,
) -> None:
    """Read registers that you name and guess types, word order and scale from known values. Nothing is written.

    Example: setwise tags scan meter --block holding/3050:3070 --known holding/3054=23.5
    """
    from supervisor.cli.tags_scan import scan_device  # noqa: PLC0415

    scan_device(plant, connection, block, known or [], unit_id, pause, as_json=as_json)
