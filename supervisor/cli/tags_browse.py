"""``setwise tags browse``: what an OPC UA server has to offer. Reads only."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from constraints.plant import Connection
from constraints.plantfile import ANSI, PLAIN, PlantFileError, render
from constraints.plantfile.document import Document, Value
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.onlyconnections import connections_of
from constraints.plantfile.taglists.keys import number_text
from constraints.plantfile.taglists.merge import tags_of
from constraints.plantfile.taglists.offers import Offered, offers
from constraints.plantfile.taglists.unitnames import unit_of_server
from supervisor.cli.console import colour, fail, say, say_json, tell
from supervisor.cli.exits import Exit
from supervisor.cli.planttext import PlantText
from supervisor.cli.tags_plant import SHOWN_MAX, Offer, put
from supervisor.clock import RealClock
from supervisor.drivers.opcua_browse import Bounds, BrowseError, Variable, Walk, browse
from supervisor.secrets import secrets_beside

_COLUMNS = ("name", "node id", "value", "unit", "range", "access", "status")
_WIDTHS = (34, 40, 16, 12, 16, 6, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which nodes somebody looks for."""

    find: str = ""
    """Part of a name, node id or folder; upper and lower case alike."""
    root: str | None = None
    """Node to begin at; None = Objects."""
    writable: bool = False
    """Only what the reading account may write."""
    bounds: Bounds


def browse_server(
    plant_path: Path, name: str, wish: Wish, into: Path | None, *, skip: bool, dry_run: bool, as_json: bool
) -> None:
    """Show the variables of a server, or put them into a plant file as tags."""
    plant = PlantText.read(into or plant_path)
    connection = connection_named(plant.document, name, "opcua")
    walk = _walk(connection, plant.original.path.parent, wish)
    found = [each for each in walk.variables if each.writable or not wish.writable]
    if walk.cut:
        tell(f"{walk.cut}: name a node to begin at with --from, or more room with --max")
    if into is not None:
        _take(plant, found, name, skip=skip, dry_run=dry_run, as_json=as_json)
    elif as_json:
        say_json({"connection": name, "seen": walk.seen, "cut": walk.cut, "nodes": [_json(each) for each in found]})
    else:
        _show(found, walk)
    if not found:
        raise SystemExit(int(Exit.FINDING))


def connection_named(document: Document, name: str, protocol: str) -> Connection:
    """Return a connection of the plant file; ends where there is none of that name and protocol."""
    try:
        declared = connections_of(document)
    except PlantFileError as error:
        say(render(error.diagnostics, error.source, ANSI if colour() else PLAIN))
        fail(Exit.FINDING, f"{document.name}: the connections have errors")
    fitting = [each.name for each in declared.values() if each.protocol == protocol]
    if name not in declared:
        hint = did_you_mean(name, declared) or f"{protocol} connections: {', '.join(fitting) or 'none'}"
        fail(Exit.USAGE, f"{document.name} has no connection {name!r}: {hint}")
    if name not in fitting:
        kind = declared[name].protocol
        fail(Exit.USAGE, f"{name} is {kind}, not {protocol}; {protocol} connections: {', '.join(fitting) or 'none'}")
    return declared[name]


def _walk(connection: Connection, base: Path, wish: Wish) -> Walk:
    clock = RealClock()
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # what it complains of is told once, in words

    def wanted(node_id: str, shown: str, path: tuple[str, ...]) -> bool:
        return wish.find.lower() in "/".join((*path, shown, node_id)).lower()

    walking = browse(
        connection,
        base_dir=base,
        secrets=secrets_beside(base),
        root=wish.root,
        wanted=wanted,
        bounds=wish.bounds,
        now_s=lambda: clock.now().mono_s,
    )
    try:
        return asyncio.run(walking)
    except BrowseError as error:
        fail(Exit.UNREACHABLE, f"{connection.name} ({connection.url}): {error}; setwise doctor says more")


def _take(
    plant: PlantText, found: Sequence[Variable], connection: str, *, skip: bool, dry_run: bool, as_json: bool
) -> None:
    numbers = [each for each in found if each.numeric]
    existing = tags_of(plant.document)
    made = offers([offered(each, connection) for each in numbers], existing)
    for line in made.differences:
        tell(line)
    about = {
        "known": list(made.known),
        "differences": list(made.differences),
        "not_numbers": [each.node_id for each in found if not each.numeric],
    }
    if not as_json and len(numbers) < len(found):
        say(f"not offered: {len(found) - len(numbers)} nodes that hold no single number")
    if not as_json and made.known:
        say(f"there already: {len(made.known)} tags")
    put(plant, Offer(made.drafts, made.skipped, (), about), skip=skip, dry_run=dry_run, as_json=as_json)


def offered(each: Variable, connection: str) -> Offered:
    """Return a variable as something to make a tag of."""
    flag = each.kind == "Boolean"
    return Offered(
        name=each.name,
        path=each.path,
        source=f"{connection}:{each.node_id}",
        unit=unit_of_server(each.unit_uri, each.unit_id, each.unit_name) or ("1" if flag else ""),
        unit_shown=each.unit_name,
        span=each.span,
        desc=each.desc if each.desc != each.name else "",
    )


def _show(found: Sequence[Variable], walk: Walk) -> None:
    """Print the variables as a table, under the folder that each lies in."""
    say(_line(_COLUMNS))
    folder: tuple[str, ...] | None = None
    for each in found[:SHOWN_MAX]:
        if each.path != folder:
            folder = each.path
            say("/".join(folder) or "(root)")
        say(_line(("  " + each.name, each.node_id, _value(each), _unit(each), _span(each), _access(each), each.status)))
    if len(found) > SHOWN_MAX:
        say(f"  ... and {len(found) - SHOWN_MAX} more: --find narrows, --json shows all")
    say(f"{len(found)} of {walk.seen} variables")


def _line(cells: Sequence[str]) -> str:
    return " ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _value(each: Variable) -> str:
    if isinstance(each.value, float):
        return f"{each.value:.6g}"
    return each.kind if each.value is None else str(each.value)[:16]


def _unit(each: Variable) -> str:
    known = unit_of_server(each.unit_uri, each.unit_id, each.unit_name)
    return known or (f"{each.unit_name}?" if each.unit_name else "")


def _span(each: Variable) -> str:
    return f"{number_text(each.span[0])}..{number_text(each.span[1])}" if each.span else ""


def _access(each: Variable) -> str:
    return ("R" if each.readable else "") + ("W" if each.writable else "")


def _json(each: Variable) -> Mapping[str, Value]:
    finite = not isinstance(each.value, float) or math.isfinite(each.value)
    return {
        **asdict(each),
        "path": list(each.path),
        "span": list(each.span) if each.span else None,
        "value": each.value if finite else None,
        "unit": unit_of_server(each.unit_uri, each.unit_id, each.unit_name),
    }
