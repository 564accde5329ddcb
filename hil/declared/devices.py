"""Every connection of a plant file as a real server on this machine, each behind a cable that can be pulled."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from constraints.plant import Connection, Point
from hil.cabinet import Cabinet, Line
from hil.declared.keys import Keys
from hil.declared.whole import Whole
from hil.declared.wiring import Place, answer_name, node, places, register, shown_when, topics
from hil.devices import free_port
from hil.distort import Instruments, Report
from hil.plants.pid import Mode
from hil.proxy import ToxicProxy
from hil.servers.modbus import ModbusDevice
from hil.servers.mqtt import MqttBroker, MqttSensors
from hil.servers.opcua import NodeSpec, OpcUaServer, OpenToAll, Sample, Secured, Value

_WHOLE = frozenset({"int16", "uint16", "int32", "uint32"})


class DeclaredDevices:
    """Implements ``hil.rig.Servers`` for any plant file. Cables and servers go by connection."""

    def __init__(self, whole: Whole, cabinets: Mapping[str, Cabinet], keys: Keys) -> None:
        """Prepare; nothing listens yet. ``cabinets``: by controller. UnservableError where an address cannot be
        served.
        """
        plant = whole.plant
        self._cabinets = cabinets
        self._places = places(plant, whole.parts)
        self._nodes = {
            name: {address: node(plant, place) for address, place in given.items()}
            for name, given in self._places.items()
            if plant.connections[name].protocol == "opcua"
        }
        """By connection and address."""
        self._loops = {name: mv.readback for name, mv in plant.mvs.items()}
        self.opcua: dict[str, OpcUaServer] = {}
        self.modbus: dict[str, ModbusDevice] = {}
        self.brokers: dict[str, tuple[MqttBroker, MqttSensors]] = {}
        self.cables: dict[str, ToxicProxy] = {}
        self._topics = {
            name: topics(plant, given)
            for name, given in self._places.items()
            if plant.connections[name].protocol == "mqtt"
        }
        self._spoke_utc_s: dict[tuple[str, str], float] = {}
        self._of_tag = {
            place.shows: (name, address)
            for name, given in self._places.items()
            for address, place in given.items()
            if place.shows in plant.tags and place.point.equals is None
        }
        """By tag that is shown as a number: its connection and address."""
        self._spoken: dict[str, tuple[Report, Report]] = {}
        """By tag of a sensor: its last message, and what that would have been without a fault."""
        for name, connection in plant.connections.items():
            self._add(name, connection, keys)

    def _add(self, name: str, connection: Connection, keys: Keys) -> None:
        given = self._places[name]
        match connection.protocol:
            case "opcua":
                nodes = self._nodes[name]
                written = {nodes[address].name: place for address, place in given.items() if place.register}

                def take_node(key: str, value: Value) -> None:
                    if not isinstance(value, str):
                        self._take(written[key], float(value) * _scale(written[key]) + _offset(written[key]), "opcua")

                self.opcua[name] = OpcUaServer(list(nodes.values()), take_node, _security(connection, keys))
            case "modbus-tcp":
                written = {address: place for address, place in given.items() if place.register}

                def take_words(values: Mapping[str, float]) -> None:
                    for address, value in values.items():
                        self._take(written[address], value, "modbus")

                points = [register(place) for place in given.values()]
                self.modbus[name] = ModbusDevice(points, connection.unit_id, 0, frozenset(written), take_words)
            case _:
                broker = MqttBroker(free_port())
                self.brokers[name] = broker, MqttSensors(broker.port, 10 + 2 * len(given))

    async def start(self) -> None:
        """Start every server, then every cable."""
        await asyncio.gather(
            *(device.start() for device in self.modbus.values()),
            *(broker.start() for broker, _ in self.brokers.values()),
        )
        for server in self.opcua.values():
            await server.start()
        for _, sensors in self.brokers.values():
            await sensors.start()
        ports = {
            **{name: server.port for name, server in self.opcua.items()},
            **{name: device.port for name, device in self.modbus.items()},
            **{name: broker.port for name, (broker, _) in self.brokers.items()},
        }
        for name, port in ports.items():
            self.cables[name] = ToxicProxy(port)
            await self.cables[name].start()

    async def stop(self) -> None:
        """Stop every cable, then every server."""
        for cable in self.cables.values():
            await cable.stop()
        for _, sensors in self.brokers.values():
            await sensors.stop()
        for server in self.opcua.values():
            await server.stop()
        await asyncio.gather(*(device.stop() for device in self.modbus.values()))
        for broker, _ in self.brokers.values():
            await broker.stop()

    def sessions(self) -> Mapping[str, int]:
        """Return how many OPC UA sessions are logged in now, by account."""
        return sum((Counter(server.sessions()) for server in self.opcua.values()), Counter[str]())

    def logins(self) -> Mapping[str, int]:
        """Return how often each account has logged in."""
        return sum((Counter(server.logins) for server in self.opcua.values()), Counter[str]())

    def signals(self) -> Sequence[str]:
        """Return the tags that are shown as numbers."""
        return tuple(self._of_tag)

    def stamped(self) -> Sequence[str]:
        """Return those that stand on OPC UA."""
        return tuple(tag for tag, (name, _) in self._of_tag.items() if name in self.opcua)

    def digit(self, signal: str) -> float:
        """Return half the last digit of a tag that is a whole number on the wire, with some room."""
        encoding = self._place(signal).point.encoding
        name, _ = self._of_tag[signal]
        whole = name not in self.brokers and encoding.kind in (*_WHOLE, "bool")
        return 0.51 * abs(encoding.scale) if whole else 0.0

    def served(self, signal: str) -> Report:
        """Return what a client with the plant file's addresses would be served for a tag now."""
        name, address = self._of_tag[signal]
        place = self._places[name][address]
        if name in self.opcua:
            sample = self.opcua[name].shown(self._nodes[name][address].name)
            return Report(float(sample.value) * _scale(place) + _offset(place), sample.source_utc_s, sample.status)
        if name in self.modbus:
            return Report(self.modbus[name].shown(address), math.nan)
        return self._spoken[signal][0]

    def expected(self, signal: str, instruments: Instruments) -> Report:
        """Return what ``served`` would be without a fault; a sensor's last message is judged by its own moment."""
        return self._spoken[signal][1] if signal in self._spoken else instruments.healthy[signal]

    def _place(self, signal: str) -> Place:
        name, address = self._of_tag[signal]
        return self._places[name][address]

    async def show(self, instruments: Instruments, line: Line, utc_s: float) -> None:
        """Bring every server up to what the instruments report and the PLC says now."""
        now = self._values(instruments, line, utc_s)
        for name, server in self.opcua.items():
            await server.publish(
                _sample(place, self._nodes[name][address], now[place.shows])
                for address, place in self._places[name].items()
                if place.shows in now
            )
        for name, device in self.modbus.items():
            device.publish(
                {
                    address: _number(place.point, now[place.shows].value)
                    for address, place in self._places[name].items()
                    if place.shows in now
                }
            )
        for name in self.brokers:
            self._speak(name, now, instruments, utc_s)

    async def show_memory(self, utc_s: float) -> None:
        """Show the PLC's written registers as they stand, e.g. after its restart."""
        for name, given in self._places.items():
            written = {address: place for address, place in given.items() if place.register in self._memory(place)}
            if name in self.opcua:
                await self.opcua[name].publish(
                    _sample(
                        place,
                        self._nodes[name][address],
                        Report(self._memory(place)[place.register], utc_s, "UncertainInitialValue"),
                    )
                    for address, place in written.items()
                )
            elif name in self.modbus:
                self.modbus[name].publish(
                    {address: self._memory(place)[place.register] for address, place in written.items()}
                )

    def _memory(self, place: Place) -> Mapping[str, float]:
        return self._cabinets[place.controller].memory

    def _take(self, place: Place, value: float, via: str) -> None:
        """Hand a client's write to the PLC; what it has no register for goes nowhere, as in a PLC without our block."""
        if place.register in self._memory(place):
            self._cabinets[place.controller].write(place.register, value, via)

    def _values(self, instruments: Instruments, line: Line, utc_s: float) -> dict[str, Report]:
        """Return everything that the bench knows, by what places call it."""
        now: dict[str, Report] = dict(instruments.reports)
        loops = line.loops
        for mv, loop in self._loops.items():
            state = loops[loop]
            now[f"{mv}.actual"] = Report(state.setpoint, utc_s)
            now[f"{mv}.available"] = Report(float(state.mode is Mode.CAS), utc_s)
            now[f"{mv}.windup_hi"] = Report(float(state.windup_hi), utc_s)
            now[f"{mv}.windup_lo"] = Report(float(state.windup_lo), utc_s)
        for controller, cabinet in self._cabinets.items():
            now |= {answer_name(each, controller): Report(value, utc_s) for each, value in cabinet.shown().items()}
        return now

    def _speak(self, name: str, now: Mapping[str, Report], instruments: Instruments, utc_s: float) -> None:
        sensors = self.brokers[name][1]
        for topic in self._topics[name]:
            if utc_s - self._spoke_utc_s.get((name, topic.name), -math.inf) < topic.every_s:
                continue
            self._spoke_utc_s[name, topic.name] = utc_s
            for _, what in topic.fields:
                if what in self._of_tag:
                    self._spoken[what] = now[what], instruments.healthy[what]
            shown = {
                field: _word(self._places[name][f"{topic.name}#{field}" if field else topic.name], now[what])
                for field, what in topic.fields
            }
            if "" in shown:
                sensors.publish_bare(topic.name, shown.pop(""))
            if shown:
                stamp = min(now[what].source_utc_s for field, what in topic.fields if field)
                sensors.publish(topic.name, shown, stamp)


