"""Calculated and voted tags through whole cycles: rules, gate, guard, record and controller see them."""

from __future__ import annotations

from functools import cache

import pytest

from constraints.plantfile import load_text
from safety.signals import Mode
from supervisor.drivers.guard_rules import guard_rules
from supervisor.evidence import evidence_of
from supervisor.rules import Rules, rules_of
from tests.supervisor.walk import PLANT_FILE, Walk, bad_reading, plan_to

TAGS = """
  T_mid:      {vote: {of: [T_out, T_out_b, T_out_c], by: 2oo3, max_spread: 3}, unit: degC, range: [0, 150]}
  T_out_c:    {source: "dcs:ns=2;s=TI207.PV", unit: degC, range: [0, 150], stale_after: 60 s}
  lift:       {calc: "T_in - T_mid", unit: delta_degC, filter: 60 s}

mvs:"""

SCHEDULED = "{by: T_mid, points: [[0, 150, 205], [90, 150, 190], [150, 150, 190]]}"


@cache
def rules() -> Rules:
    text = PLANT_FILE.read_text(encoding="utf-8")
    for was, now in {
        "\n\nmvs:": TAGS,
        '"max(T_out, T_out_b) > 100"': "T_mid > 100",
        '"T_out > 96"': "lift < 80",
        "dvs: [hum_amb,": "dvs: [lift, hum_amb,",
        "  moist:\n": "  moist:\n    lift: {gain: 0.01}\n",
        "operator: [170, 195]}": f"operator: [170, 195], scheduled: {SCHEDULED}}}",
    }.items():
        assert was in text, was
        text = text.replace(was, now, 1)
    return rules_of(load_text(text, "plant.yaml").plant)


def walk() -> Walk:
    made = Walk(rules())
    made.sensors |= {"T_out_c": 84.2}
    return made


def value(step, tag: str) -> float | None:
    return step.decision.snapshot.good(tag)


def test_every_look_has_them_and_the_record_says_who_voted() -> None:
    step = walk().run(4)
    assert value(step, "T_mid") == 84.2
    assert value(step, "lift") == pytest.approx(184.0 - 84.2)
    assert step.record.readings["T_mid"] == (84.2, "good", "")
    assert step.record.votes == {"T_mid": ("T_out", "T_out_b", "T_out_c")}
    assert not [alarm for alarm in step.record.alarms if alarm.code == "vote"]


def test_one_that_goes_astray_is_left_out_and_an_alarm() -> None:
    here = walk()
    here.run(4)
    here.sensors["T_out"] = 140.0
    here.run(4)  # jumps are believed late
    assert value(here.steps[-1], "T_out") == 140.0
    assert value(here.steps[-1], "T_mid") == pytest.approx(84.35)
    assert here.steps[-1].record.votes == {"T_mid": ("T_out_b", "T_out_c")}
    (alarm,) = [alarm for step in here.steps for alarm in step.record.alarms if alarm.code == "vote"]
    assert (alarm.subject, alarm.priority, alarm.state) == ("T_mid", "medium", "active")
    assert alarm.text == "members of T_mid do not agree: T_out 140 against T_out_b, T_out_c"
    here.sensors["T_out"] = 84.0
    here.run(5)
    cleared = [alarm for step in here.steps for alarm in step.record.alarms if alarm.code == "vote"]
    assert cleared[-1].state == "cleared"


def test_an_interlock_on_a_vote_sheds_on_two_and_not_on_one() -> None:
    here = walk().closed()
    here.sensors["T_out_c"] = 120.0
    assert here.run(4).mode is Mode.CLOSED_LOOP
    here.sensors["T_out_b"] = 120.5
    step = here.run(4)
    assert "Exhaust over-temperature" in step.record.trips
    assert step.mode is not Mode.CLOSED_LOOP


def test_a_vote_that_cannot_be_decided_is_unknown_to_an_interlock() -> None:
    here = walk().closed()
    here.bad |= {"T_out_b": bad_reading("range_hi"), "T_out_c": bad_reading("range_hi")}
    step = here.cycle()
    assert (step.record.readings["T_mid"][1:], step.record.votes) == (("bad", "few"), {"T_mid": ()})
    assert step.decision.interlocks.states["Exhaust over-temperature"].condition is None
    assert step.decision.interlocks.action == "hold"
    assert here.run(3).mode is not Mode.CLOSED_LOOP  # unknown for its delay counts as tripped


def test_what_is_wrong_with_an_input_is_not_told_twice() -> None:
    here = walk()
    here.run(4)
    here.bad["T_in"] = bad_reading("range_hi")
    step = here.cycle()
    assert step.record.readings["lift"] == (None, "bad", "input:T_in:range_hi")
    assert [alarm.subject for alarm in step.record.alarms if alarm.code == "tag"] == ["T_in"]
    here.bad |= dict.fromkeys(("T_out", "T_out_b"), bad_reading("range_hi"))
    step = here.cycle()
    assert step.record.readings["T_mid"] == (None, "bad", "few")
    assert [alarm.subject for alarm in step.record.alarms if alarm.code == "tag"] == ["T_out", "T_out_b"]


def test_gate_and_guard_hold_scheduled_limits_that_follow_a_vote() -> None:
    here = walk().closed()
    assert guard_rules(here.rules.plant).mvs["T_in_sp"].schedule.tag == "T_mid"
    evidence = evidence_of(here.steps[-1].decision)
    assert evidence.snapshot.good("T_mid") == 84.2
    here.bad |= {"T_out_b": bad_reading("range_hi"), "T_out_c": bad_reading("range_hi")}
    step = here.cycle(plan=plan_to(T_in_sp=186.0))
    assert "T_in_sp" not in (step.intent.setpoints if step.intent is not None else {})


def test_the_filter_is_for_the_controller_alone() -> None:
    here = walk()
    here.run(4)
    here.sensors |= {"T_out": 80.2, "T_out_b": 80.2, "T_out_c": 80.2}
    step = here.run(1)
    assert value(step, "lift") == pytest.approx(103.8)
    assert step.record.readings["lift"][0] == pytest.approx(103.8)
    assert 99.8 < step.view.inputs.d["lift"] < 101.0
    assert here.run(60).view.inputs.d["lift"] == pytest.approx(103.8)
