"""Real databases for the tests of the record: SQLite files, and one PostgreSQL server for the whole session."""

from __future__ import annotations

import contextlib
import math
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from safety.signals import Mode, ModeState, Refusal, WriteOutcome, WriteReceipt
from supervisor.record import Alarm, AlarmStep, Answer, Bypassed, CycleRecord, Intent


class Server:
    """One PostgreSQL server of our own, on a free port, in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self._bin = _programs()
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._run("initdb", "-D", str(folder / "data"), "-U", "setwise", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self, **settings: str) -> None:
        flags = " ".join(f"-c {name}={value}" for name, value in settings.items())
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder} {flags}"
        data, log = str(self._folder / "data"), str(self._folder / "log")
        self._run("pg_ctl", "-D", data, "-o", options, "-w", "-l", log, "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", mode, "-w", "stop")

    def url(self, database: str) -> str:
        return f"postgresql://setwise@127.0.0.1:{self.port}/{database}"

    def fresh(self) -> str:
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def _run(self, *command: str) -> None:
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*as_user, str(self._bin / command[0]), *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            cwd="/",
        )
        if done.returncode:
            log = self._folder / "log"
            raise RuntimeError(f"{command[0]} failed: {log.read_text() if log.exists() else ''}")


def _programs() -> Path | None:
    """Where initdb is: Debian keeps it off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return None if on_path is None else Path(on_path).parent


def _server() -> Iterator[Server]:
    if _programs() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    memory = Path("/dev/shm")  # noqa: S108 - a disk that others use makes every commit wait, which is not what we test
    folder = Path(tempfile.mkdtemp(prefix="setwise-pg-", dir=memory if memory.is_dir() else None))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    server = Server(folder)
    try:
        yield server
    finally:
        with contextlib.suppress(RuntimeError):  # a test may have stopped it
            server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server that every test shares; a test that stops it uses ``postgresql_alone``."""
    yield from _server()


@pytest.fixture
def postgresql_alone() -> Iterator[Server]:
    yield from _server()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'setwise.db'}"
    server: Server = request.getfixturevalue("postgresql")
    return server.fresh()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'setwise.db'}"


@pytest.fixture
def execute() -> Callable[..., list[tuple]]:
    """Run SQL on a database as its owner would, past everything of ours."""

    def run(url: str, *statements: str | tuple[str, tuple]) -> list[tuple]:
        rows: list[tuple] = []
        if url.startswith("sqlite"):
            import sqlite3

            connection = sqlite3.connect(url.removeprefix("sqlite:///"))
            try:
                for statement in statements:
                    sql, values = statement if isinstance(statement, tuple) else (statement, ())
                    rows = connection.execute(sql, values).fetchall()
                connection.commit()
            finally:
                connection.close()
            return rows
        with psycopg.connect(url) as server:
            for statement in statements:
                sql, values = statement if isinstance(statement, tuple) else (statement, ())
                cursor = server.execute(sql.replace("?", "%s").encode(), values or None)
                rows = cursor.fetchall() if cursor.description else []
        return rows

    return run


@pytest.fixture
def make_intent() -> Callable[..., Intent]:
    def make(cycle: int, **over: object) -> Intent:
        fields: dict = {
            "cycle": cycle,
            "utc_s": 1_000.0 + cycle,
            "controller": "main",
            "epoch": 3,
            "sequence": cycle,
            "mask": 1,
            "crc": 0xBEEF,
            "setpoints": {"T_in_sp": 180.0 + cycle},
            "payloads": {"T_in_sp": "43340000"},
            "from_setpoints": {"T_in_sp": 179.0 + cycle},
            "limits_hash": "a" * 64,
            "config_hash": "b" * 64,
            "reason": "targets",
        }
        return Intent(**(fields | over))

    return make


@pytest.fixture
def make_record() -> Callable[..., CycleRecord]:
    def make(cycle: int, **over: object) -> CycleRecord:
        fields: dict = {
            "cycle": cycle,
            "utc_s": 1_000.0 + cycle,
            "mono_s": 50.0 + cycle,
            "mode": ModeState(Mode.CLOSED_LOOP, Mode.ADVISORY, ("plc_local",)),
            "readings": {
                "T_out": (85.0 + cycle, "good", ""),
                "moist": (None, "bad", "stale"),
                "gas": (7.0, "estimated", "late"),
            },
            "plan": {"status": "ok", "y_ss": {"T_out": 86.1}, "binding": [["cv.moist.hi", 4.0, 2.5]]},
            "verdict": "approved",
            "refusals": (Refusal("range_hi", "T_in_sp", {"value": 207.0, "limit": 205.0}),),
            "trips": ("Exhaust over-temperature",),
            "bypassed": {"Hot": Bypassed(owner="ann", reason="sensor", until_utc_s=1_600.5 + cycle)},
            "votes": {"T_mid": ("T_out", "T_out_b"), "T_low": ()},
            "receipts": (WriteReceipt("T_in_sp", WriteOutcome.CONFIRMED, 181.0, 181.0, ""),),
            "answers": (Answer(id="x", accepted=True, why=""),),
            "alarms": (Alarm(code="late", subject="main", priority="low", state="active", text="late plan"),),
            "alarm_steps": (
                AlarmStep(
                    id="link:dcs",
                    step="shelved",
                    state="shelved",
                    occurrence=3,
                    priority="medium",
                    text="no link",
                    by="ann",
                    why="cable",
                    until_utc_s=3_600.25,
                ),
            ),
            "alarm_list": {"next": 4, "entries": [{"code": "link", "value": 1.5}]},
            "limits": {"T_out": (78.0, 92.0), "evap": (-math.inf, math.inf)},
            "money": {"powder": 120.5},
            "supplied": {"forecast": {"hum_amb": "stale"}},
            "links": {"dcs": "connected"},
            "timings_ms": {"total": 12.5},
        }
        return CycleRecord(**(fields | over))

    return make
