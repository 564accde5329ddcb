"""``setwise tags import`` and ``setwise tags export``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from constraints.plantfile import PlantFileError, render
from constraints.plantfile.document import Document, Value
from constraints.plantfile.taglists.drafts import drafts
from constraints.plantfile.taglists.export import KINDS, Tags, losses, numeric_columns, rows_of, word_order
from constraints.plantfile.taglists.mapping import MappingError, TagMapping, mapping_of
from constraints.plantfile.taglists.merge import tags_of
from constraints.plantfile.taglists.places import Target
from constraints.plantfile.taglists.sheet import SheetError, csv_of
from constraints.plantfile.taglists.understand import Understood, understand
from constraints.plantfile.yamltext import parse
from supervisor.cli.console import fail, say, say_json, tell
from supervisor.cli.exits import Exit
from supervisor.cli.planttext import PlantText
from supervisor.cli.tags_plant import Offer, put, target_of
from supervisor.listfile import raw_list, sheets_in
from supervisor.rewrite import write_new

AUTO = "auto"


def import_list(
    path: Path,
    into: Path,
    mapped: str,
    connection: str | None,
    address: str | None,
    *,
    skip: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put the tags of a list into a plant file."""
    plant = PlantText.read(into)
    mapping = _mapping(mapped)
    try:
        understood = understand(sheets_in(raw_list(path)), mapping)
        target = target_of(plant.document, connection, address or mapping.address, mapping.word_order)
        made, skipped = drafts(understood, mapping, target, tags_of(plant.document))
    except SheetError as error:
        fail(Exit.FINDING, f"{path}: {error}")
    about: dict[str, object] = {
        "format": understood.format.name,
        "form": understood.sheet.form,
        "columns": dict(understood.table()),
    }
    if not as_json:
        _show(path, understood)
    put(plant, Offer(made, skipped, understood.strangers, about), skip=skip, dry_run=dry_run, as_json=as_json)


def export_list(
    plant_path: Path, csv: Path | None, xlsx: Path | None, form: str, connection: str | None, *, as_json: bool
) -> None:
    """Write the plant file's tags as a list, and say what the list cannot hold."""
    if (csv is None) == (xlsx is None):
        fail(Exit.USAGE, "name one file: --csv tags.csv or --xlsx tags.xlsx")
    if form not in KINDS:
        fail(Exit.USAGE, f"--as {form}: use {', '.join(KINDS)}")
    plant = PlantText.read(plant_path)
    everything = tags_of(plant.document)
    tags = {name: keys for name, keys in everything.items() if connection in (None, _connection_of(keys))}
    connections = sorted({_connection_of(keys) for keys in tags.values()})
    if form != "generic" and len(connections) > 1:
        text = f"a list for {form} does not name connections, and the tags are of {', '.join(connections)}"
        fail(Exit.USAGE, f"{text}: say which with --connection")
    target = _target(plant.document, form, connections, tags)
    rows = rows_of(tags, form)
    path = csv or xlsx or Path()
    _write(path, rows, form, as_csv=csv is not None)
    lost = losses(tags, rows, form, target)
    left_out = len(everything) - len(tags)
    if as_json:
        say_json({"file": str(path), "format": form, "tags": len(tags), "left_out": left_out, "lost": dict(lost)})
        return
    say(f"{path}: {len(tags)} tags of {plant_path}")
    if left_out:
        say(f"left out: {left_out} tags of other connections")
    if gone := lost.pop("tag", 0):
        say(f"{gone} of them would not come back from such a list: it cannot hold their address or unit")
    if lost:
        say("such a list cannot hold: " + ", ".join(f"{key} (of {count} tags)" for key, count in lost.most_common()))


def _target(document: Document, form: str, connections: Sequence[str], tags: Tags) -> Target | None:
    """Return how the list would be read back, to find out what it cannot hold."""
    if form == "generic" or not connections:
        return None
    target = target_of(document, connections[0], None, None)
    if target is not None and target.protocol == "modbus-tcp":
        orders = [order for keys in tags.values() if (order := word_order(str(keys.get("source", "")))) is not None]
        if orders:
            tell(
                f"such a list does not say the order of words: word_order: {orders[0]} in a mapping file brings it back"
            )
        return replace(target, word_order=orders[0] if orders else None)
    return replace(target, template="{address}") if target is not None and form == "kepware" else target


def _connection_of(keys: Mapping[str, Value]) -> str:
    return str(keys.get("source", "")).partition(":")[0]


def _write(path: Path, rows: Sequence[Sequence[str]], form: str, *, as_csv: bool) -> None:
    if as_csv:
        raw = csv_of(rows).encode("utf-8-sig")  # the mark tells Excel that it is UTF-8
    else:
        from supervisor.workbook import workbook_of  # noqa: PLC0415 - only those who need a workbook load openpyxl

        raw = workbook_of("PLC Tags" if form == "tia" else "tags", rows, numeric_columns(form))
    try:
        write_new(path, raw)
    except OSError as error:
        fail(Exit.FINDING, f"{path} cannot be written: {error.strerror}")


def _mapping(named: str) -> TagMapping:
    if named == AUTO:
        return TagMapping()
    path = Path(named)
    try:
        return mapping_of(parse(path.read_text(encoding="utf-8"), named))
    except (OSError, UnicodeDecodeError) as error:
        fail(Exit.USAGE, f"--map {named}: {error}; write a mapping file, or --map auto")
    except PlantFileError as error:
        tell(render(error.diagnostics, error.source))
        fail(Exit.USAGE, f"--map {named} does not parse")
    except MappingError as error:
        fail(Exit.USAGE, f"--map {error}")


def _show(path: Path, understood: Understood) -> None:
    """Print which list it is and what its columns are for."""
    say(f"{path}: {understood.format.title} ({understood.sheet.form}), {len(understood.rows)} rows")
    table = understood.table()
    width = max((len(title) for title, _ in table), default=0)
    unused = [title for title, role in table if not role]
    for title, role in table:
        if role:
            say(f"  {title:<{width}}  -> {'? nobody knows it' if role == '?' else role}")
    if unused:
        say(f"  not used: {', '.join(unused)}")
