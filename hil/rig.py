"""Plant, instruments, PLC and servers wired together, and moved by hand: one step after another.

``Moved`` is any plant; ``Rig`` is the demo's dryer line (``hil.declared.rig`` has the one of any plant file).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from hil.cabinet import Cabinet, Line
from hil.clock import FastClock
from hil.devices import CLIENT_URI, READER, WRITER, Credentials, Devices
from hil.distort import Instruments, Report
from hil.plants.line import DryerLine
from hil.plc import Block, EmulatedBlock
from hil.proxy import ToxicProxy
from hil.trace import Trace
from hil.wiring import LOOPS, PLC_RULE, SIGNALS, LoopWiring

STEP_S_MAX = 1.0
"""Longest plant step and PLC scan, plant seconds."""
SCAN_REAL_S = 0.05
"""A PLC scans this often in real time, where that is more often."""
ANALYSER_EVERY_S = 60.0
"""The moisture analyser has a new result, and a new time stamp, only so often."""
TRACE_FILE = "trace.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSettings:
    """What a bench is started with."""

    folder: Path
    speed: float = 60.0
    seed: int = 1
    ports: Mapping[str, int] = field(default_factory=dict)
    """Port by cable name; a free one where missing."""
    trace_every_s: float = 5.0
    """Plant seconds between two lines of the trace."""
    start_utc_s: float | None = None
    """The plant's UTC at the start; the machine's where None."""
    block: Block | None = None
    """The PLC's program; the emulator where None."""

    @property
    def step_s(self) -> float:
        """One plant step and one PLC scan, plant seconds."""
        return min(STEP_S_MAX, SCAN_REAL_S * self.speed)


class Servers(Protocol):
    """What shows a plant to the world."""

    cables: dict[str, ToxicProxy]
    """By connection."""

    async def start(self) -> None:
        """Listen everywhere."""

    async def stop(self) -> None:
        """Close every port."""

    async def show(self, instruments: Instruments, line: Line, utc_s: float) -> None:
        """Bring every server up to date."""

    async def show_memory(self, utc_s: float) -> None:
        """Show the PLC's written registers as they stand."""

    def sessions(self) -> Mapping[str, int]:
        """Return how many OPC UA sessions are logged in now, by account."""

    def logins(self) -> Mapping[str, int]:
        """Return how often each account has logged in."""

    def signals(self) -> Sequence[str]:
        """Return what a client is served as numbers."""

    def stamped(self) -> Sequence[str]:
        """Return those of them that come with a status and a time stamp of their own (OPC UA)."""

    def served(self, signal: str) -> Report:
        """Return what a client with the plant file's addresses would be served for one of them now."""

    def expected(self, signal: str, instruments: Instruments) -> Report:
        """Return what ``served`` would be without a fault; a sensor's last message is judged by its own moment."""

    def digit(self, signal: str) -> float:
        """Return how far a served number may lie from the instrument's by its form alone; 0 for float32 and longer."""


S_co = TypeVar("S_co", bound=Servers, covariant=True)


@dataclass(frozen=True, slots=True)
class Parts:
    """A plant and its PLC, before they meet."""

    line: Line
    signals: Sequence[str]
    """What instruments show, by the line's names."""
    every_s: Mapping[str, float]
    """Signals whose device renews them only so often, plant seconds."""
    blocks: Mapping[str, tuple[Sequence[LoopWiring], Block]]
    """By controller, the only one of a plant has no name: its loops, and the program in the PLC that watches it."""


