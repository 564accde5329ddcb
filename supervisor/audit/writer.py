"""The record as control sees it: every call answers by its deadline, in real seconds, whatever the disk does.

The database belongs to one thread; the spool file is written by another, so that a stuck database does not keep
anything from being spooled. While an operation is stuck, further ones are answered ``busy`` at once. An intent that
lands after its deadline was never sent (control was told so), and the thread says that on record itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from safety.signals import WriteReceipt
from supervisor.audit.backlog import spooled
from supervisor.audit.bodies import cycle_entries
from supervisor.audit.capacity import Capacity
from supervisor.audit.chain import ChainError, Json, SignedHead
from supervisor.audit.desk import Desk, Opening
from supervisor.audit.orphans import Orphan
from supervisor.audit.spool import Spool, SpoolError
from supervisor.audit.store import Entry, entry
from supervisor.audit.trouble import StoreError
from supervisor.history.pack import Replay, pack
from supervisor.record import CycleRecord, Intent
from supervisor.stored import Stored, not_stored

DEADLINE_S = 0.3
"""Longest wait of the cycle for the record, real seconds."""
START_S = 30.0
"""Longest wait at start: making the tables takes a second, a large backlog several."""
SPOOL_JOBS_MAX = 200
"""Entries that wait for a stuck spool file; more would only fill the memory."""

T = TypeVar("T")


class AuditWriter:
    """Puts intents, cycles and notes on durable record without ever blocking the event loop.

    Raises SpoolError and HeadsError where their files cannot be used, StoreError for a URL that is none.
    """

    def __init__(self, url: str, spool: Path, heads: Path, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._spool = Spool(spool)
        self._desk = Desk(url, self._spool, heads)
        self._desk_thread = ThreadPoolExecutor(1, thread_name_prefix="audit")
        self._spool_thread = ThreadPoolExecutor(1, thread_name_prefix="audit-spool")
        self._late: list[Future[Stored]] = []
        self._spooling: list[Future[bool]] = []
        self._lost = 0
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether an operation that missed its deadline is not over yet."""
        for future in self._late:
            if future.done():
                future.result()  # a bug in the audit thread must end the process, late or not
        self._late = [future for future in self._late if not future.done()]
        return bool(self._late)

    @property
    def spooled(self) -> int:
        """Entries that wait in the spool file for the database."""
        return self._spool.count

    @property
    def lost(self) -> int:
        """Entries that neither the database nor the spool file would take, since start."""
        return self._lost

    async def start(self, utc_s: float) -> Opening:
        """Open the record: tables, settings, end of the chain, backlog, signed heads, intents left open.

        No intent is taken before this has answered ``stored``; call it again where it has not.
        """
        future = self._desk_thread.submit(self._desk.open, utc_s)
        await asyncio.wait({asyncio.wrap_future(future)}, timeout=START_S)
        return future.result() if future.done() else Opening(not_stored("late"))

    async def intend(self, intent: Intent) -> Stored:
        """Put an intent on record. Only when the answer says ``stored`` may anything be sent."""
        try:
            item = entry("intent", intent.body(), intent.utc_s)
        except StoreError as trouble:
            return not_stored(trouble.reason)
        return await self._within(lambda: self._desk.intend(item), lambda late: self._desk.regret(late, item.utc_s))

    async def settle(self, record: CycleRecord, replay: Replay | None = None) -> Stored:
        """Put a cycle on record with the outcome of its intent and its packed history; spool it where that fails."""
        try:
            entries = cycle_entries(record, pack(record, replay))
        except (StoreError, ChainError):
            self._lost += 1
            return not_stored("not_a_value")
        return await self._put(entries)

    async def note(self, kind: str, body: Mapping[str, Json], utc_s: float) -> Stored:
        """Put anything else on record; spool it where that fails."""
        try:
            item = entry(kind, body, utc_s)
        except StoreError as trouble:
            self._lost += 1
            return not_stored(trouble.reason)
        return await self._put([item])

    async def close_orphans(self, closed: Sequence[tuple[Orphan, Sequence[WriteReceipt]]], utc_s: float) -> Stored:
        """Put the outcomes of earlier runs' intents on record (also with none: that all were looked at)."""
        return await self._within(lambda: self._desk.close_orphans(closed, utc_s))

    def sign_head(self, utc_s: float) -> SignedHead:
        """Sign the end of the chain. Blocks; for the calendar's thread. Raises StoreError and HeadsError."""
        return self._wait(self._desk_thread.submit(self._desk.sign, utc_s))

    def capacity(self) -> Capacity:
        """Return how full the storage is. Blocks; for the calendar's thread. Raises StoreError("busy")."""
        return self._wait(self._desk_thread.submit(self._desk.capacity))

    async def close(self, utc_s: float) -> SignedHead | None:
        """Sign the last head and close; None where the record would not take it. Nothing else may be called after."""
        if self._closed:
            return None
        self._closed = True
        future = self._desk_thread.submit(self._close, utc_s)
        await asyncio.wait({asyncio.wrap_future(future)}, timeout=START_S)
        self._desk_thread.shutdown(wait=False)
        self._spool_thread.shutdown(wait=False)
        return future.result() if future.done() else None

    def _close(self, utc_s: float) -> SignedHead | None:
        try:
            return self._desk.sign(utc_s)
        except StoreError:
            return None
        finally:
            self._desk.close()

    async def _put(self, entries: Sequence[Entry]) -> Stored:
        answer = await self._within(lambda: self._desk.write(entries))
        return answer if answer.stored else replace(answer, spooled=await self._spool_all(entries))

    async def _within(
        self, work: Callable[[], Stored], regret: Callable[[Future[Stored]], Stored] | None = None
    ) -> Stored:
        """Run ``work`` in the audit thread and answer by the deadline; ``regret`` follows work that was late."""
        if self.busy:
            return not_stored("busy")
        future = self._desk_thread.submit(work)
        try:
            await asyncio.wait({asyncio.wrap_future(future)}, timeout=self._deadline_s)
        finally:
            over = future.done()
            if not over and not future.cancel():  # it is under way: it may land yet
                self._late.append(future)
                if regret is not None:
                    self._late.append(self._desk_thread.submit(regret, future))
        return future.result() if over else not_stored("late")

    async def _spool_all(self, entries: Sequence[Entry]) -> bool:
        self._spooling = [future for future in self._spooling if not future.done()]
        if len(self._spooling) >= SPOOL_JOBS_MAX:
            self._lost += len(entries)
            return False
        future = self._spool_thread.submit(self._spool_now, entries, self._desk.acknowledged_seq)
        self._spooling.append(future)
        await asyncio.wait({asyncio.wrap_future(future)}, timeout=self._deadline_s)
        return future.done() and future.result()

    def _spool_now(self, entries: Sequence[Entry], after_seq: int | None) -> bool:
        try:
            for item in spooled(entries, after_seq):
                self._spool.append(item)
        except SpoolError:
            self._lost += len(entries)
            return False
        return True

    def _wait(self, future: Future[T]) -> T:
        try:
            return future.result(timeout=START_S)
        except TimeoutError:
            future.cancel()
            raise StoreError("busy", "an operation on the record is stuck") from None
