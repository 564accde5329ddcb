"""Registers of a Modbus device, read block by block as an engineer names them: politely, and only by reading.

The client is the driver's reading one, which refuses to send any function but 1 to 4. Between two requests there is a
pause; a block that the device refuses is halved until the addresses that are not there are known; anything else that
the device objects to ends the scan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from constraints.plant import Connection
from supervisor.drivers.connection import CLOSE_S
from supervisor.drivers.modbus_blocks import Block, Table
from supervisor.drivers.modbus_session import TROUBLE, DeviceError, ModbusSession, describe
from supervisor.drivers.patience import LinkLostError, Patience

REGISTERS_PER_REQUEST: Final = 50
"""Well under the 125 of the protocol: small devices have smaller buffers."""
REQUESTS_MAX: Final = 1_000
PAUSE_S: Final = 0.1
_HALVE: Final = frozenset({2, 3})
"""Illegal data address, illegal data value: a smaller request may be answered (V1.1b3, 7)."""


class ScanError(Exception):
    """The device could not be reached; the message is a short reason."""


@dataclass(frozen=True, slots=True)
class Span:
    """Registers to be read."""

    table: Table
    first: int
    last: int
    """Both from 0 to 65535, ``first`` not behind ``last``."""


@dataclass(slots=True)
class Scan:
    """What was read."""

    words: dict[str, dict[int, int]] = field(default_factory=dict)
    """By table: address -> content; bits as 0 and 1."""
    refused: dict[str, list[int]] = field(default_factory=dict)
    """By table: addresses that the device does not have."""
    requests: int = 0
    cut: str = ""
    """Why it stopped early; empty where it did not."""


class ScanningSession(ModbusSession):
    """One TCP connection that reads what it is told to and nothing else, not even to try the link."""

    async def open(self) -> None:
        """Connect. Raises one of TROUBLE."""
        if not await self._client.connect():
            raise ConnectionError("no connection")


async def scan(
    connection: Connection, spans: Sequence[Span], *, pause_s: float = PAUSE_S, requests_max: int = REQUESTS_MAX
) -> Scan:
    """Return the registers of ``spans``, as far as the device has them. Raises ScanError when it is not reached."""
    session, patience, found = ScanningSession(connection), Patience(), Scan()

    async def answer(block: Block) -> list[int]:
        return await patience.wait(session.read(block), connection.timeout_s)

    try:
        await patience.wait(session.open(), 2.0 * connection.timeout_s)
        await _read_all(answer, _pieces(spans), found, pause_s, requests_max)
    except LinkLostError as lost:
        _lost(found, lost.why)
    except TROUBLE as error:
        _lost(found, describe(error))
    finally:
        session.abort()
        await patience.close(CLOSE_S)
    return found


async def _read_all(
    answer: Callable[[Block], Awaitable[list[int]]],
    waiting: list[Block],
    found: Scan,
    pause_s: float,
    requests_max: int,
) -> None:
    while waiting:
        block = waiting.pop(0)
        if found.requests >= requests_max:
            found.cut = f"stopped after {requests_max} requests"
            return
        if found.requests:
            await asyncio.sleep(pause_s)
        found.requests += 1
        try:
            registers = await answer(block)
        except DeviceError as error:
            if error.code not in _HALVE:
                found.cut = f"the device answered {block.table}/{block.address} with exception {error.code}"
                return
            if block.count == 1:
                found.refused.setdefault(block.table, []).append(block.address)
            else:
                waiting[:0] = _halves(block)
            continue
        found.words.setdefault(block.table, {}).update(enumerate(registers, start=block.address))


def _lost(found: Scan, why: str) -> None:
    """Keep what was read before the link was lost; raise ScanError where that is nothing."""
    if not found.words and not found.refused:
        raise ScanError(why)
    found.cut = f"the link was lost: {why}"


def _pieces(spans: Sequence[Span]) -> list[Block]:
    """Return requests that read every register once."""
    found = []
    for table in dict.fromkeys(span.table for span in spans):
        wanted = sorted({at for span in spans if span.table == table for at in range(span.first, span.last + 1)})
        while wanted:
            run = [at for number, at in enumerate(wanted[:REGISTERS_PER_REQUEST]) if at == wanted[0] + number]
            found.append(Block(table, run[0], len(run), ()))
            wanted = wanted[len(run) :]
    return found


def _halves(block: Block) -> list[Block]:
    half = block.count // 2
    return [
        Block(block.table, block.address, half, ()),
        Block(block.table, block.address + half, block.count - half, ()),
    ]
