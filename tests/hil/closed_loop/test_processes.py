"""Control and its thinker killed, stopped and started again: the PLC takes back, nothing stale is written, and there is
no way around a person's new confirmation.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import time

import pytest

from safety.signals import Mode
from tests.hil.closed_loop.cycles import alarms, let_go, longest_ms, told, wrote
from tests.hil.closed_loop.stage import LOOK_S, SHED_PLANT_S, Control, Stage, StageError, shed, thinker_of

MOMENTS = [round(random.Random(69).random(), 2), *(round(random.Random(seed).random(), 2) for seed in range(8))]
"""When in a cycle control is killed, as a part of it."""
NIGHTLY = [pytest.param(moment, marks=pytest.mark.nightly) for moment in MOMENTS[1:]]


def assert_shed_by_its_own_timer(stage: Stage, mark: int) -> None:
    """The PLC let go after its time without a heartbeat, and because of that alone."""
    (event,) = stage.events("shed", mark)
    beats = [line for line in stage.events("write") if line["register"] == "HB" and line["t"] <= event["t"]]  # type: ignore[operator]
    asked = [line for line in stage.events("write", mark) if line["register"] == "MODE_REQ"]
    assert all(line["value"] == Mode.CLOSED_LOOP for line in asked)
    silent_s = event["t"] - beats[-1]["t"]  # type: ignore[operator]
    assert SHED_PLANT_S - 2.0 <= silent_s <= SHED_PLANT_S + 5.0


def restarted_disarmed(stage: Stage) -> Control:
    """Start control again; it must not touch the PLC before a person says so, and must close what was left open."""
    since, mark = stage.now_utc_s, stage.mark()
    control = stage.start_control()
    control.until("a while", lambda record: record.cycle >= 16, since)
    end = time.monotonic() + 30.0
    while (report := control.verified()).open_intents and time.monotonic() < end:
        time.sleep(LOOK_S)
    assert report.intact
    assert not report.open_intents
    assert all(record.mode.actual <= Mode.ADVISORY for record in control.records(since))
    assert stage.events("write", mark) == []
    assert shed(stage.state())
    return control


def assert_outcomes_true(stage: Stage, control: Control) -> None:
    """No outcome on record says that a set arrived which the PLC never accepted."""
    intents = {seq: body for seq, _, body in control.rows("intent")}
    accepted = {(event["epoch"], event["seq"]) for event in stage.events("set") if event["reject"] == "NONE"}
    closed = {body["intent_seq"]: body for _, _, body in control.rows("outcome")}
    assert intents.keys() <= closed.keys()
    for seq, intent in intents.items():
        arrived = (intent["epoch"], intent["sequence"]) in accepted
        for outcome in closed[seq]["outcomes"]:  # type: ignore[attr-defined]
            assert arrived or outcome["outcome"] != "confirmed", (intent, closed[seq])


@pytest.mark.parametrize("part", [MOMENTS[0], *NIGHTLY])
def test_f69_kill_9_sheds_restarts_disarmed_and_resolves_orphans(stage: Stage, part: float) -> None:
    beat_s = stage.ready.clock.real_s(stage.plant.cycle_s)
    stage.control.armed_until("a few writes", wrote, stage.now_utc_s + 2.0 * stage.plant.cycle_s)
    time.sleep(part * beat_s)
    mark = stage.mark()
    stage.control.process.kill()
    stage.until_shed()
    assert_shed_by_its_own_timer(stage, mark)
    control = restarted_disarmed(stage)
    assert_outcomes_true(stage, control)
    assert wrote(control.arm())


def test_f69_kill_9_between_intent_and_write_is_found_and_said_never_sent(stage: Stage) -> None:
    control = stage.control
    orphan, mark = stopped_after_an_intent(stage, control)
    control.process.kill()
    stage.until_shed()
    assert_shed_by_its_own_timer(stage, mark)
    assert orphan in control.verified().open_intents
    control = restarted_disarmed(stage)
    (body,) = [body for _, _, body in control.rows("outcome") if body["intent_seq"] == orphan]
    assert body["how"] == "orphan"
    assert {outcome["outcome"] for outcome in body["outcomes"]} <= {"not_sent", "overridden"}  # type: ignore[attr-defined]
    assert_outcomes_true(stage, control)
    assert wrote(control.arm())


def stopped_after_an_intent(stage: Stage, control: Control) -> tuple[int, int]:
    """Stop control when an intent is on record and not one byte of its setpoints has left; return the intent's row, and
    a mark from a moment before.
    """
    last = control.rows("intent")[-1][0]
    for _ in range(60):
        mark = stage.mark()
        end = time.monotonic() + 8.0
        while not (found := control.rows("intent", last)) and time.monotonic() < end:
            control.process.check()
        if not found:  # a busy machine shed closed loop
            control.arm()
            continue
        control.process.send(signal.SIGSTOP)
        last, _, body = found[-1]
        for _ in range(3):  # what it had sent before it stopped has arrived once the bench has answered later calls
            time.sleep(0.04)
            stage.state()
        if not any(e["register"] == "SEQ" and e["value"] == body["sequence"] for e in stage.events("write", mark)):
            return last, mark
        control.process.send(signal.SIGCONT)
        control.arm()
    raise StageError("control was never caught between intent and write")


@pytest.mark.parametrize("delay_s", [1.0, *(pytest.param(s, marks=pytest.mark.nightly) for s in (0.4, 0.7, 1.5))])
def test_f69_kill_9_while_it_starts_leaves_a_record_that_opens_again(stage: Stage, delay_s: float) -> None:
    stage.control.process.kill()
    control = stage.start_control()
    time.sleep(delay_s)
    control.process.kill()
    control = restarted_disarmed(stage)
    assert wrote(control.arm())


def test_f59_a_stopped_control_sheds_and_writes_nothing_stale_when_it_goes_on(stage: Stage) -> None:
    control = stage.control
    _, mark = stopped_after_an_intent(stage, control)
    stage.until_shed()
    assert_shed_by_its_own_timer(stage, mark)
    since, mark = stage.now_utc_s, stage.mark()
    control.process.send(signal.SIGCONT)
    control.until("closed loop let go", let_go, since)
    control.until("ten cycles more", lambda record: record.utc_s > since + 10.0 * stage.plant.cycle_s, since)
    # Stopped between its last look at the clock and the socket, a request may still leave; nothing may come of it.
    assert all(line["register"] != "COMMIT" for line in stage.written(mark))
    assert shed(stage.state())
    assert control.last().mode.actual is Mode.ADVISORY  # type: ignore[union-attr]
    assert alarms(control.records(since - 300.0), "shed")
    assert wrote(control.arm())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_f46_a_dead_or_hung_thinker_means_standing_still_then_shedding_and_comes_back(
    stage: Stage, number: signal.Signals
) -> None:
    control, since = stage.control, stage.now_utc_s
    pid = thinker_of(control.process.pid)
    assert pid is not None
    os.kill(pid, number)
    late = control.until("a late plan", lambda record: record.plan["status"] == "late", since)
    assert late.mode.actual is not Mode.CLOSED_LOOP or late.verdict == "stand_still", told(late)
    gone = control.lets_go("candidate", since)
    missed = [record for record in control.records(since) if record.utc_s < gone.utc_s]
    in_a_row = list(itertools.takewhile(lambda record: record.plan["status"] == "late", reversed(missed)))
    assert 2 <= len(in_a_row) <= 4
    assert all(record.verdict != "approved" for record in missed if record.plan["status"] == "late")
    stage.until_shed()
    back = control.until("a plan of the new thinker", lambda record: record.plan["status"] == "ok", gone.utc_s)
    records = control.records(since)
    assert alarms(records, "thinker")
    assert longest_ms(records, "total") < 1000.0
    assert back.mode.actual is Mode.ADVISORY
    assert thinker_of(control.process.pid) not in (None, pid)
    assert wrote(control.arm())


def test_i19_the_local_signal_takes_everything_off_at_once(stage: Stage) -> None:
    control, since, mark = stage.control, stage.now_utc_s, stage.mark()
    control.process.send(signal.SIGUSR1)
    off = control.until("OFF", lambda record: record.mode.actual is Mode.OFF, since)
    state = stage.until_shed()
    (event,) = stage.events("shed", mark)
    asked = [line["value"] for line in stage.events("write", mark) if line["register"] == "MODE_REQ"]
    assert asked[-1] == Mode.OFF  # told
    beats = [line for line in stage.events("write") if line["register"] == "HB" and line["t"] <= event["t"]]  # type: ignore[operator]
    assert event["t"] - beats[-1]["t"] < SHED_PLANT_S / 2.0  # type: ignore[operator]  # and not timed out
    assert off.mode.requested is Mode.OFF
    assert state["remote"] is True
    assert wrote(control.arm())
