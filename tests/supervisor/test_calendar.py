"""The calendar on clocks that run fast, jump, and stand still; each change comes once, soon, and is never lost."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import apscheduler.schedulers.base
import pytest

import supervisor.calendar
from constraints.terms import ScheduleEntry, TariffBand, TariffVersion
from hil.clock import FastClock
from safety.signals import Instant
from supervisor.audit.capacity import Capacity, CapacityState
from supervisor.audit.chain import SignedHead
from supervisor.audit.heads import HeadsError
from supervisor.audit.trouble import StoreError
from supervisor.calendar import HEADS_S, HORIZON_S, KEEP_S, MINUTE_S, Calendar, next_change, next_multiple
from supervisor.clock import RealClock
from supervisor.inforce import InForce, PlantRule

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = ScheduleEntry(
    name="Night", days=frozenset(range(7)), start_min=22 * 60, end_min=6 * 60, limits={("P_fan", "hi"): 105.0}
)
PEAK = TariffVersion(
    valid_from="2026-01-01",
    bands=(TariffBand(name="peak", price=0.2, hours=((420, 1200),)), TariffBand(name="off", price=0.1)),
)
RULE = PlantRule(SimpleNamespace(timezone="Europe/Berlin", schedule=(NIGHT,), tariffs={"grid": (PEAK,)}))
SPEED = 60.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


class Stepped:
    """A fast clock whose UTC can be set, as an operator or NTP does."""

    def __init__(self, utc_s: float, speed: float = SPEED) -> None:
        self._inner = FastClock.from_now(speed, utc_s)
        self.offset_s = 0.0

    def now(self) -> Instant:
        inner = self._inner.now()
        return Instant(inner.mono_s, inner.utc_s + self.offset_s)

    def real_s(self, seconds: float) -> float:
        return self._inner.real_s(seconds)

    async def sleep_until(self, mono_s: float) -> None:
        await self._inner.sleep_until(mono_s)


@pytest.fixture
def run():
    made: list[Calendar] = []

    def start(clock, rule=RULE, record=None, keeper=None, machine=None):
        calendar = Calendar(clock, rule, record, keeper, machine)
        made.append(calendar)
        calendar.start()
        return calendar

    yield start
    for calendar in made:
        calendar.close()


def collect(calendar, seconds, enough=lambda _notes: False):
    """Take notes for so many real seconds, or until they are enough."""
    notes, end = [], time.monotonic() + seconds
    while time.monotonic() < end and not enough(notes):
        notes += calendar.take()
        time.sleep(0.01)
    return notes


def of_kind(notes, kind):
    return [note for note in notes if note.kind == kind]


def test_what_is_in_force_is_known_at_once(run):
    clock = FastClock.from_now(SPEED, at("2026-11-24 23:00"))
    calendar = Calendar(clock, RULE)
    assert calendar.in_force() is None
    calendar.evaluate()
    (note,) = calendar.take()
    assert note.in_force == InForce(limits={("P_fan", "hi"): 105.0}, prices={"grid": 0.1}, entries=("Night",))
    assert calendar.in_force() == note.in_force
    assert calendar.take() == ()


@pytest.mark.parametrize(
    ("start", "change", "entries", "price"),
    [
        ("2026-11-24 21:59:15", "2026-11-24 22:00", ("Night",), 0.1),
        ("2026-11-25 05:59:15", "2026-11-25 06:00", (), 0.1),
        ("2026-11-25 06:59:15", "2026-11-25 07:00", (), 0.2),
        ("2026-03-29 05:59:15", "2026-03-29 06:00", (), 0.1),  # the night that is an hour short
        ("2026-10-25 05:59:15", "2026-10-25 06:00", (), 0.1),  # and the one that is an hour long
    ],
)
def test_a_change_comes_on_time_on_a_clock_60_times_fast(run, start, change, entries, price):
    calendar = run(FastClock.from_now(SPEED, at(start)))
    notes = collect(calendar, 15.0, lambda notes: len(of_kind(notes, "in_force")) == 2)
    first, second = of_kind(notes, "in_force")
    assert (second.in_force.entries, second.in_force.prices) == (entries, {"grid": price})
    assert second.in_force != first.in_force
    assert 0.0 <= second.utc_s - at(change) < 0.9 * SPEED  # by its event: the watch over all comes once a real second
    assert calendar.in_force() == second.in_force
    assert of_kind(collect(calendar, 0.3), "in_force") == []  # said once


def test_a_cycle_after_the_time_has_the_change_though_no_thread_ever_ran():
    clock = Stepped(at("2026-11-24 21:59:50"))
    calendar = Calendar(clock, RULE)
    calendar.evaluate()
    assert [note.in_force.entries for note in calendar.take()] == [()]
    clock.offset_s += 5.0
    assert calendar.take() == ()
    clock.offset_s += 5.0
    assert [note.in_force.entries for note in calendar.take()] == [("Night",)]
    assert calendar.take() == ()


def test_a_job_that_was_held_up_does_not_bring_back_what_was():
    """Another thread saw the change while this one waited for the lock: what held before it began to wait is over."""
    clock = Stepped(at("2026-11-24 21:59:50"))
    calendar = Calendar(clock, RULE)
    calendar.evaluate()

    class HeldUp:
        inner, waited = threading.Lock(), False

        def __enter__(self):
            if not self.waited:
                self.waited = True
                clock.offset_s += 20.0
                calendar.evaluate()
            self.inner.acquire()

        def __exit__(self, *_):
            self.inner.release()

    calendar._lock = HeldUp()
    calendar.evaluate()
    assert [note.in_force.entries for note in calendar.take()] == [(), ("Night",)]


def test_at_real_speed_too(run):
    clock = FastClock.from_now(1.0, at("2026-11-24 21:59:59.5"))
    notes = collect(run(clock), 15.0, lambda notes: len(of_kind(notes, "in_force")) == 2)
    assert 0.0 <= of_kind(notes, "in_force")[1].utc_s - at("2026-11-24 22:00") < 5.0  # the watch comes once a minute


def test_a_lost_event_heals_within_a_minute(run):
    calendar = run(FastClock.from_now(SPEED, at("2026-11-24 21:59:15")))
    calendar._scheduler.remove_job("change")
    notes = collect(calendar, 15.0, lambda notes: len(of_kind(notes, "in_force")) == 2)
    assert of_kind(notes, "in_force")[1].utc_s < at("2026-11-24 22:01") + 2.0 * SPEED


def test_the_clock_is_set_back_30_s_over_a_change(run):
    clock = Stepped(at("2026-11-24 22:00:10"), speed=10.0)
    calendar = run(clock)
    clock.offset_s -= 30.0
    done = lambda notes: len(of_kind(notes, "in_force")) == 3 and of_kind(notes, "clock_step")  # noqa: E731
    notes = collect(calendar, 15.0, done)
    (step,) = of_kind(notes, "clock_step")
    assert step.amount == pytest.approx(-30.0, abs=0.5)
    night, day, again = of_kind(notes, "in_force")
    assert (night.in_force.entries, day.in_force.entries, again.in_force.entries) == (("Night",), (), ("Night",))
    assert 0.0 <= again.utc_s - at("2026-11-24 22:00") < 2.0 * 10.0


def test_the_clock_is_set_forward_an_hour_over_a_change(run):
    clock = Stepped(at("2026-11-24 21:30"))
    calendar = run(clock)
    clock.offset_s += 3_600.0
    done = lambda notes: len(of_kind(notes, "in_force")) == 2 and of_kind(notes, "clock_step")  # noqa: E731
    notes = collect(calendar, 15.0, done)
    assert of_kind(notes, "clock_step")[0].amount == pytest.approx(3_600.0, abs=0.5)
    assert of_kind(notes, "in_force")[1].in_force.entries == ("Night",)


class Wall(RealClock):
    """The machine's own clock, settable."""

    by_s = 0.0

    def now(self) -> Instant:
        real = super().now()
        return Instant(real.mono_s, real.utc_s + self.by_s)


