"""Every alarm of a plant has its words, and the plant file's count more than the built-in ones."""

from __future__ import annotations

from dataclasses import replace

from constraints.alarms import ABOUT, AlarmRule
from supervisor.alarms.rules import ids, known, rule_of
from supervisor.alarms.words import KINDS
from tests.supervisor.walk import demo_plant


def test_every_alarm_that_there_can_be_has_words_and_is_known():
    """ISA-18.2: none without response, consequence and time to respond."""
    assert set(KINDS) == set(ABOUT)
    found = demo_plant()
    assert {each.partition(":")[0] for each in ids(found)} == set(ABOUT)
    for id_ in ids(found):
        code, _, subject = id_.partition(":")
        assert known(found, code, subject)
        rule = rule_of(found, code, subject)
        assert len(rule.response) > 20
        assert len(rule.consequence) > 10
        assert rule.time_to_respond_s > 0.0
        assert "{" not in rule.response + rule.consequence


def test_an_interlock_is_as_urgent_as_it_says_itself():
    found = demo_plant()
    levels = {each.name: each.alarm for each in found.interlocks}
    assert {rule_of(found, "interlock", name).priority for name, level in levels.items() if level != "none"} == {
        level for level in levels.values() if level != "none"
    }


def test_what_the_plant_file_says_counts_more():
    rules = {"link": AlarmRule(response="call", time_to_respond_s=60.0), "link:dcs": AlarmRule(consequence="dark")}
    plant = replace(demo_plant(), alarms=rules)
    rule = rule_of(plant, "link", "dcs")
    assert (rule.response, rule.time_to_respond_s, rule.consequence) == ("call", 60.0, "dark")
    assert rule.on_delay_s == KINDS["link"].on_delay_s
    assert rule_of(plant, "link", "gas").consequence == KINDS["link"].consequence


def test_nobody_acts_on_what_there_cannot_be():
    plant = demo_plant()
    for code, subject in (("link", "nowhere"), ("lnk", "dcs"), ("", ""), ("shed", "plant"), ("tag", "Tag:T_out")):
        assert not known(plant, code, subject)
