"""External targets in the supervisor: from tags and persons, how old they may be, and how fast they come."""

from __future__ import annotations

from dataclasses import replace

import pytest

from constraints.supplied import ExternalRule, Source
from safety.signals import Mode
from safety.validity import ValidityRule
from supervisor.external import LASTS_S_MAX
from tests.supervisor.walk import CYCLE_S, UTC_S, Walk, bad_reading, demo_plant, with_rules

TAG = Source(tags=("T_amb",), time_tag="fan_vib")
"""Any two tags of the demo serve as the planner's."""


def walked(rule: ExternalRule | None, name: str = "moist", target: float | None = None) -> Walk:
    plant, lasting = demo_plant(), ValidityRule(stamp="ignore", stale_s=1e9)
    cvs, mvs = dict(plant.cvs), dict(plant.mvs)
    if name in cvs:
        cvs[name] = replace(cvs[name], external=rule, target=target)
    else:
        mvs[name] = replace(mvs[name], external=rule)
    walk = Walk(with_rules(cvs=cvs, mvs=mvs, validity={**plant.validity, "T_amb": lasting, "fan_vib": lasting}))
    walk.run(3)
    return walk


def wish(walk: Walk, value: float = 3.4, lasts_s: float | None = 600.0, **more: object):
    return walk.request("target", **{"variable": "moist", "value": value, "lasts_s": lasts_s, **more})


def aims(step) -> dict[str, tuple[str, float | None]]:
    return {name: (aim["state"], aim["active"]) for name, aim in step.record.supplied.get("external", {}).items()}


# -------------------------------------------------------------------------------------------------------- persons


def test_a_persons_target_counts_until_its_time_is_over():
    walk = walked(ExternalRule(rank=3))
    request = wish(walk, lasts_s=4 * CYCLE_S, why="trial")
    assert walk.cycle(request).answer(request.id).accepted
    steps = [walk.cycle() for _ in range(6)]
    given = [step.view.inputs.external.get("moist") for step in steps]
    assert [each.value for each in given if each] == [3.4] * 4
    assert given[4:] == [None, None]
    assert {each.rank for each in given if each} == {3}
    assert all(each.holds(step.view.inputs.at_s) for each, step in zip(given, steps, strict=True) if each)
    aim = steps[0].record.supplied["external"]["moist"]
    assert (aim["state"], aim["source"], aim["why"]) == ("in_force", "anna", "trial")
    assert aim["until_utc_s"] == pytest.approx(UTC_S + walk.now_s - 6 * CYCLE_S + 1.1 + 4 * CYCLE_S)
    assert "external" not in steps[-1].record.supplied


def test_a_person_ends_it_early():
    walk = walked(ExternalRule())
    walk.cycle(wish(walk))
    assert "moist" in walk.cycle().view.inputs.external
    end = walk.request("target_end", variable="moist")
    assert walk.cycle(end).answer(end.id).accepted
    assert walk.cycle().view.inputs.external == {}
    again = walk.request("target_end", variable="moist")
    assert walk.cycle(again).answer(again.id).why == "no_target"


def test_where_a_cv_has_a_target_of_its_own_persons_may_set_another():
    walk = walked(None, target=3.8)
    request = wish(walk)
    assert walk.cycle(request).answer(request.id).accepted
    given = walk.cycle().view.inputs.external["moist"]
    assert (given.value, given.rank) == (3.4, demo_plant().cvs["moist"].rank_target)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"role": "viewer"}, "role"),
        ({"who": ""}, "no_owner"),
        ({"variable": "P_fan"}, "no_external"),
        ({"variable": "hum_amb"}, "unknown_variable"),
        ({"variable": None}, "incomplete"),
        ({"value": None}, "incomplete"),
        ({"lasts_s": None}, "incomplete"),
        ({"lasts_s": 0.0}, "too_long"),
        ({"lasts_s": -5.0}, "too_long"),
        ({"lasts_s": LASTS_S_MAX + 1.0}, "too_long"),
        ({"value": 7.0}, "outside_engineering"),
        ({"action": "target_end", "role": "viewer"}, "role"),
        ({"action": "target_end", "variable": None}, "no_target"),
    ],
)
def test_what_is_refused(what, why):
    walk = walked(ExternalRule())
    request = replace(wish(walk), **what)
    step = walk.cycle(request)
    if why == "incomplete" and request.variable is None:
        why = "unknown_variable"
    assert (step.answer(request.id).accepted, step.answer(request.id).why) == (False, why)
    assert walk.cycle().view.inputs.external == {}


# ------------------------------------------------------------------------------------------------------------ tags


def issue(walk: Walk, value: float, age_s: float = 0.0) -> None:
    walk.sensors |= {"T_amb": value, "fan_vib": UTC_S + walk.now_s - age_s}


