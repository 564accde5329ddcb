"""Laboratory values in the supervisor: who may give them, what is refused at once, and that each is judged once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from constraints.supplied import LabRule, Source
from controllers.types import Plan, PlanStatus
from safety.signals import Instant, Mode
from safety.validity import ValidityRule
from supervisor.laboratory import TRIES_MAX, WAITING_MAX, Laboratory, asked, given
from tests.supervisor.walk import UTC_S, Walk, bad_reading, demo_plant, late_plan, still_plan, with_rules

RULE = LabRule(lo=2.0, hi=6.0, difference_max=1.0, age_s_max=3_600.0)
SOURCE = Source(tags=("T_amb",), time_tag="fan_vib")
"""Any two tags of the demo serve as the laboratory's."""


def walked(rule: LabRule = RULE, **changes: object) -> Walk:
    plant = demo_plant()
    return Walk(with_rules(cvs={**plant.cvs, "moist": replace(plant.cvs["moist"], lab=rule)}, **changes))


def says(code: str):
    """A plan that says ``code`` of every laboratory value."""
    return lambda view: replace(still_plan(view), lab=dict.fromkeys(view.inputs.lab, code))


def sample(walk: Walk, value: float = 3.6, age_s: float = 300.0, **more: object):
    at = UTC_S + walk.now_s - age_s
    return walk.request("lab", **{"variable": "moist", "value": value, "sampled_utc_s": at, **more})


def results(step) -> list[tuple[str, float, str, str]]:
    return [(each["cv"], each["value"], each["source"], each["code"]) for each in step.record.supplied.get("lab", [])]


def test_a_persons_value_is_judged_by_the_next_plan_answered_and_on_record():
    walk = walked()
    walk.run(3)
    request = sample(walk, why="shift sample")
    first = walk.cycle(request)
    assert first.decision.answers == ()  # the controller has not seen it yet
    step = walk.cycle(plan=says("accepted"))
    (value, at_s) = step.view.inputs.lab["moist"]
    assert value == 3.6
    assert step.view.inputs.at_s - at_s == pytest.approx(300.0 + 2 * 15.0)  # a cycle until it was taken, and one more
    assert step.answer(request.id).accepted
    (found,) = step.record.supplied["lab"]
    assert found == {
        "cv": "moist", "value": 3.6, "sampled_utc_s": request.sampled_utc_s, "source": "anna", "why": "shift sample",
        "code": "accepted", "cycle": step.record.cycle,
    }  # fmt: skip
    after = walk.cycle(plan=says("accepted"))
    assert after.view.inputs.lab == {}
    assert results(after) == results(step)  # the last one stays to be seen
    assert after.record.supplied["lab"][0]["cycle"] == step.record.cycle


@pytest.mark.parametrize("code", ["too_far", "needs_agreement", "unsteady", "before_start"])
def test_what_the_controller_refuses_is_told_by_its_name(code):
    walk = walked()
    walk.run(2)
    request = sample(walk)
    walk.cycle(request)
    step = walk.cycle(plan=says(code))
    assert (step.answer(request.id).accepted, step.answer(request.id).why) == (False, code)
    assert results(step) == [("moist", 3.6, "anna", code)]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"role": "viewer"}, "role"),
        ({"role": "energy_manager"}, "role"),
        ({"who": "  "}, "no_owner"),
        ({"variable": "T_out"}, "no_rule"),
        ({"variable": "feed_sp"}, "unknown_variable"),
        ({"variable": "x" * 500}, "unknown_variable"),
        ({"value": 35.0}, "outside_limits"),
        ({"value": -3.5}, "outside_limits"),
        ({"age_s": 3_700.0}, "too_old"),
        ({"age_s": -600.0}, "in_future"),
        ({"value": None}, "incomplete"),
        ({"variable": None}, "incomplete"),
        ({"sampled_utc_s": None}, "incomplete"),
    ],
)
def test_what_is_refused_at_once(what, why):
    walk = walked()
    walk.run(2)
    request = sample(walk, **what)
    step = walk.cycle(request)
    assert (step.answer(request.id).accepted, step.answer(request.id).why) == (False, why)
    assert walk.cycle().view.inputs.lab == {}
    assert [code for *_, code in results(step)] == ([] if why == "incomplete" else [why])


