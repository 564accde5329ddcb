"""A plan as a file: exactly what was planned comes back, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supervisor.changes.disk import side_of
from supervisor.changes.making import Who, planned
from supervisor.changes.plan import PlanError, from_text, to_text
from supervisor.changes.versions import Version, files_sha256

TEXT = (Path(__file__).parents[3] / "hil" / "demo" / "plant.yaml").read_text(encoding="utf-8")
OLD = side_of({"plant.yaml": TEXT})
NEW = side_of({"plant.yaml": TEXT.replace("safety: [150, 205]", "safety: [150, 208]")})
BASE = Version(number=86, config_hash="", files_sha256=files_sha256(OLD.files), who="", why="", utc_s=0.0)
PLAN = planned({"": BASE}, OLD, NEW, Who("anna", 12.0))


def test_there_and_back():
    assert from_text(to_text(PLAN)) == PLAN
    assert from_text(to_text(PLAN)).sha256 == PLAN.sha256


def test_what_it_says():
    (change,) = PLAN.changes
    assert (change.name, change.before, change.after) == ("mvs.T_in_sp.limits.safety.hi", "205", "208")
    assert (PLAN.parts[0].base, PLAN.signatures, PLAN.widens) == (86, 2, ("T_in_sp.safety.hi",))
    assert PLAN.parts[0].config_hash == NEW.loaded.plant.config_hash


@pytest.mark.parametrize("key", ["signatures", "parts", "base_files_sha256", "files"])
def test_one_that_was_changed_by_hand_is_refused(key):
    raw = json.loads(to_text(PLAN))
    raw["plan"][key] = {
        "signatures": 0,
        "parts": [{"controller": "", "base": 85, "config_hash": "x", "changed": True}],
        "base_files_sha256": "x",
        "files": {"plant.yaml": "other"},
    }[key]
    with pytest.raises(PlanError, match="changed after it was made"):
        from_text(json.dumps(raw))


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"form": "setwise-plan-0", "sha256": "", "plan": {}}', "null"])
def test_what_is_no_plan(text):
    with pytest.raises(PlanError):
        from_text(text)


def test_whoever_changes_a_plan_and_its_sum_has_another_plan_that_nobody_signed():
    raw = json.loads(to_text(PLAN))
    raw["plan"]["files"]["plant.yaml"] = TEXT
    for _ in range(2):
        try:
            forged = from_text(json.dumps(raw))
        except PlanError:
            from supervisor.changes.plan import ChangePlan, _change

            body = {**raw["plan"], "changes": tuple(_change(each) for each in raw["plan"]["changes"])}
            body |= {"widens": tuple(body["widens"]), "notes": tuple(body["notes"])}
            raw["sha256"] = ChangePlan(**body).sha256
    assert forged.sha256 != PLAN.sha256
