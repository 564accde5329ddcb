"""The MQTT driver: keeps the last live message of each topic that a point names. Reads only.

A retained message is old by an unknown time, and the broker hands it out to every new subscriber; so it is not a
measurement, and what was known before a reconnection is forgotten (reference: fault F26, invariant I-32). Setpoints do
not go over MQTT: the library queues what it cannot send and delivers it later.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiomqtt import Client, Message, MqttCodeError, MqttError

from constraints.plant import Connection, Point
from safety.approval import Approval
from safety.signals import BeatFrame, Quality, Reading, WriteReceipt
from supervisor.drivers.connection import ConnectionManager
from supervisor.drivers.driver import LinkState, Now, WritePoints, bad, not_sent
from supervisor.drivers.mqtt_payload import PAYLOAD_BYTES_MAX, sample, topic_of
from supervisor.drivers.values import NotANumberError
from supervisor.secrets import SecretError, Secrets

KEEPALIVE_S = 5
"""A broker that says nothing for so long is lost: half-open links show nothing else."""
SUBACK_REFUSED: Final = 128
"""SUBACK codes from here on say that the broker refused the subscription."""

TROUBLE: Final[tuple[type[Exception], ...]] = (MqttError, OSError, ValueError, SecretError)
"""What aiomqtt 2.5 raises when broker or network is at fault (paho: ValueError for a refused topic)."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message and when it came."""

    payload: bytes
    at_s: float


def _nobody() -> None:
    """Nobody listens yet."""


class MqttSession:
    """One client of the broker, subscribed; messages go to ``last`` until it ends."""

    def __init__(self, connection: Connection, topics: Sequence[str], *, secrets: Secrets, now_s: Now) -> None:
        self._connection = connection
        self._topics = topics
        self._secrets = secrets
        self._now_s = now_s
        self._subscribed = asyncio.Event()
        self._inside = False
        self._dropped = False
        self._task: asyncio.Task[None] | None = None
        self.last: dict[str, Arrived] = {}
        self.over = ""
        self.on_over: Callable[[], None] = _nobody

    async def open(self) -> None:
        """Connect and subscribe to all topics. Raises one of TROUBLE."""
        self._task = asyncio.create_task(self._run(), name=f"mqtt {self._connection.name}")
        subscribed = asyncio.ensure_future(self._subscribed.wait())
        try:
            await asyncio.wait({self._task, subscribed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            subscribed.cancel()
        if self._task.done():
            await self._task
            raise MqttError("ended")
        self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Disconnect."""
        self.abort()
        if self._task is not None:
            await asyncio.wait({self._task})

    def abort(self) -> None:
        """Leave the broker. Inside the library's connect nothing is cancelled: it would leave a socket behind."""
        self._dropped = True
        if self._task is not None and self._inside:
            self._task.cancel()

    async def _run(self) -> None:
        connection = self._connection
        user, password = None, None
        if connection.user_secret is not None:
            user, _, password = self._secrets(connection.user_secret).partition(":")
        client = Client(
            connection.host,
            connection.port,
            username=user,
            password=password,
            timeout=2.0 * connection.timeout_s,
            keepalive=KEEPALIVE_S,
        )
        # aiomqtt hides both: paho would block a thread for 5 s on a host that does not answer, and a connection that
        # was made but never acknowledged would stay open.
        paho = client._client
        paho.connect_timeout = 2.0 * connection.timeout_s
        try:
            async with client:
                self._inside = True
                if not self._dropped:
                    await self._listen(client)
        finally:
            if not self._inside:
                paho.disconnect()

    async def _listen(self, client: Client) -> None:
        if self._topics:
            granted = await client.subscribe([(topic, 0) for topic in self._topics])
            for topic, code in zip(self._topics, granted, strict=False):
                if _code(code) >= SUBACK_REFUSED:
                    raise MqttError(f"subscription refused: {topic}")
        self._subscribed.set()
        async for message in client.messages:
            self._take(message)

    def _take(self, message: Message) -> None:
        if message.retain or not isinstance(message.payload, (bytes, bytearray)):
            return
        payload = bytes(message.payload[: PAYLOAD_BYTES_MAX + 1])
        self.last[message.topic.value] = Arrived(payload, self._now_s())

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if not self._dropped:
            self.over = _describe(error) if isinstance(error, Exception) else "ended"
            self.on_over()


class MqttDriver:
    """One broker."""

    def __init__(self, connection: Connection, points: Sequence[Point], *, secrets: Secrets, now_s: Now) -> None:
        """Subscribe to the topics of ``points``: all that will ever be read."""
        self.name = connection.name
        self._now_s = now_s
        topics = sorted({topic_of(point) for point in points})
        self._manager: ConnectionManager[MqttSession] = ConnectionManager(
            connection.name,
            lambda: MqttSession(connection, topics, secrets=secrets, now_s=now_s),
            trouble=TROUBLE,
            open_timeout_s=4.0 * connection.timeout_s,
            reconnect_s_max=connection.reconnect_s_max,
            now_s=now_s,
            describe=_describe,
        )

    async def start(self) -> None:
        """Begin to connect."""
        self._manager.start()

    async def close(self) -> None:
        """Disconnect."""
        await self._manager.close()

    @property
    def link(self) -> LinkState:
        """Whether the broker is reached and the subscriptions stand."""
        return self._manager.link

    async def read(self, points: Sequence[Point]) -> Mapping[str, Reading]:
        """Return what the last live message of each point's topic said; asks nobody."""
        await asyncio.sleep(0)
        session = self._manager.session
        if session is None:
            return bad(points, "comm", self._now_s())
        return {point.tag: self._reading(session.last.get(topic_of(point)), point) for point in points}

    def take(self) -> None:
        """Do nothing: MQTT is read only, nobody here could ever write."""

    async def release(self) -> None:
        """Do nothing."""

    async def write(self, approval: Approval, points: WritePoints) -> tuple[WriteReceipt, ...]:  # noqa: ARG002
        """Send nothing: MQTT is read only."""
        return not_sent(approval, "read_only")

    async def beat(self, frame: BeatFrame) -> bool:  # noqa: ARG002
        """Send nothing; false."""
        return False

    def _reading(self, arrived: Arrived | None, point: Point) -> Reading:
        if arrived is None:
            return Reading(math.nan, Quality.BAD, None, self._now_s(), "initial")
        try:
            found = sample(arrived.payload, point)
        except NotANumberError as error:
            return Reading(math.nan, Quality.BAD, None, arrived.at_s, error.why)
        return Reading(found.value, Quality.GOOD, found.source_utc_s, arrived.at_s)


def _code(granted: object) -> int:
    """Return a SUBACK code as a number (paho gives ReasonCode objects, aiomqtt's type says int)."""
    value = getattr(granted, "value", granted)
    return value if isinstance(value, int) else 0


def _describe(error: Exception) -> str:
    if isinstance(error, MqttCodeError):
        return f"mqtt {error.rc}"[:160]
    if isinstance(error, TimeoutError):
        return "timeout"
    return f"{type(error).__name__}: {error}"[:160]
