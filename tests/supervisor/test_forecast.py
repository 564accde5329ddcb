"""Forecasts in the supervisor: what of them the controller gets, and when the DV is held instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from constraints.supplied import ForecastRule, Source
from safety.validity import ValidityRule
from supervisor.forecast import POINTS_MAX, Forecast
from tests.supervisor.walk import CYCLE_S, UTC_S, Walk, demo_plant, with_rules

FILE = ForecastRule(age_s_max=3_600.0, file="weather.csv")
TAGS = ForecastRule(
    age_s_max=1_800.0, source=Source(tags=("T_amb", "T_out_b"), time_tag="fan_vib"), ahead_s=(0.0, 900.0)
)


def walked(rule: ForecastRule) -> Walk:
    plant, lasting = demo_plant(), ValidityRule(stamp="ignore", stale_s=1e9)
    dvs = {**plant.dvs, "hum_amb": replace(plant.dvs["hum_amb"], forecast=rule)}
    tags = dict.fromkeys(("T_amb", "T_out_b", "fan_vib"), lasting)
    walk = Walk(with_rules(dvs=dvs, validity={**plant.validity, **tags}))
    walk.run(3)
    return walk


def news(walk: Walk, *points: tuple[float, float], age_s: float = 0.0, why: str = "") -> dict[str, Forecast]:
    now_utc_s = UTC_S + walk.now_s
    at = tuple((now_utc_s + ahead_s, value) for ahead_s, value in points)
    return {"hum_amb": Forecast(points=at, issued_utc_s=now_utc_s - age_s, why=why)}


def state(step) -> str:
    return step.record.supplied["forecast"]["hum_amb"]


def test_a_file_counts_from_the_next_cycle_on_and_comes_nearer():
    walk = walked(FILE)
    assert state(walk.cycle()) == "not_read"
    walk.cycle(forecasts=news(walk, (-600.0, 7.0), (0.0, 7.5), (600.0, 9.0), (1200.0, 8.0)))
    step = walk.cycle()
    (now_s, now), first, last = step.view.inputs.forecast["hum_amb"]
    assert (now, first[1], last[1]) == (7.5, 9.0, 8.0)
    assert (now_s, first[0], last[0]) == pytest.approx((-2 * CYCLE_S, 600.0 - 2 * CYCLE_S, 1200.0 - 2 * CYCLE_S))
    assert state(step) == "in_use"
    later = walk.run(3).view.inputs.forecast["hum_amb"]
    assert later[1][0] == pytest.approx(first[0] - 3 * CYCLE_S)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"why": "missing"}, "missing"),
        ({"age_s": 3_601.0}, "stale"),
        ({"age_s": -900.0}, "in_future"),
        ({"points": ()}, "empty"),
        ({"points": ((0.0, 7.0), (600.0, 1e300))}, "outside_range"),
        ({"points": ((0.0, 7.0), (600.0, float("nan")))}, "outside_range"),
        ({"points": ((-900.0, 7.0), (-600.0, 8.0))}, "over"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_dv_held(given, says):
    walk = walked(FILE)
    points = given.pop("points", ((0.0, 7.0), (600.0, 9.0)))
    walk.cycle(forecasts=news(walk, *points, **given))
    step = walk.cycle()
    assert (step.view.inputs.forecast, state(step)) == ({}, says)
    assert ("forecast", "hum_amb") in walk.memory.alarms
    walk.cycle(forecasts=news(walk, (0.0, 7.0), (600.0, 9.0)))
    step = walk.cycle()
    assert state(step) == "in_use"
    assert ("forecast", "hum_amb") not in walk.memory.alarms


def test_a_file_that_nobody_renews_grows_old():
    walk = walked(replace(FILE, age_s_max=3 * CYCLE_S))
    walk.cycle(forecasts=news(walk, (0.0, 7.0), (6_000.0, 9.0)))
    assert [state(walk.cycle()) for _ in range(4)] == ["in_use", "in_use", "stale", "stale"]


def test_of_many_points_the_next_ones_are_given():
    walk = walked(FILE)
    walk.cycle(forecasts=news(walk, *((60.0 * k, 7.0) for k in range(-5_000, 5_000))))
    points = walk.cycle().view.inputs.forecast["hum_amb"]
    assert len(points) == POINTS_MAX
    assert points[0][0] <= 0.0 < points[1][0]


def test_tags_say_it_from_their_issue_on():
    walk = walked(TAGS)
    walk.sensors |= {"T_amb": 7.2, "T_out_b": 9.0, "fan_vib": UTC_S + walk.now_s - 300.0}
    walk.cycle()
    step = walk.cycle()
    assert step.view.inputs.forecast == {
        "hum_amb": (pytest.approx((-330.0, 7.2)), pytest.approx((570.0, 9.0))),
    }
    assert state(step) == "in_use"
    walk.sensors["fan_vib"] = UTC_S - 3_600.0
    walk.run(2)
    assert state(walk.steps[-1]) == "stale"


def test_a_dv_without_a_forecast_is_not_spoken_of():
    step = Walk().cycle()
    assert (step.view.inputs.forecast, step.record.supplied) == ({}, {})
