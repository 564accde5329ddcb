"""Requests to control in a SQLite file of their own, so that OFF is taken even when the record is locked or full.

Whoever may write into the data folder may ask; control decides, and authorises again when it takes a request. What is
in the file was written by others: a row that is no request is answered, never fatal. Space is set aside when the file
is made (free pages and a journal that stays), so that one more request fits on a full disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from supervisor.clock import RealClock
from supervisor.letters import LETTER_BYTES_MAX, LetterError, from_text, to_text
from supervisor.record import Answer, Request

BUSY_S = 1.0
TAKE_S = 0.2
"""Longest wait of the cycle for its mailbox, real seconds."""
TAKE_MAX = 500
KEPT = 2_000
"""Requests that are kept with their answers."""
BALLAST_BYTES = 256 * 1024
_POLL_S = 0.05
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS request (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, "
    "taken INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX IF NOT EXISTS request_waiting ON request (number) WHERE taken = 0",
    "CREATE TABLE IF NOT EXISTS answer (id TEXT PRIMARY KEY, accepted INTEGER NOT NULL, why TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS ballast (bytes BLOB)",
)


class MailboxError(Exception):
    """The mailbox file cannot be used; the message says why and what to do."""


class Mailbox:
    """The mailbox at ``path``; made where it is missing. Each call opens the file anew. Raises MailboxError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MailboxError(f"cannot make {path.parent}: {error}") from error
        if not path.exists() or path.stat().st_size == 0:
            self._make()

    def post(self, request: Request) -> None:
        """Put ``request`` in. Raise MailboxError for an id that was used before."""
        try:
            text = to_text(request)
        except LetterError as error:
            raise MailboxError(f"cannot be asked: {error}") from error
        with self._transaction() as connection:
            connection.execute("INSERT INTO request (id, body) VALUES (?, ?)", (request.id, text))

    def take(self, now_utc_s: float) -> tuple[Request, ...]:
        """Return each waiting request once, oldest first; answer what has expired or is no request.

        ``now_utc_s``: the machine's own UTC, by which persons asked; not that of a clock that runs faster.
        """
        with self._transaction() as connection:
            waiting = connection.execute(
                "SELECT number, CAST(id AS TEXT), CAST(substr(body, 1, ?) AS BLOB) FROM request WHERE taken = 0 "
                "ORDER BY number LIMIT ?",
                (LETTER_BYTES_MAX + 1, TAKE_MAX),
            ).fetchall()
            taken: list[Request] = []
            for number, id_, body in waiting:
                connection.execute("UPDATE request SET taken = 1 WHERE number = ?", (number,))
                try:
                    request = from_text(str(id_), body)
                except LetterError as error:
                    _answer(connection, Answer(id=str(id_), accepted=False, why=f"not understood: {error}"))
                    continue
                if now_utc_s > request.expires_utc_s:
                    _answer(connection, Answer(id=request.id, accepted=False, why="expired"))
                else:
                    taken.append(request)
            if waiting:
                _forget(connection)
        return tuple(taken)

    def answer(self, answer: Answer) -> None:
        """Answer a request; a second answer to the same one is dropped."""
        with self._transaction() as connection:
            _answer(connection, answer)

    def wait_answer(self, id_: str, timeout_s: float) -> Answer | None:
        """Block until request ``id_`` is answered, at most ``timeout_s`` real seconds; None where it is not."""
        clock = RealClock()
        end_s = clock.now().mono_s + timeout_s
        while True:
            with self._opened() as connection:
                found = connection.execute("SELECT accepted, why FROM answer WHERE id = ?", (id_,)).fetchone()
            if found is not None:
                return Answer(id=id_, accepted=bool(found[0]), why=str(found[1]))
            if clock.now().mono_s >= end_s:
                return None
            threading.Event().wait(_POLL_S)

    def recover(self) -> None:
        """At start of control: answer what an earlier run took and never answered; nobody acts on it any more."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO answer (id, accepted, why) SELECT id, 0, 'control was restarted' FROM request "
                "WHERE taken = 1 AND id NOT IN (SELECT id FROM answer)"
            )

    def start_anew(self) -> Path:
        """Move a damaged file aside and make a new one; return where the damaged one is."""
        aside = self._path.with_name(f"{self._path.name}.damaged-{round(RealClock().now().utc_s * 1000)}")
        try:
            self._path.rename(aside)
            self._path.with_name(self._path.name + "-journal").unlink(missing_ok=True)
        except OSError as error:
            raise MailboxError(f"cannot move {self._path} aside: {error}") from error
        self._make()
        return aside

    def _make(self) -> None:
        with self._transaction() as connection:
            for statement in _SCHEMA:
                connection.execute(statement)
        # Written, rewritten, deleted: the pages are free then, and the journal has grown to hold as many.
        with self._transaction() as connection:
            connection.execute("INSERT INTO ballast VALUES (zeroblob(?))", (BALLAST_BYTES,))
        with self._transaction() as connection:
            connection.execute("UPDATE ballast SET bytes = randomblob(?)", (BALLAST_BYTES,))
        with self._transaction() as connection:
            connection.execute("DELETE FROM ballast")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")  # what was not committed is rolled back when the file is closed

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)) as connection:
                connection.text_factory = _text  # one row of bad UTF-8 must not close the mailbox
                connection.execute("PRAGMA journal_mode=PERSIST")
                yield connection
        except sqlite3.IntegrityError as error:
            raise MailboxError(f"a request with this id was posted before: {error}") from error
        except (sqlite3.Error, OSError) as error:
            raise MailboxError(f"{self._path}: {error}") from error


class Inbox:
    """The mailbox as the cycle uses it: in a thread of its own, never waited for longer than ``deadline_s``."""

    def __init__(self, mailbox: Mailbox, deadline_s: float = TAKE_S) -> None:
        self._mailbox = mailbox
        self._deadline_s = deadline_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mailbox")
        self._taking: Future[tuple[Request, ...]] | None = None
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """What kept the mailbox from being read last; empty when it was read."""
        return self._trouble

    async def take(self, now_utc_s: float) -> tuple[Request, ...]:
        """Return what came; what cannot be had in time is returned by a later call, never lost."""
        if self._taking is None:
            self._taking = self._thread.submit(self._take, now_utc_s)
        taking = self._taking
        await asyncio.wait({asyncio.wrap_future(taking)}, timeout=self._deadline_s)
        if not taking.done():
            self._trouble = "late"
            return ()
        self._taking = None
        return taking.result()

    async def answer(self, answers: Sequence[Answer]) -> None:
        """Answer requests, in order, without waiting for the file longer than the deadline."""
        if answers:
            future = self._thread.submit(self._answer, tuple(answers))
            await asyncio.wait({asyncio.wrap_future(future)}, timeout=self._deadline_s)

    def close(self) -> None:
        """End the thread once it has done what it was given."""
        self._thread.shutdown(wait=False)

    def _take(self, now_utc_s: float) -> tuple[Request, ...]:
        try:
            taken = self._mailbox.take(now_utc_s)
        except MailboxError as error:
            self._trouble = str(error)
            cause = error.__cause__
            if getattr(cause, "sqlite_errorname", None) in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
                self._start_anew()
            return ()
        self._trouble = ""
        return taken

    def _start_anew(self) -> None:
        try:
            self._trouble = f"was damaged; it lies in {self._mailbox.start_anew()}, a new one was started"
        except MailboxError as error:
            self._trouble = str(error)

    def _answer(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            try:
                self._mailbox.answer(answer)
            except MailboxError as error:
                self._trouble = str(error)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _answer(connection: sqlite3.Connection, answer: Answer) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO answer (id, accepted, why) VALUES (?, ?, ?)", (answer.id, answer.accepted, answer.why)
    )


def _forget(connection: sqlite3.Connection) -> None:
    """Keep the file from growing: old requests go, with their answers."""
    (newest,) = connection.execute("SELECT MAX(number) FROM request").fetchone()
    connection.execute(
        "DELETE FROM answer WHERE id IN (SELECT id FROM request WHERE taken = 1 AND number <= ?)", (newest - KEPT,)
    )
    connection.execute("DELETE FROM request WHERE taken = 1 AND number <= ?", (newest - KEPT,))
