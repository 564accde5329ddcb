"""One connection manager for the network drivers: a new client for each epoch, own back-off, loss is data.

The libraries' own reconnection is never used: asyncua's may end "connected" with nothing behind it, pymodbus' waits up
to 300 s and repeats writes (reference: measured.md §0). Here a client that failed once is thrown away, and a new one
is used only after it was validated by a real answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from supervisor.drivers.driver import LinkState, Now
from supervisor.drivers.patience import LinkLostError, Patience

FIRST_PAUSE_S = 0.2
"""Pause after the first failed attempt, real seconds; it doubles with each further one."""
PAUSE_S_MAX = 10.0
"""Longest pause that a plant may configure, real seconds (reference: fault F30)."""
STARTING = "starting"
"""Why there is no link before the first attempt has ended."""
CLOSE_S = 1.0
"""How long a polite good-bye may take, real seconds."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Session(Protocol):
    """One client object of a library, used for one connection epoch."""

    over: str
    """Why it ended by itself, as far as the library noticed; empty while it lives."""
    on_over: Callable[[], None]
    """To be called after ``over`` was set."""

    async def open(self) -> None:
        """Connect and validate with a real answer."""

    async def close(self) -> None:
        """Say good-bye where still connected, and free everything. Called once, also after ``abort``."""

    def abort(self) -> None:
        """Drop the transport at once, with whatever still waits in its buffers."""


S = TypeVar("S", bound=Session)


class ConnectionManager(Generic[S]):
    """Keeps at most one validated session; starts a new one after each loss."""

    def __init__(
        self,
        name: str,
        new: Callable[[], S],
        *,
        trouble: tuple[type[Exception], ...],
        open_timeout_s: float,
        reconnect_s_max: float,
        now_s: Now,
        describe: Callable[[Exception], str],
    ) -> None:
        self._name = name
        self._new = new
        self._trouble = trouble
        self._open_timeout_s = open_timeout_s
        self._pause_s_max = min(reconnect_s_max, PAUSE_S_MAX)
        self._now_s = now_s
        self._describe = describe
        self._patience = Patience()
        self._session: S | None = None
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._link = LinkState(connected=False, since_s=now_s(), why=STARTING)
        self.losses = 0
        """Validated sessions that were lost since it was made."""

    @property
    def session(self) -> S | None:
        """The validated session; None while there is none. Raises what a bug in a session's ``open`` raised."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()
        return self._session

    @property
    def link(self) -> LinkState:
        """Whether there is one, and why not."""
        return self._link

    def start(self) -> None:
        """Begin to connect, in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_connected(), name=f"connection {self._name}")

    async def call(self, session: S, work: Coroutine[Any, Any, _T], timeout_s: float) -> _T:
        """Return what ``work`` on ``session`` returns. When it takes longer than ``timeout_s`` real seconds, or the
        library raises one of its troubles, throw the session away and raise LinkLostError.
        """
        try:
            return await self._patience.wait(work, timeout_s)
        except LinkLostError as lost:
            self.lose(session, lost.why)
            raise
        except self._trouble as error:
            why = self._describe(error)
            self.lose(session, why)
            raise LinkLostError(why) from error

    def lose(self, session: S, why: str) -> None:
        """Throw ``session`` away; where it is the current one, begin to connect anew."""
        if session is not self._session:
            return
        self._session = None
        self.losses += 1
        self._down(why)
        self._discard(session)
        self._lost.set()

    async def close(self) -> None:
        """Stop connecting and disconnect."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            if not self._task.cancelled():
                self._task.result()  # a bug in a session must not end unseen
        session, self._session = self._session, None
        if session is not None:
            try:
                await self._patience.wait(session.close(), CLOSE_S)
            except LinkLostError as lost:
                _log.debug("%s: closing: %s", self._name, lost.why)
            except self._trouble as error:
                _log.debug("%s: closing: %s", self._name, self._describe(error))
            session.abort()
        self._down("closed")
        await self._patience.close(CLOSE_S)

    async def _keep_connected(self) -> None:
        pause_s, attempts = FIRST_PAUSE_S, 0
        loop = asyncio.get_running_loop()
        while True:
            attempts += 1
            session = self._new()
            session.on_over = partial(self._over, session)
            try:
                await self._patience.wait(session.open(), self._open_timeout_s)
            except LinkLostError as lost:
                self._failed(session, lost.why, attempts)
            except self._trouble as error:
                self._failed(session, self._describe(error), attempts)
            except asyncio.CancelledError:
                self._discard(session)
                raise
            else:
                since = loop.time()
                await self._use(session, attempts)
                attempts = 0
                if loop.time() - since >= self._pause_s_max:
                    pause_s = FIRST_PAUSE_S  # a link that drops at once again must not be hammered
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._pause_s_max)

    async def _use(self, session: S, attempts: int) -> None:
        """Offer ``session`` until it is lost."""
        self._lost.clear()
        self._session = session
        self._link = LinkState(connected=True, since_s=self._now_s(), attempts=attempts)
        _log.info("%s: connected (attempt %d)", self._name, attempts)
        if session.over:  # it ended between its last answer and now
            self.lose(session, session.over)
        await self._lost.wait()

    def _over(self, session: S) -> None:
        self.lose(session, session.over)

    def _failed(self, session: S, why: str, attempts: int) -> None:
        self._discard(session)
        since_s = self._link.since_s
        if why != self._link.why:
            _log.warning("%s: not connected: %s", self._name, why)
        self._link = LinkState(connected=False, since_s=since_s, why=why, attempts=attempts)

    def _down(self, why: str) -> None:
        _log.info("%s: link down: %s", self._name, why)
        self._link = LinkState(connected=False, since_s=self._now_s(), why=why)

    def _discard(self, session: S) -> None:
        session.abort()
        self._patience.spawn(session.close())