def test_one_sample_is_believed_once_and_older_ones_not_any_more():
    walk = walked()
    walk.run(2)
    first = sample(walk)
    again = replace(first, id="again")
    both = walk.cycle(first, again)
    assert both.answer("again").why == "used"  # the first still waits
    walk.cycle(plan=says("accepted"))
    older = replace(first, id="older", sampled_utc_s=first.sampled_utc_s - 1.0)
    step = walk.cycle(replace(first, id="third"), older)
    assert {each.why for each in step.decision.answers} == {"used"}


def test_a_refused_sample_may_be_typed_again():
    walk = walked()
    walk.run(2)
    wrong = sample(walk, value=5.9)
    walk.cycle(wrong)
    walk.cycle(plan=says("too_far"))
    right = replace(wrong, id="right", value=3.59)
    walk.cycle(right)
    assert walk.cycle(plan=says("accepted")).answer("right").accepted


def test_samples_wait_for_a_plan_and_go_one_after_the_other():
    walk = walked()
    walk.run(2)
    one, two = sample(walk), sample(walk, value=3.7, age_s=100.0)
    walk.cycle(one, two)
    step = walk.cycle(plan=late_plan)
    assert step.decision.answers == ()
    assert step.view.inputs.lab["moist"][0] == 3.6
    assert walk.cycle(plan=says("accepted")).answer(one.id).accepted
    step = walk.cycle(plan=says("accepted"))
    assert step.view.inputs.lab["moist"][0] == 3.7
    assert step.answer(two.id).accepted


def test_a_controller_that_never_answers_does_not_keep_a_person_waiting():
    walk = walked()
    walk.run(2)
    request = sample(walk)
    walk.cycle(request)
    answers = [walk.cycle(plan=late_plan).decision.answers for _ in range(TRIES_MAX)]
    assert [len(each) for each in answers] == [0] * (TRIES_MAX - 1) + [1]
    assert answers[-1][0].why == "not_judged"


def test_a_flood_is_refused():
    walk, at = walked(), Instant(0.0, UTC_S)
    lab, why = Laboratory(), ""
    for k in range(WAITING_MAX + 1):
        request = replace(sample(walk), id=f"s{k}", sampled_utc_s=UTC_S - k)
        lab, why = asked(walk.rules.plant, request, at, 1, lab)
    assert (why, len(lab.waiting)) == ("too_many", WAITING_MAX)
    assert given(lab, at) == {"moist": (3.6, 0.0)}


# ------------------------------------------------------------------------------------------------------- on tags


def on_tags(walk: Walk, value: float, age_s: float) -> None:
    walk.sensors |= {"T_amb": value, "fan_vib": UTC_S + walk.now_s - age_s}


def tagged(source: Source = SOURCE, **more: object) -> Walk:
    lasting = ValidityRule(stamp="ignore", stale_s=1e9)
    validity = {**demo_plant().validity, "T_amb": lasting, "fan_vib": lasting}
    return walked(replace(RULE, source=source, **more), validity=validity)


def test_a_result_on_a_tag_is_given_once():
    walk = tagged()
    on_tags(walk, 3.4, 900.0)
    steps = [walk.cycle(plan=says("accepted")) for _ in range(6)]
    (with_lab,) = [step for step in steps if step.view.inputs.lab]
    assert with_lab.view.inputs.lab["moist"][0] == 3.4
    assert results(with_lab) == [("moist", 3.4, "tag T_amb", "accepted")]
    on_tags(walk, 3.5, 60.0)
    steps = [walk.cycle(plan=says("accepted")) for _ in range(4)]
    assert [step.view.inputs.lab["moist"][0] for step in steps if step.view.inputs.lab] == [3.5]


