"""A record that takes nothing: no setpoint leaves, the plant is shed, people are told, and afterwards it goes on."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from safety.signals import Mode, WriteOutcome
from supervisor.record import CycleRecord
from tests.hil.closed_loop.conftest import staged
from tests.hil.closed_loop.cycles import alarms, busy, let_go, wrote
from tests.hil.closed_loop.stage import LOOK_S, Control, Stage

Trouble = Callable[[Stage], contextlib.AbstractContextManager[object]]
DISK_BYTES = 160 * 1024 * 1024
"""Small, yet enough that control does not call it full before somebody fills it."""


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a small file system of its own for the records; skip where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("needs the right to mount a file system; the spool's and the store's unit tests cover the rest")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def filled(stage: Stage) -> Iterator[None]:
    """Let something else fill the disk of the records to the last byte."""
    data = stage.control.site.data
    ballast = data / "core.dump"
    with ballast.open("wb") as file:
        while (free := os.statvfs(data)).f_bavail:
            with contextlib.suppress(OSError):  # control has taken some of it meanwhile
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, free.f_bavail * free.f_frsize)
    try:
        assert os.statvfs(data).f_bavail == 0
        yield
    finally:
        ballast.unlink()


@contextlib.contextmanager
def locked(stage: Stage) -> Iterator[None]:
    """Hold the database from another process, as a backup would that forgot to end."""
    with contextlib.closing(sqlite3.connect(stage.control.site.data / "setwise.db", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield
        holder.execute("ROLLBACK")


@contextlib.contextmanager
def failing(stage: Stage) -> Iterator[None]:
    """Let every write of control beyond the first 64 KiB of a file fail: to SQLite an I/O error."""
    pid, free = stage.control.process.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (65_536, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, free)


def trouble_with_the_record(stage: Stage, trouble: Trouble, reasons: tuple[str, ...]) -> None:
    control, since = stage.control, stage.now_utc_s
    with trouble(stage):
        stage.until_shed()
        # On a full disk SQLite may go on for a while in room that it has; the heads, which are files, tell first.
        said = until_said(stage, {"audit"} if trouble is not filled else {"audit", "record_verified"})
        quiet = stage.mark()  # it has told the PLC by now, whoever of the two let go first
        if "audit" in said["mode"]["reasons"]:
            assert said["not_stored"] in {f"decisions cannot be stored: {reason}" for reason in reasons}
            assert said["not_stored"] in setwise(stage, "status")
        time.sleep(3.0 if trouble is not locked else 5.0)
        # OFF whatever the record does; where not even the mailbox can be written, by the local signal.
        if trouble is failing:
            control.process.send(signal.SIGUSR1)
        else:
            assert control.mode(Mode.OFF).accepted
        assert stage.events("write", quiet) == []  # not even a heartbeat
    # All of it comes on record afterwards, out of the spool.
    until_stored(control)
    records = control.records(since)
    assert_nothing_sent_unstored(control, records)
    gone = [record for record in records if let_go(record)]
    # Whichever notices first: the cycle that cannot store, or the check of the record that cannot go on; or the PLC and
    # the mode table, where the machine stood still in that very moment.
    noticed = {"audit", "record_verified"}
    assert noticed & set(gone[0].mode.reasons) or busy(gone[0])
    assert any(noticed & set(record.mode.reasons) for record in gone)
    assert set(alarms(records, "record")) & {f"decisions cannot be stored: {reason}" for reason in reasons}
    assert any(reason in text for text in alarms(records, "shed") for reason in noticed) or busy(gone[0])
    assert control.verified().intact
    assert wrote(control.arm())


def until_said(stage: Stage, reasons: set[str]) -> dict[str, object]:
    """Return what ``setwise status`` says once it says that control has let go and gives one of these reasons."""
    end = time.monotonic() + 20.0
    while True:
        said: dict[str, object] = json.loads(setwise(stage, "status", "--json"))
        mode = said["mode"]
        assert isinstance(mode, dict)
        if mode["actual"] == "ADVISORY" and reasons & set(mode["reasons"]):
            return said
        assert time.monotonic() < end, said
        time.sleep(LOOK_S)


def until_stored(control: Control) -> None:
    since = control.now_utc_s
    control.until("cycles stored again", lambda record: True, since)
    control.until("the alarm gone", lambda record: bool(alarms([record], "record", "cleared")), since - 600.0)


def assert_nothing_sent_unstored(control: Control, records: list[CycleRecord]) -> None:
    """Whoever was not on record was not sent (and the other way round: ``never`` compares the PLC with the record)."""
    held_back = [record for record in records if any(r.outcome is WriteOutcome.NOT_SENT for r in record.receipts)]
    for record in held_back:
        # "deadline": on record, but this machine stood still before it was sent
        assert all(receipt.why.startswith(("not on record", "deadline")) for receipt in record.receipts)
    after = [record for record in records if let_go(record)]
    assert all(record.receipts == () for record in after)


def setwise(stage: Stage, *command: str) -> str:
    site = stage.control.site
    words = [sys.executable, "-m", "supervisor", *command, "-c", str(site.plant_path), "--data", str(site.data)]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=100).stdout


def test_the_calendar_brings_the_night_limit_at_its_time(judged: Stage) -> None:
    """APScheduler beside the beat. Steps of the wall clock are hard to make here: the calendar's unit tests do."""
    control = judged.control
    control.until("a first cycle", lambda record: record.limits["P_fan"] == (0.0, 120.0))
    control.until("the night limit", lambda record: record.limits["P_fan"] == (0.0, 105.0))
    records = control.records()
    nine = plant_time(records[0]).replace(hour=21, minute=0, second=0, microsecond=0)
    # An active limit goes to a new one by its ramp. The first cycle after nine looks at the calendar after thinking,
    # so the next one, however late, is the first on the way.
    before = list(itertools.takewhile(lambda record: record.limits["P_fan"] == (0.0, 120.0), records))  # not next day
    assert sum(plant_time(record) >= nine for record in before) <= 1
    assert plant_time(records[len(before)]) >= nine


def plant_time(record: CycleRecord) -> datetime:
    return datetime.fromtimestamp(record.utc_s, ZoneInfo("Europe/Berlin"))


def test_f54_a_locked_database_means_no_write_and_shedding(stage: Stage) -> None:
    trouble_with_the_record(stage, locked, ("locked", "late", "busy"))


def test_f51_an_io_error_means_no_write_and_shedding(stage: Stage) -> None:
    trouble_with_the_record(stage, failing, ("io",))


def test_f50_a_full_disk_means_no_write_and_shedding(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, staged(tmp_path / "stage", data=disk) as stage:
        stage.control.arm()
        trouble_with_the_record(stage, filled, ("full",))


@pytest.mark.nightly
def test_f50_a_disk_that_is_full_from_the_start_is_said_and_nothing_is_armed(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, staged(tmp_path / "stage", data=disk) as stage:
        stage.control.until("a cycle", lambda record: record.cycle > 2)
        stage.control.process.stop()
        with filled(stage):
            since, mark = stage.now_utc_s, stage.mark()
            control = stage.start_control()
            time.sleep(4.0)
            assert stage.events("write", mark) == []
            if control.process.running:  # it may refuse to start, and say so
                answer = control.mode(Mode.CLOSED_LOOP)
                assert not answer.accepted
            else:
                assert "full" in control.process.said() or "No space" in control.process.said()
        if not control.process.running:
            control = stage.start_control()
        control.until("stored again", lambda record: True, since)
        assert wrote(control.arm())
