"""The client that may write, and when there is one: only between ``take`` and ``release`` (invariants I-12, I-17).

While nobody holds the plant there is no such object, no session on the server, and the writing account's secret has not
been read. What reads goes on beside it, untouched, over a connection of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Generic

from supervisor.drivers.connection import STARTING, ConnectionManager, S
from supervisor.drivers.driver import LinkState

NO_WRITER: Final = "no_writer"
"""Why something was not sent: nobody holds the plant, or the client that may write is not up."""
RELEASE_S = 0.5
"""How long ``release`` waits for the good-bye to the server, real seconds; the rest of it goes on in the background."""


class Writing(Generic[S]):
    """At most one connection manager for sessions that may write."""

    def __init__(self, make: Callable[[], ConnectionManager[S]]) -> None:
        """Make nothing yet; ``make`` is called by each ``take`` that finds none."""
        self._make = make
        self._manager: ConnectionManager[S] | None = None
        self._losses = 0
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def current(self) -> tuple[ConnectionManager[S], S] | None:
        """The validated session and its manager; None while there is none. Raises what a bug in ``open`` raised."""
        if self._manager is None or (session := self._manager.session) is None:
            return None
        return self._manager, session

    @property
    def link(self) -> LinkState | None:
        """The state of the writing connection; None while nobody holds the plant."""
        return self._manager.link if self._manager is not None else None

    def take(self) -> None:
        """Begin to open one, in the background, where there is none."""
        if self._manager is None:
            self._manager = self._make()
            self._manager.start()

    async def release(self) -> None:
        """Give it up: ``current`` is None at once; the good-bye to the server follows."""
        manager, self._manager = self._manager, None
        if manager is not None:
            self._losses += manager.losses
            ending = asyncio.create_task(manager.close(), name="release")
            self._ending.add(ending)
            await asyncio.wait({ending}, timeout=RELEASE_S)
        self._ended()

    async def close(self) -> None:
        """Give it up and wait until everything has ended."""
        await self.release()
        if self._ending:
            await asyncio.wait(self._ending)
        self._ended()

    def seen_with(self, reading: LinkState) -> LinkState:
        """Return the link of both together: what is down while it is needed makes it down.

        A first attempt that is still under way is no trouble.
        """
        manager = self._manager
        both = replace(reading, writer_losses=self._losses + (manager.losses if manager is not None else 0))
        if manager is None or not reading.connected or manager.link.connected or manager.link.why == STARTING:
            return both
        link = manager.link
        return replace(both, connected=False, since_s=link.since_s, why=f"writing: {link.why}", attempts=link.attempts)

    def _ended(self) -> None:
        for task in [task for task in self._ending if task.done()]:
            self._ending.discard(task)
            task.result()  # a bug in a session must not end unseen
