"""Two supervisors at one plant: on the same records the second is refused, of two records at most one holds the PLC."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from safety.signals import Mode
from tests.hil.closed_loop.cycles import let_go, told, wrote
from tests.hil.closed_loop.process import Process
from tests.hil.closed_loop.stage import Control, Stage


@pytest.fixture(scope="module")
def other(judged: Stage) -> Iterator[Control]:
    """A second control process on records of its own, in advisory mode."""
    data = judged.folder / "other"
    control = Control.start(judged.plant_path, data, judged.ready, judged.folder / "other.log")
    judged.controls.insert(0, control)  # judged and ended with the rest; the stage's own stays the last
    control.until("its first plans", lambda record: record.cycle > 3, timeout_s=60.0)
    control.mode(Mode.ADVISORY)
    control.until("a plan", lambda record: record.plan["status"] == "ok", timeout_s=60.0)
    yield control
    control.process.stop()


def owners(stage: Stage, controls: list[Control], mark: int) -> list[int]:
    """Return whose move sets the PLC accepted since ``mark``, one after another, repetitions left out."""
    events = stage.events("set", mark)  # before the records, where the intents are by then
    known = [{(body["epoch"], body["sequence"]): body for _, _, body in control.rows("intent")} for control in controls]
    found: list[int] = []
    order = stage.plant.handshake.mv_order
    for event in events:
        if event["reject"] != "NONE":
            continue
        mine = [
            number
            for number, intents in enumerate(known)
            if (body := intents.get((event["epoch"], event["seq"]))) is not None
            and all(abs(event["sp"][order.index(mv)] - value) < 1e-3 for mv, value in body["setpoints"].items())  # type: ignore[index,attr-defined]
        ]
        assert mine, f"nobody's set: {event}"
        if len(mine) == 1 and found[-1:] != mine:
            found += mine
    return found


def test_f72_a_second_control_on_the_same_records_is_refused(stage: Stage) -> None:
    control, clock = stage.control, stage.ready.clock
    anchors = ("--anchor-mono", repr(clock.anchor_real_mono), "--anchor-utc", repr(clock.anchor_utc))
    data, speed = str(control.site.data), repr(clock.speed)
    command = ("hil.demo.control", str(stage.plant_path), "--data", data, "--speed", speed)
    since = stage.now_utc_s
    second = Process("second", (*command, *anchors), stage.folder / "second.log")
    assert second.wait() == 1
    assert f"another supervisor runs on {data}" in second.said()
    control.moves(stage.now_utc_s)
    control.kept(since)


def test_f72_who_comes_second_is_not_armed(stage: Stage, other: Control) -> None:
    for _ in range(3):
        held = stage.control.arm()
        since, mark = stage.now_utc_s, stage.mark()
        answer = other.mode(Mode.CLOSED_LOOP)
        if not any(let_go(record) for record in stage.control.records(held.utc_s)):
            break
        other.mode(Mode.ADVISORY)  # a busy machine shed the first meanwhile: the plant was free
    assert not answer.accepted
    assert "plc_alone" in answer.why
    stage.control.moves(since + 3.0 * stage.plant.cycle_s)
    assert owners(stage, [stage.control, other], mark) == [0]
    assert not any(record.mode.actual is Mode.CLOSED_LOOP for record in other.records(since))


def test_f72_of_two_that_arm_at_once_at_most_one_holds(stage: Stage, other: Control) -> None:
    both = [stage.control, other]
    for control in both:
        control.mode(Mode.ADVISORY)
    stage.until_shed()
    quiet = stage.now_utc_s + 10.0 * stage.plant.cycle_s
    for control in both:
        control.until("a quiet while", lambda record: record.utc_s > quiet, quiet)
    since, mark = stage.now_utc_s, stage.mark()
    assert any(any(asked_at_once(both)) for _ in range(5))
    end = stage.now_utc_s + 16.0 * stage.plant.cycle_s
    for control in both:
        control.until("the dust settled", lambda record: record.utc_s > end, end)
    assert len(owners(stage, both, mark)) <= 1, [told(control.last()) for control in both]
    held = [any(wrote(record) for record in control.records(since)) for control in both]
    assert sum(held) <= 1
    holding = [control.last().mode.actual is Mode.CLOSED_LOOP for control in both]  # type: ignore[union-attr]
    assert sum(holding) <= 1
    other.mode(Mode.ADVISORY)
    assert wrote(stage.control.arm())


def asked_at_once(controls: list[Control]) -> list[bool]:
    """Ask all for closed loop in the same moment; return which of them took it. One that was stopped in the middle of
    a read finds the PLC too late to answer and refuses.
    """
    for control in controls:
        control.process.send(signal.SIGSTOP)
    requests = [control.request(action="mode", mode=Mode.CLOSED_LOOP, confirmed=True) for control in controls]
    time.sleep(0.5)  # all are late for a cycle then, and begin it in the same moment
    for control in controls:
        control.process.send(signal.SIGCONT)
    return [control.answer(request).accepted for control, request in zip(controls, requests, strict=True)]


def test_f72_a_control_that_slept_finds_its_plant_taken_and_leaves_it(stage: Stage, other: Control) -> None:
    first = stage.control
    first.arm()
    first.process.send(signal.SIGSTOP)
    try:
        stage.until_shed()
        assert wrote(other.arm())
        since, mark = stage.now_utc_s, stage.mark()
    finally:
        first.process.send(signal.SIGCONT)
    first.until("the first lets go", let_go, since)
    end = stage.now_utc_s + 10.0 * stage.plant.cycle_s
    first.until("ten cycles more", lambda record: record.utc_s > end, end)
    assert owners(stage, [first, other], mark) in ([1], [])
    assert not any(wrote(record) for record in first.records(since))
    other.mode(Mode.ADVISORY)
    stage.until_shed()
    assert wrote(first.arm())
