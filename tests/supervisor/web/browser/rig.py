"""A plant whose record grows when a test says so, with a control that answers requests, and its pages on a port."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import threading
import time
from dataclasses import replace

import uvicorn

from constraints.plantfile import load
from supervisor.audit.writer import AuditWriter
from supervisor.clock import machine_mono_s, machine_utc_s
from supervisor.mailbox import Mailbox
from supervisor.record import Answer
from supervisor.rules import rules_of
from supervisor.shell import RecordDesk
from supervisor.site import Site
from supervisor.web.accounts import users
from supervisor.web.accounts.service import Accounts
from supervisor.web.accounts.store import FILE, Store
from supervisor.web.app import House, make_app
from supervisor.web.desk import Desk
from supervisor.web.guarding import Policy
from supervisor.web.live import Live
from supervisor.web.texts import Texts
from supervisor.web.units import units_of
from tests.supervisor.walk import UTC_S, Walk
from tests.supervisor.web.conftest import PASSWORD, QUICK, ROLES, signed_in

STALE_S = 33.5
"""Two cycles of 15 s and 3 s, and a little."""


class Place:
    """One plant of ``text``, its record, its accounts, and the server of its pages."""

    def __init__(self, folder, text):
        (folder / "plant.yaml").write_text(text, encoding="utf-8")
        self.site = Site.of(folder / "plant.yaml")
        self.site.data.mkdir()
        self.plant = load(self.site.plant_path).plant
        self.walk = Walk(rules_of(self.plant))
        self.mailbox = Mailbox(self.site.mailbox)
        self.ahead_s = 0.0
        self.taken, self.why = [], ""
        accounts = Accounts(store=Store(self.site.data / FILE), hasher=QUICK, plant="Dryer 2")
        with accounts.store.writing() as connection:
            for role in ROLES:
                users.add(connection, role, role, QUICK.hashed(PASSWORD), accounts.now_s())
            connection.execute("UPDATE user SET must_change = 0")
        self.house = House(accounts=accounts, answer_s=5.0, policy=Policy(burst=1e9))
        self.server = Server(self)

    async def open(self):
        self._audit = AuditWriter(self.site.database_url, self.site.spool, self.site.heads, deadline_s=20.0)
        await self._audit.start(UTC_S)

    async def close(self):
        self.server.stop()
        await self._audit.close(UTC_S + 1e6)

    async def cycle(self, *requests, **how):
        """Store one more cycle."""
        step = self.walk.cycle(*requests, **how)
        stored = await self._audit.intend(step.intent) if step.intent is not None else None
        record = replace(step.record, intent_seq=stored.seq if stored is not None else None)
        assert (await RecordDesk(self._audit).settle(record, step.view, self.walk.memory)).stored
        return record

    def mono_s(self):
        """Time of the web process; a test may let some pass."""
        return machine_mono_s() + self.ahead_s

    def begin(self):
        """Let control run: it holds the data folder, and answers what is asked."""
        self._lock = self.site.pid_file.open("a+")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._over = threading.Event()
        self._answering = threading.Thread(target=self._answer, args=(self._over,))
        self._answering.start()

    def end(self):
        """Let control end, where it runs."""
        if not self._lock.closed:
            self._over.set()
            self._answering.join()
            self._lock.close()

    def _answer(self, over):
        while not over.wait(0.02):
            for request in self.mailbox.take(machine_utc_s()):
                self.taken.append(request)
                self.mailbox.answer(Answer(id=request.id, accepted=not self.why, why=self.why))

    def cookie(self, role="operator"):
        return {"name": "setwise", "value": signed_in(self.house, role), "url": self.server.address}


class Server:
    """The pages on a port that stays the same."""

    def __init__(self, place):
        self._place = place
        self.port = 0

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        units = units_of({"": (self._place.site, self._place.plant)})
        desk = Desk(units=units, live=Live(units, self._place.mono_s), texts=Texts.load())
        made = make_app(desk, self._place.house)
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        self._uvicorn = uvicorn.Server(uvicorn.Config(made.guarded, log_level="critical", timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=self._run, args=(listening,))
        self._thread.start()
        while not self._uvicorn.started:
            assert self._thread.is_alive()
            time.sleep(0.01)

    def _run(self, listening):
        with listening:
            self._uvicorn.run(sockets=[listening])

    def stop(self):
        self._uvicorn.should_exit = self._uvicorn.force_exit = True
        self._thread.join(20.0)


async def until(met, within_s=20.0):
    """Wait until ``met()`` is true."""
    end_s = time.monotonic() + within_s
    while not met():
        assert time.monotonic() < end_s, "it did not happen"
        await asyncio.sleep(0.02)
