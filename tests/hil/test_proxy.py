"""Every toxic on real sockets: what gets through, what does not, what comes later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from hil.devices import free_port
from hil.proxy import Bandwidth, BlackHole, CutAfter, Latency, Pass, Pulled, Reset, Slicer, ToxicProxy

SOON_S = 20.0
NOT_S = 0.25


class Rig:
    """An echo server behind a proxy; ``heard`` is what reached it."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.chunks: list[bytes] = []
        self.clients: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._echo, "127.0.0.1", 0)
        self.proxy = ToxicProxy(self.server.sockets[0].getsockname()[1])
        await self.proxy.start()

    async def stop(self) -> None:
        for client in self.clients:
            client.close()
        await self.proxy.stop()
        self.server.close()
        await self.server.wait_closed()

    async def _echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1000):
                self.heard += data
                self.chunks.append(data)
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy.port)
        self.clients.append(writer)
        return reader, writer


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    await rig.start()
    yield rig
    await rig.stop()


async def ask(rig: Rig, text: bytes = b"hello") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await rig.connect()
    writer.write(text)
    assert await asyncio.wait_for(reader.readexactly(len(text)), SOON_S) == text
    return reader, writer


async def gone(reader: asyncio.StreamReader) -> bool:
    """Return whether the connection ended."""
    try:
        return await asyncio.wait_for(reader.read(), SOON_S) == b""
    except ConnectionResetError:
        return True


async def test_pass_is_transparent_also_at_the_end(rig: Rig) -> None:
    reader, writer = await ask(rig)
    writer.close()
    assert await gone(reader)
    assert rig.proxy.passed_bytes == 10
    assert rig.proxy.accepted == 1


async def test_a_pulled_cable_tells_nobody_and_delivers_later(rig: Rig) -> None:
    reader, writer = await ask(rig)
    rig.proxy.set(Pulled())
    writer.write(b"late write")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), NOT_S)
    assert rig.heard == b"hello"
    assert rig.proxy.treated == 1
    writer.close()  # the client gave up: a write that timed out
    rig.proxy.set(Pass())
    async with asyncio.timeout(SOON_S):
        while rig.heard != b"hellolate write":
            await asyncio.sleep(0.01)


async def test_a_new_connection_through_a_pulled_cable_hears_nothing_until_it_is_back(rig: Rig) -> None:
    rig.proxy.set(Pulled())
    reader, writer = await rig.connect()
    writer.write(b"anyone?")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), NOT_S)
    assert rig.proxy.treated == 1
    rig.proxy.set(Pass())
    assert await asyncio.wait_for(reader.readexactly(7), SOON_S) == b"anyone?"
    writer.close()


async def test_a_black_hole_swallows_and_then_resets(rig: Rig) -> None:
    reader, writer = await ask(rig)
    rig.proxy.set(BlackHole())
    writer.write(b"lost")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), NOT_S)
    rig.proxy.set(Pass())
    assert await gone(reader)
    assert rig.heard == b"hello"
    await ask(rig)


async def test_reset_ends_connections_and_refuses_new_ones(rig: Rig) -> None:
    reader, _ = await ask(rig)
    rig.proxy.set(Reset())
    assert await gone(reader)
    reader, _ = await rig.connect()
    assert await gone(reader)
    assert rig.proxy.treated == 2
    rig.proxy.set(Pass())
    await ask(rig)


async def test_latency_delays_both_ways(rig: Rig) -> None:
    await ask(rig)
    rig.proxy.set(Latency(0.1))
    began = time.monotonic()
    await ask(rig)
    assert 0.2 <= time.monotonic() - began < SOON_S


async def test_slicer_cuts_into_pieces_and_loses_nothing(rig: Rig) -> None:
    rig.proxy.set(Slicer(3, 0.005))
    await ask(rig, b"0123456789")
    assert rig.heard == b"0123456789"
    assert max(len(chunk) for chunk in rig.chunks) <= 6
    assert len(rig.chunks) > 1


async def test_bandwidth_is_limited(rig: Rig) -> None:
    rig.proxy.set(Bandwidth(10_000.0))
    began = time.monotonic()
    await ask(rig, bytes(1000))
    assert time.monotonic() - began >= 0.2


async def test_cut_after_some_bytes_ends_in_the_middle(rig: Rig) -> None:
    reader, writer = await ask(rig)
    rig.proxy.set(CutAfter(4))
    writer.write(b"0123456789")
    assert await gone(reader)
    assert rig.heard == b"hello0123"


async def test_a_server_that_is_not_there_looks_like_a_refusal() -> None:
    proxy = ToxicProxy(free_port())
    await proxy.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await gone(reader)
    writer.close()
    await proxy.stop()


async def test_stop_ends_every_connection(rig: Rig) -> None:
    reader, _ = await ask(rig)
    await rig.proxy.stop()
    assert await gone(reader)
