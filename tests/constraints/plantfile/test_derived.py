"""``calc``, ``vote``, ``validity`` and ``filter`` in a plant file."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plantfile import PlantFileError, load_text
from constraints.votes import VoteRule

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
LINE = 1 + GOOD[: GOOD.index("\n\nmvs:")].count("\n") + 1


def plant(*tags: str, changes: dict[str, str] | None = None):
    text = GOOD.replace("\n\nmvs:", "\n" + "\n".join(f"  {tag}" for tag in tags) + "\n\nmvs:")
    for was, now in (changes or {}).items():
        assert was in text
        text = text.replace(was, now)
    return load_text(text, "x").plant


def findings(*tags: str) -> list[tuple[str, int, int]]:
    with pytest.raises(PlantFileError) as caught:
        plant(*tags)
    return [(found.code, found.line - LINE, found.column) for found in caught.value.diagnostics]


MEAN = 'T: {calc: "0.5 * (T_bed + T_bed_b)", unit: degC, desc: Bed}'
VOTE = "T: {vote: {of: [T_bed, T_bed_b, T_jacket], by: 2oo3, max_spread: 4 K}, unit: degC, range: [0, 150]}"


def test_a_calculated_tag_has_no_place_and_no_rule() -> None:
    found = plant(MEAN)
    (derived,) = found.derived
    assert (derived.name, derived.calc.text, derived.inputs) == ("T", "0.5 * (T_bed + T_bed_b)", ("T_bed", "T_bed_b"))
    assert (found.tags["T"].point, found.tags["T"].unit, found.tags["T"].description) == (None, "degC", "Bed")
    assert "T" not in found.validity
    assert "T" not in {point.tag for point in found.points_read()}


def test_a_voted_tag() -> None:
    (derived,) = plant(VOTE).derived
    assert derived.vote == VoteRule(
        of=("T_bed", "T_bed_b", "T_jacket"), by="2oo3", max_spread=4.0, min_good=2, disagree_s=30.0
    )
    assert (derived.lo, derived.hi) == (0.0, 150.0)
    (first,) = plant("T: {vote: {of: [T_bed, T_bed_b], by: first_good}, unit: degC}").derived
    assert first.vote is not None
    assert first.vote.min_good == 1
    (slow,) = plant(VOTE.replace("4 K}", "4 K, disagree_for: 2 min}")).derived
    assert slow.vote is not None
    assert slow.vote.disagree_s == 120.0
    assert findings(VOTE.replace("4 K}", "4 K, disagree_for: -1 s}")) == [("E014", 0, 87)]


def test_they_come_in_the_order_of_need_and_as_often_as_the_slowest() -> None:
    found = plant(
        'c: {calc: "b + 1", unit: percent}', 'b: {calc: "a * 2", unit: percent}', 'a: {calc: quality, unit: "%"}'
    )
    assert [each.name for each in found.derived] == ["a", "b", "c"]
    assert found.tags["c"].every_s == 60.0


def test_they_can_be_used_wherever_a_tag_can() -> None:
    text = {
        "dvs: [hum]": "dvs: [hum, T]",
        "max(T_bed, T_bed_b) > 100": "T > 100",
        "hum: {gain: -0.3}": "hum: {gain: -0.3}\n    T: {gain: 0.1}",
    }
    found = plant(MEAN, changes=text)
    assert "T" in found.dvs
    assert found.interlocks[0].when.names == {"T"}


def test_what_the_gate_judges_by_covers_them() -> None:
    one, other = plant(MEAN), plant(MEAN.replace("0.5", "0.4"))
    assert one.limits_hash != other.limits_hash
    assert one.config_hash != other.config_hash


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("T: {unit: degC}", ("E011", 0, 3)),
        ('T: {source: "dcs:ns=2;s=X", calc: T_bed, unit: degC}', ("E016", 0, 31)),
        ("T: {calc: T_bed, stale_after: 3 s, unit: degC}", ("E016", 0, 20)),
        ("T: {calc: T_bde, unit: degC}", ("E030", 0, 13)),
        ("T: {calc: T_jacket_sp, unit: degC}", ("E030", 0, 13)),
        ('T: {calc: "T_bed +", unit: degC}', ("E032", 0, 20)),
        ('T: {calc: "__import__(1)", unit: degC}', ("E032", 0, 14)),
        ("T: {calc: 3 * 4, unit: degC}", ("E033", 0, 13)),
        ("T: {calc: T_bed + flow, unit: degC}", ("E031", 0, 13)),
        ("T: {calc: T_bed, unit: kg/h}", ("E031", 0, 13)),
        ("T: {calc: T_bed, unit: K}", ("E031", 0, 13)),
        ("T: {calc: T_bed > 3, unit: degC}", ("E031", 0, 30)),
        ("T: {calc: T, unit: degC}", ("E037", 0, 13)),
        ("T: {vote: {of: [T_bed, T]}, unit: degC}", ("E037", 0, 13)),
        ("T: {vote: {of: [T_bed, T_bde]}, unit: degC}", ("E051", 0, 26)),
        ("T: {vote: {of: [T_bed, T_bed]}, unit: degC}", ("E054", 0, 26)),
        ("T: {vote: {of: [T_bed, flow]}, unit: degC}", ("E031", 0, 26)),
        ("T: {vote: {of: [T_bed]}, unit: degC}", ("E014", 0, 18)),
        ("T: {vote: {of: [T_bed, T_bed_b], by: 2oo3, max_spread: 1}, unit: degC}", ("E038", 0, 18)),
        ("T: {vote: {of: [T_bed, T_bed_b, T_jacket], by: 2oo3}, unit: degC}", ("E038", 0, 7)),
        ("T: {vote: {of: [T_bed, T_bed_b], min_good: 3}, unit: degC}", ("E038", 0, 46)),
        ("T: {vote: {of: [T_bed, T_bed_b], max_spread: 0}, unit: degC}", ("E014", 0, 48)),
        ("T: {vote: {of: [T_bed, T_bed_b], max_spread: 3 kg}, unit: degC}", ("E021", 0, 48)),
        ('T: {source: "dcs:ns=2;s=X", unit: degC, range: [0, 9], validity: [1, 10]}', ("E042", 0, 68)),
        ('T: {source: "dcs:ns=2;s=X", unit: degC, validity: [10, 1]}', ("E041", 0, 53)),
        ('T: {source: "dcs:ns=2;s=X", unit: degC, filter: -1}', ("E014", 0, 51)),
        ('T: {source: "dcs:ns=2;s=X", unit: degC, filter: 9, every: 60}', ("E016", 0, 51)),
    ],
)
def test_what_is_wrong_is_one_finding_at_its_place(tag: str, found: tuple[str, int, int]) -> None:
    assert findings(tag) == [found]


def test_a_circle_is_named_once() -> None:
    with pytest.raises(PlantFileError) as caught:
        plant(
            "a: {calc: b, unit: degC}",
            "b: {calc: c + T_bed, unit: degC}",
            "c: {calc: a, unit: degC}",
            "d: {calc: a, unit: degC}",
        )
    (found,) = caught.value.diagnostics
    assert found.code == "E037"
    assert found.message == "calculated tags in a circle: a -> b -> c -> a"


def test_a_long_chain_is_no_trouble() -> None:
    tags = [f"n{i}: {{calc: n{i + 1} + 1, unit: degC}}" for i in range(3000)]
    assert len(plant(*tags, "n3000: {calc: T_bed, unit: degC}").derived) == 3001


def test_validity_narrows_what_counts_as_good() -> None:
    found = plant('T: {source: "dcs:ns=2;s=X", unit: degC, range: [0, 150], validity: [20, 120], filter: 30 s}')
    assert (found.validity["T"].lo, found.validity["T"].hi) == (20.0, 120.0)
    assert found.tags["T"].filter_s == 30.0
