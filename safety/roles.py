"""Who may do what: each role may do what the roles before it may. Checked again when a request is taken."""

from __future__ import annotations

from typing import Final

ROLES: Final = ("viewer", "operator", "engineer", "admin")


def may(role: str, needed: str) -> bool:
    """Return whether ``role`` suffices where ``needed`` is needed; an unknown role on either side never does."""
    return role in ROLES and needed in ROLES and ROLES.index(role) >= ROLES.index(needed)
