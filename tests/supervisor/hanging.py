"""A control process on a plant in memory whose event loop can be made to hang: python -m tests.supervisor.hanging."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from constraints.plant import Point
from hil.clock import FastClock
from safety.signals import Reading
from supervisor.clock import RealClock
from supervisor.control import run_until_told
from supervisor.drivers.memory import MemoryDriver
from supervisor.site import Site
from tests.supervisor.tank import Control


class Hanging(Control):
    """Control that hangs when it is told to; ``speed`` is that of its clock."""

    def __init__(self, plant: Path, speed: float = 1.0) -> None:
        self.site = Site.of(plant)
        self.flag = plant.parent / "hang"
        self.log = plant.parent / f"control-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.supervisor.hanging", str(plant), str(self.flag), str(speed)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def hang(self, seconds: float) -> None:
        """Block the event loop for so long in the next cycle."""
        part = self.flag.with_suffix(".part")
        part.write_text(str(seconds), encoding="utf-8")
        part.rename(self.flag)


def main() -> None:
    plant, flag = Path(sys.argv[1]), Path(sys.argv[2])
    speed = float(sys.argv[3])
    read = MemoryDriver.read

    async def hanging_read(driver: MemoryDriver, points: Sequence[Point]) -> Mapping[str, Reading]:
        if flag.exists():
            seconds = float(flag.read_text(encoding="utf-8"))
            flag.unlink()
            time.sleep(seconds)  # noqa: ASYNC251 - the very fault
        return await read(driver, points)

    MemoryDriver.read = hanging_read
    raise SystemExit(run_until_told(Site.of(plant), RealClock() if speed == 1.0 else FastClock.from_now(speed)))


if __name__ == "__main__":
    main()