def test_half_of_a_result_is_never_taken():
    """The laboratory's system writes the value in one cycle and its time in the next."""
    walk = tagged()
    on_tags(walk, 3.4, 900.0)
    walk.run(4, plan=says("accepted"))
    walk.sensors["T_amb"] = 3.9
    steps = [walk.cycle(plan=says("accepted"))]
    on_tags(walk, 3.9, 60.0)
    steps += [walk.cycle(plan=says("accepted")) for _ in range(4)]
    found = [step.view.inputs for step in steps if step.view.inputs.lab]
    assert [inputs.lab["moist"][0] for inputs in found] == [3.9]
    assert found[0].at_s - found[0].lab["moist"][1] < 120.0


def test_a_count_tells_an_equal_result_from_the_last_one():
    walk = tagged(Source(tags=("T_amb",), count_tag="fan_vib"))
    walk.sensors |= {"T_amb": 3.4, "fan_vib": 7.0}
    steps = [walk.cycle(plan=says("accepted")) for _ in range(4)]
    for count in (8.0, 9.0):
        walk.sensors["fan_vib"] = count
        steps += [walk.cycle(plan=says("accepted")) for _ in range(4)]
    assert [step.view.inputs.lab["moist"][0] for step in steps if step.view.inputs.lab] == [3.4, 3.4]
    assert steps[3].view.inputs.lab == {}


def test_a_result_on_a_tag_waits_for_a_plan_as_long_as_it_takes():
    walk = tagged()
    on_tags(walk, 3.4, 60.0)
    walk.run(3 * TRIES_MAX, plan=late_plan)
    assert results(walk.cycle(plan=says("accepted"))) == [("moist", 3.4, "tag T_amb", "accepted")]


def test_a_bad_result_on_a_tag_is_an_alarm_until_a_good_one_comes():
    walk = tagged()
    on_tags(walk, 44.0, 300.0)
    walk.run(3)
    step = walk.run(2)
    assert results(step) == [("moist", 44.0, "tag T_amb", "outside_limits")]
    assert ("lab", "moist") in walk.memory.alarms
    on_tags(walk, 3.4, 60.0)
    walk.run(4, plan=says("accepted"))
    assert ("lab", "moist") not in walk.memory.alarms


def test_without_a_time_a_result_is_new_when_its_value_changes_and_as_old_as_declared():
    """The stamp of the demo's tags advances with every scan: that alone is no result."""
    walk = tagged(Source(tags=("T_amb",)), delay_s=1_200.0)
    walk.sensors["T_amb"] = 3.4
    steps = [walk.cycle(plan=says("accepted")) for _ in range(6)]
    walk.sensors["T_amb"] = 3.5
    steps += [walk.cycle(plan=says("accepted")) for _ in range(4)]
    found = [step.view.inputs for step in steps if step.view.inputs.lab]
    assert [inputs.lab["moist"][0] for inputs in found] == [3.4, 3.5]
    assert found[-1].at_s - found[-1].lab["moist"][1] == pytest.approx(1_200.0, abs=0.01)


def test_tags_that_cannot_be_read_give_nothing():
    walk = tagged()
    on_tags(walk, 3.4, 300.0)
    walk.bad["fan_vib"] = bad_reading()
    assert all(step.view.inputs.lab == {} for step in [walk.cycle() for _ in range(4)])


def test_the_mode_does_not_matter():
    walk = walked().closed()
    request = sample(walk)
    walk.cycle(request)
    step = walk.cycle(plan=lambda view: Plan(cycle=view.inputs.cycle, status=PlanStatus.OK, lab={"moist": "accepted"}))
    assert step.mode is Mode.CLOSED_LOOP
    assert step.answer(request.id).accepted
