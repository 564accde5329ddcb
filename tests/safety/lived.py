"""The lives that every ordinary test run lives: the same each time, and once for all who look at them."""

from __future__ import annotations

import functools

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.safety.machine import Machine
from tests.safety.reasons import Seen


@functools.cache
def lived():
    """Live 200 of them, of up to 50 rules each, and return every reason that was given."""
    seen = Seen()
    enough = settings(
        max_examples=200, stateful_step_count=50, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(lambda: Machine(seen), settings=enough)
    return seen
