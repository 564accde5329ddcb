"""A whole plant on stage: the bench and control as real processes on real protocols, steered by a test.

``utc_s`` and ``t`` are the plant's time, which runs ``SPEED`` times faster; other ``_s`` are real seconds. All waits
are generous: a test waits for what must come, and says what it saw last where that did not come.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from constraints.plant import Plant
from constraints.plantfile import load
from hil.bench import READY_FILE
from hil.demo.processes import BenchRemote, Ready, wait_ready, write_plant
from safety.signals import Mode
from supervisor.audit.verify import Report, verify
from supervisor.clock import machine_utc_s
from supervisor.history.read import History, HistoryError
from supervisor.mailbox import Mailbox
from supervisor.record import Answer, CycleRecord, Request
from supervisor.site import Site
from tests.hil.closed_loop.cycles import alarms, busy, latched, let_go, told, wrote
from tests.hil.closed_loop.process import WAIT_S, Process, StageError

SPEED = float(os.environ.get("SETWISE_STAGE_SPEED", "60"))
ARM_S = 90.0
LOOK_S = 0.04
SHED_PLANT_S = 90.0
SETPOINTS = frozenset({"SP.T_in_sp", "SP.feed_sp", "SP.fan_sp", "COMMIT"})
"""Registers of the PLC that carry a move; the others are heartbeat and envelope."""


def thinker_of(pid: int) -> int | None:
    """Return the pid of the thinker that control ``pid`` runs; None where there is none at present."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended
        state, parent = text.rpartition(")")[2].split()[:2]
        if int(parent) == pid and b"supervisor.thinker" in command and state != "Z":
            return int(status.parent.name)
    return None


