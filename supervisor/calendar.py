"""What happens by the clock on the wall: schedule and tariffs come into force, heads are signed, history is kept.

Runs apart from the control beat, in threads of its own (APScheduler). A job never acts on control: it puts a frozen
note on a queue, and the cycle takes it at its own pace. Every job asks what is so *now*, so a lost, late or doubled run
does no harm: the next one, a minute later at most, heals it.

APScheduler waits by the wall clock and stands still for as long as that is set back (reference: measured §5). A watch
on the monotonic clock notices a step within a second and runs every job at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, JobExecutionEvent, JobSubmissionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from supervisor.audit.capacity import Capacity
from supervisor.audit.chain import SignedHead
from supervisor.audit.heads import HeadsError
from supervisor.audit.trouble import StoreError
from supervisor.clock import Clock, RealClock
from supervisor.inforce import InForce, Rule

MINUTE_S = 60.0
HEADS_S = 300.0
KEEP_S = 3_600.0
HORIZON_S = 26 * 3_600.0
"""Longest sleep of the job that waits for the next change."""
STEP_S = 0.5
"""A wall clock that moves this much against the monotonic one was set (reference: fault F58)."""
WATCH_S = 1.0
EARLY_S = 0.002
"""Added to each wait: a job that runs a moment before its time would find the old state in force."""
NOTES_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarNote:
    """One thing that the calendar tells the cycle."""

    kind: Literal["in_force", "capacity", "head", "kept", "clock_step", "trouble"]
    utc_s: float
    """When, by the plant's clock."""
    in_force: InForce | None = None
    capacity: Capacity | None = None
    head: SignedHead | None = None
    text: str = ""
    amount: float = 0.0
    """``clock_step``: seconds, positive forward. ``kept``: rows rolled up and deleted."""


class Record(Protocol):
    """The audit, as far as the calendar looks after it."""

    def sign_head(self, utc_s: float) -> SignedHead:
        """Sign the end of the chain."""

    def capacity(self) -> Capacity:
        """Say how full the storage is."""


class HistoryKeeper(Protocol):
    """The history, as far as the calendar looks after it."""

    def roll_up(self, now_utc_s: float) -> int:
        """Roll up what is over."""

    def retain(self, now_utc_s: float) -> int:
        """Delete what is old."""


def next_change(rule: Rule, utc_s: float) -> float:
    """Return when ``rule`` will say something else; the horizon where that is farther or never."""
    found = rule.next_change(utc_s)
    return utc_s + HORIZON_S if found is None else min(found, utc_s + HORIZON_S)


