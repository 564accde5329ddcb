"""Every server of the demo plant, each behind a cable that can be pulled, and the tables that fill them."""

from __future__ import annotations

import asyncio
import math
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hil.cabinet import Cabinet, Line
from hil.distort import Instruments, Report
from hil.plants.pid import Mode
from hil.proxy import ToxicProxy
from hil.registers import ANSWERED
from hil.servers.modbus import ModbusDevice, ModbusPoint, from_words
from hil.servers.mqtt import MqttBroker, MqttSensors
from hil.servers.opcua import OpcUaServer, Sample, Secured, Value
from hil.servers.opcua_access import Account
from hil.servers.pki import Identity, make_identity
from hil.wiring import (
    GAS_POINTS,
    GAS_UNIT_ID,
    LOOPS,
    OPC_SIGNALS,
    PLC_UNIT_ID,
    PLC_WRITABLE,
    POWER_POINTS,
    POWER_UNIT_ID,
    SIGNALS,
    TOPICS,
    opcua_nodes,
    plc_points,
)

CABLES = ("dcs", "power", "gas", "site", "plc")
"""Connections of the plant file, and ``plc``: the PLC's own Modbus face."""
SERVER_URI = "urn:setwise:bench:dcs"
CLIENT_URI = "urn:setwise:supervisor"
READER, WRITER = "setwise-read", "setwise-write"
"""The control system's accounts: the first can only read, the second may also write the handshake's block."""
_MODE_NUMBER = {Mode.MAN: 0, Mode.AUTO: 1, Mode.CAS: 2}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs for the OPC UA server."""

    server: Identity
    client: Identity
    accounts: Mapping[str, Account]
    """By user name."""

    def secret(self, user: str) -> str:
        """Return ``user:password`` of an account."""
        return f"{user}:{self.accounts[user].password}"


async def make_credentials(folder: Path) -> Credentials:
    """Make both key pairs at once in ``folder``; the client's certificate is trusted from the start."""
    server, client = await asyncio.gather(
        asyncio.to_thread(make_identity, folder, "dcs", SERVER_URI, "server"),
        asyncio.to_thread(make_identity, folder, "setwise", CLIENT_URI, "client"),
    )
    trusted = folder / "trusted"
    trusted.mkdir(exist_ok=True)
    (trusted / "setwise.der").write_bytes(client.certificate.read_bytes())
    accounts = {name: Account(secrets.token_urlsafe(18), writes=name == WRITER) for name in (READER, WRITER)}
    return Credentials(server, client, accounts)


