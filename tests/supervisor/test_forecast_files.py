"""Forecast files as other programs write them: replaced, damaged, missing, and no files at all."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from constraints.supplied import ForecastRule
from hil.clock import FastClock
from supervisor.clock import RealClock, machine_utc_s
from supervisor.forecast_files import ForecastFiles
from tests.supervisor.walk import demo_plant

HEAD = "time,hum_amb\n"


@pytest.fixture
def files(tmp_path):
    made = ForecastFiles(plant(), tmp_path, RealClock())
    yield made
    made.close()


def plant(**dvs: ForecastRule):
    rules = dvs or {"hum_amb": ForecastRule(age_s_max=60.0, file="weather.csv")}
    demo = demo_plant()
    return replace(demo, dvs={**demo.dvs, **{dv: replace(demo.dvs[dv], forecast=rule) for dv, rule in rules.items()}})


def put(folder, text: str, age_s: float = 0.0):
    new, path = folder / "new.tmp", folder / "weather.csv"
    new.write_text(text)
    stamp = machine_utc_s() - age_s
    os.utime(new, (stamp, stamp))
    new.replace(path)
    return path


def test_a_file_is_read_when_it_changes_and_only_then(files, tmp_path):
    put(tmp_path, f"{HEAD}100,7\n", age_s=30.0)
    found = files.look()["hum_amb"]
    assert (found.points, found.why) == (((100.0, 7.0),), "")
    assert machine_utc_s() - found.issued_utc_s == pytest.approx(30.0, abs=20.0)
    assert files.look() == {}
    put(tmp_path, f"{HEAD}100,8\n")
    assert files.look()["hum_amb"].points == ((100.0, 8.0),)
    os.utime(tmp_path / "weather.csv")  # the same text written anew is a new forecast
    assert files.look()["hum_amb"].points == ((100.0, 8.0),)


def test_trouble_is_told_once_and_so_is_its_end(files, tmp_path):
    assert files.look()["hum_amb"].why == "missing"
    assert files.look() == {}
    put(tmp_path, f"{HEAD}100,nan\n")
    assert files.look()["hum_amb"].why == "not_a_number:line 2"
    assert files.look() == {}
    path = put(tmp_path, f"{HEAD}100,7\n")
    assert files.look()["hum_amb"].why == ""
    path.unlink()
    assert files.look()["hum_amb"].why == "missing"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (os.mkfifo, "no_file"),
        (os.mkdir, "no_file"),
        (lambda path: path.symlink_to("/dev/zero"), "no_file"),
        (lambda path: path.symlink_to(path), "unreadable:Too many levels of symbolic links"),
    ],
)
def test_what_is_no_ordinary_file_keeps_nobody_waiting(files, tmp_path, make, why):
    make(tmp_path / "weather.csv")
    assert files.look()["hum_amb"].why == why


def test_a_huge_file_is_refused_without_being_read_whole(files, tmp_path):
    with (tmp_path / "weather.csv").open("wb") as sparse:
        sparse.truncate(1 << 36)
    assert files.look()["hum_amb"].why == "too_large"


def test_news_never_waits_and_loses_nothing(files, tmp_path):
    put(tmp_path, f"{HEAD}100,7\n")
    assert files.news() == {}  # the look has only begun
    found, end = {}, time.monotonic() + 60.0
    while not found and time.monotonic() < end:
        found = files.news()
    assert found["hum_amb"].points == ((100.0, 7.0),)


def test_on_a_fast_clock_a_file_ages_as_fast(tmp_path):
    clock = FastClock.from_now(60.0, utc_s=5_000.0)
    files = ForecastFiles(plant(), tmp_path, clock)
    put(tmp_path, f"{HEAD}100,7\n", age_s=10.0)
    issued = files.look()["hum_amb"].issued_utc_s
    assert clock.now().utc_s - issued >= 600.0
    assert issued <= 5_000.0 + 60.0 * 60.0 - 600.0
    files.close()


def test_one_file_serves_several_dvs(tmp_path):
    rule = ForecastRule(age_s_max=60.0, file="weather.csv")
    files = ForecastFiles(plant(hum_amb=rule, feed_moist=replace(rule, column="solids")), tmp_path, RealClock())
    put(tmp_path, "time,hum_amb,solids\n1,7,52\n")
    found = {name: each.points for name, each in files.look().items()}
    assert found == {"hum_amb": ((1.0, 7.0),), "feed_moist": ((1.0, 52.0),)}
    files.close()


def test_without_files_there_is_nothing_to_do(tmp_path):
    files = ForecastFiles(demo_plant(), tmp_path, RealClock())
    assert (files.news(), files.look()) == ({}, {})
    files.close()