def next_multiple(every_s: float, utc_s: float) -> float:
    """Return the first multiple of ``every_s`` after ``utc_s``."""
    return (utc_s // every_s + 1.0) * every_s


class PlantTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires at plant times: the next one is mapped to the machine's clock by what is left of it in real seconds."""

    def __init__(self, clock: Clock, machine: Clock, next_utc_s: Callable[[float], float]) -> None:
        self._clock = clock
        self._machine = machine
        self._next_utc_s = next_utc_s

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:  # noqa: ARG002
        """Return when to fire next. Never in the past: runs that were missed are not made up one by one."""
        plant_s = self._clock.now().utc_s
        left_s = self._clock.real_s(self._next_utc_s(plant_s) - plant_s)
        return _wall(self._machine) + timedelta(seconds=max(left_s, 0.0) + EARLY_S)


class Calendar:
    """Runs the jobs. ``start`` puts the first note; ``take`` gives the notes; ``close`` ends it.

    ``clock`` is the plant's; ``machine`` the one that APScheduler waits by.
    """

    def __init__(
        self,
        clock: Clock,
        rule: Rule,
        record: Record | None = None,
        keeper: HistoryKeeper | None = None,
        machine: Clock | None = None,
    ) -> None:
        self._clock = clock
        self._machine = machine or RealClock()
        self._rule = rule
        self._record = record
        self._keeper = keeper
        self._notes: deque[CalendarNote] = deque(maxlen=NOTES_MAX)
        self._in_force: InForce | None = None
        self._until_utc_s = float("inf")
        self._lock = threading.Lock()
        self._bug: BaseException | None = None
        self._seen = (0.0, 0.0)
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._watch_clock, name="calendar-watch", daemon=True)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # Two threads: deleting old rows must not keep a limit from coming into force.
            executors={"default": ThreadPoolExecutor(1), "keeping": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._on_event, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES)

    def start(self) -> None:
        """Say what is in force now, then start the jobs."""
        self._seen = self._offsets()  # before anything is planned: a step from here on is noticed
        self.evaluate()
        self._add("change", self.evaluate, lambda utc_s: next_change(self._rule, utc_s))
        self._add("minute", self.evaluate, lambda utc_s: next_multiple(MINUTE_S, utc_s))
        if self._record is not None:
            self._add("heads", self._sign, lambda utc_s: next_multiple(HEADS_S, utc_s), "keeping")
            self._add("capacity", self._check_capacity, lambda utc_s: next_multiple(MINUTE_S, utc_s), "keeping")
        if self._keeper is not None:
            self._add("history", self._keep, lambda utc_s: next_multiple(KEEP_S, utc_s), "keeping")
        self._scheduler.start()
        self._watch.start()

    def take(self) -> tuple[CalendarNote, ...]:
        """Return what came since the last call, oldest first. Raises what a job raised that it should not have.

        A change whose time is over is looked at here and now: the cycle after it has it, however late the threads are.
        """
        if self._bug is not None:
            raise self._bug
        if self._clock.now().utc_s >= self._until_utc_s:
            self.evaluate()
        taken: list[CalendarNote] = []
        while self._notes:
            taken.append(self._notes.popleft())
        return tuple(taken)

    def in_force(self) -> InForce | None:
        """Return what was in force at the last look; None before ``start``. May be asked from any thread."""
        return self._in_force

    def evaluate(self) -> None:
        """Ask what is in force now and put a note where that is something else than said last."""
        with self._lock:  # two jobs may ask at the same minute; what an earlier moment said must not come after
            now = self._clock.now()
            found = self._rule.at(now.utc_s)
            self._until_utc_s = next_change(self._rule, now.utc_s)
            if found != self._in_force:
                self._in_force = found
                self._put(CalendarNote(kind="in_force", utc_s=now.utc_s, in_force=found))

    def close(self) -> None:
        """End the jobs; one that is under way is finished first."""
        self._stop.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
            self._watch.join()

    def _add(
        self, name: str, job: Callable[[], None], next_utc_s: Callable[[float], float], executor: str = "default"
    ) -> None:
        self._scheduler.add_job(job, PlantTrigger(self._clock, self._machine, next_utc_s), id=name, executor=executor)

    def _put(self, note: CalendarNote) -> None:
        self._notes.append(note)

    def _sign(self) -> None:
        if self._record is None:
            return
        utc_s = self._clock.now().utc_s
        try:
            self._put(CalendarNote(kind="head", utc_s=utc_s, head=self._record.sign_head(utc_s)))
        except (StoreError, HeadsError) as error:
            self._put(CalendarNote(kind="trouble", utc_s=utc_s, text=f"head not signed: {error}"))

    def _check_capacity(self) -> None:
        if self._record is None:
            return
        utc_s = self._clock.now().utc_s
        try:
            self._put(CalendarNote(kind="capacity", utc_s=utc_s, capacity=self._record.capacity()))
        except StoreError as error:
            self._put(CalendarNote(kind="trouble", utc_s=utc_s, text=f"capacity not known: {error}"))

    def _keep(self) -> None:
        if self._keeper is None:
            return
        utc_s = self._clock.now().utc_s
        try:
            rows = self._keeper.roll_up(utc_s) + self._keeper.retain(utc_s)
            self._put(CalendarNote(kind="kept", utc_s=utc_s, amount=float(rows)))
        except StoreError as error:
            self._put(CalendarNote(kind="trouble", utc_s=utc_s, text=f"history not kept: {error}"))

    def _on_event(self, event: JobExecutionEvent | JobSubmissionEvent) -> None:
        if event.code == EVENT_JOB_ERROR:
            self._bug = event.exception
            return
        utc_s = self._clock.now().utc_s
        self._put(CalendarNote(kind="trouble", utc_s=utc_s, text=f"job {event.job_id} overran its period"))

    def _watch_clock(self) -> None:
        while not self._stop.wait(WATCH_S):
            found = self._offsets()
            moved = max((a - b for a, b in zip(found, self._seen, strict=True)), key=abs)
            self._seen = found
            if abs(moved) > STEP_S:
                self._put(CalendarNote(kind="clock_step", utc_s=self._clock.now().utc_s, amount=moved))
                self._run_all()

    def _run_all(self) -> None:
        now = _wall(self._machine)
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=now)

    def _offsets(self) -> tuple[float, float]:
        """How far the wall clock is ahead of the monotonic one: the plant's clock, and the machine's."""
        plant, machine = self._clock.now(), self._machine.now()
        return plant.utc_s - plant.mono_s, machine.utc_s - machine.mono_s


def _wall(machine: Clock) -> datetime:
    return datetime.fromtimestamp(machine.now().utc_s, UTC)
