"""Control and pages as the processes that they are: started together, and control missing nothing when pages die."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from supervisor.history.read import History, HistoryError
from supervisor.site import Site
from tests.supervisor.tank import START_S, closed_port, write_tank


def until(met, process: subprocess.Popen[bytes]):
    end = time.monotonic() + START_S
    while True:
        found = met()
        if found:
            return found
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)


def pages_of(parent: int) -> list[int]:
    """Return the processes that serve pages and were started by ``parent``."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                state, words = (folder / "stat").read_text(), (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if int(state.rpartition(")")[2].split()[1]) == parent and b"web" in words:
                found.append(int(folder.name))
    return found


def answers(url: str) -> int:
    try:
        return httpx.get(url, headers={"accept": "text/html"}, timeout=5.0).status_code
    except httpx.HTTPError:
        return 0


def test_pages_come_with_control_and_may_die_without_it(tmp_path):
    plant, port = write_tank(tmp_path), closed_port()
    history = History(Site.of(plant).database_url)

    def cycle():
        try:
            found = history.last()
        except HistoryError:
            return 0
        return found.record.cycle if found is not None else 0

    command = [sys.executable, "-m", "supervisor", "run", str(plant), "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        control = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/") == 303, control)
        (pages,) = pages_of(control.pid)
        assert "password" in (tmp_path / "log").read_text()  # of the first start, once
        os.kill(pages, signal.SIGKILL)
        killed_at = until(cycle, control)
        until(lambda: cycle() > killed_at + 1, control)
        assert answers(f"http://127.0.0.1:{port}/") == 0
    finally:
        control.send_signal(signal.SIGTERM)
        assert control.wait(START_S) == 0
    assert pages_of(control.pid) == []


def test_pages_end_with_control(tmp_path):
    plant, port = write_tank(tmp_path), closed_port()
    command = [sys.executable, "-m", "supervisor", "run", str(plant), "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        control = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    (pages,) = until(lambda: pages_of(control.pid), control)
    until(lambda: answers(f"http://127.0.0.1:{port}/") == 303, control)
    control.send_signal(signal.SIGTERM)
    assert control.wait(START_S) == 0
    assert not Path(f"/proc/{pages}").exists()


def test_a_port_that_is_taken_keeps_control_from_nothing(tmp_path):
    plant = write_tank(tmp_path)
    history = History(Site.of(plant).database_url)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "supervisor", "run", str(plant), "--port", str(taken.getsockname()[1])]
        with (tmp_path / "log").open("wb") as log:
            control = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def cycles():
            try:
                found = history.last()
            except HistoryError:
                return False
            return found is not None and found.record.cycle > 3

        until(cycles, control)
        until(lambda: "address already in use" in (tmp_path / "log").read_text(), control)
        control.send_signal(signal.SIGTERM)
        assert control.wait(START_S) == 0
