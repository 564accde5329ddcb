"""Control looks at the role of whoever asks a second time: what a page let through by mistake goes no further."""

from __future__ import annotations

import pytest

from safety.signals import Mode
from tests.supervisor.walk import Walk, arm

ASKED = (
    {"action": "limit", "variable": "moist", "side": "hi", "value": 3.8},
    {"action": "target", "variable": "moist", "value": 3.5, "lasts_s": 600.0},
    {"action": "lab", "variable": "moist", "value": 3.5, "sampled_utc_s": 1.0},
    {"action": "mode", "mode": Mode.ADVISORY},
)


@pytest.mark.parametrize("role", ["viewer", "energy_manager"])
@pytest.mark.parametrize("asked", ASKED, ids=lambda each: each["action"])
def test_who_does_not_operate_moves_nothing(role, asked):
    walk = Walk()
    walk.run(3)
    request = walk.request(asked["action"], role=role, **{key: asked[key] for key in asked if key != "action"})
    answer = walk.cycle(request).answer(request.id)
    assert (answer.accepted, "role" in answer.why) == (False, True)


@pytest.mark.parametrize("role", ["viewer", "energy_manager"])
def test_who_does_not_operate_arms_nothing(role):
    walk = Walk().advisory()
    request = arm(walk, role=role)
    assert "role" in walk.cycle(request).answer(request.id).why


@pytest.mark.parametrize(
    ("role", "why"), [("viewer", "role"), ("operator", "role"), ("energy_manager", ""), ("engineer", "")]
)
def test_another_plant_file_is_brought_in_by_those_who_make_plans(role, why):
    walk = Walk().advisory()
    request = walk.request("reload", role=role)
    assert walk.cycle(request).answer(request.id).why == why
    assert walk.memory.reload == (not why)


def test_never_while_it_is_armed():
    walk = Walk().closed()
    request = walk.request("reload", role="energy_manager")
    assert walk.cycle(request).answer(request.id).why == "armed"