def _security(connection: Connection, keys: Keys) -> Secured | OpenToAll:
    if connection.security == "None":
        return OpenToAll()
    return Secured(keys.servers[connection.name], keys.trusted, keys.accounts[connection.name], connection.security)


def _sample(place: Place, spec: NodeSpec, report: Report) -> Sample:
    """Return an OPC UA node's value: typed, and raw where the plant file scales it."""
    value: Value = _word(place, report)
    if spec.kind == "bool":
        value = bool(value)
    elif spec.kind in _WHOLE and not isinstance(value, str):
        value = round(value) if math.isfinite(value) else 0
    return Sample(spec.name, value, report.source_utc_s, report.status)


def _word(place: Place, report: Report) -> float | str:
    """Return what a device with words or numbers shows, before it is encoded."""
    if place.point.equals is not None:
        return shown_when(place.point.equals, yes=report.value == 1.0)
    return (report.value - _offset(place)) / _scale(place)


def _number(point: Point, value: float) -> float:
    """Return what a device with registers shows; it scales by itself."""
    if point.equals is None:
        return value
    shown = shown_when(point.equals, yes=value == 1.0)
    return value if isinstance(shown, str) else shown


def _scale(place: Place) -> float:
    return place.point.encoding.scale


def _offset(place: Place) -> float:
    return place.point.encoding.offset