@pytest.fixture
def wall(monkeypatch):
    """The machine's clock as APScheduler, triggers and the watch see it."""
    clock = Wall()

    class Moved(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(clock.now().utc_s, tz or UTC)

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Moved)
    return clock


@pytest.mark.parametrize("step_s", [-30.0, -3_600.0, 3_600.0])
def test_the_machines_clock_is_set_and_the_plants_is_not(run, wall, step_s):
    clock = FastClock.from_now(SPEED, at("2026-11-24 21:58:45"))  # the change is 1.25 real seconds away
    calendar = run(clock, machine=wall)
    wall.by_s = step_s
    done = lambda notes: len(of_kind(notes, "in_force")) == 2 and of_kind(notes, "clock_step")  # noqa: E731
    notes = collect(calendar, 15.0, done)
    assert of_kind(notes, "clock_step")
    assert of_kind(notes, "in_force")[1].utc_s - at("2026-11-24 22:00") < 5.0 * SPEED


def test_control_without_the_watch_a_step_back_stops_everything(run, wall, monkeypatch):
    """The control: it is the watch that heals this, and APScheduler alone does stand still."""
    monkeypatch.setattr(Calendar, "_run_all", lambda _self: None)
    calendar = run(FastClock.from_now(SPEED, at("2026-11-24 21:58:45")), machine=wall)
    wall.by_s = -30.0
    time.sleep(3.0)
    assert calendar.in_force().entries == ()  # the threads' own finding, before anybody takes notes


class Record:
    def __init__(self):
        self.signed, self.asked = [], 0

    def sign_head(self, utc_s):
        self.signed.append(utc_s)
        return SignedHead(len(self.signed), 1, "a", utc_s, "", "b")

    def capacity(self):
        self.asked += 1
        return Capacity(0.85, CapacityState.ALARM)


class Keeper:
    def __init__(self):
        self.calls = []

    def roll_up(self, now_utc_s):
        self.calls.append(("roll_up", now_utc_s))
        return 3

    def retain(self, now_utc_s):
        self.calls.append(("retain", now_utc_s))
        return 2


