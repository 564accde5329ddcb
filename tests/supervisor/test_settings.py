from __future__ import annotations

import pytest

from supervisor.settings import Settings, advanced, limit_changed
from tests.supervisor.walk import Walk, demo_plant


def changed(settings=None, **what):
    request = Walk().request("limit", **{"variable": "T_in_sp", "side": "hi", "value": 190.0, **what})
    return limit_changed(demo_plant(), settings or Settings(), request)


def test_the_first_limits_hold_at_once():
    settings = advanced(demo_plant(), Settings(schedule={("P_fan", "hi"): 105.0}), 1_000.0)
    assert settings.active["T_in_sp"] == (170.0, 195.0)
    assert settings.active["P_fan"] == (0.0, 105.0)
    assert set(settings.active) == {*demo_plant().mvs, *demo_plant().cvs}


def test_a_changed_limit_moves_with_time_and_never_back_with_it():
    settings = advanced(demo_plant(), Settings(), 1_000.0)
    settings, why = changed(settings)
    assert why == ""
    settings = advanced(demo_plant(), settings, 1_030.0)
    assert settings.active["T_in_sp"] == (170.0, 193.0)  # 4 degC/min downward
    settings = advanced(demo_plant(), settings, 900.0)  # a clock that went back moves nothing
    assert settings.active["T_in_sp"] == (170.0, 193.0)
    assert advanced(demo_plant(), settings, 2_000.0).active["T_in_sp"] == (170.0, 190.0)


@pytest.mark.parametrize(("role", "why"), [("viewer", "role"), ("calendar", "role"), ("operator", ""), ("admin", "")])
def test_only_those_who_may_change_a_limit(role, why):
    settings, found = changed(role=role)
    assert found == why
    assert (settings == Settings()) is bool(why)


@pytest.mark.parametrize("missing", ["variable", "side", "value"])
def test_an_incomplete_request_changes_nothing(missing):
    assert changed(**{missing: None}) == (Settings(), "incomplete")


def test_each_side_is_kept_by_itself():
    settings, _ = changed()
    settings, why = changed(settings, side="lo", value=175.0)
    assert why == ""
    assert settings.operator == {("T_in_sp", "hi"): 190.0, ("T_in_sp", "lo"): 175.0}
    assert changed(settings, value=174.0)[1] == "crosses"
