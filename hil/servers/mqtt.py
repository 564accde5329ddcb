"""An embedded MQTT broker for the demo, and the sensors that publish to it.

The broker (amqtt) is for this machine only: a plant uses its own. Payloads are JSON objects with one number per field
and ``ts``, the sensor's time in seconds since 1970-01-01 UTC; QoS 0 and never retained, so that nobody is served an old
value as if it were new (fault F26).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping

import aiomqtt
from amqtt.broker import Broker

CONNECT_PAUSE_S = 0.5
ANSWER_S = 1.0
"""Longest wait for the broker, real seconds."""


class MqttBroker:
    """Listens on 127.0.0.1 for anyone."""

    def __init__(self, port: int) -> None:
        """Prepare; ``port`` must be free (amqtt cannot be asked which port it got)."""
        self.port = port
        self._broker: Broker | None = None

    async def start(self) -> None:
        """Listen. amqtt's BrokerError when the port is taken."""
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)
        logging.getLogger("transitions").setLevel(logging.WARNING)
        broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}},
                "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            }
        )
        await broker.start()
        self._broker = broker

    async def stop(self) -> None:
        """Drop every session."""
        if self._broker is not None:
            broker, self._broker = self._broker, None
            await broker.shutdown()


class MqttSensors:
    """Publishes what it is given, over one connection of its own that comes back by itself."""

    def __init__(self, port: int, waiting_max: int = 100) -> None:
        """Prepare; ``start`` connects. ``waiting_max``: so many messages wait for the broker at most."""
        self._port = port
        self._queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue(maxsize=waiting_max)
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self.last: dict[str, tuple[dict[str, float], float]] = {}
        """By topic: fields and time stamp of the last message."""
        self.sent = 0
        """Messages handed to the broker so far."""

    async def start(self) -> None:
        """Begin to publish what ``publish`` queues."""
        logging.getLogger("hil.mqtt.paho").setLevel(logging.CRITICAL)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Disconnect; what is still queued is not sent."""
        if self._task is not None:
            task, self._task = self._task, None
            self._stopping.set()  # aiomqtt may put an MqttError of its own in place of the cancellation
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def publish(self, topic: str, fields: Mapping[str, float | str], utc_s: float) -> None:
        """Queue one message; while the broker is away the oldest are dropped, as a sensor without memory would."""
        self.last[topic] = ({name: value for name, value in fields.items() if not isinstance(value, str)}, utc_s)
        self._put(topic, json.dumps({"ts": round(utc_s, 3), **fields}))

    def publish_bare(self, topic: str, value: float | str) -> None:
        """Queue a message that is one number or word and nothing else: it has no time."""
        self._put(topic, value if isinstance(value, str) else json.dumps(value))

    def _put(self, topic: str, payload: str) -> None:
        while self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait((topic, payload))

    async def _run(self) -> None:
        log = logging.getLogger("hil.mqtt.paho")
        while not self._stopping.is_set():
            try:
                client = aiomqtt.Client("127.0.0.1", self._port, logger=log, timeout=ANSWER_S)
                async with client:
                    while not self._stopping.is_set():
                        topic, payload = await self._queue.get()
                        await client.publish(topic, payload, qos=0, retain=False)
                        self.sent += 1
            except aiomqtt.MqttError:
                await asyncio.sleep(0.0 if self._stopping.is_set() else CONNECT_PAUSE_S)
