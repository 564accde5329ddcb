"""Real control processes: one that hangs ends itself, one that was stopped or whose machine is slow does not."""

from __future__ import annotations

import signal
import time

from safety.signals import Mode
from supervisor.cli.exits import Exit
from supervisor.clock import machine_utc_s
from tests.supervisor.hanging import Hanging
from tests.supervisor.tank import Control, write_tank

TRIP_S = 3.0
"""Three cycles of a second; the PLC's time-out of four is the shorter way to it."""


def test_f70_a_blocked_loop_is_ended_with_its_stacks_and_comes_up_disarmed(tmp_path) -> None:
    plant = write_tank(tmp_path, **{"plc_timeout: 10 s": "plc_timeout: 4 s"})
    with Hanging(plant) as control:
        control.until(lambda record: record.cycle >= 2)
        control.hang(3600.0)
        assert control.process.wait(45.0) == Exit.WATCHDOG
        assert machine_utc_s() - control.last().record.utc_s > TRIP_S
        assert control.said.count("no cycle was finished") == 2
        assert control.said.count('hanging.py", line') >= 2  # where it hangs
        assert "the PLC takes back the plant" in control.said
        assert "stopped; the PLC has the plant" not in control.said  # nothing was tidied up
        before = control.last()
    with Control(plant) as second:
        found = second.until(lambda record: record.utc_s > before.record.utc_s).record
        assert found.mode.actual is Mode.MONITOR


def test_f59_a_process_that_was_stopped_and_goes_on_is_not_ended(tmp_path) -> None:
    plant = write_tank(tmp_path, **{"plc_timeout: 10 s": "plc_timeout: 4 s"})
    with Hanging(plant) as control:
        number = control.until(lambda record: record.cycle >= 2).record.cycle
        time.sleep(0.5)  # between two cycles, after the thread took note of the last one
        control.tell(signal.SIGSTOP)
        time.sleep(1.5 * TRIP_S)
        control.tell(signal.SIGCONT)
        control.until(lambda record: record.cycle >= number + 3)
        assert control.end() == 0
        assert "ending this process" not in control.said


SLOW = {
    "cycle: 1 s, think: 900 ms": "cycle: 15 s, think: 9 s",
    "every: 1 s, plc_timeout: 10 s": "every: 15 s, plc_timeout: 60 s",
    "stale_after: 5 s": "stale_after: 60 s",
}


def test_a_healthy_run_at_sixty_times_the_speed_is_let_be(tmp_path) -> None:
    """Two hundred plant seconds without a cycle are no hang where they are three of the machine's."""
    with Hanging(write_tank(tmp_path, **SLOW), speed=60.0) as control:
        number = control.until(lambda record: record.cycle >= 10).record.cycle
        control.hang(3.0)
        control.until(lambda record: record.cycle >= number + 3)
        assert control.end() == 0
        assert "ending this process" not in control.said
