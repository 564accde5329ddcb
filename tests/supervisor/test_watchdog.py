"""The thread that ends a control process whose event loop hangs, and nothing else."""

from __future__ import annotations

import logging
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.clock import FastClock
from safety.watchdog import WatchdogRule
from supervisor import watchdog
from supervisor.clock import RealClock
from supervisor.watchdog import COUNTED_S_MAX, FLOOR_S, Waited, Watchdog, in_real_time, looked

RULE = WatchdogRule(warn_s=2.0, trip_s=3.0)
SHORT = WatchdogRule(warn_s=0.3, trip_s=0.6)
CALM = WatchdogRule(warn_s=1.0, trip_s=2.0)
"""For a healthy run in real time: a busy machine may keep a thread waiting for as long as ``SHORT``."""


def after(*looks: tuple[float, int], rule: WatchdogRule = RULE) -> Waited:
    """Return what is known after looks at such times that found so many cycles finished."""
    waited = Waited(0.0)
    for now_s, cycles in looks:
        waited = looked(waited, cycles, now_s, rule)
    return waited


def every(step_s: float, until_s: float, cycles: int = 1) -> list[tuple[float, int]]:
    return [(step_s * number, cycles) for number in range(1, round(until_s / step_s) + 1)]


@pytest.mark.parametrize(
    ("seconds", "stage"), [(1.0, "none"), (3.0, "none"), (3.5, "warn"), (4.0, "warn"), (4.5, "trip"), (60.0, "trip")]
)
def test_f70_two_stages_from_the_last_finished_cycle_on(seconds: float, stage: str) -> None:
    assert after((0.5, 0), (1.0, 1), *((1.0 + at_s, 1) for at_s, _ in every(0.5, seconds - 1.0))).stage == stage


def test_a_start_may_take_its_time() -> None:
    assert after(*every(0.5, 600.0, cycles=0)) == Waited(600.0)


def test_each_finished_cycle_begins_anew() -> None:
    looks = [(0.5 * n, 1 + n // 4) for n in range(1, 400)]
    assert max(after(*looks[:n]).late_s for n in range(1, 400)) == 1.5


def test_f59_a_process_that_was_stopped_as_a_whole_is_not_late() -> None:
    assert after((1.0, 1), (1.2, 1), (3601.2, 1)).late_s == pytest.approx(0.2 + COUNTED_S_MAX)
    assert after((1.0, 1), (1.2, 1), (3601.2, 1)).stage == "none"


def test_time_that_goes_back_counts_nothing() -> None:
    assert after((9.0, 1), (1.0, 1)).late_s == 0.0


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.booleans()), max_size=40))
def test_it_never_trips_where_a_cycle_was_finished_in_time(steps: list[tuple[float, bool]]) -> None:
    now_s, cycles, waited, since_s = 0.0, 1, Waited(0.0, 1), 0.0
    for step_s, finished in steps:
        now_s, cycles, since_s = now_s + step_s, cycles + finished, 0.0 if finished else since_s + step_s
        waited = looked(waited, cycles, now_s, RULE)
        assert waited.stage != "trip" or since_s > RULE.trip_s
        assert waited.stage == "none" or since_s > RULE.warn_s


def test_on_a_plant_the_rule_is_the_rule() -> None:
    for rule in (SHORT, RULE, WatchdogRule(warn_s=30.0, trip_s=45.0)):
        assert in_real_time(rule, RealClock()) == rule


@pytest.mark.parametrize(
    ("rule", "real"),
    [
        (WatchdogRule(warn_s=30.0, trip_s=45.0), FLOOR_S),
        (WatchdogRule(warn_s=2.0, trip_s=6.0), WatchdogRule(warn_s=2.0, trip_s=6.0)),
        (WatchdogRule(warn_s=600.0, trip_s=900.0), WatchdogRule(warn_s=10.0, trip_s=15.0)),
    ],
)
def test_a_bench_that_runs_fast_is_not_hasty(rule: WatchdogRule, real: WatchdogRule) -> None:
    assert in_real_time(rule, FastClock.from_now(60.0)) == real


@given(st.floats(0.01, 1e4), st.floats(1.01, 100.0), st.floats(0.01, 1e3))
def test_every_rule_stays_a_rule(warn_s: float, more: float, speed: float) -> None:
    found = in_real_time(WatchdogRule(warn_s=warn_s, trip_s=warn_s * more), FastClock(speed, 0.0, 0.0))
    assert 0.0 < found.warn_s < found.trip_s


# ------------------------------------------------------------------------------------------------ the thread


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """A watchdog that notes with what it would have ended the process."""
    ended: list[int] = []
    over = threading.Event()

    def end(code: int) -> None:
        ended.append(code)
        over.set()

    dog = Watchdog(SHORT, RealClock(), 70, end)
    with (tmp_path / "stacks").open("w+", encoding="utf-8") as stacks:
        monkeypatch.setattr(sys, "__stderr__", stacks)
        yield dog, ended, over
        dog.close()


def test_f70_it_says_where_everything_stands_and_ends_the_process(watched, caplog, tmp_path) -> None:
    dog, ended, over = watched
    dog.start()
    dog.finished()
    assert over.wait(10.0)
    assert ended == [70]
    said = [record.getMessage() for record in caplog.records if record.name == "setwise.watchdog"]
    assert [text.split(" s")[1][:5] for text in said] == ["; eve", ": end"]
    stacks = (tmp_path / "stacks").read_text(encoding="utf-8")
    assert stacks.count("test_f70_it_says_where_everything_stands") == 2  # the main thread, which waits for it


def test_f70_it_ends_the_process_even_where_the_log_hangs(watched, monkeypatch) -> None:
    dog, ended, over = watched
    stuck = threading.Event()

    class Stuck(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            stuck.wait(30.0)

    handler = Stuck()
    monkeypatch.setattr(watchdog, "SAY_S", 0.2)
    logging.getLogger("setwise.watchdog").addHandler(handler)
    try:
        dog.start()
        dog.finished()
        assert over.wait(10.0)
    finally:
        stuck.set()
        logging.getLogger("setwise.watchdog").removeHandler(handler)
    assert ended == [70]


def test_it_lets_a_start_an_end_and_a_healthy_run_be(watched) -> None:
    _, ended, over = watched
    dog = Watchdog(CALM, RealClock(), 70, lambda code: (ended.append(code), over.set()))
    dog.start()
    assert not over.wait(1.2 * CALM.trip_s)  # no cycle yet
    for _ in range(50):
        dog.finished()
        time.sleep(0.05)
    dog.close()
    assert not over.wait(1.2 * CALM.trip_s)
    assert ended == []
