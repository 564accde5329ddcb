"""Asks ``supervisor.study`` in a process of its own: one at a time for a plant, never longer than ``LIMIT_S``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from supervisor.web.units import Unit

LIMIT_S = 60.0
"""Loading the solvers and compiling takes seconds, on a busy machine ten; what takes longer hangs."""
ANSWER_BYTES_MAX = 4_000_000
COMMAND = (sys.executable, "-m", "supervisor.study")


class StudyFailedError(Exception):
    """There is no answer; the message says why, ``code`` is ``busy``, ``late`` or ``failed``."""

    def __init__(self, code: str, why: str = "") -> None:
        super().__init__(why or code)
        self.code = code


@dataclass(slots=True)
class Desk:
    """What is under way, and the curves that were worked out, by plant file."""

    command: Sequence[str] = COMMAND
    limit_s: float = LIMIT_S
    busy: set[str] = field(default_factory=set)
    curves: dict[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)
    asking: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def ask(self, unit: Unit, question: Mapping[str, object]) -> object:
        """Return the answer. Raises StudyFailedError."""
        if unit.key in self.busy:
            raise StudyFailedError("busy")
        self.busy.add(unit.key)
        try:
            return await self._ask(unit, question)
        finally:
            self.busy.discard(unit.key)

    async def curves_of(self, unit: Unit) -> Sequence[Mapping[str, object]]:
        """Return the step curves of a plant, worked out once; who asks meanwhile waits. Raises StudyFailedError."""
        key = unit.plant.config_hash
        async with self.asking.setdefault(key, asyncio.Lock()):
            if key not in self.curves:
                found = await self._ask(unit, {"ask": "curves"})
                if not isinstance(found, list):
                    raise StudyFailedError("failed", "garbled answer")
                self.curves[key] = found
            return self.curves[key]

    async def _ask(self, unit: Unit, question: Mapping[str, object]) -> object:
        whole = {
            **question,
            "plant": str(unit.site.plant_path),
            "config_hash": unit.plant.config_hash,
            "record": unit.site.database_url,
        }
        process = await asyncio.create_subprocess_exec(
            *self.command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=ANSWER_BYTES_MAX,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        try:
            async with asyncio.timeout(self.limit_s):
                out, _ = await process.communicate(json.dumps(whole).encode())
        except TimeoutError as error:
            raise StudyFailedError("late") from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return _read(out)


def _read(out: bytes) -> object:
    """Return the answer in what the process said last: libraries may print before it. Raises StudyFailedError."""
    lines = out.decode("utf-8", "replace").strip().splitlines()
    try:
        said = json.loads(lines[-1])
        if "error" in said:
            raise StudyFailedError("failed", str(said["error"]))
        return said["answer"]
    except (IndexError, ValueError, KeyError, TypeError) as error:
        raise StudyFailedError("failed", "the calculation ended without an answer") from error
