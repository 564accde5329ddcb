"""``setwise demo`` interrupted at any moment, and ``setwise run`` with a wrong plant file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hil.demo.processes import PLANT_TEMPLATE
from supervisor.audit.verify import verify
from supervisor.clock import machine_utc_s
from supervisor.site import Site


def processes_of(folder: Path) -> list[str]:
    """Return the command lines that name ``folder``."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in text:
            found.append(text)
    return found


def trace(folder: Path) -> list[dict[str, object]]:
    """Return the whole lines of the plant's story so far."""
    text = (folder / "bench" / "trace.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def accepted_sets(folder: Path) -> list[dict[str, object]]:
    """Return the move sets that the PLC took."""
    return [line for line in trace(folder) if line.get("event") == "set" and line["reject"] == "NONE"]


MOMENTS = (
    pytest.param("", 0.2, id="before anything runs", marks=pytest.mark.nightly),
    pytest.param("plant at", 0.1, id="while control starts"),
    pytest.param("  0.0 min", 2.0, id="in monitor", marks=pytest.mark.nightly),
    pytest.param("confirms closed loop", 2.0, id="in closed loop"),
)


@pytest.mark.parametrize(("after", "delay_s"), MOMENTS)
def test_f69_ctrl_c_leaves_the_plant_shed_and_the_record_whole(tmp_path: Path, after: str, delay_s: float) -> None:
    folder = tmp_path / "demo"
    words = [sys.executable, "-m", "supervisor", "demo", "--dir", str(folder), "--headless", "--json"]
    with (tmp_path / "said.txt").open("wb") as out:
        demo = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    try:
        end = time.monotonic() + 150.0
        while after not in (tmp_path / "said.txt").read_text() and time.monotonic() < end:
            assert demo.poll() is None, (tmp_path / "said.txt").read_text()
            time.sleep(0.05)
        while "closed loop" in after and not accepted_sets(folder) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(delay_s)
        demo.send_signal(signal.SIGINT)
        code = demo.wait(90.0)
    finally:
        demo.kill()
        demo.wait()
    said = (tmp_path / "said.txt").read_text()
    # Before Python has come to the demo's own lines it dies of the signal, which a shell shows as 130 as well.
    assert code == 130 or (not after and code == -signal.SIGINT), said
    assert "Traceback" not in said
    assert processes_of(folder) == []
    if after:
        lines = trace(folder)
        last = [line for line in lines if "event" not in line][-1]
        assert set(last["mode"].values()) == {"AUTO"}
        assert last["permitted"] is False
        if "closed loop" in after:
            assert accepted_sets(folder)
    site = Site.of(folder / "plant.yaml", folder / "data")
    if (site.data / "setwise.db").exists():
        report = verify(site.database_url, site.heads, machine_utc_s())
        assert report.intact, report.text()
        assert report.open_intents == ()
        assert "closed loop" not in after or report.rows > 20


def test_f67_a_wrong_plant_file_starts_nothing_and_shows_all_its_errors(tmp_path: Path) -> None:
    text = PLANT_TEMPLATE.read_text(encoding="utf-8")
    wrong = {
        "operator: [170, 195]}": "operator: [195, 170]}",  # the wrong way round
        "unit: kg/h\n    limits": "unit: kg/parsec\n    limits",  # no such unit
        "readback: fan\n": "readback: fann\n",  # no such tag
        "timezone: Europe/Berlin": "timezone: Europe/Berlinn",
    }
    for before, after in wrong.items():
        assert before in text
        text = text.replace(before, after)
    plant = tmp_path / "plant.yaml"
    plant.write_text(text, encoding="utf-8")
    words = [sys.executable, "-m", "supervisor", "run", str(plant), "--no-web"]
    run = subprocess.run(words, capture_output=True, text=True, timeout=100.0, check=False)
    assert run.returncode == 1
    for place in ("Berlinn", "195, 170", "parsec", "fann"):
        line = next(number for number, each in enumerate(text.splitlines(), 1) if place in each)
        assert f"plant.yaml:{line}:" in run.stderr, (place, run.stderr)
    assert {each.name for each in tmp_path.iterdir()} == {"plant.yaml"}  # no records, no lock, nothing
    assert processes_of(tmp_path) == []
