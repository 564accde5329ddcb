"""Devices that only fill a plant up to 200 tags: OPC UA server, Modbus meter and MQTT broker, in one process."""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from hil.devices import free_port
from hil.servers.modbus import ModbusDevice, ModbusPoint
from hil.servers.mqtt import MqttBroker, MqttSensors
from hil.servers.opcua import NodeSpec, OpcUaServer, OpenToAll, Sample

OPCUA_TAGS, MODBUS_TAGS, MQTT_TAGS = 100, 50, 16
UNIT_ID = 3
EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the devices listen."""

    opcua: int
    modbus: int
    mqtt: int


def names() -> dict[str, list[str]]:
    """Return the tags of each device."""
    counts = {"ua": OPCUA_TAGS, "mb": MODBUS_TAGS, "mq": MQTT_TAGS}
    return {kind: [f"{kind}_{number:03d}" for number in range(count)] for kind, count in counts.items()}


def plant_lines(ports: Ports) -> tuple[str, str]:
    """Return the YAML lines of the connections and of the tags."""
    connections = (
        f"  fill_ua: {{type: opcua, url: 'opc.tcp://127.0.0.1:{ports.opcua}', security: None}}\n"
        f"  fill_mb: {{type: modbus-tcp, host: 127.0.0.1, port: {ports.modbus}, unit_id: {UNIT_ID}}}\n"
        f"  fill_mq: {{type: mqtt, host: 127.0.0.1, port: {ports.mqtt}}}\n"
    )
    sources: Mapping[str, str] = {
        **{name: f"fill_ua:ns=2;s=F.{name}" for name in names()["ua"]},
        **{name: f"fill_mb:holding/{2 * at}:float32:ABCD" for at, name in enumerate(names()["mb"])},
        **{name: f"fill_mq:filler/{name}#value" for name in names()["mq"]},
    }
    tags = "".join(f'  {name}: {{source: "{source}", unit: degC}}\n' for name, source in sources.items())
    return connections, tags


async def serve() -> None:
    """Serve until stdin closes; the first line of stdout is the ports as JSON."""
    fields = names()
    opcua = OpcUaServer(
        [NodeSpec(f"F.{name}", "float32") for name in fields["ua"]], lambda _name, _value: None, OpenToAll()
    )
    modbus = ModbusDevice(
        [ModbusPoint(name, "holding", 2 * at, "float32") for at, name in enumerate(fields["mb"])], UNIT_ID
    )
    broker = MqttBroker(free_port())
    sensors = MqttSensors(broker.port)
    await asyncio.gather(opcua.start(), modbus.start(), broker.start())
    await sensors.start()
    sys.stdout.write(json.dumps([opcua.port, modbus.port, broker.port]) + "\n")
    sys.stdout.flush()
    closed = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while not closed.done():
        now_s = time.time()
        values = {name: 20.0 + math.sin(now_s + at) for group in fields.values() for at, name in enumerate(group)}
        await opcua.publish(Sample(f"F.{name}", values[name], now_s) for name in fields["ua"])
        modbus.publish({name: values[name] for name in fields["mb"]})
        for name in fields["mq"]:
            sensors.publish(f"filler/{name}", {"value": values[name]}, now_s)
        await asyncio.wait({closed}, timeout=EVERY_S)
    await asyncio.gather(sensors.stop(), broker.stop(), modbus.stop(), opcua.stop())


if __name__ == "__main__":
    asyncio.run(serve())
