from __future__ import annotations

import math

import pytest

from safety.watchdog import Watch, WatchdogRule, watch
from tests.safety.bench import codes, verdict
from tests.safety.words import candidate

RULE = WatchdogRule(warn_s=20.0, trip_s=45.0)
UP, DOWN = math.inf, -math.inf


@pytest.mark.parametrize(
    ("age_s", "found"),
    [
        (0.0, "none"), (20.0, "none"), (math.nextafter(20.0, UP), "hold"), (45.0, "hold"),
        (math.nextafter(45.0, UP), "shed"), (math.inf, "shed"), (math.nan, "shed"), (math.nextafter(0.0, DOWN), "shed"),
    ],
)  # fmt: skip
def test_two_stages(age_s, found):
    assert watch({"cycle": age_s}, {"cycle": RULE}) == Watch(found, () if found == "none" else ("cycle",))


def test_what_has_no_age_trips():
    assert watch({"plan": 0.0}, {"cycle": RULE, "plan": RULE}) == Watch("shed", ("cycle",))


def test_nothing_watched_is_nothing_late():
    assert watch({"cycle": 1e9}, {}) == Watch("none", ())


def test_the_worst_comes_first_and_counts():
    rules = {"a": RULE, "b": RULE, "c": RULE}
    assert watch({"a": 30.0, "b": 1.0, "c": 50.0}, rules) == Watch("shed", ("c", "a"))
    assert watch({"a": 30.0, "b": 31.0, "c": 0.0}, rules) == Watch("hold", ("a", "b"))


@pytest.mark.parametrize(("warn_s", "trip_s"), [(0.0, 1.0), (2.0, 2.0), (3.0, 2.0), (1.0, math.inf), (math.nan, 2.0)])
def test_a_rule_has_two_stages(warn_s, trip_s):
    with pytest.raises(ValueError, match="0 < warn < trip"):
        WatchdogRule(warn_s=warn_s, trip_s=trip_s)


def test_the_first_stage_lets_it_stand_still_only():
    late = Watch("hold", ("plan",))
    assert codes(candidate(sp=180.0, fan=180.0), late=late) == []
    found, _ = verdict(candidate(sp=180.4, fan=180.0), late=late)
    assert [(each.code, each.subject) for each in found.refusals] == [("watchdog", "plan")]
    assert found.action == "hold"


def test_the_second_stage_refuses_every_set():
    found, _ = verdict(candidate(sp=180.0), late=Watch("shed", ("cycle", "plan")))
    assert [(each.code, each.subject) for each in found.refusals] == [("watchdog", "cycle")]
    assert found.action == "shed"


def test_it_is_told_also_where_nothing_is_asked():
    assert verdict(candidate(), late=Watch("shed", ("cycle",)))[0].action == "shed"
