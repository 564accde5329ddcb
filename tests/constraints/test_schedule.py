from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.localtime import local_time
from constraints.schedule import active_entries, mode_cap, next_schedule_change, schedule_limits
from constraints.terms import ScheduleEntry
from safety.signals import Mode

ZONE = "Europe/Berlin"
WEEK = frozenset(range(7))
NIGHT = ScheduleEntry(name="Night", days=WEEK, start_min=22 * 60, end_min=6 * 60, limits={("P", "hi"): 105.0})
FRIDAY = ScheduleEntry(name="Friday night", days=frozenset({4}), start_min=22 * 60, end_min=6 * 60)
CLEAN = ScheduleEntry(name="CIP", days=frozenset({5}), start_min=360, end_min=600, mode=Mode.MONITOR)


def at(text: str, *, fold: int = 0) -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE), fold=fold).timestamp()


def names(schedule: tuple[ScheduleEntry, ...], utc_s: float) -> list[str]:
    return [entry.name for entry in active_entries(schedule, utc_s, ZONE)]


def test_a_night_runs_over_midnight_and_belongs_to_the_evening() -> None:
    both = (NIGHT, FRIDAY)
    assert names(both, at("2026-11-20T21:59:59")) == []
    assert names(both, at("2026-11-20T22:00:00")) == ["Night", "Friday night"]  # a Friday
    assert names(both, at("2026-11-21T05:59:59")) == ["Night", "Friday night"]
    assert names(both, at("2026-11-21T06:00:00")) == []
    assert names(both, at("2026-11-21T23:00:00")) == ["Night"]
    assert names(both, at("2026-11-20T03:00:00")) == ["Night"]


def test_spans_are_half_open() -> None:
    assert names((CLEAN,), at("2026-11-21T05:59:59")) == []
    assert names((CLEAN,), at("2026-11-21T06:00:00")) == ["CIP"]
    assert names((CLEAN,), at("2026-11-21T10:00:00")) == []


def test_next_change() -> None:
    every = (NIGHT, CLEAN)
    assert next_schedule_change(every, at("2026-11-20T12:00:00"), ZONE) == at("2026-11-20T22:00:00")
    assert next_schedule_change(every, at("2026-11-20T22:00:00"), ZONE) == at("2026-11-21T06:00:00")
    assert next_schedule_change((CLEAN,), at("2026-11-21T10:00:00"), ZONE) == at("2026-11-28T06:00:00")
    assert next_schedule_change((), at("2026-11-21T10:00:00"), ZONE) is None
    always = ScheduleEntry(name="x", days=WEEK, start_min=0, end_min=1440)
    assert next_schedule_change((always,), at("2026-11-21T10:00:00"), ZONE) is None


def test_the_night_of_the_change_to_summer_is_an_hour_shorter() -> None:
    start, end = at("2026-03-28T22:00:00"), at("2026-03-29T06:00:00")
    assert end - start == 7 * 3600
    assert next_schedule_change((NIGHT,), start, ZONE) == end


def test_the_night_of_the_change_to_winter_is_an_hour_longer() -> None:
    start, end = at("2026-10-24T22:00:00"), at("2026-10-25T06:00:00")
    assert end - start == 9 * 3600
    assert next_schedule_change((NIGHT,), start, ZONE) == end


def test_a_span_inside_the_skipped_hour_does_not_come_that_day() -> None:
    skipped = ScheduleEntry(name="x", days=WEEK, start_min=2 * 60 + 15, end_min=2 * 60 + 45)
    assert next_schedule_change((skipped,), at("2026-03-28T12:00:00"), ZONE) == at("2026-03-30T02:15:00")


def test_a_span_that_reaches_into_the_skipped_hour_ends_where_the_clock_jumps() -> None:
    cut = ScheduleEntry(name="x", days=WEEK, start_min=60, end_min=2 * 60 + 30)
    start = at("2026-03-29T01:00:00")
    assert next_schedule_change((cut,), start, ZONE) == start + 3600
    late = ScheduleEntry(name="x", days=WEEK, start_min=2 * 60 + 30, end_min=4 * 60)
    assert next_schedule_change((late,), start, ZONE) == start + 3600  # 03:00 is the first minute after 02:30


def test_the_hour_that_comes_twice_counts_twice() -> None:
    twice = ScheduleEntry(name="x", days=frozenset({6}), start_min=2 * 60 + 15, end_min=2 * 60 + 45)
    first, second = at("2026-10-25T02:15:00"), at("2026-10-25T02:15:00", fold=1)
    assert second - first == 3600
    changes = []
    now: float | None = at("2026-10-25T00:00:00")
    for _ in range(4):
        assert now is not None
        now = next_schedule_change((twice,), now, ZONE)
        changes.append(now)
    assert changes == [first, first + 1800, second, second + 1800]


def test_the_narrowest_limit_and_the_lowest_mode_hold() -> None:
    entries = (
        ScheduleEntry(name="a", days=WEEK, start_min=0, end_min=9, limits={("P", "hi"): 5.0, ("P", "lo"): 1.0}),
        ScheduleEntry(name="b", days=WEEK, start_min=0, end_min=9, limits={("P", "hi"): 4.0, ("P", "lo"): 2.0}),
        ScheduleEntry(name="c", days=WEEK, start_min=0, end_min=9, mode=Mode.MONITOR),
        ScheduleEntry(name="d", days=WEEK, start_min=0, end_min=9, mode=Mode.ADVISORY),
    )
    assert schedule_limits(entries) == {("P", "hi"): 4.0, ("P", "lo"): 2.0}
    assert mode_cap(entries) is Mode.MONITOR
    assert mode_cap(()) is Mode.CLOSED_LOOP


ENTRIES = st.builds(
    lambda days, start, length: ScheduleEntry(
        name=f"{sorted(days)}{start}+{length}", days=days, start_min=start, end_min=(start + length) % 1440
    ),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1439),
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(ENTRIES, min_size=1, max_size=3).map(tuple),
    st.sampled_from(["2026-03-27T12:34", "2026-10-23T12:34", "2026-06-01T00:00"]),
    st.sampled_from([ZONE, "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
)
def test_nothing_changes_before_the_next_change_and_something_does_at_it(
    schedule: tuple[ScheduleEntry, ...], start: str, zone: str
) -> None:
    now = at(start)
    active = active_entries(schedule, now, zone)
    change = next_schedule_change(schedule, now, zone)
    until = change if change is not None else now + 7 * 86_400
    for instant in range(int(now), int(until), 900):
        assert active_entries(schedule, float(instant), zone) == active
    assert active_entries(schedule, until - 1.0, zone) == active
    if change is not None:
        assert active_entries(schedule, change, zone) != active


def test_local_time_does_not_depend_on_the_machine() -> None:
    shown = local_time(at("2026-11-22T19:30:59"), ZONE)
    assert (shown.date, shown.weekday, shown.minute) == ("2026-11-22", 6, 19 * 60 + 30)
