"""A plan for several controllers comes into force for all of them or for none."""

from __future__ import annotations

import pytest

from supervisor.again import gone_back
from supervisor.changes.applying import Order, RefusedError, adopted
from supervisor.changes.areas import Areas
from supervisor.changes.disk import bundle, side_of
from supervisor.changes.keeping import on_trial
from supervisor.changes.making import Who, planned
from supervisor.changes.plan import from_text, to_text
from supervisor.changes.signing import Signature
from supervisor.changes.versions import Versions
from supervisor.changes.weight import Weight
from supervisor.site import Site
from tests.constraints.plantfile.two import TEXT, changed

ONE = ("  moist1: {limits: {operator: [3, 5]}", "  moist1: {limits: {operator: [3, 6]}")
BOTH = ("fan > 12", "fan > 11")
SIGNED = (Signature("anna", 0.0, ""), Signature("bert", 0.0, ""))
ORDER = Order("anna", "a test", 5.0)


@pytest.fixture
def areas(tmp_path):
    """Both controllers ran with the file, one of them started twice with another one before."""
    path = tmp_path / "plant.yaml"
    made = Areas(path, {name: tmp_path / "data" / name for name in ("dryer_1", "dryer_2")})
    for text, names in ((changed(ONE), ["dryer_2"]), (TEXT, ["dryer_1", "dryer_2"])):
        path.write_text(text, encoding="utf-8")
        for name in names:
            adopted(Versions(made.data[name]), path, f"hash of {name}", "anna", 1.0)
    return made


def plan_of(areas, *pairs):
    now, then = side_of({"plant.yaml": TEXT}), side_of({"plant.yaml": changed(*pairs)})
    return planned(areas.current(), now, then, Who("anna", 2.0))


def test_a_plan_names_whom_it_concerns_and_what_each_runs_with(areas):
    plan = plan_of(areas, ONE)
    assert [(part.controller, part.base, part.changed) for part in plan.parts] == [
        ("dryer_1", 1, True),
        ("dryer_2", 2, False),  # there moist1 is a disturbance: the limits of it are nothing to it
    ]
    assert plan.base_words == "version 1 of dryer_1, 2 of dryer_2"
    assert [part.changed for part in plan_of(areas, BOTH).parts] == [True, True]
    assert from_text(to_text(plan)) == plan


def test_it_is_applied_to_all(areas):
    plan = plan_of(areas, BOTH)
    areas.check_may(plan, SIGNED, frozenset())
    made = areas.apply(plan, ORDER)
    assert {name: version.number for name, version in made.items()} == {"dryer_1": 2, "dryer_2": 3}
    assert areas.plant_path.read_text(encoding="utf-8") == changed(BOTH)
    assert {each.files_sha256 for each in areas.current().values()} == {made["dryer_1"].files_sha256}
    areas.taken_back(plan, "a test", 9.0)
    assert areas.plant_path.read_text(encoding="utf-8") == TEXT
    assert {name: version.number for name, version in areas.current().items()} == {"dryer_1": 3, "dryer_2": 4}


def test_one_of_those_that_it_concerns_may_run_and_not_two(areas):
    plan = plan_of(areas, BOTH)
    areas.check_may(plan, SIGNED, frozenset({"dryer_1"}))
    with pytest.raises(RefusedError, match="dryer_1 and dryer_2, which run"):
        areas.check_may(plan, SIGNED, frozenset({"dryer_1", "dryer_2"}))


def test_it_is_refused_where_one_runs_with_something_else(areas):
    plan = plan_of(areas, ONE)
    areas.plant_path.write_text(changed(BOTH), encoding="utf-8")
    adopted(Versions(areas.data["dryer_2"]), areas.plant_path, "another", "bert", 3.0)
    areas.plant_path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(RefusedError, match=r"planned on version 2 of dryer_2, and version 3 runs"):
        areas.check_may(plan, SIGNED, frozenset())


def test_a_trial_is_one_for_all(areas):
    areas.apply(plan_of(areas, BOTH), Order("anna", "a test", 5.0, 900.0))
    assert {name: on_trial(folder).back_to for name, folder in areas.data.items()} == {"dryer_1": 1, "dryer_2": 2}


def test_one_that_goes_back_takes_the_others_with_it(areas):
    plan = plan_of(areas, BOTH)
    areas.apply(plan, Order("anna", "a test", 5.0, 900.0))
    site = Site(areas.plant_path, areas.data["dryer_1"], "dryer_1")
    assert gone_back(site, 1, "nobody kept the change in time")
    assert areas.plant_path.read_text(encoding="utf-8") == TEXT
    versions = areas.current()
    assert {name: version.number for name, version in versions.items()} == {"dryer_1": 3, "dryer_2": 4}
    assert len({version.files_sha256 for version in versions.values()}) == 1
    assert all(on_trial(folder) is None for folder in areas.data.values())
    plan_of(areas, BOTH)  # from there the next plan is made


def test_only_those_that_it_concerns_are_on_trial(areas):
    areas.apply(plan_of(areas, ONE), Order("anna", "a test", 5.0, 900.0))
    assert on_trial(areas.data["dryer_1"]).back_to == 1
    assert on_trial(areas.data["dryer_2"]) is None


def test_a_controller_that_the_new_file_has_no_more_has_to_be_stopped_first(areas):
    text = areas.plant_path.read_text(encoding="utf-8")
    begin, end = text.index("  dryer_2:\n"), text.index("\ntags:")
    alone = text[:begin] + text[end:]
    alone = alone.replace("mvs: [T1_sp]", "mvs: [T1_sp, T2_sp]").replace("cvs: [moist1]", "cvs: [moist1, moist2]")
    alone = alone.replace(", controllers: [dryer_2]", "").replace("dvs: [moist1]", "dvs: []")
    alone = alone.replace("    moist1: {gain: 0.5, dead_time: 20 s, lags: [60 s]}\n", "")
    plan = planned(areas.current(), side_of({"plant.yaml": text}), side_of({"plant.yaml": alone}), Who("anna", 2.0))
    assert [(part.controller, part.gone) for part in plan.parts] == [("dryer_1", False), ("dryer_2", True)]
    assert any(each.name == "controllers.dryer_2" and each.weight is Weight.SAFETY for each in plan.changes)
    with pytest.raises(RefusedError, match="has no dryer_2, which runs"):
        areas.check_may(plan, SIGNED, frozenset({"dryer_2"}))
    areas.check_may(plan, SIGNED, frozenset())
    areas.apply(plan, ORDER)
    assert list(bundle(areas.plant_path).values()) == [alone]
    assert areas.current()["dryer_2"].number == 2


@pytest.mark.parametrize(
    ("change", "weight"),
    [
        (("cycle: 10 s", "cycle: 12 s"), Weight.ENGINEERING),
        (("every: 10 s, plc_timeout: 60 s", "every: 10 s, plc_timeout: 50 s"), Weight.SAFETY),
        (("start_in: advisory", "start_in: monitor"), Weight.SAFETY),
    ],
)
def test_what_a_controllers_keys_weigh(areas, change, weight):
    assert [each.weight for each in plan_of(areas, change).changes] == [weight]
