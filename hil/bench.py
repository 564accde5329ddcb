"""One process that is a whole plant: line, PLC, servers and cables, at a multiple of real time.

The plant moves in fixed steps (1 s at high speed, 50 ms in real time) and keeps up with the clock; after a pause of the
machine it catches up step by step, no faster than a few times its speed, and lets its servers answer between two steps.
``python -m hil.bench`` runs the demo's dryer, or with ``--plant`` whatever a plant file declares; ``DIR/bench.json``
appears when it is ready, ``DIR/trace.jsonl`` is its story. It ends on SIGTERM, SIGINT, the control command ``stop``,
and when its parent dies.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import math
import os
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from constraints.plantfile import PlantFileError
from hil.clock import FastClock
from hil.control import ControlServer
from hil.declared.folder import BenchFolderError
from hil.declared.rig import make_declared_rig
from hil.declared.settings import Wishes, WishesError
from hil.devices import CABLES, make_credentials
from hil.faults import ActiveFaults
from hil.plc import Block
from hil.rig import TRACE_FILE, BenchSettings, Moved, Rig, Servers
from hil.servers.pki import write_private

TICK_S_MIN, TICK_S_MAX = 0.01, 0.1
"""Real seconds between two refreshes of the servers."""
CATCH_UP = 4.0
"""How many times its speed the plant may run to catch up."""
READY_FILE = "bench.json"
MakeRig = Callable[[BenchSettings, FastClock], Awaitable[Moved[Servers]]]
"""Puts a plant at rest at the clock's time; nothing listens yet."""


class Bench:
    """A rig that lives by the clock, with faults on demand."""

    def __init__(self, rig: Moved[Servers]) -> None:
        """Keep the rig."""
        self.rig = rig
        self.faults = ActiveFaults()
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Live until ``stopping`` is set."""
        step_s = self.rig.settings.step_s
        step_real_s = self.rig.clock.real_s(step_s)
        tick_s = min(max(step_real_s, TICK_S_MIN), TICK_S_MAX)
        steps_max = math.ceil(CATCH_UP * tick_s / step_real_s)
        while not self.stopping.is_set():
            steps = min(int(self.rig.behind_s // step_s), steps_max)
            for _ in range(steps):
                self.rig.step()
                await asyncio.sleep(0.0)  # the servers take what clients wrote meanwhile
            if steps:
                await self.rig.show()
            await asyncio.sleep(tick_s)

    def state(self) -> dict[str, object]:
        """Return everything a demo or a test may want to look at, as plain JSON types."""
        rig = self.rig
        return {
            "t": rig.plant_s - rig.begin_s,
            "utc": rig.utc_s,
            "behind_s": rig.behind_s,
            **rig.story(),
            "measured": dict(rig.line.measured()),
            "answers": rig.cabinet.shown(),
            "cables": {name: type(cable.toxic).__name__ for name, cable in rig.devices.cables.items()},
            "faults": self.faults.names(),
            "sessions": dict(rig.devices.sessions()),
            "logins": dict(rig.devices.logins()),
        }


def ready_file(bench: Bench, control: ControlServer) -> dict[str, object]:
    """Return what ``bench.json`` holds: everything a client in another process needs."""
    rig, clock = bench.rig, bench.rig.clock
    return {
        "pid": os.getpid(),
        "speed": clock.speed,
        "seed": rig.settings.seed,
        "anchor_real_mono": clock.anchor_real_mono,
        "anchor_utc": clock.anchor_utc,
        **rig.ready(),
        "control": {"port": control.port, "token": control.token},
        "trace": str(rig.settings.folder / TRACE_FILE),
    }


async def make_rig(settings: BenchSettings, clock: FastClock) -> Rig:
    """Put the demo's dryer at rest."""
    return Rig(settings, clock, await make_credentials(settings.folder / "pki"))


async def serve(settings: BenchSettings, make: MakeRig = make_rig) -> None:
    """Run one bench until it is told to stop or its parent is gone."""
    parent = os.getppid()
    settings.folder.mkdir(parents=True, exist_ok=True)
    ready = settings.folder / READY_FILE
    ready.unlink(missing_ok=True)
    bench = Bench(await make(settings, FastClock.from_now(settings.speed, settings.start_utc_s)))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, bench.stopping.set)
    control = ControlServer(bench, secrets.token_urlsafe(18))
    await bench.rig.start()
    await control.start()
    await bench.rig.begin(FastClock.from_now(settings.speed, settings.start_utc_s))
    half_written = settings.folder / (READY_FILE + ".part")
    write_private(half_written, json.dumps(ready_file(bench, control), indent=1).encode())
    half_written.rename(ready)
    watch = asyncio.create_task(_stop_without(parent, bench))
    try:
        await bench.run()
    finally:
        watch.cancel()
        ready.unlink(missing_ok=True)
        await control.stop()
        await bench.rig.stop()


async def _stop_without(parent: int, bench: Bench) -> None:
    """Set ``stopping`` when the process that started this one is gone."""
    while os.getppid() == parent:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.5)
    bench.stopping.set()


def main(arguments: Sequence[str] | None = None, block: Block | None = None) -> None:
    """``python -m hil.bench``; ``block`` is the PLC's program, the emulator where None."""
    parser = argparse.ArgumentParser(prog="python -m hil.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True, help="folder for bench.json, trace.jsonl and pki/")
    parser.add_argument("--speed", type=float, default=60.0, help="plant seconds per real second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-utc", type=float, default=None, help="plant UTC at the start, seconds since 1970")
    parser.add_argument("--trace-every", type=float, default=5.0, help="plant seconds between two trace lines")
    parser.add_argument("--plant", type=Path, default=None, help="plant file; the demo's dryer where not given")
    parser.add_argument("--start", action="append", default=[], metavar="NAME=VALUE", help="where it begins to rest")
    for name in CABLES:
        parser.add_argument(f"--{name}-port", type=int, default=0, help="0 = a free one")
    parsed = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING)
    for noisy in ("asyncua", "pymodbus", "pymodbus.logging", "amqtt"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL + 1)
    settings = BenchSettings(
        folder=parsed.dir.resolve(),
        speed=parsed.speed,
        seed=parsed.seed,
        ports={name: getattr(parsed, f"{name}_port") for name in CABLES},
        trace_every_s=parsed.trace_every,
        start_utc_s=parsed.start_utc,
        block=block,
    )
    if parsed.plant is None:
        asyncio.run(serve(settings))
        return
    try:
        wishes = Wishes.of(parsed.plant, parsed.start)
        asyncio.run(serve(settings, lambda at, clock: make_declared_rig(at, clock, parsed.plant, wishes)))
    except (BenchFolderError, WishesError, PlantFileError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
