"""Plant, instruments, PLC and servers wired together, and moved by hand: one step after another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hil.cabinet import Cabinet
from hil.clock import FastClock
from hil.devices import Credentials, Devices
from hil.distort import Instruments
from hil.plants.line import DryerLine
from hil.plc import Block
from hil.trace import Trace
from hil.wiring import LOOPS, SIGNALS

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


class Rig:
    """The parts are public: faults, control and tests reach for them."""

    def __init__(self, settings: BenchSettings, clock: FastClock, credentials: Credentials) -> None:
        """Put the plant at rest at the clock's time; nothing listens yet. The folder must be there."""
        self.settings = settings
        self.clock = clock
        self.credentials = credentials
        self.plant_s = self.begin_s = clock.now().mono_s
        """Where the plant is, on the clock's monotonic time."""
        self.trace = Trace(settings.folder / TRACE_FILE)
        self.line = DryerLine(settings.seed)
        self.instruments = Instruments(every_s={"moist": ANALYSER_EVERY_S})
        self.cabinet = Cabinet(self.line, self.plant_s, self.trace.add, settings.block)
        self.devices = Devices(self.cabinet, credentials, settings.ports)
        self._traced_s = -math.inf

    @property
    def utc_s(self) -> float:
        """The plant's UTC at its last step."""
        return self.clock.utc_at(self.plant_s)

    @property
    def behind_s(self) -> float:
        """Plant seconds that the plant still has to catch up."""
        return max(self.clock.now().mono_s - self.plant_s, 0.0)

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
        self.cabinet.begin(self.plant_s)
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
        self.cabinet.scan(self.plant_s)
        if self.plant_s - self._traced_s >= self.settings.trace_every_s:
            self._traced_s = self.plant_s
            self.trace.add({"utc": self.utc_s, "behind_s": self.behind_s, **self.story()})

    async def show(self) -> None:
        """Bring the servers up to date."""
        await self.devices.show(self.instruments, self.line, self.utc_s)

    async def restart_plc(self) -> None:
        """Power-cycle the PLC: its registers fall back, and say so."""
        self.cabinet.restart(self.plant_s)
        await self.devices.show_memory(self.utc_s)

    def story(self) -> dict[str, object]:
        """Return one line of the trace: what is true, what is asked of the loops, and who has them."""
        loops = {wiring.rule.name: self.line.loops[wiring.loop] for wiring in LOOPS}
        return {
            "true": dict(self.line.true()),
            "sp": {mv: loop.setpoint for mv, loop in loops.items()},
            "mode": {mv: loop.mode.value for mv, loop in loops.items()},
            "permitted": self.cabinet.state.permitted,
            "remote": self.cabinet.remote,
            "epoch": self.cabinet.state.epoch,
        }

    def _look(self) -> None:
        measured = self.line.measured()
        self.instruments.look({name: measured[name] for name in SIGNALS}, self.utc_s)
