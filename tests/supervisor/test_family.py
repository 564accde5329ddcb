"""All controllers of a plant from one command: own processes and folders, OFF for all, and none that needs another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from safety.signals import Mode
from supervisor.cli.exits import Exit
from supervisor.history.read import History, HistoryError
from supervisor.site import Site
from tests.constraints.plantfile.two import TEXT
from tests.supervisor.tank import START_S, setwise

NAMES = ("dryer_1", "dryer_2")


def write_two(folder):
    """The two dryers on devices that answer nothing, once a second each."""
    begin, end = TEXT.index("  dcs: {"), TEXT.index("\ncontrollers:")
    text = TEXT[:begin] + "  dcs: {type: memory}\n" + TEXT[end:]
    for old in ("5 s", "10 s"):
        text = text.replace(f"cycle: {old}", "cycle: 1 s").replace(f"every: {old}, plc", "every: 1 s, plc")
    path = folder / "plant.yaml"
    path.write_text(text, encoding="utf-8")
    return path


class Family:
    """``setwise run`` of the plant."""

    def __init__(self, plant, folder):
        self.plant = plant
        self.log = folder / "run.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "supervisor", "run", str(plant)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def said(self):
        return self.log.read_text(encoding="utf-8")

    def last(self, name):
        try:
            return History(Site.of(self.plant, controller=name).database_url).last().record
        except (HistoryError, AttributeError):
            return None

    def until(self, met):
        end = time.monotonic() + START_S
        while not met():
            assert time.monotonic() < end, self.said
            time.sleep(0.1)

    def pid(self, name):
        return int(Site.of(self.plant, controller=name).pid_file.read_text(encoding="utf-8").split()[0])


@pytest.fixture
def family(tmp_path):
    made = Family(write_two(tmp_path), tmp_path)
    try:
        made.until(lambda: all((made.last(name) or None) is not None for name in NAMES))
        yield made
    finally:
        if made.process.poll() is None:
            made.process.terminate()
            made.process.wait(START_S)


def test_two_controllers_from_start_to_end(family):
    """One test of processes for all of it: each start takes seconds."""
    plant = family.plant
    assert "dryer_1" in family.said
    for name in NAMES:
        assert Site.of(plant, controller=name).mailbox.exists()
    done = setwise("status", "-c", plant)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Two dryers, Northmill, dryer_") == 2

    done = setwise("mode", "advisory", "-c", plant)
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert "name one with -C, of dryer_1, dryer_2" in done.stderr
    assert setwise("mode", "advisory", "-c", plant, "-C", "dryer_1").returncode == 0
    family.until(lambda: family.last("dryer_1").mode.requested is Mode.ADVISORY)

    family.process.send_signal(signal.SIGUSR1)  # OFF for all, whatever else does not work
    family.until(lambda: all(family.last(name).mode.actual is Mode.OFF for name in NAMES))
    assert setwise("mode", "monitor", "-c", plant, "-C", "dryer_1").returncode == 0

    plant.write_text(plant.read_text(encoding="utf-8") + "nonsense: [", encoding="utf-8")  # OFF needs no good file
    done = setwise("mode", "off", "-c", plant)
    assert (done.returncode, done.stdout) == (0, "dryer_1: accepted\ndryer_2: accepted\n")
    family.until(lambda: all(family.last(name).mode.actual is Mode.OFF for name in NAMES))

    os.kill(family.pid("dryer_2"), signal.SIGKILL)
    family.until(lambda: "controller dryer_2 ended (exit 137: ended by SIGKILL" in family.said)
    seen = family.last("dryer_1").cycle
    family.until(lambda: family.last("dryer_1").cycle > seen + 1)
    done = setwise("mode", "off", "-c", plant)
    assert (done.returncode, done.stdout) == (0, "accepted\n")

    family.process.send_signal(signal.SIGINT)
    assert family.process.wait(START_S) == 128 + signal.SIGKILL
    assert "controller dryer_1 ended (exit 0: told to stop)" in family.said
