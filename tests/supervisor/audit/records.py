"""A writer at work on a record that is locked, frozen or watched: what the tests of the writer share."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time

from supervisor.audit.chain import EMPTY, follow, tail_of
from supervisor.audit.store import Store
from supervisor.audit.writer import AuditWriter

DEADLINE_S = 1.0
"""Longer than the product's own: what is to be stored in time must be, on a busy machine too."""
LOOP_GAP_S = 0.8
"""Shorter than the deadline: an event loop that waited for the record itself would stand still for all of it."""
SOON_S = 10.0
"""On a busy machine; what waits for a lock or a stuck server in these tests would wait for ever."""


@contextlib.asynccontextmanager
async def opened(url, folder, **over):
    writer = AuditWriter(url, folder / "spool.bin", folder / "heads", **{"deadline_s": DEADLINE_S, **over})
    try:
        yield writer
    finally:
        await writer.close(9_000.0)


@contextlib.asynccontextmanager
async def ticking():
    """Measure the longest time that the event loop gave nobody a turn."""
    gaps: list[float] = [0.0]

    async def tick():
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            now = time.monotonic()
            gaps[0] = max(gaps[0], now - last - 0.01)
            last = now

    task = asyncio.create_task(tick())
    await asyncio.sleep(0.02)
    try:
        yield gaps
    finally:
        task.cancel()
    assert gaps[0] < LOOP_GAP_S, f"the event loop stood still for {gaps[0]:.3f} s"


def rows_of(url):
    store = Store(url)
    rows = store.rows(())
    store.close()
    tail = EMPTY
    for row in rows:
        assert follow(row, tail) is None
        tail = tail_of(row)
    return rows


async def until(condition, timeout_s=20.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        await asyncio.sleep(0.01)


LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""


@contextlib.contextmanager
def locked(url):
    """Another process holds the write lock of the database."""
    path = url.removeprefix("sqlite:///")
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as locker:
        assert locker.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            locker.kill()


@contextlib.contextmanager
def frozen(url):
    """Every PostgreSQL backend of this database is stopped in mid-air: no error, no answer."""
    import psycopg

    with psycopg.connect(url) as connection:
        name = connection.info.dbname
        pids = [
            pid
            for (pid,) in connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name = 'setwise'", (name,)
            )
        ]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
