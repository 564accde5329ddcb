from __future__ import annotations

import pytest

from controllers.controller import Controller
from tests.controllers.plants import dryer


@pytest.fixture(scope="session")
def dryer_controller() -> Controller:
    """Compiled once; every test brings its own memory, and nothing else may remain in it."""
    return Controller(dryer())