@dataclass
class Control:
    """One control process and its records."""

    site: Site
    ready: Ready
    process: Process
    name: str = "control"

    @classmethod
    def start(cls, plant_path: Path, data: Path, ready: Ready, log: Path) -> Control:
        clock = ready.clock
        command = ("hil.demo.control", str(plant_path), "--data", str(data), "--speed", repr(clock.speed))
        anchors = ("--anchor-mono", repr(clock.anchor_real_mono), "--anchor-utc", repr(clock.anchor_utc))
        return cls(Site.of(plant_path, data), ready, Process("control", (*command, *anchors), log))

    @property
    def now_utc_s(self) -> float:
        """The plant's time."""
        return self.ready.clock.now().utc_s

    @property
    def history(self) -> History:
        return History(self.site.database_url)

    def records(self, since_utc_s: float = 0.0) -> list[CycleRecord]:
        """Return every cycle on record since then, the newest last."""
        try:
            return [each.record for each in self.history.between(since_utc_s, float("inf"))]
        except HistoryError:
            return []  # it has not made its tables yet

    def last(self) -> CycleRecord | None:
        try:
            found = self.history.last()
        except HistoryError:
            return None
        return found.record if found is not None else None

    def until(
        self, what: str, wanted: Callable[[CycleRecord], bool], since_utc_s: float = 0.0, timeout_s: float = WAIT_S
    ) -> CycleRecord:
        """Return the first cycle since then of which ``wanted`` is true; wait for it."""
        end, seen = time.monotonic() + timeout_s, since_utc_s
        while True:
            for record in self.records(seen):
                if wanted(record):
                    return record
                seen = record.utc_s
            if time.monotonic() > end:
                raise StageError(f"not seen in {timeout_s:.0f} s: {what}; last: {told(self.last())}\n{self._log()}")
            self.process.check()
            time.sleep(LOOK_S)

    def _log(self) -> str:
        return "\n".join(self.process.said().splitlines()[-15:])

    def request(self, **what: object) -> Request:
        """Post a request and return it at once."""
        now = machine_utc_s()
        blank: dict[str, object] = {
            "id": uuid.uuid4().hex,
            "who": "tests",
            "role": "engineer",
            "why": "closed loop tests",
            "asked_utc_s": now,
            "expires_utc_s": now + 60.0,
            "saw_cycle": None,
        }
        request = Request(**{**blank, **what})  # type: ignore[arg-type]
        Mailbox(self.site.mailbox).post(request)
        return request

    def answer(self, request: Request) -> Answer:
        """Wait for the answer to a request."""
        mailbox = Mailbox(self.site.mailbox)
        for _ in range(30):
            if (found := mailbox.wait_answer(request.id, 1.0)) is not None:
                return found
            self.process.check()
        raise StageError(f"no answer to {request.action}: {told(self.last())}\n{self._log()}")

    def ask(self, **what: object) -> Answer:
        return self.answer(self.request(**what))

    def mode(self, mode: Mode) -> Answer:
        return self.ask(action="mode", mode=mode, confirmed=True)

    def arm(self, timeout_s: float = ARM_S) -> CycleRecord:
        """Bring it to closed loop as people do: reset what latched, ask, ask again; return a cycle that wrote."""
        if (last := self.last()) is not None and wrote(last) and self.now_utc_s - last.utc_s < 60.0:
            return last
        end, why = time.monotonic() + timeout_s, ""
        while time.monotonic() < end:
            self.process.check()
            since = self.now_utc_s
            for name in latched(self.last()):
                self.ask(action="reset", interlock=name)
            if (last := self.last()) is None or last.mode.actual < Mode.ADVISORY:
                self.mode(Mode.ADVISORY)
            if (answer := self.mode(Mode.CLOSED_LOOP)).accepted:
                try:
                    return self.until("a confirmed write", wrote, since, timeout_s=6.0)
                except StageError:
                    why = f"accepted, then {told(self.last())}"
            else:
                why = answer.why
                time.sleep(0.3)
        raise StageError(f"not armed in {timeout_s:.0f} s: {why}; last: {told(self.last())}\n{self._log()}")

    def armed_until(self, what: str, wanted: Callable[[CycleRecord], bool], since_utc_s: float) -> CycleRecord:
        """Return the first cycle since then of which ``wanted`` is true. Where a busy machine shed closed loop
        meanwhile, a person brings it back; where anything else did, that is an error.
        """
        for _ in range(3):
            try:
                return self.until(what, wanted, since_utc_s, 8.0)
            except StageError:
                self.kept(since_utc_s)
                self.arm()
        return self.until(what, wanted, since_utc_s)

    def moves(self, since_utc_s: float, wanted: Callable[[CycleRecord], bool] = lambda _: True) -> CycleRecord:
        """Return a cycle since then that moved the plant and of which ``wanted`` is true; as ``armed_until``."""
        moved = lambda record: wrote(record) and record.verdict == "approved" and wanted(record)  # noqa: E731
        return self.armed_until("moves", moved, since_utc_s)

    def kept(self, since_utc_s: float) -> None:
        """Raise StageError where closed loop ended since then for another reason than a busy machine."""
        for record in self.records(since_utc_s):
            if alarms([record], "shed") and not busy(record):
                raise StageError(f"closed loop ended: {told(record)}")

    def lets_go(self, why: str, since_utc_s: float) -> CycleRecord:
        """Return a cycle since then in which closed loop is let go and ``why`` is among the reasons: the very first
        one, and the alarm names it too. Only where a busy machine shed a moment before may it come a little later, or
        after a person has brought closed loop back.
        """
        for _ in range(3):
            gone = self.until("closed loop let go", let_go, since_utc_s)
            if why in gone.mode.reasons:
                texts = alarms(self.records(since_utc_s), "shed")
                if not any(why in text for text in texts):
                    raise StageError(f"no alarm says {why}: {texts}")
                return gone
            if not busy(gone):
                raise StageError(f"let go, but not because of {why}: {told(gone)}")
            named = lambda record: let_go(record) and why in record.mode.reasons  # noqa: E731
            try:
                return self.until(f"{why} among the reasons", named, gone.utc_s, 4.0)
            except StageError:
                since_utc_s = self.arm().utc_s
        raise StageError(f"never let go because of {why}: {told(self.last())}")

    def verified(self) -> Report:
        return verify(self.site.database_url, self.site.heads, machine_utc_s())

    def rows(self, kind: str, after_seq: int = 0) -> list[tuple[int, float, dict[str, object]]]:
        """Return (seq, plant UTC, body) of the audit rows of a kind, spooled ones as what they were."""
        query = "SELECT seq, utc_s, kind, body FROM audit WHERE kind IN (?, 'spooled') AND seq > ? ORDER BY seq"
        found = []
        with closing(sqlite3.connect(f"file:{self.site.data / 'setwise.db'}?mode=ro", uri=True, timeout=5.0)) as db:
            for seq, utc_s, row_kind, text in db.execute(query, (kind, after_seq)):
                body = json.loads(text)
                if row_kind != "spooled":
                    found.append((seq, utc_s, body))
                elif body["was"] == kind:
                    found.append((seq, body["at"], body["body"]))
        return found


