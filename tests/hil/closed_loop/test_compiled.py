"""The whole loop against the PLC's own text, compiled: real control, real OPC UA, a PLC that runs SETWISE_APC.st."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.hil.closed_loop import stage as stages
from tests.hil.closed_loop.conftest import staged
from tests.hil.closed_loop.cycles import wrote
from tests.hil.closed_loop.process import Process
from tests.hil.closed_loop.stage import SHED_PLANT_S, Stage, in_cascade, shed


class Swapped(Process):
    """A process of the stage; the bench with the compiled text in its PLC."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        module = "tests.hil.closed_loop.compiled_bench" if command[0] == "hil.bench" else command[0]
        super().__init__(name, (module, *command[1:]), log)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A plant of its own; whatever happened in it is judged when it is over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "Process", Swapped)
        with staged(tmp_path_factory.mktemp("compiled") / "stage") as stage:
            yield stage


def test_i50_the_compiled_block_is_armed_moved_and_sheds_when_control_is_killed(compiled: Stage) -> None:
    stage, control = compiled, compiled.control
    assert "the PLC runs SETWISE_APC.st, compiled" in stage.bench.said()
    operators = dict(stage.state()["sp"])  # type: ignore[call-overload]
    control.arm()
    control.moves(stage.now_utc_s)
    stage.until_state(
        "moved from the operator's setpoints, in cascade",
        lambda state: state["sp"] != operators and in_cascade(state) and bool(state["permitted"]),
    )
    armed = {line["epoch"] for line in stage.events("set") if line["reject"] == "NONE"}

    mark = stage.mark()
    control.process.kill()
    stage.until_shed()
    (event,) = stage.events("shed", mark)
    beats = [line for line in stage.events("write") if line["register"] == "HB" and line["t"] <= event["t"]]  # type: ignore[operator]
    silent_s = event["t"] - beats[-1]["t"]  # type: ignore[operator]
    assert SHED_PLANT_S <= silent_s <= SHED_PLANT_S + 5.0
    assert stage.until_state("back at the operator's setpoints", lambda state: near(state["sp"], operators))

    since = stage.now_utc_s
    control = stage.start_control()
    control.until("a while", lambda record: record.cycle >= 8, since)
    assert shed(stage.state())  # it comes back by a person only
    assert wrote(control.arm())
    again = {line["epoch"] for line in stage.events("set", mark) if line["reject"] == "NONE"}
    assert min(again) > max(armed)  # type: ignore[type-var]


def near(setpoints: object, wanted: dict[str, float]) -> bool:
    assert isinstance(setpoints, dict)
    return all(abs(setpoints[mv] - value) < 0.01 for mv, value in wanted.items())
