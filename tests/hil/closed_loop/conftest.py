"""One plant for all modules, armed and whole before each test; after each module nothing must have happened that never
may.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.hil.closed_loop.never import broken_promises
from tests.hil.closed_loop.stage import Stage

EVENING = "2026-11-23T20:56:00"
"""Local time at which the plant wakes up: the night limit on fan power comes a little later, nothing else all night."""
FROZEN_MIN = 4.0
"""Patience with the analyser, plant minutes."""
EDITS = MappingProxyType(
    {
        "frozen_after: 15 min": f"frozen_after: {FROZEN_MIN} min",  # not to wait long
        "on_bad: shed\n": "on_bad: shed\n    critical: true\n",  # one MV without which nothing goes
        # Faults follow one another here, quickly; and in the time-out of a meter the plant does twenty seconds.
        "timeout: 500 ms": "timeout: 300 ms, reconnect_max: 1 s",
        "\n    timeout: 300 ms, reconnect_max: 1 s": "\n    timeout: 500 ms\n    reconnect_max: 1 s",
    }
)
"""What is another way than in the demo's plant file."""


@contextlib.contextmanager
def staged(folder: Path, data: Path | None = None, edits: Mapping[str, str] = EDITS) -> Iterator[Stage]:
    """Run a plant; when it is over, judge what it left behind."""
    stage = Stage(folder, EVENING, data=data, edits=edits)
    try:
        yield stage
        if not stage.control.process.running:
            stage.start_control()  # it closes what a killed one left open
        stage.control.until("nothing open", lambda record: not stage.control.verified().open_intents)
    finally:
        stage.close()
    assert_promises_kept(stage)


def assert_promises_kept(stage: Stage) -> None:
    broken = broken_promises(stage)
    assert not broken, f"{len(broken)} broken promises\n" + "\n".join(broken[:20])


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The plant of the session."""
    with staged(tmp_path_factory.mktemp("plant") / "stage") as stage:
        yield stage


@pytest.fixture(scope="module")
def judged(plant: Stage) -> Iterator[Stage]:
    """The plant, judged after the module."""
    yield plant
    assert_promises_kept(plant)


@pytest.fixture
def stage(judged: Stage) -> Iterator[Stage]:
    """The plant with nothing wrong and control in closed loop."""
    if not judged.control.process.running:
        judged.start_control()
    judged.control.arm()
    yield judged
    judged.heal()
