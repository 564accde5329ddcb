"""A TCP proxy that misbehaves on command: black hole, reset, delay, cut after k bytes, refuse."""

from __future__ import annotations

import asyncio
import socket
import struct


class ToxicProxy:
    """Listens on ``port`` and forwards to ``target``. Poisons hold for both directions unless they say otherwise."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.accepted = 0
        self.bytes_up = 0
        self._flow = asyncio.Event()
        self._flow.set()
        self._answers = asyncio.Event()
        self._answers.set()
        self._delay_s = 0.0
        self._cut_after: int | None = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse and reset everything; ``start`` listens on the same port again."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.reset()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def black_hole(self) -> None:
        """Swallow nothing, forward nothing: bytes wait here until ``heal``."""
        self._flow.clear()

    def hold_answers(self) -> None:
        """Requests get through, answers wait here until ``heal``."""
        self._answers.clear()

    def heal(self) -> None:
        self._delay_s, self._cut_after = 0.0, None
        self._answers.set()
        self._flow.set()

    def delay(self, seconds: float) -> None:
        self._delay_s = seconds

    def cut_after(self, count: int) -> None:
        """Reset once, when ``count`` more bytes have gone up to the server."""
        self._cut_after = self.bytes_up + count

    def reset(self) -> None:
        """RST on every connection."""
        for writer in tuple(self._writers):
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, up_writer}
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await asyncio.gather(self._pump(reader, up_writer, up=True), self._pump(up_reader, writer, up=False))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for each in (writer, up_writer):
                each.transport.abort()
                self._writers.discard(each)
            self._tasks.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        while chunk := await reader.read(65536):
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            await self._flow.wait()
            if not up:
                await self._answers.wait()
            elif self._cut_after is not None and self.bytes_up + len(chunk) >= self._cut_after:
                writer.write(chunk[: max(self._cut_after - self.bytes_up, 0)])
                self._cut_after = None
                await asyncio.sleep(0.05)  # a reset would overtake what was sent just before it
                self.reset()
                return
            self.bytes_up += len(chunk) if up else 0
            writer.write(chunk)
        writer.close()
