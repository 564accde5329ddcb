"""Sections ``alarms`` and ``notify`` of a plant file."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.alarms import AlarmRule, NotifyRule, applying, at_least
from constraints.plantfile import PlantFileError, load_text
from safety.expressions import parse

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
FULL = """{priority: high, on_delay: 30 s, off_delay: 2 min, response: "look", time_to_respond: 10 min,
    consequence: "worse", suppress_when: "power < 5"}"""


def plant(alarms: str = "", more: str = ""):
    return load_text(GOOD + (f"\nalarms:\n  {alarms}\n" if alarms else "") + more, "x").plant


def test_a_whole_alarm() -> None:
    assert plant(f'"tag:hum": {FULL}').alarms == {
        "tag:hum": AlarmRule(
            priority="high",
            on_delay_s=30.0,
            off_delay_s=120.0,
            response="look",
            time_to_respond_s=600.0,
            consequence="worse",
            suppress_when=parse("power < 5"),
        )
    }


@pytest.mark.parametrize("key", ["tag", "hum", '"tag:hum"', "record", "controller", '"shed:controller"'])
def test_a_code_a_subject_or_both(key) -> None:
    assert plant(key + ': {response: "look"}').alarms[key.strip('"')].response == "look"


@pytest.mark.parametrize(
    ("alarms", "code", "words"),
    [
        ("hmu: {}", "E059", "did you mean 'hum'?"),
        ("lnk: {}", "E059", "did you mean 'link'?"),
        ('"tag:hmu": {}', "E059", "did you mean 'hum'?"),
        ('"link:hum": {}', "E059", "link has no alarm about 'hum'"),
        ('"shed:plant": {}', "E059", "shed has no alarm about 'plant'"),
        ("zzzzzzz: {}", "E059", "code:subject"),
        ("interlock: {priority: high}", "E016", "write alarm: high there"),
        ("tag: {deadband: 1}", "E016", "only watched"),
        ('shed: {suppress_when: "power < 5"}', "E016", "cannot be suppressed"),
        ('tag: {suppress_when: "pwer < 5"}', "E030", "did you mean 'power'?"),
        ('tag: {suppress_when: "rate(power, 60) < 5"}', "E032", "rate is not possible here"),
        ('tag: {suppress_when: "power"}', "E032", "a condition is needed"),
        ('tag: {suppress_when: "T_bed < -5"}', "E033", "never suppressed"),
        ('tag: {suppress_when: "T_bed < 1000"}', "E033", "always suppressed"),
        ("tag: {on_delay: -1 s}", "E014", "below 0"),
        ("tag: {time_to_respond: 5 kg}", "E021", "kg"),
        ("tag: {priority: urgent}", "E013", "critical"),
        ("tag: {answer: look}", "E010", "answer"),
        ("watched: {deadband: -1}", "E014", ""),
        ("tag: 3", "E012", ""),
    ],
)
def test_mistakes(alarms, code, words) -> None:
    with pytest.raises(PlantFileError) as found:
        plant(alarms)
    told = [each for each in found.value.diagnostics if each.code == code]
    assert told, found.value.diagnostics
    assert any(words in each.message + each.hint for each in told), told


def test_where_alarms_are_sent() -> None:
    found = plant(more="\nnotify: [{secret: phone}, {secret: mail, from: low}]\n")
    assert found.notify == (NotifyRule(secret="phone", least="high"), NotifyRule(secret="mail", least="low"))


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ("[{secret: phone}, {secret: phone}]", "E054"),
        ('[{secret: "json://user:word@host"}]', "E014"),
        ("[{}]", "E011"),
        ("[{secret: phone, from: urgent}]", "E013"),
    ],
)
def test_mistakes_of_addresses(entries, code) -> None:
    with pytest.raises(PlantFileError) as found:
        plant(more=f"\nnotify: {entries}\n")
    assert [each.code for each in found.value.diagnostics if each.severity == "error"] == [code]


def test_an_id_counts_more_than_a_subject_and_that_more_than_a_code() -> None:
    rules = {"tag": AlarmRule(response="code"), "hum": AlarmRule(response="subject"), "tag:hum": AlarmRule()}
    assert [each.response for each in applying(rules, "tag", "hum")] == [None, "subject", "code"]


def test_urgency() -> None:
    assert at_least("critical", "high")
    assert at_least("high", "high")
    assert not at_least("medium", "high")


def test_an_alarm_of_an_entry_with_a_mistake_is_no_second_mistake() -> None:
    text = GOOD.replace("  - {name: ", "  - {latsch: true, name: ", 1)
    name = text.partition("latsch: true, name: ")[2].partition(",")[0]
    with pytest.raises(PlantFileError) as found:
        load_text(text + f'\nalarms:\n  {name}: {{response: "look"}}\n', "x")
    assert [each.code for each in found.value.diagnostics if each.severity == "error"] == ["E010"]
