"""``setwise tags scan``: registers of a Modbus device that somebody names, and what they may mean. Reads only."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from constraints.plant import Connection
from constraints.plantfile.document import Value
from constraints.plantfile.taglists.guesses import Guess, Known, common_order, floats, guesses, known_of
from constraints.plantfile.taglists.keys import number_text
from safety.encoding import WordOrder
from supervisor.cli.console import fail, say, say_json, tell
from supervisor.cli.exits import Exit
from supervisor.cli.planttext import PlantText
from supervisor.cli.tags_browse import connection_named
from supervisor.cli.tags_plant import SHOWN_MAX
from supervisor.drivers.modbus_blocks import ADDRESSES, Table
from supervisor.drivers.modbus_scan import Scan, ScanError, Span, scan

GUESSES_SHOWN = 5
_BLOCK = re.compile(r"(holding|input|coil|discrete)/(\d{1,5})(?:[:-](\d{1,5}))?")
_KNOWN = re.compile(r"(holding|input)/(\d{1,5})=([-+]?\d{1,15}(?:\.\d{0,15})?)")
_BITS = ("coil", "discrete")


def scan_device(
    plant_path: Path,
    name: str,
    blocks: Sequence[str],
    known: Sequence[str],
    unit_id: int | None,
    pause_s: float,
    *,
    as_json: bool,
) -> None:
    """Print what the registers hold and, for each known value, which types, orders and scales would show it."""
    plant = PlantText.read(plant_path)
    connection = connection_named(plant.document, name, "modbus-tcp")
    if unit_id is not None:
        connection = replace(connection, unit_id=unit_id)
    spans = [_span(text) for text in blocks]
    values = [_known(text, spans) for text in known]
    found = _scanned(connection, spans, pause_s)
    guessed = [(table, each, guesses(found.words.get(table, {}), each)) for table, each in values]
    order = common_order([each for _, _, each in guessed])
    if found.cut:
        tell(f"{name}: {found.cut}; the rest was not asked for")
    if as_json:
        say_json(_json(found, guessed, order))
    else:
        _show(name, found, guessed, order)
    if not found.words or any(not each for _, _, each in guessed):
        raise SystemExit(int(Exit.FINDING))


def _span(text: str) -> Span:
    match = _BLOCK.fullmatch(text)
    first, last = (int(match[2]), int(match[3] or match[2])) if match is not None else (0, -1)
    if match is None or not 0 <= first <= last < ADDRESSES:
        fail(Exit.USAGE, f"--block {text}: write holding/FIRST:LAST, addresses as on the wire, from 0 to 65535")
    return Span(cast("Table", match[1]), first, last)


def _known(text: str, spans: Sequence[Span]) -> tuple[Table, Known]:
    match = _KNOWN.fullmatch(text)
    if match is None:
        fail(Exit.USAGE, f"--known {text}: write holding/10=23.5, with the digits that the display shows")
    table, at = cast("Table", match[1]), int(match[2])
    if not any(span.table == table and span.first <= at <= span.last for span in spans):
        fail(Exit.USAGE, f"--known {text} is in none of the blocks: name it with --block too")
    return table, known_of(at, match[3])


def _scanned(connection: Connection, spans: Sequence[Span], pause_s: float) -> Scan:
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # what it complains of is told once, in words
    try:
        return asyncio.run(scan(connection, spans, pause_s=pause_s))
    except ScanError as error:
        where = f"{connection.host}:{connection.port}, unit {connection.unit_id}"
        fail(Exit.UNREACHABLE, f"{connection.name} ({where}): {error}; setwise doctor says more")


def _show(name: str, found: Scan, guessed: Sequence[tuple[Table, Known, list[Guess]]], order: WordOrder | None) -> None:
    for table, words in found.words.items():
        for line in _bits(table, words) if table in _BITS else _registers(table, words, order):
            say(line)
    for table, addresses in found.refused.items():
        say(f"not there: {table}/{_ranges(addresses)}")
    for table, known, each in guessed:
        say(
            f"{table}/{known.address} = {number_text(known.value)}:"
            + ("" if each else " no type, order and scale shows that")
        )
        for guess in each[:GUESSES_SHOWN]:
            scaled = "" if guess.scale == 1.0 else f", scale: {number_text(guess.scale)}"
            source = f'source: "{name}:{guess.text(table)}"{scaled}'
            say(f"  {source}   shows {guess.value:.6g} ({guess.bits:.0f} bits speak for it)")
    if order is not None:
        say(f"word order of this device: {order}")


def _registers(table: str, words: Mapping[int, int], order: WordOrder | None) -> list[str]:
    """Return a line for each register that is not zero, with the numbers that may begin there."""
    orders: tuple[WordOrder, ...] = (order,) if order is not None else ("ABCD", "CDAB")
    numbers = {each: {guess.address: guess for guess in floats(words, each)} for each in orders}
    shown = [address for address in sorted(words) if words[address]]
    lines = [f"{table}: {len(words)} registers, {len(shown)} of them not zero"]
    for address in shown[:SHOWN_MAX]:
        word = words[address]
        signed = f" int16 {word - 65536}" if word >= 32768 else ""  # noqa: PLR2004 - two's complement
        at = [f" float32 {each} {numbers[each][address].value:.6g}" for each in orders if address in numbers[each]]
        lines.append(f"  {table}/{address:<6} {word:>5} 0x{word:04X}{signed}{''.join(at)}")
    return [*lines, *([f"  ... and {len(shown) - SHOWN_MAX} more: --json shows all"] if len(shown) > SHOWN_MAX else [])]


def _bits(table: str, bits: Mapping[int, int]) -> list[str]:
    on = [address for address in sorted(bits) if bits[address]]
    return [f"{table}: {len(bits)} bits, on: {_ranges(on) or 'none'}"]


def _ranges(addresses: Sequence[int]) -> str:
    """Return ``3, 7-9`` for 3, 7, 8, 9."""
    runs: list[list[int]] = []
    for address in sorted(addresses):
        if runs and address == runs[-1][1] + 1:
            runs[-1][1] = address
        else:
            runs.append([address, address])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _json(
    found: Scan, guessed: Sequence[tuple[Table, Known, list[Guess]]], order: WordOrder | None
) -> dict[str, Value]:
    return {
        "words": {table: {str(at): word for at, word in words.items()} for table, words in found.words.items()},
        "not_there": {table: list[Value](addresses) for table, addresses in found.refused.items()},
        "cut": found.cut,
        "requests": found.requests,
        "word_order": order,
        "known": [
            {
                "table": table,
                "address": known.address,
                "value": known.value,
                "guesses": [
                    {"address": g.text(table), "scale": g.scale, "value": g.value, "bits": round(g.bits, 1)}
                    for g in each
                ],
            }
            for table, known, each in guessed
        ],
    }
