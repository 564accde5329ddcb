"""What differs between two plant files: by meaning, with its weight."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plantfile.yamltext import parse
from supervisor.changes.difference import changes
from supervisor.changes.disk import side_of
from supervisor.changes.making import judged_tags, widened
from supervisor.changes.weight import Weight, signatures_needed

TEXT = (Path(__file__).parents[3] / "hil" / "demo" / "plant.yaml").read_text(encoding="utf-8")
OLD = side_of({"plant.yaml": TEXT})


def changed(*pairs: tuple[str, str]) -> str:
    text = TEXT
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def found(*pairs: tuple[str, str]):
    after = parse(changed(*pairs), "plant.yaml").data
    return changes(OLD.content, after, judged_tags(OLD.loaded.plant))


def test_comments_layout_and_ways_to_write_a_number_change_nothing():
    pairs = (("min_active_mvs: 1,", "min_active_mvs:   1,"), ("interlocks:     ", "interlocks:  # other words"))
    assert found(*pairs, ("gain: 30.5", "gain: 3.05e1")) == ()


def test_a_limit_is_named_by_its_side():
    (change,) = found(("desc: Exhaust fan power}", "desc: Power of the fan}"))
    assert (change.name, change.weight, change.kind) == ("tags.P_fan.desc", Weight.TEXT, "changed")


@pytest.mark.parametrize(
    ("old", "new", "name", "weight"),
    [
        ("hysteresis: 1 EUR/h", "hysteresis: 2 EUR/h", "controller.hysteresis", Weight.ENGINEERING),
        ('"T_out > 96"', '"T_out > 97"', 'interlocks."No more heat when hot".when', Weight.SAFETY),
        ("plc_timeout: 90 s", "plc_timeout: 80 s", "heartbeat.plc_timeout", Weight.SAFETY),
        ("range: [0, 150], stale_after: 60 s, max_rate", "range: [0, 150], stale_after: 50 s, max_rate",
         "tags.T_out.stale_after", Weight.SAFETY),
        ("range: [-40, 60], stale_after: 5 min", "range: [-40, 60], stale_after: 4 min",
         "tags.T_amb.stale_after", Weight.ENGINEERING),
        ("gain: 30.5", "gain: 30", "models.evap.feed_moist.gain", Weight.ENGINEERING),
        ('hours: "21:00-06:00"', 'hours: "20:00-06:00"', "schedule.Night.hours", Weight.ENGINEERING),
    ],
)  # fmt: skip
def test_one_change_one_finding_with_its_weight(old, new, name, weight):
    (change,) = found((old, new))
    assert (change.name, change.weight, change.kind) == (name, weight, "changed")


def test_every_limit_of_an_mv_weighs_what_it_is():
    text = parse(TEXT, "plant.yaml").data
    for level, weight in (
        ("safety", Weight.SAFETY),
        ("engineering", Weight.ENGINEERING),
        ("operator", Weight.OPERATOR),
    ):
        again = parse(TEXT, "plant.yaml").data
        again["mvs"]["T_in_sp"]["limits"][level][1] += 0.5
        (change,) = changes(text, again)
        assert (change.name, change.weight) == (f"mvs.T_in_sp.limits.{level}.hi", weight)


def test_what_comes_and_goes_is_said_whole_and_an_interlock_in_words():
    (gone,) = [line + "\n" for line in TEXT.splitlines() if "name: Fan vibration" in line]
    new = '  - {name: Fan trip, when: "fan < 1", for: 2 s, then: shed, latch: true}\n'
    added, removed = found((gone, new))
    assert (added.kind, added.after) == ("added", "fan < 1 for 2 s → shed, latched")
    assert (removed.kind, removed.before) == ("removed", "fan_vib > 11 for 30 s → block_up fan_sp")
    assert {added.weight, removed.weight} == {Weight.SAFETY}


def test_order_of_named_items_does_not_matter_where_the_names_do():
    before = {"interlocks": [{"name": "a", "when": "x > 1"}, {"name": "b", "when": "x > 2"}]}
    after = {"interlocks": [{"name": "b", "when": "x > 2"}, {"name": "a", "when": "x > 1"}]}
    assert changes(before, after) == ()


def test_true_is_not_one():
    (change,) = changes({"cvs": {"x": {"critical": True}}}, {"cvs": {"x": {"critical": 1}}})
    assert (change.before, change.after, change.weight) == ("true", "1", Weight.SAFETY)


def test_limits_given_whole_or_taken_away_whole_count_as_safety():
    (change,) = changes({"cvs": {"x": {"limits": {"operator": [0, 1]}}}}, {"cvs": {"x": {}}})
    assert (change.name, change.weight) == ("cvs.x.limits", Weight.SAFETY)


def test_two_people_for_safety():
    assert signatures_needed([Weight.OPERATOR, Weight.ENGINEERING]) == 1
    assert signatures_needed([Weight.TEXT, Weight.SAFETY]) == 2
    assert signatures_needed([]) == 1


def test_what_lets_more_through_is_named():
    pairs = (("up: 2 delta_degC/min", "up: 3 delta_degC/min"), ("operator: [50, 95]", "operator: [49, 94]"))
    wider = side_of({"plant.yaml": changed(*pairs)})
    assert widened([OLD.loaded.plant], [wider.loaded.plant]) == ("fan_sp.operator.lo", "T_in_sp.move")
    assert widened([wider.loaded.plant], [OLD.loaded.plant]) == ("fan_sp.operator.hi",)
    assert widened([OLD.loaded.plant], [OLD.loaded.plant]) == ()
