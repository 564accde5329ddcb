"""One driver in the pool, kept from holding up the others.

The pool waits for a driver only so long. A question that was not answered in time is left with the driver (cancelling
could tear a frame in two), and the driver is asked nothing more until it has answered, or until it is replaced.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from supervisor.drivers.driver import Driver

CLOSE_S = 5.0
"""How long a driver may take to close, real seconds."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class LateError(Exception):
    """The driver has not answered by the deadline."""


class BusyError(LateError):
    """The driver still owes an earlier answer, so it was not asked."""


class Lane:
    """One driver, what it owes, and how to make another one like it."""

    def __init__(self, driver: Driver, rebuild: Callable[[], Driver] | None, rebuild_after_s: float) -> None:
        self.driver = driver
        self._rebuild = rebuild
        self._rebuild_after_s = rebuild_after_s
        self._owed: dict[asyncio.Task[Any], float] = {}
        self._left: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether the driver owes an answer. Raises what a bug in the driver raised in a late answer."""
        for task in [task for task in self._owed if task.done()]:
            del self._owed[task]
            task.result()  # too late to be used
        return bool(self._owed)

    async def ask(self, question: Callable[[Driver], Coroutine[Any, Any, _T]], timeout_s: float) -> _T:
        """Return the driver's answer. Raises BusyError when it was not asked, LateError when it did not answer in
        ``timeout_s`` real seconds, and what the driver raised, which is a bug.
        """
        await self._replace_when_due()
        if self.busy:
            raise BusyError(self.driver.name)
        task = asyncio.ensure_future(question(self.driver))
        asked_s = asyncio.get_running_loop().time()
        try:
            await asyncio.wait({task}, timeout=timeout_s)
        finally:
            if not task.done():
                self._owed[task] = asked_s
        if not task.done():
            raise LateError(self.driver.name)
        return task.result()

    async def close(self) -> None:
        """Close the driver; then cancel what it still owes."""
        await _close(self.driver)
        waiting = {task for task in (*self._owed, *self._left) if not task.done()}
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting, timeout=CLOSE_S)
        for task in self._owed:
            if task.done() and not task.cancelled():
                task.exception()  # seen; the driver is gone
        self._owed.clear()

    async def _replace_when_due(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._rebuild is None or not self.busy or now_s - min(self._owed.values()) < self._rebuild_after_s:
            return
        _log.warning("%s: owes an answer for %.0f s, replaced", self.driver.name, self._rebuild_after_s)
        old, self.driver = self.driver, self._rebuild()
        orphans = tuple(self._owed)
        self._owed.clear()
        bury = asyncio.ensure_future(_bury(old, orphans))
        self._left.add(bury)
        bury.add_done_callback(self._left.discard)
        await self.driver.start()


async def _bury(driver: Driver, orphans: tuple[asyncio.Task[Any], ...]) -> None:
    await _close(driver)
    for task in orphans:
        task.cancel()  # its driver is closed: there is no transaction left to tear
    await asyncio.wait(orphans, timeout=CLOSE_S)


async def _close(driver: Driver) -> None:
    closing = asyncio.ensure_future(driver.close())
    await asyncio.wait({closing}, timeout=CLOSE_S)
    if not closing.done():
        _log.error("%s: does not close", driver.name)
        closing.cancel()
        await asyncio.wait({closing}, timeout=CLOSE_S)
    elif not closing.cancelled():
        closing.result()
