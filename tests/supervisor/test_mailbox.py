"""The mailbox: each request once, every one answered, whatever lies in the file, and OFF even on a full disk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from safety.signals import Mode
from supervisor.mailbox import KEPT, Inbox, Mailbox, MailboxError
from supervisor.record import Answer, Request

NOW = 100.0


def off(id_="r1", **over):
    fields: dict = {
        "id": id_,
        "action": "mode",
        "who": "eva",
        "role": "operator",
        "why": "smell",
        "asked_utc_s": NOW,
        "expires_utc_s": NOW + 60.0,
        "saw_cycle": None,
        "mode": Mode.OFF,
    }
    return Request(**(fields | over))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "mailbox.db"


@pytest.fixture
def mailbox(path):
    return Mailbox(path)


def raw(path, *statements):
    connection = sqlite3.connect(path)
    for sql, values in statements:
        connection.execute(sql, values)
    connection.commit()
    connection.close()


def test_a_request_is_taken_once_and_its_answer_is_read(mailbox, path):
    mailbox.post(off("a"))
    mailbox.post(off("b", value=0.1 + 0.2))
    other = Mailbox(path)
    assert other.take(NOW) == (off("a"), off("b", value=0.1 + 0.2))
    assert other.take(NOW) == ()
    assert mailbox.wait_answer("a", 0.0) is None
    other.answer(Answer(id="a", accepted=True, why="°C"))
    assert mailbox.wait_answer("a", 1.0) == Answer(id="a", accepted=True, why="°C")


def test_the_first_answer_stands(mailbox):
    mailbox.post(off())
    mailbox.answer(Answer(id="r1", accepted=True, why="first"))
    mailbox.answer(Answer(id="r1", accepted=False, why="second"))
    assert mailbox.wait_answer("r1", 0.0).why == "first"


def test_an_expired_request_is_answered_not_taken(mailbox):
    mailbox.post(off("old", expires_utc_s=NOW - 0.1))
    mailbox.post(off("edge", expires_utc_s=NOW))
    assert [request.id for request in mailbox.take(NOW)] == ["edge"]
    assert mailbox.wait_answer("old", 0.0) == Answer(id="old", accepted=False, why="expired")


def test_an_id_cannot_be_used_twice(mailbox):
    mailbox.post(off())
    with pytest.raises(MailboxError, match="before"):
        mailbox.post(off())
    mailbox.take(NOW)
    with pytest.raises(MailboxError, match="before"):
        mailbox.post(off())


def test_what_cannot_be_written_is_not_posted(mailbox):
    with pytest.raises(MailboxError, match="value"):
        mailbox.post(off(value=float("nan")))
    assert mailbox.take(NOW) == ()


HOSTILE = [
    "",
    "{",
    "null",
    "[]",
    "{}",
    '{"id": "h", "action": "mode"}',
    "[" * 15_000,
    "x" * 1_000_000,
    b"\xff\xfe\x00",
    b"",
    5,
    1.5,
    '{"id": "\\ud800"}',
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_row_is_answered_and_keeps_nobody_out(mailbox, path, body):
    raw(path, ("INSERT INTO request (id, body) VALUES (?, ?)", ("h", body)))
    mailbox.post(off())
    assert mailbox.take(NOW) == (off(),)
    answer = mailbox.wait_answer("h", 0.0)
    assert not answer.accepted
    assert answer.why.startswith("not understood")


@pytest.mark.parametrize("id_", [b"\xff\xfe", 7, "", "x" * 100_000, "a\x00b"])
def test_a_hostile_id_keeps_nobody_out(mailbox, path, id_):
    raw(path, ("INSERT INTO request (id, body) VALUES (?, '{}')", (id_,)))
    mailbox.post(off())
    assert mailbox.take(NOW) == (off(),)
    assert mailbox.take(NOW) == ()


def test_a_flood_does_not_grow_the_file_for_ever(mailbox, path):
    body = "x" * 200
    sizes = []
    for _ in range(6):
        connection = sqlite3.connect(path)
        connection.executemany(
            "INSERT INTO request (id, body) VALUES (hex(randomblob(16)), ?)", [(body,)] * (KEPT // 2)
        )
        connection.commit()
        connection.close()
        while mailbox.take(NOW) or _waiting(path):
            pass
        sizes.append(path.stat().st_size)
    assert sizes[-1] < 1.2 * sizes[2]


def _waiting(path):
    connection = sqlite3.connect(path)
    (count,) = connection.execute("SELECT count(*) FROM request WHERE taken = 0").fetchone()
    connection.close()
    return count


def test_what_an_earlier_run_took_is_answered_at_start(mailbox):
    mailbox.post(off("a"))
    mailbox.post(off("b"))
    mailbox.take(NOW)
    mailbox.answer(Answer(id="a", accepted=True, why=""))
    mailbox.post(off("c"))
    mailbox.recover()
    assert mailbox.wait_answer("a", 0.0).accepted
    assert mailbox.wait_answer("b", 0.0) == Answer(id="b", accepted=False, why="control was restarted")
    assert mailbox.wait_answer("c", 0.0) is None
    assert [request.id for request in mailbox.take(NOW)] == ["c"]


def test_waiting_ends_when_the_answer_comes(mailbox, path):
    mailbox.post(off())
    threading.Timer(0.15, lambda: Mailbox(path).answer(Answer(id="r1", accepted=True, why=""))).start()
    begun = time.monotonic()
    assert mailbox.wait_answer("r1", 30.0).accepted
    assert time.monotonic() - begun < 15.0


def test_two_takers_share_without_doubling(mailbox, path):
    for n in range(60):
        mailbox.post(off(f"r{n}"))
    taken: list[str] = []

    def take():
        own = Mailbox(path)
        for _ in range(10):
            taken.extend(request.id for request in own.take(NOW))

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(f"r{n}" for n in range(60))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small volume takes root")
def test_off_is_taken_on_a_full_disk(tmp_path):
    volume = tmp_path / "small"
    volume.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(volume)], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        mailbox = Mailbox(volume / "mailbox.db")
        with contextlib.suppress(OSError), (volume / "fill").open("wb", buffering=0) as fill:
            while True:
                fill.write(bytes(512))
        with pytest.raises(OSError, match="space"):
            (volume / "more").write_bytes(bytes(8192))
        for n in range(30):
            mailbox.post(off(f"r{n}"))
            assert [request.id for request in mailbox.take(NOW)] == [f"r{n}"]
            mailbox.answer(Answer(id=f"r{n}", accepted=True, why=""))
            assert mailbox.wait_answer(f"r{n}", 0.0).accepted
    finally:
        subprocess.run(["umount", str(volume)], check=True)


def test_a_file_that_is_no_mailbox_is_named(path, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MailboxError):
        Mailbox(tmp_path / "file" / "mailbox.db")
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1_000)
    with pytest.raises(MailboxError):
        Mailbox(path).take(NOW)


def test_importing_it_is_light():
    code = (
        "import sys, supervisor.mailbox\n"
        "sys.exit(any(n in sys.modules for n in ('sqlalchemy', 'sqlmodel', 'pydantic', 'cryptography', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
"""


