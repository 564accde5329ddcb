"""Every template of ``setwise init`` as a person would run it: made, checked, put on the bench, closed loop.

Bench and control are real processes; one of the controller's cycles takes a quarter of a second.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from constraints.plant import Plant
from constraints.plantfile import load
from hil.bench import READY_FILE
from hil.clock import FastClock
from hil.demo.processes import Ready
from hil.templates.catalogue import FROM_CSV, NAMES
from hil.templates.command import run_init
from safety.signals import Mode
from tests.hil.closed_loop.cycles import busy, told, wrote
from tests.hil.closed_loop.process import WAIT_S, Process, StageError
from tests.hil.closed_loop.stage import Control

CYCLE_REAL_S = 0.25
WRITES = 12
"""So many confirmed move sets are waited for."""
TAG_LIST = """Tag Name,Address,Data Type,Scaled Low,Scaled High,Eng Units,Description
TI-101,ns=2;s=Area1.TI101,Float,0,200,degC,"Dryer inlet, air"
FI 102,ns=2;s=FI 102,Float,0,90,m3/h,Feed
XX,ns=2;s=XX,Float,,,,no unit
"""


@contextmanager
def running(folder: Path, template: str, tag_list: Path | None = None) -> Iterator[tuple[Plant, Control]]:
    """Make the folder, run its plant on the bench and control on the bench's copy of its plant file."""
    run_init(folder, template, tag_list)
    loaded = load(folder / "plant.yaml")
    assert loaded.warnings == ()
    bench_folder, log = folder / "bench", folder / "bench.log"
    speed = str(loaded.plant.cycle_s / CYCLE_REAL_S)
    bench = Process(
        "bench",
        ("hil.bench", "--dir", str(bench_folder), "--plant", str(folder / "plant.yaml"), "--speed", speed),
        log,
    )
    control: Control | None = None
    try:
        ready, copy = told_ready(bench, bench_folder / READY_FILE)
        control = Control.start(copy, bench_folder / "setwise-data", ready, folder / "control.log")
        yield loaded.plant, control
    finally:
        if control is not None:
            control.process.stop()
        bench.stop()


def told_ready(bench: Process, path: Path) -> tuple[Ready, Path]:
    end = time.monotonic() + WAIT_S
    while not path.exists():
        bench.check()
        if time.monotonic() > end:
            raise StageError(f"the bench was not ready in {WAIT_S:.0f} s\n{bench.said()}")
        time.sleep(0.05)
    said = json.loads(path.read_text(encoding="utf-8"))
    clock = FastClock(said["speed"], said["anchor_real_mono"], said["anchor_utc"])
    control, trace = said["control"], Path(said["trace"])
    return Ready(clock, "", said["ports"], {}, {}, control["port"], control["token"], trace), Path(said["plant"])


@pytest.mark.parametrize("template", [name for name in NAMES if name != FROM_CSV])
def test_a_template_checks_clean_and_runs_in_closed_loop(template: str, tmp_path: Path) -> None:
    with running(tmp_path / "plant", template) as (plant, control):
        armed = control.arm()
        last = armed
        for _ in range(WRITES):
            since = last.cycle
            last = control.armed_until(
                "a confirmed set", lambda r, since=since: wrote(r) and r.cycle > since, last.utc_s
            )
        records = control.records(armed.utc_s)
        assert any(record.verdict == "approved" and wrote(record) for record in records)
        held = [each for each in records if each.mode.actual is Mode.CLOSED_LOOP and not busy(each)]
        assert [told(each) for each in held if each.refusals or each.trips] == []
        for name, cv in plant.cvs.items():
            (lo, hi), room = cv.limits.operator, 2.0 * cv.concern
            assert lo - room <= last.readings[name][0] <= hi + room, (name, told(last))
        report = control.verified()
        assert report.intact
        assert report.rows > WRITES


def test_a_tag_list_becomes_a_plant_that_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tags = tmp_path / "tags.csv"
    tags.write_text(TAG_LIST, encoding="utf-8")
    with running(tmp_path / "plant", FROM_CSV, tags) as (plant, control):
        assert "line 4: XX: no unit" in capsys.readouterr().err
        assert list(plant.tags) == ["TI_101", "FI_102"]
        good = lambda record: all(record.readings[tag][1] == "good" for tag in plant.tags)  # noqa: E731
        record = control.until("every tag good", good)
        assert all(math.isfinite(record.readings[tag][0]) for tag in plant.tags)
