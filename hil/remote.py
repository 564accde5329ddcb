"""Start a bench as a process of its own, wait until it is ready, and steer it."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hil.bench import READY_FILE
from hil.clock import FastClock

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0


class BenchError(Exception):
    """The bench did not start, is gone, or refused a command; the message says which."""


@dataclass(slots=True)
class BenchRemote:
    """One connection to a running bench's control port."""

    ready: Mapping[str, object]
    """What ``bench.json`` said."""
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    _turn: asyncio.Lock

    @classmethod
    async def connect(cls, folder: Path) -> BenchRemote:
        """Connect to the bench that runs in ``folder``. BenchError when none is ready there."""
        try:
            ready = json.loads((folder / READY_FILE).read_text(encoding="utf-8"))
            reader, writer = await asyncio.open_connection("127.0.0.1", ready["control"]["port"])
        except (OSError, ValueError, KeyError) as error:
            raise BenchError(f"no bench in {folder}: {error}") from error
        return cls(ready, reader, writer, asyncio.Lock())

    @property
    def clock(self) -> FastClock:
        """The plant's clock, the same as in the bench."""
        numbers = [self.ready[name] for name in ("speed", "anchor_real_mono", "anchor_utc")]
        return FastClock(*(float(str(number)) for number in numbers))

    async def do(self, command: str, **args: object) -> object:
        """Carry out one command (``hil.control``) and return its result. BenchError when refused or gone."""
        control = self.ready["control"]
        token = control["token"] if isinstance(control, dict) else ""
        line = json.dumps({"token": token, "do": command, "args": args}).encode() + b"\n"
        async with self._turn:
            try:
                self._writer.write(line)
                await self._writer.drain()
                answer = json.loads(await self._reader.readuntil(b"\n"))
            except (OSError, EOFError, ValueError) as error:
                raise BenchError(f"{command}: the bench is gone ({type(error).__name__})") from error
        if not answer["ok"]:
            raise BenchError(f"{command}: {answer['error']}")
        result: object = answer["result"]
        return result

    async def close(self) -> None:
        """Hang up; the bench goes on."""
        self._writer.close()


@dataclass(slots=True)
class BenchProcess:
    """A bench that this process started, and ends."""

    process: Process
    remote: BenchRemote

    @classmethod
    async def start(cls, folder: Path, *options: str) -> BenchProcess:
        """Run ``python -m hil.bench --dir folder *options`` and wait until it is ready. BenchError when it is not.

        What it has to say goes to ``folder/bench.log``.
        """
        folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - a local folder, once
        (folder / READY_FILE).unlink(missing_ok=True)
        with (folder / "bench.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "hil.bench", "--dir", str(folder), *options, stdout=log, stderr=log
            )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while not (folder / READY_FILE).exists():
                    if process.returncode is not None:
                        raise BenchError(f"the bench ended with {process.returncode}; see {folder / 'bench.log'}")
                    await asyncio.sleep(0.02)
            return cls(process, await BenchRemote.connect(folder))
        except TimeoutError:
            process.kill()
            await process.wait()
            raise BenchError(f"the bench was not ready after {START_TIMEOUT_S:.0f} s") from None

    async def stop(self) -> int:
        """End it (SIGTERM, then SIGKILL) and return its exit code."""
        await self.remote.close()
        if self.process.returncode is None:
            self.process.terminate()
        try:
            return await asyncio.wait_for(self.process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self.process.kill()
            return await self.process.wait()
