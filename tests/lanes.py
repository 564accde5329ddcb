"""Several tests at once (``make test``): which stay together in one process, and what begins first.

A file's tests stay together because they share its fixtures, and all plants in closed loop because they run in real
time: one after another they have at least half a machine each, as where tests run one by one.
"""

from __future__ import annotations

import os

import pytest
from xdist.scheduler import LoadFileScheduling

CLOSED_LOOP = "tests/hil/closed_loop/"
LONG = (CLOSED_LOOP, "tests/tools/", "tests/supervisor/changes/", "tests/supervisor/test_control.py")
"""What takes longest, so that nothing is left to wait for at the end."""
PROCESSES_MAX = 4
"""Any more would only wait for the closed loop."""


def processes() -> int:
    """Return how many processes the tests are given to on this machine."""
    return min(len(os.sched_getaffinity(0)), PROCESSES_MAX)


def lane(nodeid: str) -> str:
    """Return the name of what must run in one process, one after another."""
    return CLOSED_LOOP if nodeid.startswith(CLOSED_LOOP) else nodeid.partition("::")[0]


def longest_first(items: list[pytest.Item]) -> None:
    """Put what takes long first, otherwise in the order in which it was collected."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


class Lanes(LoadFileScheduling):
    """Lanes of tests, in the order of the collection."""

    def __init__(self, config: pytest.Config, log: object = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid)
