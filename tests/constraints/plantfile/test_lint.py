"""What is well formed and still questioned: each rule with a plant that it speaks of, and the same put right."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plant import Plant
from constraints.plantfile import Loaded, PlantFileError, load_text
from constraints.plantfile.diagnostics import Diagnostic
from constraints.plantfile.lint.relative import relative_gains

LINES = """
version: 1
plant: {name: Kettle, site: Here, timezone: Europe/Berlin, currency: EUR}
connections: {m: {type: memory}}
heartbeat: {handshake: none, every: 5 s, plc_timeout: 10 min}
controller: {cycle: 10 s}
tags:
  T: {source: "m:T", unit: degC, range: [0, 200]}
  P: {source: "m:P", unit: bar, range: [0, 20]}
  a: {source: "m:a", unit: t/h, range: [0, 10]}
  b: {source: "m:b", unit: t/h, range: [0, 10]}
mvs:
  a_sp: {writes: "m:a_sp", readback: a, unit: t/h, limits: {safety: [0, 10], operator: [2, 8]}, move: {up: 1, down: 1}}
  b_sp: {writes: "m:b_sp", readback: b, unit: t/h, limits: {safety: [0, 10], operator: [2, 8]}, move: {up: 1, down: 1}}
cvs:
  T: {limits: {operator: [20, 90]}, concern: 1 K, rank: {hi: 1, lo: 3}}
  P: {limits: {operator: [1, 9]}, concern: 0.1 bar}
models:
  T: {a_sp: {gain: 2.0, lags: [120]}, b_sp: {gain: -1.0, lags: [60]}}
  P: {a_sp: {gain: 0.1, lags: [200]}, b_sp: {gain: 0.2, lags: [200], expects: positive}}
"""
SCHEDULE = """
schedule:
  - {name: Night, days: mon-sun, hours: "22:00-06:00", set: {cvs.T.limits.operator.hi: 80}}
  - {name: Weekend, days: sat-sun, hours: "00:00-24:00", set: {cvs.T.limits.operator.hi: 85}}
"""


def loaded(*changes: tuple[str, str], after: str = "") -> Loaded:
    text = LINES
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return load_text(text + after, "kettle.yaml")


def linted(*changes: tuple[str, str], after: str = "") -> list[Diagnostic]:
    return [each for each in loaded(*changes, after=after).warnings if "W120" <= each.code <= "W129"]


def plant_of(*changes: tuple[str, str]) -> Plant:
    return loaded(*changes).plant


def place(found: Diagnostic) -> str:
    return LINES.splitlines()[found.line - 1][found.column - 1 :][: found.length]


def test_a_sound_plant_is_not_questioned() -> None:
    assert linted() == []


def test_mvs_that_do_nearly_the_same() -> None:
    (found,) = linted(("b_sp: {gain: -1.0", "b_sp: {gain: 2.05"), ("{gain: 0.2, lags", "{gain: 0.104, lags"))
    assert (found.code, place(found)) == ("W120", "b_sp")
    assert "a_sp and b_sp do nearly the same to every CV" in found.message


def test_two_mvs_exactly_alike_are_two_for_one_purpose() -> None:
    assert linted(("b_sp: {gain: -1.0", "b_sp: {gain: 2.0"), ("{gain: 0.2, lags", "{gain: 0.1, lags")) == []


def test_cvs_that_answer_nearly_alike_and_units_do_not_matter() -> None:
    """Three MVs: none two of them do the same, and still nothing holds T and P apart."""
    third = (
        "cvs:\n",
        """  c_sp:
    {writes: "m:c_sp", readback: c, unit: t/h, limits: {safety: [0, 10], operator: [2, 8]}, move: {up: 1, down: 1}}
cvs:
  R: {limits: {operator: [0, 1]}, concern: 0.1}
""",
    )
    tags = (
        "mvs:\n",
        """  c: {source: "m:c", unit: t/h, range: [0, 10]}
  R: {source: "m:R", unit: "1", range: [0, 1]}
mvs:
""",
    )
    models = (
        "models:\n",
        """models:
  R: {a_sp: {gain: 0.3}, c_sp: {gain: 0.7}}