def test_heads_capacity_and_history_are_looked_after(run):
    record, keeper = Record(), Keeper()
    fast = 6 * SPEED
    start = at("2026-11-24 11:54:30")
    calendar = run(FastClock.from_now(fast, start), RULE, record, keeper)
    notes = collect(calendar, 15.0, lambda notes: of_kind(notes, "kept") and len(of_kind(notes, "head")) >= 2)
    assert record.signed[0] - at("2026-11-24 11:55") < 0.9 * fast
    assert record.signed[1] - at("2026-11-24 12:00") < 0.9 * fast
    assert of_kind(notes, "head")[0].head.utc_s == record.signed[0]
    assert of_kind(notes, "capacity")[0].capacity == Capacity(0.85, CapacityState.ALARM)
    assert record.asked >= 4
    assert [name for name, _ in keeper.calls] == ["roll_up", "retain"]
    assert of_kind(notes, "kept")[0].amount == 5.0


def test_trouble_with_the_record_is_a_note_not_an_end(run):
    class Bad(Record):
        def sign_head(self, utc_s):
            raise HeadsError("volume gone") if self.asked % 2 else StoreError("busy")

        def capacity(self):
            self.asked += 1
            raise StoreError("busy")

    class BadKeeper(Keeper):
        def roll_up(self, now_utc_s):
            raise StoreError("locked")

    calendar = run(FastClock.from_now(6 * SPEED, at("2026-11-24 11:59:30")), RULE, Bad(), BadKeeper())
    texts = lambda notes: {note.text.split(":")[0] for note in of_kind(notes, "trouble")}  # noqa: E731
    wanted = {"head not signed", "capacity not known", "history not kept"}
    notes = collect(calendar, 15.0, lambda notes: texts(notes) >= wanted)
    assert texts(notes) >= wanted


def test_slow_keeping_does_not_hold_up_a_limit(run):
    release = threading.Event()

    class Slow(Keeper):
        def roll_up(self, now_utc_s):
            release.wait(5.0)
            return 0

    calendar = run(FastClock.from_now(SPEED, at("2026-11-24 21:58:45")), RULE, None, Slow())
    calendar._scheduler.get_job("history").modify(next_run_time=datetime.now(UTC))
    notes = collect(calendar, 3.0, lambda notes: len(of_kind(notes, "in_force")) == 2)
    release.set()
    assert of_kind(notes, "in_force")[1].utc_s - at("2026-11-24 22:00") < 2.0 * SPEED


def test_a_job_that_overruns_is_told_and_never_runs_twice_at_once(run):
    running, most = [0], [0]

    class Slow(Record):
        def capacity(self):
            running[0] += 1
            most[0] = max(most[0], running[0])
            time.sleep(1.3)  # a plant minute is one real second here
            running[0] -= 1
            return Capacity(0.0, CapacityState.OK)

    calendar = run(FastClock.from_now(SPEED, at("2026-11-24 12:00:55")), RULE, Slow())
    notes = collect(calendar, 15.0, lambda notes: any("overran" in note.text for note in notes))
    assert any("job capacity overran" in note.text for note in notes)
    assert most[0] == 1


def test_a_bug_in_a_job_reaches_the_cycle(run):
    class Broken:
        def __init__(self):
            self.asked = 0

        def at(self, utc_s):
            self.asked += 1
            if self.asked > 1:
                raise ZeroDivisionError
            return InForce()

        def next_change(self, utc_s):
            return utc_s + 6.0

    calendar = run(FastClock.from_now(SPEED, at("2026-11-24 12:00")), Broken())
    with pytest.raises(ZeroDivisionError):
        collect(calendar, 3.0)


def test_notes_are_bounded_when_nobody_takes_them(run):
    calendar = Calendar(FastClock.from_now(SPEED, 0.0), RULE)
    for _ in range(2_000):
        calendar._in_force = None
        calendar.evaluate()
    assert len(calendar.take()) == supervisor.calendar.NOTES_MAX


def test_closing_twice_or_unstarted_is_fine():
    calendar = Calendar(FastClock.from_now(SPEED, 0.0), RULE)
    calendar.close()
    calendar = Calendar(FastClock.from_now(SPEED, 0.0), RULE)
    calendar.start()
    calendar.close()
    calendar.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("calendar")]


def test_multiples():
    assert [next_multiple(MINUTE_S, each) for each in (0.0, 59.9, 60.0, 61.0)] == [60.0, 60.0, 120.0, 120.0]
    assert next_multiple(HEADS_S, 299.999) == 300.0
    assert next_multiple(KEEP_S, 3_600.0) == 7_200.0


def test_a_change_beyond_the_horizon_is_looked_for_again():
    never = PlantRule(SimpleNamespace(timezone="UTC", schedule=(), tariffs={}))
    assert next_change(never, 100.0) == 100.0 + HORIZON_S
    assert next_change(RULE, at("2026-11-24 20:30")) == at("2026-11-24 22:00")
