"""Interlocks as the plant file gives them: bypasses, proof tests, ramps, time and quality."""

from __future__ import annotations

import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from constraints.plantfile import PlantFileError, json_schema, load_text
from safety.interlocks import BypassRule, Interlock

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
END = "reset: engineer, alarm: high}"


def hot(more: str = "", **replaced: str) -> Interlock:
    text = GOOD.replace(END, f"{END[:-1]}{more}}}")
    for old, new in replaced.items():
        text = text.replace(old, new)
    return load_text(text, "x").plant.interlocks[0]


@pytest.mark.parametrize("more", ["", ", bypass: none", ', bypass: "none"', ", bypass: null"])
def test_f68_without_a_word_nothing_can_be_bypassed(more: str) -> None:
    assert hot(more).bypass is None


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        (", bypass: {}", BypassRule(role="engineer", longest_s=28_800.0)),
        (", bypass: {longest: 90 min}", BypassRule(role="engineer", longest_s=5_400.0)),
        (", bypass: {role: operator, longest: 0.5 h}", BypassRule(role="operator", longest_s=1_800.0)),
        (", bypass: {role: admin, longest: 60}", BypassRule(role="admin", longest_s=60.0)),
    ],
)
def test_f68_who_may_bypass_and_for_how_long(more: str, rule: BypassRule) -> None:
    assert hot(more).bypass == rule


def at(*day: int, zone: str = "Europe/Berlin") -> float:
    return datetime.datetime(*day, tzinfo=ZoneInfo(zone)).timestamp()


def test_without_a_plan_no_proof_test_is_due() -> None:
    assert hot().proof_due_utc_s is None


@pytest.mark.parametrize(
    ("test", "due"),
    [
        ("{every: 365 d, last: 2026-03-01}", at(2027, 3, 1)),
        ("{every: 30 d, last: 2026-03-01}", at(2026, 3, 31)),  # summer time began meanwhile: midnight all the same
        ("{every: 36 h, last: 2026-03-01}", at(2026, 3, 2)),
        ("{every: 86400, last: 1999-12-31}", at(2000, 1, 1)),
    ],
)
def test_a_proof_test_is_due_at_midnight_of_the_plant(test: str, due: float) -> None:
    assert hot(f", proof_test: {test}").proof_due_utc_s == due


def test_midnight_is_that_of_the_plants_own_zone() -> None:
    found = hot(", proof_test: {every: 1 d, last: 2026-03-01}", **{"Europe/Berlin": "America/New_York"})
    assert found.proof_due_utc_s == at(2026, 3, 2, zone="America/New_York")


@pytest.mark.parametrize("last", ["1969-12-31", "3000-01-01", "9999-12-31", "0001-01-01", "2026-W09-1", "soon"])
def test_a_day_on_which_nobody_tested_is_no_date(last: str) -> None:
    with pytest.raises(PlantFileError) as caught:
        hot(f', proof_test: {{every: 7305 d, last: "{last}"}}')
    assert [each.code for each in caught.value.diagnostics] == ["E081"]


def test_a_wrong_zone_is_one_finding() -> None:
    with pytest.raises(PlantFileError) as caught:
        hot(", proof_test: {every: 1 d, last: 2026-03-01}", **{"Europe/Berlin": "Europe/Nowhere"})
    assert [each.code for each in caught.value.diagnostics] == ["E080"]


def test_conditions_speak_of_time_and_quality() -> None:
    found = hot(**{"max(T_bed, T_bed_b) > 100": "for_time(T_bed > 100, 60) or quality(T_bed_b) < 64"})
    assert found.when.names == {"T_bed", "T_bed_b"}
    assert [timer.number for timer in found.when.timers] == [60.0]


def test_a_tag_may_still_be_called_quality() -> None:
    assert hot(**{"max(T_bed, T_bed_b) > 100": "quality(quality) < 192 and quality > 4"}).when.names == {"quality"}


@pytest.mark.parametrize("expr", ["quality(T_bed) <= 3", "for_time(T_bed < 3, 60)", "T_bed <= for_time(T_bed < 3, 60)"])
def test_a_constraint_knows_neither(expr: str) -> None:
    text = GOOD.replace("0 <= flow - 10 * abs(T_bed - 80)", expr)
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "x")
    assert {each.code for each in caught.value.diagnostics} <= {"E032", "E034"}


def test_a_ramp_needs_one_mv_with_a_safe_value() -> None:
    assert hot(**{"then: shed": "then: ramp"}).then == "ramp"
    with pytest.raises(PlantFileError) as caught:
        hot(**{"then: shed": "then: ramp", "    shed: safe_value\n    safe_value: 120\n": ""})
    (found,) = caught.value.diagnostics
    assert (found.code, "safe_value" in found.hint) == ("E016", True)


def test_the_limits_hash_follows_bypass_and_proof_test() -> None:
    texts = ["", ", bypass: {}", ", bypass: {longest: 1 h}", ", proof_test: {every: 1 d, last: 2026-03-01}"]
    hashes = {load_text(GOOD.replace(END, f"{END[:-1]}{more}}}"), "x").plant.limits_hash for more in texts}
    assert len(hashes) == len(texts)


def test_editors_may_say_none() -> None:
    definitions = json_schema()["$defs"]
    assert isinstance(definitions, dict)
    assert {"const": "none"} in definitions["InterlockSection"]["properties"]["bypass"]["anyOf"]
