"""Who may do what from a page or with a token: one table, asked again at every act. Pure.

The roles do different work, none is above another: an administrator manages accounts and touches no plant, an energy
manager changes tariffs and nothing else. (``safety.roles``, by which control judges again, is a ladder: what reaches it
from here is less than it would allow.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from safety.signals import Mode
from supervisor.web.accounts.users import Role

Field = Literal["operator", "engineering", "safety", "tariff", "text", ""]
"""What a change is of: a kind of limit, what energy costs, or words."""

_LOOK: Final[frozenset[Role]] = frozenset({"viewer", "operator", "energy_manager", "engineer", "admin"})
_OPERATE: Final[frozenset[Role]] = frozenset({"operator", "engineer"})
_ENGINEER: Final[frozenset[Role]] = frozenset({"engineer"})
_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_PLAN: Final[frozenset[Role]] = frozenset({"engineer", "energy_manager"})

TABLE: Final[Mapping[str, frozenset[Role]]] = {
    "view": _LOOK,
    "view_events": _LOOK,  # the record of who signed in is as open as the rest of the audit
    "off": _OPERATE,
    "mode": _OPERATE,
    "release": _ENGINEER,
    "acknowledge": _OPERATE,
    "reset": _OPERATE,
    "bypass": _OPERATE,  # the plant file says which role; control goes by it
    "restore": _OPERATE,
    "mv_opr": _OPERATE,
    "mv_apc": _OPERATE,
    "limit": _OPERATE,
    "target": _OPERATE,
    "target_end": _OPERATE,
    "lab": _OPERATE,
    "advice_accept": _OPERATE,
    "advice_reject": _OPERATE,
    "alarm_ack": _OPERATE,
    "alarm_shelve": _OPERATE,
    "alarm_unshelve": _OPERATE,
    "alarm_out": _ENGINEER,
    "alarm_in": _ENGINEER,
    "plan_make": _PLAN,
    "plan_sign": _PLAN,
    "plan_apply": _PLAN,
    "plan_keep": _PLAN,
    "plan_roll_back": _PLAN,
    "reload": _ENGINEER,  # by itself; applying a plan asks for it too
    "users": _ADMIN,
    "tokens": _ADMIN,
    "sessions": _ADMIN,
}
"""The table of the interface's page 0; what is not in it nobody may do."""
PLANS: Final = frozenset({"plan_make", "plan_sign", "plan_apply", "plan_keep", "plan_roll_back"})
_PLAN_FIELDS: Final[Mapping[Role, frozenset[Field]]] = {
    "engineer": frozenset({"operator", "engineering", "safety", "tariff", "text", ""}),
    "energy_manager": frozenset({"tariff", "text", ""}),
}
_DIRECT: Final[frozenset[Field]] = frozenset({"operator", ""})
"""What is set at once; everything wider goes by a plan."""
_PASSWORD: Final = frozenset(
    {"release", "bypass", "plan_sign", "plan_apply", "plan_roll_back", "reload", "users", "tokens"}
)
"""Takes the password again: what arms, widens or signs, and what lets people in (21 CFR 11.200, ASVS 7.5.1)."""
TARIFFS: Final = frozenset({"tariffs", "meters", "baselines", "demand"})
"""Sections of the plant file that are the energy manager's."""


def may(
    role: Role, action: str, *, field: Field = "", mode: Mode | None = None, released: Mode = Mode.CLOSED_LOOP
) -> str:
    """Return why ``role`` may not do ``action``; empty where it may: ``role needs_plan not_released incomplete``.

    ``field`` is what is changed, ``mode`` what is asked for, ``released`` the highest mode that the engineer released.
    """
    if action == "mode" and mode is Mode.OFF:
        action = "off"
    if role not in TABLE.get(action, frozenset()):
        return "role"
    if action == "mode":
        return _mode(role, mode, released)
    if action in ("limit", "target"):
        return "" if field in _DIRECT else "needs_plan" if role == "engineer" else "role"
    if action in PLANS:
        return "" if field in _PLAN_FIELDS.get(role, frozenset()) else "role"
    return ""


def needs_password(action: str, mode: Mode | None = None) -> bool:
    """Return whether the password must have been given within the last minutes. Never for OFF."""
    return action in _PASSWORD or (action == "mode" and mode is Mode.CLOSED_LOOP)


def field_of(path: tuple[str, ...], weight: str) -> Field:
    """Return what a change of the plant file is of, by its place and its weight (``TEXT OPERATOR ENGINEERING SAFETY``).

    Only what the gate does not judge by can be a tariff: a meter's tag that an interlock reads stays safety.
    """
    if weight == "SAFETY":
        return "safety"
    if path[:1] and path[0] in TARIFFS:
        return "tariff"
    known: Mapping[str, Field] = {"TEXT": "text", "OPERATOR": "operator", "ENGINEERING": "engineering"}
    return known.get(weight, "safety")


def _mode(role: Role, mode: Mode | None, released: Mode) -> str:
    if mode is None or mode is Mode.TRIPPED:
        return "incomplete"
    # Watching is always released; an operator can come down to it from anywhere.
    return "" if role == "engineer" or mode <= max(released, Mode.MONITOR) else "not_released"