def test_a_target_on_a_tag_is_used_until_it_is_too_old():
    walk = walked(ExternalRule(age_s_max=5 * CYCLE_S, rank=4, source=TAG))
    issue(walk, 3.5)
    steps = [walk.cycle() for _ in range(8)]
    states = [aims(step)["moist"] for step in steps]
    assert states == [("in_force", 3.5)] * 5 + [("stale", None)] * 3
    assert [step.view.inputs.external != {} for step in steps] == [True] * 5 + [False] * 3
    assert states[-1] == ("stale", None)
    assert ("external", "moist") in walk.memory.alarms
    issue(walk, 3.6)
    walk.run(2)
    assert aims(walk.steps[-1]) == {"moist": ("in_force", 3.6)}
    assert ("external", "moist") not in walk.memory.alarms


@pytest.mark.parametrize(
    ("value", "age_s", "state"),
    [
        (3.5, -300.0, "in_future"),
        (3.5, 4_000.0, "stale"),
        (35.0, 0.0, "outside_engineering"),
        (1e300, 0.0, "outside_engineering"),
    ],
)
def test_a_target_that_cannot_be_meant_is_ignored_and_flagged(value, age_s, state):
    walk = walked(ExternalRule(age_s_max=3_600.0, source=TAG))
    issue(walk, value, age_s)
    walk.run(3)
    assert aims(walk.steps[-1]) == {"moist": (state, None)}
    assert walk.steps[-1].view.inputs.external == {}
    assert ("external", "moist") in walk.memory.alarms


def test_a_clock_that_is_a_little_ahead_does_no_harm():
    walk = walked(ExternalRule(age_s_max=3_600.0, source=TAG))
    issue(walk, 3.5, -70.0)
    walk.run(2)  # 30 s later it is 40 s ahead
    assert aims(walk.steps[-1]) == {"moist": ("in_force", 3.5)}
    assert walk.steps[-1].view.inputs.external["moist"].issued_at_s == walk.steps[-1].view.inputs.at_s


def test_a_tag_that_cannot_be_read_is_used_as_long_as_its_age_allows():
    walk = walked(ExternalRule(age_s_max=4 * CYCLE_S, source=TAG))
    issue(walk, 3.5)
    walk.run(2)
    walk.bad["T_amb"] = bad_reading()
    states = [aims(walk.cycle())["moist"][0] for _ in range(4)]
    assert states == ["in_force", "in_force", "stale", "stale"]


def test_a_target_may_be_issued_in_every_cycle():
    walk = walked(ExternalRule(age_s_max=2 * CYCLE_S, source=TAG))
    for k in range(6):
        issue(walk, 3.5 + 0.01 * k)
        assert aims(walk.cycle()) == {"moist": ("in_force", 3.5 + 0.01 * k)}


def test_nothing_was_ever_issued():
    walk = walked(ExternalRule(age_s_max=60.0, source=Source(tags=("T_amb",), count_tag="fan_vib")))
    walk.run(3)
    assert aims(walk.steps[-1]) == {"moist": ("not_issued", None)}
    assert ("external", "moist") not in walk.memory.alarms


def test_a_persons_target_comes_before_that_of_a_tag():
    walk = walked(ExternalRule(age_s_max=3_600.0, source=TAG))
    issue(walk, 3.5)
    walk.run(2)
    walk.cycle(wish(walk, 3.9))
    assert walk.cycle().view.inputs.external["moist"].value == 3.9
    walk.cycle(walk.request("target_end", variable="moist"))
    assert walk.cycle().view.inputs.external["moist"].value == 3.5


# ------------------------------------------------------------------------------------------------------------ rate


@pytest.mark.parametrize(
    ("name", "target", "value", "begin"),
    [("moist", None, 3.9, 3.6), ("moist", 3.3, 3.9, 3.3), ("moist", None, 3.3, 3.6), ("T_in_sp", None, 190.0, 184.0)],
)
def test_a_target_is_approached_from_where_the_plant_is(name, target, value, begin):
    per_cycle = (value - begin) / 6.0
    walk = walked(ExternalRule(per_s_max=abs(per_cycle) / CYCLE_S), name, target)
    walk.cycle(wish(walk, value, 3_600.0, variable=name))
    found = [walk.cycle().view.inputs.external[name].value for _ in range(9)]
    assert found == pytest.approx([begin + per_cycle * min(k, 6) for k in range(9)])


def test_after_a_target_was_ignored_its_way_begins_anew():
    walk = walked(ExternalRule(age_s_max=3 * CYCLE_S, per_s_max=0.01 / CYCLE_S, source=TAG))
    issue(walk, 3.9)
    walk.run(4)
    issue(walk, 3.9, 1e6)
    walk.run(2)
    assert aims(walk.steps[-1]) == {"moist": ("stale", None)}
    issue(walk, 3.9)
    walk.run(2)
    assert aims(walk.steps[-2])["moist"][1] == pytest.approx(3.6)
    assert aims(walk.steps[-1])["moist"][1] == pytest.approx(3.61)


def test_a_restart_forgets_persons_targets():
    walk = walked(ExternalRule())
    walk.cycle(wish(walk, lasts_s=9_999.0))
    again = Walk(walk.rules)
    again.now_s = walk.now_s
    assert again.run(2).view.inputs.external == {}


def test_targets_are_taken_in_closed_loop_too():
    walk = walked(ExternalRule()).closed()
    request = wish(walk)
    step = walk.cycle(request)
    assert step.mode is Mode.CLOSED_LOOP
    assert step.answer(request.id).accepted
