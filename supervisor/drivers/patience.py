"""Time-outs kept outside the libraries: give up waiting, but never cancel inside one of them.

A cancelled transaction leaves a protocol library half way through a frame, and its next answer is taken for another
question's (reference: fault F29). So work that takes too long is left to itself, its connection is thrown away, and
with that it ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class LinkLostError(Exception):
    """The link did not answer, or broke; ``why`` is a short code."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Patience:
    """Waits for a library's work so long and no longer, and minds what was left behind."""

    def __init__(self) -> None:
        self._left: set[asyncio.Task[Any]] = set()

    async def wait(self, work: Coroutine[Any, Any, _T], timeout_s: float) -> _T:
        """Return what ``work`` returns, or raise what it raises; LinkLostError when not done in ``timeout_s`` real
        seconds (it runs on) or when the library cancelled it.
        """
        task = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=timeout_s)
        finally:
            if not task.done():
                self._leave(task)
        if not done:
            raise LinkLostError("timeout")
        if task.cancelled():
            raise LinkLostError("cancelled")
        return task.result()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let ``work`` run without waiting for it."""
        self._leave(asyncio.ensure_future(work))

    async def close(self, grace_s: float) -> None:
        """Wait ``grace_s`` for what was left behind, then cancel it: by now its connections are thrown away."""
        if self._left:
            await asyncio.wait(self._left, timeout=grace_s)
        for task in tuple(self._left):
            task.cancel()
        if self._left:
            await asyncio.wait(self._left, timeout=grace_s)

    def _leave(self, task: asyncio.Task[Any]) -> None:
        self._left.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._left.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.debug("abandoned work ended with %s: %s", type(error).__name__, error)
