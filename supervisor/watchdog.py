"""Ends a control process that hangs: no cycle was finished for too long (reference: fault F70).

What a process that hangs does not do, nobody in its event loop can notice; so a thread beside it counts. First it says
so, with the stacks of all threads; then it ends the process at once, without any tidying up. The PLC's timer sheds as
it would have anyway, and whoever keeps the service running starts it again, disarmed.

Time counts only while this thread itself gets to run: a process that was stopped as a whole and goes on (F59) judges
its own lateness in the next cycle. A hang inside C code that never gives up the interpreter is not seen from in here.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Final, Literal

from safety.watchdog import WatchdogRule
from supervisor.clock import Clock

LOG = logging.getLogger("setwise.watchdog")
LOOK_S: Final = 0.2
"""Real seconds from one look to the next."""
COUNTED_S_MAX: Final = 1.0
"""Longest time between two looks that counts, real seconds; a busy machine makes this thread late too."""
FLOOR_S: Final = WatchdogRule(warn_s=5.0, trip_s=10.0)
"""Real seconds. A bench whose clock runs fast waits at least so long, or as long as its rule in real time says."""
SAY_S: Final = 2.0
"""Longest wait for the last words: what hangs may be the very place where they go."""

Stage = Literal["none", "warn", "trip"]


@dataclass(frozen=True, slots=True)
class Waited:
    """How long no cycle was finished, as one look after another found it."""

    at_s: float
    """Of the last look, real seconds."""
    cycles: int = 0
    """Finished until then."""
    late_s: float = 0.0
    stage: Stage = "none"
    """The highest one since a cycle was finished."""


def looked(before: Waited, cycles: int, now_s: float, rule: WatchdogRule) -> Waited:
    """Return what is known after a look at ``now_s`` that found ``cycles`` finished; all in real seconds.

    Nothing counts before the first cycle: a start may take its time, and writes nothing.
    """
    if cycles != before.cycles or cycles == 0:
        return Waited(now_s, cycles)
    late_s = before.late_s + min(max(now_s - before.at_s, 0.0), COUNTED_S_MAX)
    stage: Stage = "trip" if late_s > rule.trip_s else "warn" if late_s > rule.warn_s else "none"
    return replace(before, at_s=now_s, late_s=late_s, stage=stage)


def in_real_time(rule: WatchdogRule, clock: Clock) -> WatchdogRule:
    """Return a rule in plant seconds as one in real seconds; a fast clock makes none of its times shorter than both
    ``FLOOR_S`` and the rule itself.
    """
    return WatchdogRule(
        warn_s=max(clock.real_s(rule.warn_s), min(rule.warn_s, FLOOR_S.warn_s)),
        trip_s=max(clock.real_s(rule.trip_s), min(rule.trip_s, FLOOR_S.trip_s)),
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """What is to be said, and whether it was."""

    text: str
    late_s: float
    said: threading.Event = field(default_factory=threading.Event)


class Watchdog:
    """Two threads beside the event loop: one looks, one speaks, for the log may be the very thing that hangs.

    ``rule`` is in plant seconds; ``exit_code`` is what the process ends with, by ``end``.
    """

    def __init__(
        self, rule: WatchdogRule, clock: Clock, exit_code: int, end: Callable[[int], object] = os._exit
    ) -> None:
        """Nothing is watched before ``start``."""
        self._rule, self._clock = in_real_time(rule, clock), clock
        self._exit_code, self._end = exit_code, end
        self._cycles = 0
        self._closed = threading.Event()
        self._words: SimpleQueue[_Words | None] = SimpleQueue()

    def start(self) -> None:
        """Begin to watch; it counts from the first finished cycle on."""
        for work in (self._watch, self._speak):  # both now: what hangs may be that no thread can be started any more
            threading.Thread(target=work, name=f"watchdog{work.__name__}", daemon=True).start()

    def finished(self) -> None:
        """Take note that a cycle was finished."""
        self._cycles += 1

    def close(self) -> None:
        """Watch no more."""
        self._closed.set()
        self._words.put(None)

    def _watch(self) -> None:
        waited = Waited(self._real_now_s())
        while not self._closed.wait(LOOK_S):
            before, waited = waited, looked(waited, self._cycles, self._real_now_s(), self._rule)
            if waited.stage == "trip":
                self._say(
                    "no cycle was finished for %.1f s: ending this process; the PLC takes back the plant", waited
                ).wait(SAY_S)
                self._end(self._exit_code)
                return
            if waited.stage == "warn" and before.stage == "none":
                self._say("no cycle was finished for %.1f s; every thread stands here:", waited)

    def _say(self, text: str, waited: Waited) -> threading.Event:
        words = _Words(text, waited.late_s)
        self._words.put(words)
        return words.said

    def _speak(self) -> None:
        while (words := self._words.get()) is not None:
            LOG.warning(words.text, words.late_s)
            if sys.__stderr__ is not None:
                faulthandler.dump_traceback(file=sys.__stderr__, all_threads=True)
            words.said.set()

    def _real_now_s(self) -> float:
        return self._clock.real_s(self._clock.now().mono_s)
