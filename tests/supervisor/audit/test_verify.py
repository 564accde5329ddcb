"""The verifier is itself put to the test: every byte flipped, rows dropped, swapped, cut off, written anew."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys

import pytest

from supervisor.audit.heads import Heads
from supervisor.audit.store import Store, entry
from supervisor.audit.verify import verify
from tests.supervisor.audit.tampering import (
    COLUMNS,
    FLIP,
    NOW,
    ROWS,
    make_good,
    select,
    sign_head,
    tamper,
    typed,
    verify_copy,
)


def test_a_good_record_is_intact(record):
    report = verify_copy(record)
    assert report.intact
    assert report.first_broken is None
    assert (report.rows, report.heads, report.head_age_s) == (ROWS + 1, 4, NOW - 11.0)
    assert report.text().startswith("chain intact, 13 rows, 4 signed heads")


def test_numbers_are_spaced_for_people(record):
    from dataclasses import replace

    report = replace(verify_copy(record), rows=1_204_118, heads=37, notes=())
    assert report.text() == "chain intact, 1 204 118 rows, 37 signed heads"


def test_every_single_byte_of_a_row_counts(record):
    """Each character of each column of one row, flipped; the file is put back after each."""
    path = record / "setwise.db"
    target, tried = 6, 0
    tamper(path, *(f"DROP TRIGGER audit_no_{verb}" for verb in ("update", "delete", "replace")), keep_triggers=True)
    good = path.read_bytes()
    (row,) = select(path, "SELECT * FROM audit WHERE seq = ?", target)
    for column, value in zip(COLUMNS, row, strict=True):
        text = repr(value) if column == "utc_s" else str(value)
        for at in range(len(text)):
            flipped = typed(column, text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :])
            if flipped == value:
                continue
            tamper(path, (FLIP[column], (flipped, target)))
            report = verify_copy(record)
            assert report.first_broken is not None, (column, at, flipped)
            assert report.first_broken <= target + 1, (column, at, flipped)
            path.write_bytes(good)
            tried += 1
    assert tried > 150


@pytest.mark.parametrize("seq", range(1, ROWS + 2))
def test_a_deleted_row_is_found(record, seq):
    tamper(record / "setwise.db", ("DELETE FROM audit WHERE seq = ?", (seq,)))
    report = verify_copy(record)
    assert report.first_broken == seq


@pytest.mark.parametrize("seq", range(2, ROWS + 1))
def test_two_swapped_rows_are_found(record, seq):
    tamper(
        record / "setwise.db",
        ("UPDATE audit SET seq = 1000 WHERE seq = ?", (seq,)),
        ("UPDATE audit SET seq = ? WHERE seq = ?", (seq, seq + 1)),
        ("UPDATE audit SET seq = ? WHERE seq = 1000", (seq + 1,)),
    )
    assert verify_copy(record).first_broken == seq


@pytest.mark.parametrize("seq", range(2, ROWS + 1))
def test_two_swapped_bodies_are_found(record, seq):
    query = "SELECT body FROM audit WHERE seq IN (?, ?) ORDER BY seq"
    (a,), (b,) = select(record / "setwise.db", query, seq, seq + 1)
    tamper(
        record / "setwise.db",
        ("UPDATE audit SET body = ? WHERE seq = ?", (b, seq)),
        ("UPDATE audit SET body = ? WHERE seq = ?", (a, seq + 1)),
    )
    assert verify_copy(record).first_broken == seq


def test_a_replaced_row_is_found(record):
    connection = sqlite3.connect(record / "setwise.db")
    connection.execute("PRAGMA recursive_triggers = 0")
    connection.execute("DROP TRIGGER audit_no_replace")
    connection.execute(
        "INSERT OR REPLACE INTO audit SELECT seq, utc_s, kind, epoch, '{}', prev_hash, hash FROM audit WHERE seq = 4"
    )
    connection.commit()
    connection.close()
    report = verify_copy(record)
    assert report.first_broken == 4
    assert any("audit_no_replace was dropped" in problem.what for problem in report.problems)


@pytest.mark.parametrize("table", ["audit", "audit_head"])
@pytest.mark.parametrize("verb", ["update", "delete", "replace"])
def test_a_dropped_trigger_is_found(record, table, verb):
    trigger = f"{table}_no_{verb}"
    tamper(record / "setwise.db", f"DROP TRIGGER {trigger}", keep_triggers=True)
    assert f"trigger {trigger} was dropped" in verify_copy(record).text()


def test_an_added_row_is_found(record):
    tamper(
        record / "setwise.db",
        "INSERT INTO audit SELECT 14, utc_s, kind, epoch, body, prev_hash, hash FROM audit WHERE seq = 13",
    )
    assert verify_copy(record).first_broken == 14


def test_rows_before_the_first_are_found(record):
    tamper(
        record / "setwise.db",
        "INSERT INTO audit SELECT 0, utc_s, kind, epoch, body, prev_hash, hash FROM audit WHERE seq = 1",
    )
    assert not verify_copy(record).intact


def test_a_missing_database_is_a_problem_and_is_not_made(record):
    (record / "setwise.db").unlink()
    report = verify_copy(record)
    assert not report.intact
    assert not (record / "setwise.db").exists()


def test_bytes_flipped_in_the_file_are_found(record):
    """As a bad disk or a hex editor would: anywhere in the pages that hold the rows."""
    path = record / "setwise.db"
    good = path.read_bytes()
    needle = "Grüße".encode()
    assert needle in good
    for seed in range(40):
        random.seed(seed)
        at = good.index(needle) + random.randrange(len(needle))
        path.write_bytes(good[:at] + bytes([good[at] ^ (1 << random.randrange(8))]) + good[at + 1 :])
        assert not verify_copy(record).intact, at


def test_a_file_cut_in_the_middle_is_a_problem_not_a_crash(record):
    path = record / "setwise.db"
    good = path.read_bytes()
    for size in range(0, len(good), 4096 * 2):
        path.write_bytes(good[:size])
        assert not verify_copy(record).intact, size


def test_intents_without_outcome_are_listed_not_broken(record):
    store = Store(f"sqlite:///{record / 'setwise.db'}")
    store.write([entry("intent", {"n": n}, 1.0) for n in range(4)])
    first = store.acknowledged.seq - 3
    store.append("outcome", {"intent_seq": first}, 2.0)
    store.append("spooled", {"was": "outcome", "at": 1.0, "body": {"intent_seq": first + 1}}, 2.0)
    store.close()
    report = verify_copy(record)
    assert report.intact
    assert report.open_intents == (first + 2, first + 3)
    assert "2 intents without outcome" in report.text()


def test_a_second_outcome_is_a_problem(record):
    store = Store(f"sqlite:///{record / 'setwise.db'}")
    intent = store.append("intent", {}, 1.0)
    for _ in range(2):
        store.append("outcome", {"intent_seq": intent}, 2.0)
    store.close()
    assert "which is not open" in verify_copy(record).text()


def test_a_record_that_grows_while_it_is_checked_is_intact(tmp_path):
    import threading

    url, folder = f"sqlite:///{tmp_path / 'setwise.db'}", tmp_path / "heads"
    make_good(url, folder)
    stop = threading.Event()

    def grow():
        store, heads = Store(url), Heads(folder)
        while not stop.is_set():
            store.append("note", {}, 1.0)
            sign_head(store, heads, 1.0)
        store.close()

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        reports = [verify(url, folder, NOW) for _ in range(30)]
    finally:
        stop.set()
        thread.join()
    assert [report.text() for report in reports if not report.intact] == []
    assert reports[-1].rows > reports[0].rows


def test_postgresql(postgresql, execute, tmp_path):
    url, folder = postgresql.fresh(), tmp_path / "heads"
    make_good(url, folder)
    report = verify(url, folder, NOW)
    assert report.intact, report.text()
    assert (report.rows, report.heads) == (ROWS + 1, 4)
    execute(url, "ALTER TABLE audit DISABLE TRIGGER ALL", "UPDATE audit SET body = '{}' WHERE seq = 5")
    report = verify(url, folder, NOW)
    assert report.first_broken == 5
    assert "trigger audit_append_only was dropped" in report.text()
    execute(url, "ALTER TABLE audit ENABLE TRIGGER ALL", "DROP TABLE audit_head")
    assert "cannot be read" in verify(url, folder, NOW).text()


def test_postgresql_that_is_not_there_is_a_problem(tmp_path):
    Heads(tmp_path)
    assert "cannot be read" in verify("postgresql://nobody@127.0.0.1:1/x", tmp_path, NOW).text()


def test_the_command_stands_alone(record):
    """It loads no object mapper, and its exit code says what it found."""
    command = [sys.executable, "-X", "importtime", "-m", "supervisor.audit.verify"]
    done = subprocess.run(
        [*command, str(record / "setwise.db"), str(record / "heads")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.startswith("chain intact")
    loaded = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert not {name for name in loaded if name.split(".")[0] in ("sqlalchemy", "sqlmodel", "alembic", "pydantic")}
    rooms = ("supervisor", "safety", "constraints", "controllers", "hil")
    ours = {name for name in loaded if name.split(".")[0] in rooms}
    assert ours <= {"supervisor", "supervisor.audit", "supervisor.audit.chain", "supervisor.audit.verify"}
    tamper(record / "setwise.db", "DELETE FROM audit WHERE seq = 3")
    done = subprocess.run(
        [sys.executable, "-m", "supervisor.audit.verify", str(record / "setwise.db"), str(record / "heads")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("CHAIN BROKEN at row 3")
