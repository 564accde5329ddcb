"""A TCP proxy that treats a connection badly on purpose: the cable that can be pulled.

Each direction of each connection passes through the toxic that is set at that moment. Toxics can be changed at run
time; what was held back is let go in order, as TCP itself would after a cable is put back: a write that timed out for
the client still lands.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass

CHUNK_BYTES = 65_536
CLOSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Pass:
    """Everything goes through."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """The cable is out: nothing goes through, nobody is told; what was sent meanwhile arrives when it is back."""


@dataclass(frozen=True, slots=True)
class BlackHole:
    """Everything is swallowed for good; a connection that lost bytes is reset when the toxic is taken away."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Every connection, and every new one, is answered with RST."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Each chunk is held this long, in order, in each direction."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Slicer:
    """Chunks are cut into pieces of at most ``size`` bytes with a pause between two."""

    size: int
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """No more than so many bytes per second, per direction of a connection."""

    bytes_per_s: float


@dataclass(frozen=True, slots=True)
class CutAfter:
    """Each connection gets so many more bytes through per direction, then RST in the middle of whatever it was."""

    count: int


Toxic = Pass | Pulled | BlackHole | Reset | Latency | Slicer | Bandwidth | CutAfter


class ToxicProxy:
    """Listens on 127.0.0.1 and passes on to another port there."""

    def __init__(self, upstream_port: int, port: int = 0) -> None:
        """Prepare; ``port`` 0 = a free one."""
        self._upstream_port = upstream_port
        self._port = port
        self._toxic: Toxic = Pass()
        self._server: asyncio.Server | None = None
        self._pairs: set[_Pair] = set()
        self.plugged = asyncio.Event()
        """Set unless the cable is out."""
        self.reachable = asyncio.Event()
        """Set while a new connection gets through to the server."""
        self.set(self._toxic)
        self.passed_bytes = 0
        """Bytes passed on so far, both directions."""
        self.treated = 0
        """Chunks and connections that the present toxic has touched."""
        self.accepted = 0
        """Connections accepted so far."""

    @property
    def port(self) -> int:
        """The port it listens on (after start)."""
        return self._port

    @property
    def toxic(self) -> Toxic:
        """What happens to the bytes now."""
        return self._toxic

    async def start(self) -> None:
        """Listen. OSError when the port is taken."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Reset every connection and stop listening."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for pair in tuple(self._pairs):
            pair.abort()
        await server.wait_closed()
        await asyncio.gather(*(pair.ended.wait() for pair in tuple(self._pairs)))

    def set(self, toxic: Toxic) -> None:
        """Change what happens to the bytes from now on, on connections that are open too."""
        self._toxic = toxic
        self.treated = 0
        for event, shut in ((self.plugged, (Pulled,)), (self.reachable, (Pulled, BlackHole))):
            if isinstance(toxic, shut):
                event.clear()
            else:
                event.set()
        for pair in tuple(self._pairs):
            pair.toxic_changed(toxic)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if isinstance(self._toxic, Reset):
            self.treated += 1
            _abort(writer)
            return
        pair = _Pair(self, reader, writer)
        self._pairs.add(pair)
        try:
            await pair.run(self._upstream_port)
        finally:
            self._pairs.discard(pair)
            pair.ended.set()


class _Pair:
    """One client connection and its connection to the server."""

    def __init__(self, proxy: ToxicProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._client = (reader, writer)
        self._writers = [writer]
        self._stopped = asyncio.Event()
        self.ended = asyncio.Event()
        self._lost = False
        self._left = [0, 0]
        self.toxic_changed(proxy.toxic)

    async def run(self, upstream_port: int) -> None:
        """Pump both ways until either side is done or the pair is aborted."""
        pumping = asyncio.create_task(self._both_ways(upstream_port))
        stopping = asyncio.create_task(self._stopped.wait())
        await asyncio.wait({pumping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (pumping, stopping):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await task
        for writer in self._writers:
            if self._stopped.is_set():
                _abort(writer)
            await _close(writer)

    def abort(self) -> None:
        """Reset both sides."""
        self._stopped.set()

    def toxic_changed(self, toxic: Toxic) -> None:
        """Take note: a reset acts at once, a cut counts from here, and lost bytes end the connection."""
        if isinstance(toxic, CutAfter):
            self._left = [toxic.count, toxic.count]
        if isinstance(toxic, Reset):
            self._proxy.treated += 1
        if isinstance(toxic, Reset) or (self._lost and not isinstance(toxic, BlackHole)):
            self.abort()

    async def _both_ways(self, upstream_port: int) -> None:
        if not self._proxy.reachable.is_set():
            self._proxy.treated += 1
            await self._proxy.reachable.wait()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", upstream_port)
        except OSError:
            self.abort()
            return
        self._writers.append(writer)
        pumps = {
            asyncio.create_task(self._pump(self._client[0], writer, 0)),
            asyncio.create_task(self._pump(reader, self._client[1], 1)),
        }
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: int) -> None:
        """Pass one direction on; return at its end or error."""
        try:
            while True:
                chunk = await reader.read(CHUNK_BYTES)
                if isinstance(self._proxy.toxic, Pulled):
                    self._proxy.treated += 1
                    await self._proxy.plugged.wait()
                if not chunk:
                    return
                if not await self._through(chunk, writer, way):
                    self.abort()
                    return
        except OSError:
            return

    async def _through(self, chunk: bytes, writer: asyncio.StreamWriter, way: int) -> bool:
        """Pass one chunk through the toxic; return False where the connection ends in it."""
        self._proxy.treated += 1
        match self._proxy.toxic:
            case BlackHole():
                self._lost = True
                return True
            case Reset():
                return False
            case Latency(seconds):
                await asyncio.sleep(seconds)
            case Slicer(size, pause_s):
                for start in range(0, len(chunk), size):
                    await self._send(chunk[start : start + size], writer)
                    await asyncio.sleep(pause_s)
                return True
            case Bandwidth(bytes_per_s):
                await asyncio.sleep(len(chunk) / bytes_per_s)
            case CutAfter():
                chunk, whole = chunk[: self._left[way]], len(chunk) <= self._left[way]
                self._left[way] -= len(chunk)
                await self._send(chunk, writer)
                return whole
        await self._send(chunk, writer)
        return True

    async def _send(self, chunk: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(chunk)
        await writer.drain()
        self._proxy.passed_bytes += len(chunk)


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close politely; a peer that does not take what is left is reset."""
    writer.close()
    try:
        async with asyncio.timeout(CLOSE_S):
            await writer.wait_closed()
    except OSError:  # TimeoutError is one of them
        _abort(writer)


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close with RST: linger 0 makes the kernel throw away what is unsent."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
