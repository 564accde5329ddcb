"""The floor of a cycle: the same reads, the same OSQP solves and the same commits, done by hand without Setwise around.

What stays between a part and its floor is the price of quality codes, checks, deadlines and the process boundary.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import osqp
from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from pymodbus.client import AsyncModbusTcpClient

from constraints.plant import Connection, Plant, Point
from controllers.controller import Controller
from controllers.memory import Memory
from hil.devices import CLIENT_URI
from supervisor.history.pack import StoredCycle
from supervisor.plans import inputs_of

REGISTERS = 125


async def reads_ms(plant: Plant, base: Path, secret: str, rounds: int) -> list[float]:
    """Return the milliseconds of ``rounds`` reads of every tag, all devices at once, nothing checked."""
    points: dict[str, list[Point]] = {}
    for point in plant.points_read():
        points.setdefault(point.connection, []).append(point)
    readers: list[Callable[[], Any]] = []
    closers: list[Callable[[], Any]] = []
    for name, wanted in points.items():
        connection = plant.connections[name]
        if connection.protocol == "opcua":
            client = await _opcua(connection, base, secret)
            nodes = [client.get_node(point.address) for point in wanted]
            readers.append(lambda client=client, nodes=nodes: client.read_attributes(nodes, ua.AttributeIds.Value))
            closers.append(client.disconnect)
        elif connection.protocol == "modbus-tcp":
            modbus = AsyncModbusTcpClient(connection.host, port=connection.port, timeout=1, retries=0)
            await modbus.connect()
            readers.append(lambda modbus=modbus, c=connection, p=wanted: _registers(modbus, c, p))
            closers.append(lambda modbus=modbus: _closed(modbus))
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        await asyncio.gather(*(read() for read in readers))
        found.append(1000.0 * (time.perf_counter() - began))
        await asyncio.sleep(0.05)
    for close in closers:
        await close()
    return found


async def _opcua(connection: Connection, base: Path, secret: str) -> Client:
    client = Client(connection.url, timeout=4, watchdog_intervall=5)
    if connection.security != "None":
        client.application_uri = CLIENT_URI
        user, _, password = secret.partition(":")
        client.set_user(user)
        client.set_password(password)
        own = [str(base / str(path)) for path in (connection.certificate, connection.private_key)]
        await client.set_security(
            SecurityPolicyBasic256Sha256, *own, server_certificate=str(base / str(connection.server_certificate))
        )
    await client.connect()
    return client


async def _registers(client: AsyncModbusTcpClient, connection: Connection, points: Sequence[Point]) -> None:
    addresses = [int(point.address.split("/")[1]) for point in points]
    read = client.read_holding_registers if points[0].address.startswith("holding") else client.read_input_registers
    at, end = min(addresses), max(addresses) + 2
    while at < end:
        await read(at, count=min(REGISTERS, end - at), device_id=connection.unit_id)
        at += REGISTERS


async def _closed(client: AsyncModbusTcpClient) -> None:
    client.close()


def solves_ms(plant: Plant, cycles: Sequence[StoredCycle]) -> list[float]:
    """Return for each recorded cycle the milliseconds spent inside OSQP when the controller runs it again."""
    controller = Controller(plant)
    found = []
    for cycle in cycles:
        if not cycle.replay.memory:
            continue
        inputs, memory = inputs_of(cycle.replay.inputs), Memory.from_bytes(cycle.replay.memory)  # type: ignore[arg-type]
        with _watched() as spent_ms:
            controller.step(inputs, memory)
        found.append(sum(spent_ms))
    return found


@contextmanager
def _watched() -> Iterator[list[float]]:
    """Count the time inside the four calls of OSQP that a cycle needs."""
    spent: list[float] = []
    names = ("update", "update_settings", "warm_start", "solve")
    own = {name: getattr(osqp.OSQP, name) for name in names}

    def timed(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: object, **kwargs: object) -> object:
            began = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                spent.append(1000.0 * (time.perf_counter() - began))

        return run

    for name in names:
        setattr(osqp.OSQP, name, timed(own[name]))
    try:
        yield spent
    finally:
        for name in names:
            setattr(osqp.OSQP, name, own[name])


def commits_ms(path: Path, sizes: Sequence[tuple[int, int]], rounds: int) -> list[float]:
    """Return the milliseconds of the same two durable transactions a cycle with bare sqlite3, WAL and FULL.

    ``sizes``: bytes of the intent's row, and of the cycle's rows.
    """
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE row (seq INTEGER PRIMARY KEY, body BLOB)")
        found = []
        for number in range(rounds):
            began = time.perf_counter()
            for size in sizes[number % len(sizes)]:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT INTO row (body) VALUES (zeroblob(?))", (size,))
                connection.execute("COMMIT")
            found.append(1000.0 * (time.perf_counter() - began))
    connection.close()
    return found


def body_sizes(database: Path) -> list[tuple[int, int]]:
    """Return the bytes that each cycle of a record put down: its intent, and its cycle row with history."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        intents = [len(body) for (body,) in connection.execute("SELECT body FROM audit WHERE kind = 'intent'")]
        cycles = [len(body) for (body,) in connection.execute("SELECT body FROM audit WHERE kind = 'cycle'")]
        blobs = [len(blob) for (blob,) in connection.execute("SELECT packed FROM history")]
    connection.close()
    return [(a, b + c) for a, b, c in zip(intents, cycles, blobs, strict=False)] or [(len(json.dumps({})), 0)]