@contextlib.contextmanager
def locked(path):
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as locker:
        assert locker.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            locker.kill()


async def test_the_inbox_never_waits_longer_than_its_deadline_and_loses_nothing(mailbox, path):
    inbox = Inbox(mailbox, 0.1)
    mailbox.post(off("a"))
    with locked(path):
        took_s = []
        for _ in range(3):
            begun = time.monotonic()
            assert await inbox.take(NOW) == ()
            took_s.append(time.monotonic() - begun)
        assert min(took_s) < 0.25
        assert max(took_s) < 5.0  # a busy machine; the lock is never let go
        assert inbox.trouble
    taken: list[str] = []
    end = time.monotonic() + 20.0
    while not taken and time.monotonic() < end:
        taken += [request.id for request in await inbox.take(NOW)]
    assert taken == ["a"]
    assert inbox.trouble == ""
    await inbox.answer([Answer(id="a", accepted=True, why="")])
    assert mailbox.wait_answer("a", 10.0).accepted
    inbox.close()


async def test_a_damaged_file_is_moved_aside_and_the_next_request_is_taken(mailbox, path):
    inbox = Inbox(mailbox)
    path.write_bytes(b"this was a mailbox" * 1_000)
    assert await inbox.take(NOW) == ()
    assert "damaged" in inbox.trouble
    Mailbox(path).post(off())
    assert await inbox.take(NOW) == (off(),)
    assert len(list(path.parent.glob("mailbox.db.damaged-*"))) == 1
    inbox.close()


async def test_a_mailbox_that_cannot_be_written_is_trouble_not_an_end(mailbox, path):
    inbox = Inbox(mailbox)
    for file in path.parent.iterdir():
        file.unlink()
    path.mkdir()
    assert await inbox.take(NOW) == ()
    assert inbox.trouble
    await inbox.answer([Answer(id="a", accepted=True, why="")])
    await asyncio.sleep(0)
    inbox.close()
