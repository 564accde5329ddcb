"""Values that other programs leave on tags: when they were issued, and when they count."""

from __future__ import annotations

import math

import pytest

from constraints.supplied import Source
from safety.signals import Instant, Quality, Reading, Snapshot
from supervisor.arrivals import Issue, Seen, looked

UTC_S = 1_795_000_000.0
TIMED = Source(tags=("v",), time_tag="t")
COUNTED = Source(tags=("v",), count_tag="n")
STAMPED = Source(tags=("v", "w"))


def shot(mono_s: float, stamp: float | None = None, received: float | None = None, **values: float | None) -> Snapshot:
    at_s = mono_s if received is None else received
    readings = {
        tag: Reading(math.nan, Quality.BAD, None, at_s, "comm") if value is None
        else Reading(value, Quality.GOOD, stamp, at_s)
        for tag, value in values.items()
    }  # fmt: skip
    return Snapshot(1, Instant(mono_s, UTC_S + mono_s), readings)


def run(source: Source, *shots: Snapshot) -> list[Seen]:
    seen, found = Seen(), []
    for each in shots:
        seen = looked(source, each, seen)
        found.append(seen)
    return found


def test_a_tag_says_when_a_value_was_issued():
    found = run(TIMED, shot(0, v=1.0, t=50.0), shot(1, v=1.0, t=50.0), shot(2, v=2.0, t=60.0), shot(3, v=2.0, t=70.0))
    assert [each.issue for each in found] == [
        Issue((1.0,), 50.0), Issue((1.0,), 50.0), Issue((2.0,), 60.0), Issue((2.0,), 70.0),
    ]  # fmt: skip
    assert {each.why for each in found} == {""}


def test_what_stood_there_at_the_start_has_no_count_yet():
    found = run(COUNTED, *(shot(k, v=3.0, n=7.0) for k in range(3)), shot(3, v=4.0, n=8.0), shot(4, v=4.0, n=8.0))
    assert [each.issue for each in found] == [None, None, None, *[Issue((4.0,), UTC_S + 3.0)] * 2]
    assert [each.why for each in found] == ["not_issued"] * 3 + [""] * 2


def test_an_equal_value_is_issued_anew_by_its_count_alone():
    shots = [shot(0, v=4.0, n=7.0), shot(1, v=4.0, n=8.0), shot(2, v=4.0, n=8.0), shot(3, v=4.0, n=9.0)]
    found = run(COUNTED, *shots, shot(4, v=4.0, n=9.0))
    assert found[2].issue == Issue((4.0,), UTC_S + 1.0)
    assert found[3].issue == found[4].issue == Issue((4.0,), UTC_S + 3.0)


def test_the_oldest_stamp_dates_values_that_go_together():
    readings = {"v": Reading(1.0, Quality.GOOD, 40.0, 0.0), "w": Reading(2.0, Quality.GOOD, 30.0, 0.0)}
    assert looked(STAMPED, Snapshot(1, Instant(0.0, UTC_S), readings), Seen()).issue == Issue((1.0, 2.0), 30.0)
    (found,) = run(STAMPED, shot(0, v=1.0, w=2.0))
    assert (found.issue, found.why) == (None, "no_time:v")


def test_a_message_without_a_stamp_was_issued_when_it_came():
    (found,) = run(Source(tags=("v",), on_arrival=True), shot(100.0, received=70.0, v=1.0))
    assert found.issue == Issue((1.0,), UTC_S + 70.0)


@pytest.mark.parametrize("bad", ["v", "t"])
def test_what_was_issued_stays_while_its_tags_cannot_be_read(bad):
    good = {"v": 1.0, "t": 50.0}
    found = run(TIMED, shot(0, **good), shot(1, **good), shot(2, **{**good, bad: None}), shot(3, **good))
    assert (found[2].issue, found[2].why) == (Issue((1.0,), 50.0), f"tag_bad:{bad}")
    assert (found[3].issue, found[3].why) == (Issue((1.0,), 50.0), "")


def test_a_tag_that_is_not_there_at_all():
    assert run(TIMED, shot(0, v=1.0))[0].why == "tag_bad:t"
