from __future__ import annotations

import pytest

from safety.roles import may

TABLE = {
    "viewer": "viewer",
    "operator": "viewer operator",
    "engineer": "viewer operator engineer",
    "admin": "viewer operator engineer admin",
    "auditor": "",
    "": "",
}


@pytest.mark.parametrize("role", TABLE)
@pytest.mark.parametrize("needed", TABLE)
def test_every_role_against_every_need(role, needed):
    assert may(role, needed) == (needed in TABLE[role].split())
