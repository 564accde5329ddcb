"""Rates against a day whose figures were counted by hand."""

from __future__ import annotations

import pytest

from constraints.alarms import PRIORITIES
from supervisor.alarms.journal import Line, journal
from supervisor.alarms.rates import rates
from supervisor.record import AlarmStep

START = 1_795_500_000.0
DAY_S, HOUR_S, MINUTE_S = 86_400.0, 3_600.0, 60.0


def step(id_, step="raised", priority="low", **more):
    return AlarmStep(id=id_, step=step, state="unack", occurrence=1, priority=priority, text="", **more)


def line(after_s, id_, priority="low", kind="raised"):
    return Line(START + after_s, 1, step(id_, kind, priority))


def golden():
    """A day: 6 quiet ones, one that chatters 4 times, an upset of 12 across two ten-minute spans, one at the very end;
    23 in all.
    """
    quiet = [line(hour * HOUR_S, "tag:T_out") for hour in (1, 3, 5, 7, 9, 11)]
    chatter = [line(13 * HOUR_S + after, "link:dcs", "medium") for after in (0.0, 20.0, 40.0, 60.0)]
    upset = [line(15 * HOUR_S + 7 * MINUTE_S + 25.0 * n, f"tag:t{n}", "high" if n < 2 else "low") for n in range(12)]
    last = [line(DAY_S - 1.0, "trip:controller", "critical")]
    noise = [line(HOUR_S, "tag:T_out", kind="cleared"), line(DAY_S, "tag:late"), line(-1.0, "tag:early")]
    return quiet + chatter + upset + last + noise


def test_the_golden_day():
    found = rates(golden(), START, START + DAY_S)
    assert (found.count, found.peak_10_min) == (23, 12)
    assert found.per_day == pytest.approx(23.0)
    assert found.per_10_min == pytest.approx(23 / 144)
    assert found.flood_share == 0.0  # 8 before and 4 after the turn of a span
    assert found.mix == pytest.approx({"critical": 1 / 23, "high": 2 / 23, "medium": 4 / 23, "low": 16 / 23})
    assert [(each.id, each.count) for each in found.top[:3]] == [("tag:T_out", 6), ("link:dcs", 4), ("tag:t0", 1)]
    assert len(found.top) == 10
    assert found.top_share == pytest.approx(18 / 23)
    assert found.chattering == ("link:dcs",)
    assert {each.name: each.met for each in found.targets} == {
        "per_day": True, "per_10_min": True, "flood_share": True, "top_share": False, "stale": True,
    }  # fmt: skip


def test_a_span_with_more_than_ten_is_a_flood():
    ten = [line(30.0 * n, f"tag:t{n}") for n in range(10)]
    assert rates(ten, START, START + HOUR_S).flood_share == 0.0
    eleven = [*ten, line(599.0, "tag:x")]
    found = rates(eleven, START, START + HOUR_S)
    assert found.flood_share == pytest.approx(1 / 6)
    assert not {each.name: each.met for each in found.targets}["flood_share"]


def test_ten_minutes_do_not_hold_their_own_end():
    assert rates([line(0.0, "a:b"), line(600.0, "a:b")], START, START + HOUR_S).peak_10_min == 1
    assert rates([line(0.0, "a:b"), line(599.9, "a:b")], START, START + HOUR_S).peak_10_min == 2


def test_a_part_of_a_day_is_told_for_a_whole_one():
    found = rates([line(1.0, "a:b")], START, START + HOUR_S)
    assert (found.per_day, found.per_10_min) == pytest.approx((24.0, 1 / 6))


def test_no_alarm_at_all():
    found = rates([], START, START + DAY_S)
    assert (found.count, found.per_day, found.peak_10_min, found.top, found.top_share) == (0, 0.0, 0, (), 0.0)
    assert found.mix == dict.fromkeys(PRIORITIES, 0.0)
    assert all(each.met for each in found.targets)


@pytest.mark.parametrize("end", [START, START - 1.0, float("nan")])
def test_a_span_without_length_is_said(end):
    with pytest.raises(ValueError, match="no span of time"):
        rates([], START, end)


def test_the_journal_is_every_step_in_order(make_record):
    steps = (step("link:dcs"), step("link:dcs", "acknowledged", by="jo", why="seen"))
    found = list(
        journal(
            [
                make_record(1, alarm_steps=steps),
                make_record(1, alarm_steps=steps),
                make_record(2, alarm_steps=()),
                make_record(3, alarm_steps=steps[:1]),
            ]
        )
    )
    assert [(each.cycle, each.step.step, each.step.by) for each in found] == [
        (1, "raised", ""), (1, "acknowledged", "jo"), (3, "raised", ""),
    ]  # fmt: skip
    assert found[2].utc_s == 1_003.0
