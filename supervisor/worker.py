"""Control's handle on its thinker: asks with a deadline, kills what is late, starts it again, always answers.

A late, dead or garbled thought is a plan with status LATE; the plant holds. Three starts in a row without one answer
in time are reported through ``why`` so that the mode table sheds (fault F46).
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from controllers.memory import Memory
from controllers.types import Inputs, Plan, PlanStatus
from supervisor.frames import FRAME_BYTES_MAX, FrameError, pack, receive_async

START_S_MAX = 60.0
"""Longest wait for a new thinker to compile its problems, real seconds."""


class Thinker:
    """One worker process for one controller."""

    def __init__(
        self, plant_path: Path, config_hash: str, command: Sequence[str] | None = None, controller: str = ""
    ) -> None:
        """``controller``: which of the file's.

        ``command`` replaces ``python -m supervisor.thinker`` (tests: a thinker that hangs, dies, lies).
        """
        self._plant_path = plant_path
        self._controller = controller
        self._config_hash = config_hash
        self._command = tuple(command) if command else (sys.executable, "-m", "supervisor.thinker")
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._starting: asyncio.Task[None] | None = None
        self._fresh: Memory | None = None
        self._why = "starting"
        self.starts = 0

    @property
    def ready(self) -> bool:
        """Compiled and waiting for inputs."""
        return self._reader is not None

    @property
    def pid(self) -> int | None:
        """Process id of the running worker."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Begin to start the worker; returns at once."""
        self._starting = asyncio.create_task(self._start(), name="thinker-start")

    async def wait_ready(self) -> bool:
        """Wait for the start under way; False when it failed (``why`` then says so)."""
        if self._starting is not None:
            await self._starting
        return self.ready

    @property
    def why(self) -> str:
        """Why there is no ready thinker; empty when there is."""
        return "" if self.ready else self._why

    async def propose(
        self, inputs: Inputs, memory: Memory | None, deadline_real_s: float
    ) -> tuple[Plan, Memory | None]:
        """Return the plan and the memory to keep; LATE with the memory unchanged where there was no answer in time."""
        if self._reader is None or self._writer is None:
            if self._starting is None or self._starting.done():
                self.start()
            return _late(inputs, self._why), memory
        try:
            async with asyncio.timeout(deadline_real_s):
                self._writer.write(pack((inputs, memory if memory is not None else self._fresh)))
                await self._writer.drain()
                answer = await receive_async(self._reader)
        except TimeoutError:
            return self._give_up(inputs, memory, "deadline")
        except (FrameError, ConnectionError) as error:
            return self._give_up(inputs, memory, f"died ({error})")
        if not _is(answer, Plan, Memory):
            return self._give_up(inputs, memory, "garbled answer")
        plan, after = cast("tuple[Plan, Memory]", answer)
        if plan.cycle != inputs.cycle:
            return self._give_up(inputs, memory, f"answered cycle {plan.cycle}")
        return plan, after

    async def close(self) -> None:
        """End the worker."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await self._kill()

    def _give_up(self, inputs: Inputs, memory: Memory | None, why: str) -> tuple[Plan, Memory | None]:
        self._why = why
        self._disconnect()
        self.start()  # which waits for the old one to be gone: that may take a while, and this cycle may not
        return _late(inputs, why), memory

    async def _start(self) -> None:
        await self._kill()
        ours, theirs = socket.socketpair()
        self.starts += 1
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                str(self._plant_path),
                str(theirs.fileno()),
                *((self._controller,) if self._controller else ()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,  # OSQP prints its errors there
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        except OSError as error:  # no memory, no more processes: tried again at the next cycle
            self._why = f"cannot be started ({error.strerror or error})"
            return
        finally:
            theirs.close()
            if self._process is None:
                ours.close()
        reader, writer = await asyncio.open_connection(sock=ours, limit=FRAME_BYTES_MAX)
        self._writer = writer
        try:
            async with asyncio.timeout(START_S_MAX):
                hello = await receive_async(reader)
        except (TimeoutError, FrameError) as error:
            self._why = f"did not start ({type(error).__name__})"
            await self._kill()
            return
        if not _is(hello, str, Memory):
            self._why = "did not start (garbled answer)"
            await self._kill()
            return
        config_hash, fresh = cast("tuple[str, Memory]", hello)
        if config_hash != self._config_hash:
            self._why = "the plant file changed after control read it; restart control"
            await self._kill()
            return
        self._fresh = fresh
        self._reader = reader

    def _disconnect(self) -> None:
        """Hang up and kill, without waiting."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _kill(self) -> None:
        self._disconnect()
        if self._process is not None:
            await self._process.wait()
        self._process = None


def _is(message: object, first: type, second: type) -> bool:
    match message:
        case (one, two):
            return isinstance(one, first) and isinstance(two, second)
    return False


def _late(inputs: Inputs, why: str) -> Plan:
    return Plan(cycle=inputs.cycle, status=PlanStatus.LATE, why=why)
