"""One plant per module, armed and whole before each test; afterwards nothing must have happened that never may."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.hil.closed_loop.never import broken_promises
from tests.hil.closed_loop.stage import MORNING, Stage


@contextlib.contextmanager
def staged(
    folder: Path,
    start_local: str = MORNING,
    data: Path | None = None,
    edits: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Stage]:
    """Run a plant; when it is over, judge what it left behind. ``edits``: changes to the text of the plant file."""
    stage = Stage(folder, start_local, data=data, edits=edits)
    try:
        yield stage
        if not stage.control.process.running:
            stage.start_control()  # it closes what a killed one left open
        stage.control.until("the record in order", lambda record: "record_verified" not in record.mode.reasons
                            or not stage.control.verified().open_intents, stage.now_utc_s)  # fmt: skip
    finally:
        stage.close()
    broken = broken_promises(stage)
    assert not broken, f"{len(broken)} broken promises\n" + "\n".join(broken[:20])


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The module's plant."""
    with staged(tmp_path_factory.mktemp("plant") / "stage") as stage:
        yield stage


@pytest.fixture
def stage(plant: Stage) -> Iterator[Stage]:
    """The module's plant with nothing wrong and control in closed loop."""
    if not plant.control.process.running:
        plant.start_control()
    plant.control.arm()
    yield plant
    plant.heal()
