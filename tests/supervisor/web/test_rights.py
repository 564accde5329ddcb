"""Who may do what: the whole table of roles, actions, fields and modes, written down a second time."""

from __future__ import annotations

from itertools import product

import pytest

from safety.signals import Mode
from supervisor.changes.difference import Change
from supervisor.changes.weight import Weight
from supervisor.web.accounts.users import ROLES
from supervisor.web.rights import TABLE, field_of, may, needs_password

# Columns: viewer, operator, energy manager, engineer, admin. x: may. As in the interface's table of roles.
EXPECTED = """
    view                  x x x x x
    view_events           x x x x x
    off                   - x - x -
    acknowledge           - x - x -
    reset                 - x - x -
    bypass                - x - x -
    restore               - x - x -
    mv_opr                - x - x -
    mv_apc                - x - x -
    limit                 - x - x -
    target                - x - x -
    target_end            - x - x -
    lab                   - x - x -
    advice_accept         - x - x -
    advice_reject         - x - x -
    alarm_ack             - x - x -
    alarm_shelve          - x - x -
    alarm_unshelve        - x - x -
    alarm_out             - - - x -
    alarm_in              - - - x -
    release               - - - x -
    reload                - - - x -
    plan_make             - - x x -
    plan_sign             - - x x -
    plan_apply            - - x x -
    plan_keep             - - x x -
    plan_roll_back        - - x x -
    users                 - - - - x
    tokens                - - - - x
    sessions              - - - - x
"""
COLUMNS = ("viewer", "operator", "energy_manager", "engineer", "admin")
ROWS = {words[0]: dict(zip(COLUMNS, words[1:], strict=True)) for words in map(str.split, EXPECTED.split("\n")) if words}
FIELDS = ("operator", "engineering", "safety", "tariff", "text")
MODES = (Mode.OFF, Mode.MONITOR, Mode.ADVISORY, Mode.CLOSED_LOOP)
RELEASED = {
    (Mode.MONITOR, Mode.ADVISORY): "not_released",
    (Mode.MONITOR, Mode.CLOSED_LOOP): "not_released",
    (Mode.ADVISORY, Mode.CLOSED_LOOP): "not_released",
    (Mode.OFF, Mode.ADVISORY): "not_released",
    (Mode.OFF, Mode.CLOSED_LOOP): "not_released",
}
"""What an operator may not, by released and wanted mode."""
PLAN_FIELDS = {
    "engineer": {"operator", "engineering", "safety", "tariff", "text"},
    "energy_manager": {"tariff", "text"},
}


def test_no_row_is_missing():
    assert set(ROWS) | {"mode"} == set(TABLE)
    assert COLUMNS == ROLES


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ROWS)
def test_the_table(role, action):
    assert may(role, action) == ("" if ROWS[action][role] == "x" else "role")


@pytest.mark.parametrize(("released", "wanted"), list(product(MODES, MODES)))
def test_modes_go_up_as_far_as_the_engineer_released(released, wanted):
    found = {role: may(role, "mode", mode=wanted, released=released) for role in ROLES}
    assert found == {
        "viewer": "role",
        "operator": RELEASED.get((released, wanted), ""),
        "energy_manager": "role",
        "engineer": "",
        "admin": "role",
    }


@pytest.mark.parametrize(("role", "field"), list(product(ROLES, FIELDS)))
def test_limits_beyond_the_operators_take_a_plan(role, field):
    expected = "role" if role not in ("operator", "engineer") else "" if field == "operator" else None
    if expected is None:
        expected = "needs_plan" if role == "engineer" else "role"
    assert may(role, "limit", field=field) == expected
    assert may(role, "target", field=field) == expected


@pytest.mark.parametrize(("role", "field"), list(product(ROLES, FIELDS)))
@pytest.mark.parametrize("action", ["plan_make", "plan_sign", "plan_apply", "plan_keep", "plan_roll_back"])
def test_plans_are_of_what_is_the_roles_own(role, field, action):
    assert may(role, action, field=field) == ("" if field in PLAN_FIELDS.get(role, ()) else "role")


@pytest.mark.parametrize("action", ["", "shutdown", "limits_schedule", "prices", "VIEW"])
@pytest.mark.parametrize("role", [*ROLES, "", "root", "calendar"])
def test_what_is_not_in_the_table_nobody_may(role, action):
    assert may(role, action) == "role"


@pytest.mark.parametrize("role", ["", "root", "calendar", "OPERATOR"])
def test_whoever_has_no_role_may_nothing(role):
    assert {may(role, action, mode=Mode.OFF) for action in TABLE} == {"role"}


@pytest.mark.parametrize("mode", [None, Mode.TRIPPED])
def test_nobody_asks_for_no_mode_or_for_a_trip(mode):
    assert may("engineer", "mode", mode=mode) == "incomplete"


def test_the_password_is_asked_for_where_it_arms_signs_or_lets_in_and_never_for_off():
    asked = {action for action in TABLE if needs_password(action)}
    assert asked == {
        "release", "bypass", "plan_sign", "plan_apply", "plan_roll_back", "reload", "users", "tokens",
    }  # fmt: skip
    assert [needs_password("mode", mode) for mode in MODES] == [False, False, False, True]


@pytest.mark.parametrize(
    ("path", "weight", "field"),
    [
        ("tariffs.day.price", Weight.ENGINEERING, "tariff"),
        ("tariffs.day.desc", Weight.TEXT, "tariff"),
        ("cvs.moist.limits.operator.hi", Weight.OPERATOR, "operator"),
        ("cvs.moist.limits.engineering.hi", Weight.ENGINEERING, "engineering"),
        ("mvs.T_in_sp.limits.safety.hi", Weight.SAFETY, "safety"),
        ("interlocks.Hot.when", Weight.SAFETY, "safety"),
        ("meters.main.tag", Weight.SAFETY, "safety"),
        ("models.moist.T_in_sp.gain", Weight.ENGINEERING, "engineering"),
        ("economics.value.powder.price", Weight.ENGINEERING, "engineering"),
        ("tags.T_out.desc", Weight.TEXT, "text"),
    ],
)
def test_what_a_change_is_of(path, weight, field):
    change = Change(path=tuple(path.split(".")), kind="changed", before="1", after="2", weight=weight)
    assert field_of(change.path, change.weight.name) == field