class Devices:
    """The control system (OPC UA), two meters and the PLC (Modbus TCP), and the site's sensors (MQTT)."""

    def __init__(self, cabinet: Cabinet, credentials: Credentials, ports: Mapping[str, int]) -> None:
        """Prepare; ``ports`` are those of the cables, by name, a free one where missing."""
        self._cabinet = cabinet
        self._secured = Secured(
            credentials.server,
            credentials.server.certificate.parent / "trusted",
            credentials.accounts,
        )
        self.opcua = OpcUaServer(opcua_nodes(), self._opcua_write, self._secured)
        self.opcua_starts = 1
        """How often the OPC UA server was started."""
        self.power = ModbusDevice(POWER_POINTS, POWER_UNIT_ID)
        self.gas = ModbusDevice(GAS_POINTS, GAS_UNIT_ID)
        self.plc = ModbusDevice(plc_points(), PLC_UNIT_ID, writable=PLC_WRITABLE, on_write=self._modbus_write)
        self.broker = MqttBroker(free_port())
        self.sensors = MqttSensors(self.broker.port)
        self._ports = ports
        self.cables: dict[str, ToxicProxy] = {}
        self.mute: set[str] = set()
        """Topics whose sensor is silent."""
        self.late_by_s: dict[str, float] = {}
        """By topic: how old its time stamps are."""
        self._spoke_utc_s: dict[str, float] = {}
        self._healthy_then: dict[str, Report] = {}

    async def start(self) -> None:
        """Start every server, then every cable. OSError when an asked-for port is taken."""
        await asyncio.gather(self.power.start(), self.gas.start(), self.plc.start(), self.broker.start())
        await self.opcua.start()
        await self.sensors.start()
        upstream = {
            "dcs": self.opcua.port,
            "power": self.power.port,
            "gas": self.gas.port,
            "site": self.broker.port,
            "plc": self.plc.port,
        }
        for name in CABLES:
            self.cables[name] = ToxicProxy(upstream[name], self._ports.get(name, 0))
            await self.cables[name].start()

    async def stop(self) -> None:
        """Stop every cable, then every server."""
        for cable in self.cables.values():
            await cable.stop()
        await self.sensors.stop()
        await self.opcua.stop()
        await asyncio.gather(self.power.stop(), self.gas.stop(), self.plc.stop())
        await self.broker.stop()

    async def restart_opcua(self) -> None:
        """Stop the OPC UA server and start a new one on the same port: sessions and subscriptions are gone."""
        port = self.opcua.port
        await self.opcua.stop()
        self.opcua = OpcUaServer(opcua_nodes(), self._opcua_write, self._secured, port)
        await self.opcua.start()
        self.opcua_starts += 1

    def sessions(self) -> Mapping[str, int]:
        """Return how many OPC UA sessions are logged in now, by account."""
        return self.opcua.sessions()

    def logins(self) -> Mapping[str, int]:
        """Return how often each account has logged in since its server started."""
        return self.opcua.logins

    def signals(self) -> Sequence[str]:
        """Return every measurement."""
        return SIGNALS

    def stamped(self) -> Sequence[str]:
        """Return those of the control system."""
        return tuple(OPC_SIGNALS)

    def digit(self, signal: str) -> float:
        """Return the gas meter's last digit; the others show float32."""
        return 0.06 if signal == "gas" else 0.0

    def served(self, signal: str) -> Report:
        """Return what a client with the plant file's addresses would be served for ``signal`` now."""
        if signal in OPC_SIGNALS:
            sample = self.opcua.shown(OPC_SIGNALS[signal])
            return Report(float(sample.value), sample.source_utc_s, sample.status)
        for topic in TOPICS:
            for name, source in topic.fields:
                if source == signal:
                    fields, stamp = self.sensors.last[topic.name]
                    return Report(fields[name], stamp)
        return Report(from_words(self.wired(signal), self.meter(signal).words(signal)), math.nan)

    def expected(self, signal: str, instruments: Instruments) -> Report:
        """Return what ``served`` would be without a fault; a sensor's last message is judged by its own moment."""
        return self._healthy_then.get(signal, instruments.healthy[signal])

    def meter(self, signal: str) -> ModbusDevice:
        """Return the Modbus device that shows ``signal``."""
        return self.gas if signal == "gas" else self.power

    def wired(self, signal: str) -> ModbusPoint:
        """Return the point of ``signal`` as the plant file has it. KeyError where it is on no meter."""
        return {point.name: point for point in (*POWER_POINTS, *GAS_POINTS)}[signal]

    async def show(self, instruments: Instruments, line: Line, utc_s: float) -> None:
        """Bring every server up to what the instruments report and the PLC says now."""
        reports, loops, answers = instruments.reports, line.loops, self._cabinet.shown()
        samples = [
            Sample(node, reports[signal].value, reports[signal].source_utc_s, reports[signal].status)
            for signal, node in OPC_SIGNALS.items()
        ]
        plc_image: dict[str, float] = dict(answers)
        for wiring in LOOPS:
            state, tag = loops[wiring.loop], wiring.tag
            mode = state.mode
            samples += [
                Sample(f"{tag}.SP", state.setpoint, utc_s),
                Sample(f"{tag}.OP", state.output_pct, utc_s),
                Sample(f"{tag}.MODE", mode.value, utc_s),
                Sample(f"{tag}.WINDUP_HI", state.windup_hi, utc_s),
                Sample(f"{tag}.WINDUP_LO", state.windup_lo, utc_s),
            ]
            plc_image[f"{tag}.SP"] = state.setpoint
            plc_image[f"{tag}.PV"] = reports[wiring.loop].value
            plc_image[f"{tag}.MODE"] = _MODE_NUMBER[mode]
            plc_image[f"{tag}.WINDUP"] = int(state.windup_hi) + 2 * int(state.windup_lo)
        samples += [Sample(f"APC.{name}", _typed(name, value), utc_s) for name, value in answers.items()]
        await self.opcua.publish(samples)
        self.power.publish({point.name: reports[point.name].value for point in POWER_POINTS})
        self.gas.publish({point.name: reports[point.name].value for point in GAS_POINTS})
        self.plc.publish(plc_image)
        self._speak(instruments, utc_s)

    async def show_memory(self, utc_s: float) -> None:
        """Show the PLC's written registers as they stand, e.g. after its restart."""
        memory = self._cabinet.memory
        await self.opcua.publish(
            Sample(f"APC.{name}", value if name.startswith("SP.") else int(value), utc_s, "UncertainInitialValue")
            for name, value in memory.items()
        )
        self.plc.publish(memory)

    def _speak(self, instruments: Instruments, utc_s: float) -> None:
        for topic in TOPICS:
            due = utc_s - self._spoke_utc_s.get(topic.name, -float("inf")) >= topic.every_s
            if not due or topic.name in self.mute:
                continue
            self._spoke_utc_s[topic.name] = utc_s
            stamp = instruments.reports[topic.fields[0][1]].source_utc_s - self.late_by_s.get(topic.name, 0.0)
            fields = {name: instruments.reports[signal].value for name, signal in topic.fields}
            self.sensors.publish(topic.name, fields, stamp)
            self._healthy_then.update({signal: instruments.healthy[signal] for _, signal in topic.fields})

    def _opcua_write(self, name: str, value: Value) -> None:
        if not isinstance(value, str):
            self._cabinet.write(name.removeprefix("APC."), float(value), "opcua")

    def _modbus_write(self, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            if not name.startswith("SPARE_"):
                self._cabinet.write(name, value, "modbus")


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _typed(name: str, value: float) -> Value:
    match ANSWERED[name]:
        case "bool":
            return bool(value)
        case "float32":
            return value
        case _:
            return int(value)
