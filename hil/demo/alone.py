"""``setwise bench``: the simulated plant alone, in real time, with a plant file for ``setwise run``."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from hil.demo.processes import DemoError, bench_child, wait_ready, write_plant
from supervisor.cli.console import fail, say
from supervisor.cli.exits import Exit
from supervisor.clock import machine_utc_s

CHECK_S = 0.5


def run_bench(folder: Path, seed: int) -> None:
    """Run the bench in ``folder`` until Ctrl-C or SIGTERM."""
    try:
        asyncio.run(_run(folder.resolve(), seed))
    except DemoError as error:
        fail(Exit.FINDING, f"the bench stopped: {error}")


async def _run(folder: Path, seed: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    bench = bench_child(folder / "bench", 1.0, seed, machine_utc_s())
    await bench.start()
    try:
        plant = write_plant(folder, await wait_ready(bench, folder / "bench"))
        say(f"the plant is running; in another terminal:\n  setwise doctor -c {plant}\n  setwise run {plant}")
        told = asyncio.create_task(stop.wait())
        while not told.done():
            bench.check()
            await asyncio.wait({told}, timeout=CHECK_S)
    finally:
        await bench.stop()
