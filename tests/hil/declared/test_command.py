"""``setwise bench`` as a process: it starts, says what to do next, and ends with everything it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from hil.templates.command import run_init

WAIT_S = 120.0
RUN = """
import sys
from pathlib import Path
from hil.declared.command import Options, run_bench
run_bench(Options(plant=Path(sys.argv[1]), folder=Path(sys.argv[2]), seed=3, speed=30.0, start=["T_jacket_sp=100"]))
"""


def alive(command: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended
        found += [text] if command in text else []
    return found


def test_the_bench_runs_faster_than_the_clock_with_the_supervisor_until_it_is_interrupted(tmp_path: Path) -> None:
    run_init(tmp_path / "tank", "blank", None)
    folder = tmp_path / "tank" / "bench"
    command = [sys.executable, "-c", RUN, str(tmp_path / "tank" / "plant.yaml"), str(folder)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        said = ""
        while "setwise status" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        assert str(folder / "plant.yaml") in said
        assert "30 x real time" in said
        log, end = folder / "control.log", time.monotonic() + WAIT_S
        while "dcs: connected" not in log.read_text(encoding="utf-8"):
            assert time.monotonic() < end, log.read_text(encoding="utf-8")
            assert process.poll() is None
            time.sleep(0.1)
        assert len(alive(str(folder))) >= 3
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert alive(str(folder)) == []
    assert not (folder / "bench.json").exists()
    assert "stopped; the PLC has the plant" in log.read_text(encoding="utf-8")
