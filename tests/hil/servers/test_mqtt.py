"""Broker and sensors through aiomqtt: payload, no retained messages, coming back after the broker was away."""

from __future__ import annotations

import asyncio
import json

import aiomqtt

from hil.devices import free_port
from hil.servers.mqtt import MqttBroker, MqttSensors


async def next_message(client: aiomqtt.Client) -> aiomqtt.Message:
    async with asyncio.timeout(3):
        return await anext(aiter(client.messages))


async def test_a_subscriber_gets_numbers_with_their_time_and_nothing_old() -> None:
    broker = MqttBroker(free_port())
    await broker.start()
    sensors = MqttSensors(broker.port)
    await sensors.start()
    try:
        sensors.publish("plant/ambient", {"temperature": 1.0}, 1.0)
        while not sensors.sent:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.subscribe("plant/#")
            sensors.publish("plant/ambient", {"temperature": 21.5, "humidity": 8.0}, 1_800_000_000.1234)
            message = await next_message(client)
        assert str(message.topic) == "plant/ambient"
        assert not message.retain
        assert json.loads(bytes(message.payload)) == {"ts": 1_800_000_000.123, "temperature": 21.5, "humidity": 8.0}
        assert sensors.last["plant/ambient"][0]["temperature"] == 21.5
    finally:
        await sensors.stop()
        await broker.stop()


async def test_sensors_come_back_by_themselves_and_keep_only_the_newest() -> None:
    port = free_port()
    sensors = MqttSensors(port)
    await sensors.start()
    for number in range(150):
        sensors.publish("plant/x", {"v": float(number)}, float(number))
    broker = MqttBroker(port)
    await broker.start()
    try:
        async with asyncio.timeout(5):
            while sensors.sent < 100:
                await asyncio.sleep(0.02)
        assert sensors.sent == 100  # the oldest 50 are gone
    finally:
        await sensors.stop()
        await broker.stop()


async def test_sensors_stop_at_once_also_in_the_middle_of_a_burst() -> None:
    broker = MqttBroker(free_port())
    await broker.start()
    sensors = MqttSensors(broker.port)
    await sensors.start()
    try:
        sensors.publish("plant/x", {"v": 0.0}, 0.0)
        async with asyncio.timeout(5):
            while not sensors.sent:
                await asyncio.sleep(0.01)
        for number in range(50):
            sensors.publish("plant/x", {"v": float(number)}, float(number))
        await asyncio.sleep(0)
        async with asyncio.timeout(3):
            await sensors.stop()
    finally:
        await broker.stop()
