"""A small plant file, and control processes that run on it for a few seconds."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from supervisor.history.pack import StoredCycle
from supervisor.history.read import History, HistoryError
from supervisor.site import Site

MEMORY = "{type: memory}"
TANK = """\
version: 1
plant: {name: Tank, site: Test, timezone: Europe/Berlin, currency: EUR}
connections:
  plc: CONNECTION
heartbeat: {handshake: full, root: "plc:ns=2;s=APC.", every: 1 s, plc_timeout: 10 s, probe: 1234.5}
controller: {cycle: 1 s, think: 900 ms}
tags:
  level: {source: "plc:ns=2;s=LIC1.PV", unit: percent, range: [0, 100], stale_after: 5 s, desc: Level}
  flow:  {source: "plc:ns=2;s=FIC1.PV", unit: percent, range: [0, 100], stale_after: 5 s, desc: Flow}
mvs:
  flow_sp:
    writes: "plc:ns=2;s=APC.SP.flow_sp"
    setpoint: "plc:ns=2;s=FIC1.SP"
    available_when: {node: "plc:ns=2;s=FIC1.MODE", is: CAS}
    readback: flow
    unit: percent
    limits: {safety: [0, 100], engineering: [5, 95], operator: [10, 90]}
    move: {up: 20 percent/min, down: 20 percent/min}
    on_bad: hold
    shed: hold
cvs:
  level: {limits: {engineering: [0, 100], operator: [40, 60]}}
models:
  level:
    flow_sp: {gain: 0.5, dead_time: 2, lags: [20]}
"""
START_S = 90.0
"""Longest wait for something that takes a second on a machine that has nothing else to do."""


def write_tank(folder: Path, connection: str = MEMORY, **replaced: str) -> Path:
    text = TANK.replace("CONNECTION", connection)
    for old, new in replaced.items():
        text = text.replace(old, new)
    path = folder / "plant.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def setwise(*arguments: object, python: tuple[str, ...] = (), **more: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **more.pop("env", {})}
    return subprocess.run(
        [sys.executable, *python, "-m", "supervisor", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, env=environment, check=False, stdin=subprocess.DEVNULL, **more,
    )  # fmt: skip


class Control:
    """One running control process."""

    def __init__(self, plant: Path, *python: str) -> None:
        self.site = Site.of(plant)
        self.log = plant.parent / f"control-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *python, "-m", "supervisor", "run", str(plant), "--no-web"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def last(self) -> StoredCycle | None:
        try:
            return History(self.site.database_url).last()
        except HistoryError:
            return None

    def until(self, met, within_s: float = START_S) -> StoredCycle:
        """Wait until the last stored cycle is as it should be."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            found = self.last()
            if found is not None and met(found.record):
                return found
            assert self.process.poll() is None, self.said
            time.sleep(0.05)
        raise AssertionError(f"{found}\n{self.said}")

    def tell(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(START_S)

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
