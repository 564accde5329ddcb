"""Two controllers of one plant file in closed loop on the bench: each moves its own, and one's OFF is nobody else's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from safety.signals import Mode
from supervisor.history.read import History, HistoryError
from supervisor.record import CycleRecord
from supervisor.site import Site
from tests.supervisor.tank import setwise

TWO = Path(__file__).parents[2] / "constraints" / "plantfile" / "two.yaml"
WAIT_S = 300.0
RUN = """
import sys
from pathlib import Path
from hil.declared.command import Options, run_bench
start = ["moist1=4.6", "moist2=3.4"]
run_bench(Options(plant=Path(sys.argv[1]), folder=Path(sys.argv[2]), seed=3, speed=4.0, start=start))
"""


def last(copy: Path, name: str) -> CycleRecord | None:
    try:
        stored = History(Site.of(copy, controller=name).database_url).last()
    except HistoryError:
        return None
    return stored.record if stored is not None else None


def until_accepted(copy: Path, mode: str, name: str) -> None:
    """Ask until it is accepted: permissives come one after another after a start."""
    end = time.monotonic() + WAIT_S
    while True:
        done = setwise("mode", mode, "--yes", "--reason", "a test", "-c", copy, "-C", name)
        if done.returncode == 0:
            return
        assert time.monotonic() < end, done.stdout + done.stderr
        time.sleep(1.0)


@pytest.mark.nightly
def test_both_control_and_one_goes_on_when_the_other_is_off(tmp_path: Path) -> None:
    plant, folder = tmp_path / "plant.yaml", tmp_path / "bench"
    plant.write_bytes(TWO.read_bytes())
    copy = folder / "plant.yaml"
    with (tmp_path / "bench.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(plant), str(folder)], stdout=log, stderr=log, env={**os.environ}
        )
    try:
        end = time.monotonic() + WAIT_S

        def wait(name: str, mode: Mode, mv: str = "") -> None:
            """Wait for a mode, and for a move that stands in the loop."""
            while True:
                record = last(copy, name)
                moved = record is not None and any(each.mv == mv and each.actual for each in record.receipts)
                if record is not None and record.mode.actual is mode and (moved or not mv):
                    return
                assert process.poll() is None
                assert time.monotonic() < end, f"{name}: {record and record.mode}"
                time.sleep(0.2)

        wait("dryer_1", Mode.MONITOR)
        wait("dryer_2", Mode.ADVISORY)
        for name in ("dryer_1", "dryer_2"):
            until_accepted(copy, "advisory", name)
            until_accepted(copy, "closed_loop", name)
        wait("dryer_1", Mode.CLOSED_LOOP, "T1_sp")
        wait("dryer_2", Mode.CLOSED_LOOP, "T2_sp")
        until_accepted(copy, "off", "dryer_1")
        wait("dryer_1", Mode.OFF)
        seen = last(copy, "dryer_2")
        while seen is not None and (now := last(copy, "dryer_2")) is not None and now.cycle < seen.cycle + 2:
            assert time.monotonic() < end
            time.sleep(0.2)
        wait("dryer_2", Mode.CLOSED_LOOP)
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == 0
    finally:
        process.kill()
        process.wait()
    trace = (folder / "trace.jsonl").read_text(encoding="utf-8")
    assert '"controller":"dryer_1"' in trace
    assert '"controller":"dryer_2"' in trace