@dataclass
class Stage:
    """Bench, control, and what tests do with them."""

    folder: Path
    start_local: str
    speed: float = SPEED
    data: Path | None = None
    edits: Mapping[str, str] = field(default_factory=dict)
    """Changes to the text of the demo's plant file."""
    controls: list[Control] = field(default_factory=list)
    """Every one that was ever started here, the present one last."""

    def __post_init__(self) -> None:
        bench_folder = self.folder / "bench"
        bench_folder.mkdir(parents=True)
        start_utc_s = datetime.fromisoformat(self.start_local).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
        command = ("hil.bench", "--dir", str(bench_folder), "--speed", str(self.speed), "--seed", "1")
        self.bench = Process("bench", (*command, "--start-utc", str(start_utc_s)), bench_folder / "bench.log")
        try:
            self.ready: Ready = asyncio.run(wait_ready(self.bench, bench_folder))  # type: ignore[arg-type]
            self.said = json.loads((bench_folder / READY_FILE).read_text(encoding="utf-8"))
            self.plant_path = write_plant(self.folder, self.ready)
            text = self.plant_path.read_text(encoding="utf-8")
            for before, after in self.edits.items():
                assert before in text
                text = text.replace(before, after)
            self.plant_path.write_text(text, encoding="utf-8")
            self.plant: Plant = load(self.plant_path).plant
            self._remote = BenchRemote(self.ready)
            self.start_control()
        except BaseException:
            self.close()
            raise

    def start_control(self) -> Control:
        """Start control (anew, on the same records) and return it."""
        data = self.data or self.folder / "data"
        self.controls.append(Control.start(self.plant_path, data, self.ready, self.folder / "control.log"))
        return self.controls[-1]

    @property
    def control(self) -> Control:
        return self.controls[-1]

    @property
    def now_utc_s(self) -> float:
        return self.ready.clock.now().utc_s

    def close(self) -> None:
        for control in self.controls:
            control.process.stop()
        self.bench.stop()

    # -- the bench ---------------------------------------------------------------------------------------------------

    def do(self, command: str, **args: object) -> object:
        return asyncio.run(self._remote.do(command, **args))

    def state(self) -> Mapping[str, object]:
        found = self.do("state")
        assert isinstance(found, dict)
        return found

    def until_state(
        self, what: str, wanted: Callable[[Mapping[str, object]], bool], timeout_s: float = WAIT_S
    ) -> Mapping[str, object]:
        """Return the bench's state once ``wanted`` is true of it."""
        end = time.monotonic() + timeout_s
        while not wanted(state := self.state()):
            if time.monotonic() > end:
                raise StageError(f"the bench did not show in {timeout_s:.0f} s: {what}; it shows {state}")
            self.bench.check()
            time.sleep(LOOK_S)
        return state

    def until_shed(self, timeout_s: float = WAIT_S) -> Mapping[str, object]:
        """Wait until the PLC has taken every loop back."""
        return self.until_state("all loops out of CAS", shed, timeout_s)

    def fault(self, name: str, subject: str) -> None:
        """Break it and wait for the positive control: a client is served the fault."""
        self.do("fault", name=name, subject=subject)
        self.until_effect(name, subject)

    def until_effect(self, name: str, subject: str, timeout_s: float = WAIT_S) -> None:
        end = time.monotonic() + timeout_s
        while not self.do("check", name=name, subject=subject):
            if time.monotonic() > end:
                raise StageError(f"the fault {name}:{subject} took no effect in {timeout_s:.0f} s")
            time.sleep(0.02)

    def clear(self, name: str, subject: str) -> None:
        self.do("clear", name=name, subject=subject)

    def heal(self) -> None:
        """Take back every fault that a test left in force."""
        faults = self.state()["faults"]
        assert isinstance(faults, list)
        for each in faults:
            name, _, subject = str(each).partition(":")
            self.clear(name, subject)

    # -- what the plant saw ------------------------------------------------------------------------------------------

    def mark(self) -> int:
        """Return the present end of the trace; events are on it at once."""
        return self.ready.trace.stat().st_size

    def trace(self, mark: int = 0) -> Iterator[dict[str, object]]:
        """Yield the trace's whole lines since ``mark``."""
        with self.ready.trace.open("rb") as file:
            file.seek(mark)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                try:
                    yield json.loads(line)
                except ValueError:
                    continue  # the mark lay within a line

    def events(self, kind: str, mark: int = 0) -> list[dict[str, object]]:
        return [line for line in self.trace(mark) if line.get("event") == kind]

    def written(self, mark: int) -> list[dict[str, object]]:
        """Return the setpoints and commits that reached the PLC since ``mark``."""
        return [line for line in self.events("write", mark) if line["register"] in SETPOINTS]


def shed(state: Mapping[str, object]) -> bool:
    modes = state["mode"]
    assert isinstance(modes, dict)
    return all(mode != "CAS" for mode in modes.values()) and not state["permitted"]


def in_cascade(state: Mapping[str, object]) -> bool:
    modes = state["mode"]
    assert isinstance(modes, dict)
    return all(mode == "CAS" for mode in modes.values())