""",
    )
    gains = ("{gain: 0.1, lags", "{gain: 0.2, lags"), ("b_sp: {gain: 0.2,", "b_sp: {gain: -0.101,")
    changes = (third, tags, models, *gains, ("expects: positive", "lead: 1"))
    (found,) = linted(*changes)
    assert (found.code, found.message[:38]) == ("W120", "T and P answer every MV nearly alike (")
    assert linted(*changes, ("{operator: [1, 9]}", "{}")) == []  # nobody holds P anywhere


def test_small_gains_in_large_units_are_not_small() -> None:
    """The same plant, P in Pa: nothing is nearly alike that was not before."""
    in_pa = (("unit: bar, range: [0, 20]", "unit: Pa, range: [0, 2e6]"), ("[1, 9]", "[1e5, 9e5]"), ("0.1 bar", "1e4"))
    assert linted(*in_pa, ("{gain: 0.1, lags", "{gain: 1e4, lags"), ("gain: 0.2,", "gain: 2e4,")) == []


def test_a_large_relative_gain_names_its_pair() -> None:
    """By hand: 2 * 0.2 / (2 * 0.2 - 1 * 0.361905) = 10.5, and -9.5 beside it; no two are collinear yet."""
    gains = (("{gain: -1.0,", "{gain: 1.0,"), ("{gain: 0.1, lags", "{gain: 0.361905, lags"), ("1 K", "0.5 K"))
    (found,) = linted(*gains)
    assert (found.code, place(found)) == ("W126", "a_sp")
    assert found.message == "a_sp has a relative gain of 10.5 on T, and 1 more beyond 10"
    assert found.hint.startswith("9.5 % wrong in this gain, and T cannot be held apart")
    assert linted(*gains, ("{operator: [1, 9]}", "{}")) == []  # nobody holds P


WOOD_BERRY = (
    ("{gain: 2.0,", "{gain: 12.8,"), ("b_sp: {gain: -1.0", "b_sp: {gain: -18.9"),
    ("{gain: 0.1, lags", "{gain: 6.6, lags"), ("{gain: 0.2, lags", "{gain: -19.4, lags"), ("positive", "negative"),
)  # fmt: skip


@pytest.mark.parametrize("concern", ["0.01 K", "100 K"])
def test_the_relative_gains_of_wood_and_berry_are_the_published_ones_in_any_scaling(concern: str) -> None:
    """Chem. Eng. Sci. 28, 1973: 12.8, -18.9 and 6.6, -19.4 have 2.01 and -1.01."""
    found = relative_gains(plant_of(*WOOD_BERRY, ("concern: 1 K", f"concern: {concern}")))
    assert [found[pair] for pair in (("a_sp", "T"), ("b_sp", "P"))] == pytest.approx([2.0094] * 2, abs=1e-4)
    assert [found[pair] for pair in (("a_sp", "P"), ("b_sp", "T"))] == pytest.approx([-1.0094] * 2, abs=1e-4)


def test_what_is_negative_by_itself_is_no_finding() -> None:
    assert linted(*WOOD_BERRY) == []


def test_of_more_mvs_than_cvs_the_relative_gains_share_one() -> None:
    third = "  c_sp: {writes: 'm:c_sp', readback: c, unit: t/h, limits: {safety: [0, 9]}, move: {up: 1, down: 1}}\n"
    tag = '  c: {source: "m:c", unit: t/h, range: [0, 10]}\n'
    plant = plant_of(
        ("cvs:", third + "cvs:"), ("mvs:", tag + "mvs:"), ("  T: {a_sp:", "  T: {c_sp: {gain: 1.5}, a_sp:")
    )
    found = relative_gains(plant)
    assert len(found) == 6
    for cv in ("T", "P"):
        assert sum(value for (_, each), value in found.items() if each == cv) == pytest.approx(1.0)


def test_a_rank_of_nothing() -> None:
    (found,) = linted(("{operator: [20, 90]}", "{operator: [20, null]}"))
    assert (found.code, found.message) == ("W121", "rank.hi of T says nothing: there is no such limit")
    (found,) = linted(("rank: {hi: 1, lo: 3}", "rank: {target: 4}"))
    assert (found.code, found.message) == ("W121", "rank.target of T says nothing: it has no target")


def test_a_limit_that_only_the_schedule_sets_has_a_rank() -> None:
    change = ("limits: {operator: [20, 90]}", "limits: {operator: [20, null]}, target: 50")
    assert [each.code for each in linted(change)] == ["W121"]
    night = SCHEDULE.split("  - {name: Weekend", maxsplit=1)[0]
    assert linted(change, after=night) == []


def test_a_target_before_its_own_limits() -> None:
    (found,) = linted(("rank: {hi: 1, lo: 3}", "target: 50, rank: {hi: 1, lo: 3, target: 2}"))
    assert (found.code, place(found)) == ("W122", "T")
    assert "target of T (rank 2) is kept before its lo limit (rank 3)" in found.message


def test_a_cycle_longer_than_the_lags_of_a_cv() -> None:
    (found,) = linted(("cycle: 10 s", "cycle: 150 s"))
    assert (found.code, place(found)[:4]) == ("W123", "10 s")
    assert "longer than the longest lag of T" in found.message
    # a step response: 63 % of its end after 80 s, of which 20 are dead time
    step = ("{gain: 2.0, lags: [120]}", "{step: [[0, 0], [20, 0], [100, 1.3], [200, 2.0]]}")
    assert [each.code for each in linted(step, ("cycle: 10 s", "cycle: 70 s"))] == []
    assert [each.code for each in linted(step, ("cycle: 10 s", "cycle: 90 s"))] == ["W123"]


def test_without_lags_there_is_nothing_to_miss() -> None:
    changes = (("{gain: 2.0, lags: [120]}", "{gain: 2.0}"), ("{gain: -1.0, lags: [60]}", "{gain: -1.0}"))
    assert linted(*changes, ("cycle: 10 s", "cycle: 150 s")) == []


def test_points_that_end_before_the_plant_has_settled() -> None:
    (found,) = linted(("cycle: 10 s", "cycle: 10 s, points: [1, 5, 60]"))
    assert found.code == "W124"
    assert "600 s ahead, and P has settled after 800 s" in found.message
    assert "cycle 80" in found.hint
    assert linted(("cycle: 10 s", "cycle: 10 s, points: [1, 5, 80]")) == []


def test_schedule_entries_that_set_the_same_at_the_same_time() -> None:
    (found,) = linted(after=SCHEDULE)
    assert found.code == "W125"
    assert "'Night' and 'Weekend' both set T.hi on sat 00:00" in found.message
    apart = SCHEDULE.replace("days: mon-sun", "days: mon-thu")
    assert linted(after=apart) == []
    assert linted(after=SCHEDULE.replace("hi: 85", "hi: 80")) == []  # the same value does no harm
    friday = SCHEDULE.replace("days: mon-sun", "days: fri")  # runs over midnight into Saturday
    assert "on sat 00:00" in linted(after=friday)[0].message


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("gain: 0.2, lags: [200]", "gain: -0.2, lags: [200]", "-0.2"),
        ("gain: 0.2, lags: [200]", "step: [[0, 0], [50, 0.1], [90, -0.3]]", "[[0,"),
        ("gain: -1.0, lags: [60]", "gain: 1.0, lags: [60], expects: negative", "1.0"),
    ],
)
def test_a_gain_of_the_sign_that_the_engineer_does_not_expect(old: str, new: str, place: str) -> None:
    text = LINES.replace(old, new)
    with pytest.raises(PlantFileError) as refused:
        load_text(text, "kettle.yaml")
    (found,) = [each for each in refused.value.diagnostics if each.severity == "error"]
    assert found.code == "E076"
    assert text.splitlines()[found.line - 1][found.column - 1 :].startswith(place)


def test_the_demo_plant_is_not_questioned() -> None:
    text = (Path(__file__).parents[3] / "hil" / "demo" / "plant.yaml").read_text(encoding="utf-8")
    assert load_text(text, "plant.yaml").warnings == ()
