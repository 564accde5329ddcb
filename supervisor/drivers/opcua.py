"""The OPC UA driver: polled, one batch Read a cycle, every value with status and source time stamp.

No subscriptions: a value that does not change sends no notification, and a subscription that died sends none either
(reference: safety.md §0.9). A read that answers proves the link each time.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from asyncua import ua

from constraints.plant import Connection, Point
from safety.approval import Approval
from safety.signals import BeatFrame, Quality, Reading, WriteReceipt
from supervisor.drivers.allow_list import AllowedWire, Place
from supervisor.drivers.connection import ConnectionManager, S
from supervisor.drivers.driver import LinkState, Now, WritePoints, bad, not_sent
from supervisor.drivers.moveset import Delivered, Delivery, MoveSetWriter, Word
from supervisor.drivers.opcua_nodes import unknown
from supervisor.drivers.opcua_session import OPEN_ANSWERS, TROUBLE, Namespaces, OpcUaSession, ServerError, describe
from supervisor.drivers.opcua_status import quality_of
from supervisor.drivers.opcua_writing import OpcUaWritingSession
from supervisor.drivers.patience import LinkLostError
from supervisor.drivers.values import NotANumberError, scaled, to_number
from supervisor.drivers.writing import NO_WRITER, Writing
from supervisor.secrets import Secrets

_NO_STAMP_UTC_S: Final = -11_644_473_600.0
"""OPC UA's date zero, 1601-01-01: no time stamp."""


class OpcUaDriver:
    """One OPC UA server: a session that reads, and while the plant is held another one, of another account, that
    writes.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        base_dir: Path,
        secrets: Secrets,
        now_s: Now,
        registers: Mapping[str, Point] | None = None,
        places: frozenset[Place] = frozenset(),
    ) -> None:
        self.name = connection.name
        self._timeout_s = connection.timeout_s
        self._now_s = now_s
        self._reading_lock = asyncio.Lock()
        self._writing_lock = asyncio.Lock()
        seen = Namespaces()
        reader = partial(
            OpcUaSession, connection, connection.user_secret, base_dir=base_dir, secrets=secrets, namespaces=seen
        )
        writer = partial(
            OpcUaWritingSession,
            connection,
            base_dir=base_dir,
            secrets=secrets,
            namespaces=seen,
            now_s=now_s,
            addresses=frozenset(address for name, address, _ in places if name == connection.name),
        )
        self._manager = _manager(connection, connection.name, reader, now_s)
        self.writing = Writing(partial(_manager, connection, f"{connection.name} (writing)", writer, now_s))
        self._writer = MoveSetWriter(AllowedWire(self, connection.name, places), registers or {}, now_s)

    async def start(self) -> None:
        """Begin to connect."""
        self._manager.start()

    async def close(self) -> None:
        """Disconnect."""
        await asyncio.gather(self.writing.close(), self._manager.close())

    def take(self) -> None:
        """Begin to log in as the account that may write."""
        self.writing.take()

    async def release(self) -> None:
        """Log it out."""
        await self.writing.release()

    @property
    def link(self) -> LinkState:
        """Whether the server is reached, and while the plant is held whether it can be written to."""
        return self.writing.seen_with(self._manager.link)

    async def read(self, points: Sequence[Point]) -> Mapping[str, Reading]:
        """Read all points in one batch."""
        async with self._reading_lock:
            session = self._manager.session
            if session is None:
                return bad(points, "comm", self._now_s())
            nodes = [session.node(point.address) for point in points]
            asked = [node for node in nodes if node is not None]
            try:
                timeout_s = self._timeout_s * session.requests(len(asked))
                answers = iter(await self._manager.call(session, session.read(asked), timeout_s))
            except LinkLostError:
                return bad(points, "comm", self._now_s())
        now_s = self._now_s()
        return {
            point.tag: _reading(next(answers), point, now_s)
            if node is not None
            else Reading(math.nan, Quality.BAD, None, now_s, unknown(point.address))
            for point, node in zip(points, nodes, strict=True)
        }

    async def write(self, approval: Approval, points: WritePoints) -> tuple[WriteReceipt, ...]:
        """Send an approved move set once and read it back; nothing where it could not be read back."""
        if self._manager.session is None:
            return not_sent(approval, "comm")
        return await self._writer.write(approval, points)

    async def beat(self, frame: BeatFrame) -> bool:
        """Send HB, EPOCH, MODE_REQ in one Write."""
        return await self._writer.beat(frame)

    async def put(self, words: Sequence[Word], deadline_s: float) -> Delivered:
        """Send all words in one Write service call."""
        async with self._writing_lock:
            if (current := self.writing.current) is None:
                return Delivered(Delivery.UNSENT, NO_WRITER)
            manager, session = current
            nodes: list[ua.NodeId] = []
            for word in words:
                node = session.node(word.point.address)
                if node is None:
                    return Delivered(Delivery.UNSENT, unknown(word.point.address))
                nodes.append(node)
            try:
                return await manager.call(session, session.write(words, nodes, deadline_s), self._timeout_s)
            except LinkLostError as lost:
                return Delivered(Delivery.LOST, lost.why)


def _manager(connection: Connection, name: str, new: Callable[[], S], now_s: Now) -> ConnectionManager[S]:
    return ConnectionManager(
        name,
        new,
        trouble=(*TROUBLE, ServerError),
        open_timeout_s=OPEN_ANSWERS * connection.timeout_s,
        reconnect_s_max=connection.reconnect_s_max,
        now_s=now_s,
        describe=describe,
    )


def _reading(data: ua.DataValue, point: Point, now_s: float) -> Reading:
    quality, why = quality_of(data.StatusCode)
    stamp = data.SourceTimestamp.timestamp() if data.SourceTimestamp is not None else None
    source_utc_s = stamp if stamp is not None and stamp > _NO_STAMP_UTC_S else None
    if quality is Quality.BAD:
        return Reading(math.nan, Quality.BAD, source_utc_s, now_s, why)
    raw = data.Value.Value if data.Value is not None else None
    if isinstance(raw, ua.LocalizedText):
        raw = raw.Text
    try:
        value = scaled(to_number(raw, point), point.encoding)
    except NotANumberError as error:
        return Reading(math.nan, Quality.BAD, source_utc_s, now_s, error.why)
    return Reading(value, quality, source_utc_s, now_s, why)
