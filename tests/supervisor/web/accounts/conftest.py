"""Accounts in a folder of their own."""

from __future__ import annotations

import pytest

from tests.supervisor.web.accounts.rig import make_accounts


@pytest.fixture
def opened(tmp_path):
    """Accounts and the clock that they go by."""
    return make_accounts(tmp_path)


@pytest.fixture
def accounts(opened):
    return opened[0]


@pytest.fixture
def clock(opened):
    return opened[1]