class Moved(Generic[S_co]):
    """The parts are public: faults, control and tests reach for them."""

    def __init__(
        self, settings: BenchSettings, clock: FastClock, parts: Parts, servers: Callable[[Mapping[str, Cabinet]], S_co]
    ) -> None:
        """Put the plant at rest at the clock's time; nothing listens yet. The folder must be there."""
        self.settings = settings
        self.clock = clock
        self.plant_s = self.begin_s = clock.now().mono_s
        """Where the plant is, on the clock's monotonic time."""
        self.trace = Trace(settings.folder / TRACE_FILE)
        self.line = parts.line
        self.instruments = Instruments(every_s=parts.every_s)
        self.cabinets = {
            name: Cabinet(parts.line, loops, self.plant_s, self._log_of(name), block)
            for name, (loops, block) in parts.blocks.items()
        }
        self.cabinet = next(iter(self.cabinets.values()))
        """The only one, or the first: faults of a PLC are put into this."""
        self.devices = servers(self.cabinets)
        self._signals = tuple(parts.signals)
        self._traced_s = -math.inf

    @property
    def utc_s(self) -> float:
        """The plant's UTC at its last step."""
        return self.clock.utc_at(self.plant_s)

    @property
    def behind_s(self) -> float:
        """Plant seconds that the plant still has to catch up."""
        return max(self.clock.now().mono_s - self.plant_s, 0.0)

    def _log_of(self, controller: str) -> Callable[[Mapping[str, object]], None]:
        """Return where a PLC's block tells its events: the trace, with the controller's name where it has one."""
        if not controller:
            return self.trace.add
        return lambda event: self.trace.add({**event, "controller": controller})

    async def start(self) -> None:
        """Listen everywhere and show the first values. OSError when an asked-for port is taken."""
        self._look()
        await self.devices.start()
        await self.show()

    async def begin(self, clock: FastClock) -> None:
        """Let the plant's time begin now, on another clock: it must not catch up the time that its servers took."""
        self.clock = clock
        self.plant_s = self.begin_s = clock.now().mono_s
        self.instruments.healthy.clear()
        self._look()
        for cabinet in self.cabinets.values():
            cabinet.begin(self.plant_s)
        await self.show()

    async def stop(self) -> None:
        """Close every port and the trace."""
        await self.devices.stop()
        self.trace.close()

    def step(self) -> None:
        """Advance plant and PLC by one step."""
        self.line.step(self.settings.step_s)
        self.plant_s += self.settings.step_s
        self.trace.t_s = self.plant_s - self.begin_s
        self._look()
        for cabinet in self.cabinets.values():
            cabinet.scan(self.plant_s)
        if self.plant_s - self._traced_s >= self.settings.trace_every_s:
            self._traced_s = self.plant_s
            self.trace.add({"utc": self.utc_s, "behind_s": self.behind_s, **self.story()})

    async def show(self) -> None:
        """Bring the servers up to date."""
        await self.devices.show(self.instruments, self.line, self.utc_s)

    async def restart_plc(self) -> None:
        """Power-cycle the PLC: its registers fall back, and say so."""
        for cabinet in self.cabinets.values():
            cabinet.restart(self.plant_s)
        await self.devices.show_memory(self.utc_s)

    def ready(self) -> dict[str, object]:
        """Return what ``bench.json`` says beyond clock and control."""
        return {}

    def story(self) -> dict[str, object]:
        """Return one line of the trace: what is true, what is asked of the loops, and who has them."""
        wirings = [wiring for cabinet in self.cabinets.values() for wiring in cabinet.loops]
        loops = {wiring.rule.name: self.line.loops[wiring.loop] for wiring in wirings}
        several = {"permits": {name: each.state.permitted for name, each in self.cabinets.items()}}
        return {
            "true": dict(self.line.true()),
            "sp": {mv: loop.setpoint for mv, loop in loops.items()},
            "mode": {mv: loop.mode.value for mv, loop in loops.items()},
            "permitted": self.cabinet.state.permitted,
            "remote": self.cabinet.remote,
            "epoch": self.cabinet.state.epoch,
            **(several if len(self.cabinets) > 1 else {}),
        }

    def _look(self) -> None:
        measured = self.line.measured()
        self.instruments.look({name: measured[name] for name in self._signals}, self.utc_s)


AnyRig = Moved[Servers]


class Rig(Moved[Devices]):
    """The dryer line of the demo, behind the devices of its plant file."""

    def __init__(self, settings: BenchSettings, clock: FastClock, credentials: Credentials) -> None:
        """Put the line at rest, as ``Moved``."""
        parts = Parts(
            line=DryerLine(settings.seed),
            signals=SIGNALS,
            every_s={"moist": ANALYSER_EVERY_S},
            blocks={"": (LOOPS, settings.block or EmulatedBlock(PLC_RULE))},
        )
        super().__init__(settings, clock, parts, lambda cabinets: Devices(cabinets[""], credentials, settings.ports))
        self.credentials = credentials

    def ready(self) -> dict[str, object]:
        """Return what a client of this plant needs."""
        credentials, cables = self.credentials, self.devices.cables
        return {
            "ports": {name: cable.port for name, cable in cables.items()},
            "opcua_url": f"opc.tcp://127.0.0.1:{cables['dcs'].port}",
            "secret": credentials.secret(READER),
            "write_secret": credentials.secret(WRITER),
            "client_uri": CLIENT_URI,
            "client_certificate": str(credentials.client.certificate),
            "client_private_key": str(credentials.client.private_key),
            "server_certificate": str(credentials.server.certificate),
        }
