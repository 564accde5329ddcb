"""The verifier is itself put to the test: every byte flipped, rows dropped, swapped, cut off, written anew."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.audit.chain import EMPTY, Tail, head_line, link, tail_of
from supervisor.audit.heads import HEADS_FILE, KEY_FILE, PUBLIC_FILE, Heads
from supervisor.audit.store import Store, entry
from supervisor.audit.verify import HEAD_OLD_S, verify

ROWS = 12
NOW = 1_000.0
COLUMNS = ("seq", "utc_s", "kind", "epoch", "body", "prev_hash", "hash")


def _make(url: str, folder: Path, rows: int = ROWS) -> None:
    store, heads = Store(url), Heads(folder)
    for n in range(rows):
        store.append("note", {"n": n, "text": "Grüße"}, float(n))
        if n % 3 == 2:
            _sign(store, heads, float(n))
    _sign(store, heads, NOW)
    store.close()


def _sign(store: Store, heads: Heads, utc_s: float) -> None:
    head = heads.sign(store.tail(), utc_s)
    store.append_head(head.number, head_line(head))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A good record; every test works on a copy."""
    folder = tmp_path_factory.mktemp("record")
    _make(f"sqlite:///{folder / 'setwise.db'}", folder / "heads")
    connection = sqlite3.connect(folder / "setwise.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return folder


@pytest.fixture
def record(made, tmp_path) -> Path:
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def _tamper(path: Path, *statements: str | tuple[str, tuple], keep_triggers: bool = False) -> None:
    """Change the database as somebody with all rights on it would, and put the triggers back after."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    if not keep_triggers:
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        sql, values = statement if isinstance(statement, tuple) else (statement, ())
        connection.execute(sql, values)
    if not keep_triggers:
        for _, sql in triggers:
            connection.execute(sql)
    connection.commit()
    connection.close()


def _verify(record: Path):
    return verify(f"sqlite:///{record / 'setwise.db'}", record / "heads", NOW)


def test_a_good_record_is_intact(record):
    report = _verify(record)
    assert report.intact
    assert report.first_broken is None
    assert (report.rows, report.heads, report.head_age_s) == (ROWS + 1, 4, NOW - 11.0)
    assert report.text().startswith("chain intact, 13 rows, 4 signed heads")


def test_numbers_are_spaced_for_people(record):
    from dataclasses import replace

    report = replace(_verify(record), rows=1_204_118, heads=37, notes=())
    assert report.text() == "chain intact, 1 204 118 rows, 37 signed heads"


def test_every_single_byte_of_a_row_counts(record):
    """Each character of each column of one row, flipped; the file is put back after each."""
    path = record / "setwise.db"
    target, tried = 6, 0
    _tamper(path, *(f"DROP TRIGGER audit_no_{verb}" for verb in ("update", "delete", "replace")), keep_triggers=True)
    good = path.read_bytes()
    (row,) = _select(path, "SELECT * FROM audit WHERE seq = ?", target)
    for column, value in zip(COLUMNS, row, strict=True):
        text = repr(value) if column == "utc_s" else str(value)
        for at in range(len(text)):
            flipped = _typed(column, text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :])
            if flipped == value:
                continue
            _tamper(path, (f"UPDATE OR REPLACE audit SET {column} = ? WHERE seq = ?", (flipped, target)))
            report = _verify(record)
            assert report.first_broken is not None, (column, at, flipped)
            assert report.first_broken <= target + 1, (column, at, flipped)
            path.write_bytes(good)
            tried += 1
    assert tried > 150


def _typed(column: str, text: str) -> object:
    try:
        return {"seq": int, "epoch": int, "utc_s": float}.get(column, str)(text)
    except ValueError:
        return text  # no number any more: SQLite stores it as text all the same


def _select(path: Path, query: str, *values: object) -> list[tuple]:
    connection = sqlite3.connect(path)
    rows = connection.execute(query, values).fetchall()
    connection.close()
    return rows


@pytest.mark.parametrize("seq", range(1, ROWS + 2))
def test_a_deleted_row_is_found(record, seq):
    _tamper(record / "setwise.db", ("DELETE FROM audit WHERE seq = ?", (seq,)))
    report = _verify(record)
    assert report.first_broken == seq


@pytest.mark.parametrize("seq", range(2, ROWS + 1))
def test_two_swapped_rows_are_found(record, seq):
    _tamper(
        record / "setwise.db",
        ("UPDATE audit SET seq = 1000 WHERE seq = ?", (seq,)),
        ("UPDATE audit SET seq = ? WHERE seq = ?", (seq, seq + 1)),
        ("UPDATE audit SET seq = ? WHERE seq = 1000", (seq + 1,)),
    )
    assert _verify(record).first_broken == seq


@pytest.mark.parametrize("seq", range(2, ROWS + 1))
def test_two_swapped_bodies_are_found(record, seq):
    query = "SELECT body FROM audit WHERE seq IN (?, ?) ORDER BY seq"
    (a,), (b,) = _select(record / "setwise.db", query, seq, seq + 1)
    _tamper(
        record / "setwise.db",
        ("UPDATE audit SET body = ? WHERE seq = ?", (b, seq)),
        ("UPDATE audit SET body = ? WHERE seq = ?", (a, seq + 1)),
    )
    assert _verify(record).first_broken == seq


@pytest.mark.parametrize("left", range(ROWS + 1))
def test_an_end_cut_off_is_found_by_the_heads(record, left):
    _tamper(record / "setwise.db", ("DELETE FROM audit WHERE seq > ?", (left,)))
    report = _verify(record)
    assert report.first_broken == left + 1
    assert any("cut off" in problem.what for problem in report.problems)


@pytest.mark.parametrize("left", range(ROWS + 1))
def test_an_end_cut_off_with_its_heads_in_the_database_is_found(record, left):
    _tamper(
        record / "setwise.db", ("DELETE FROM audit WHERE seq > ?", (left,)), "DELETE FROM audit_head"
    )
    assert not _verify(record).intact


def _rechain(path: Path, first: int) -> None:
    """Change row ``first`` and write every later hash anew, perfectly: what database rights allow."""
    rows = _select(path, "SELECT * FROM audit ORDER BY seq")
    tail, made = EMPTY, []
    for seq, utc_s, kind, epoch, body, _, _ in rows:
        row = link(tail, kind, body.replace("Gr", "XX") if seq == first else body, utc_s, epoch)
        tail = tail_of(row)
        made.append(("UPDATE audit SET body = ?, prev_hash = ?, hash = ? WHERE seq = ?", (row.body, row.prev_hash, row.hash, seq)))
    _tamper(path, *made)


@pytest.mark.parametrize("first", range(2, ROWS + 2))
def test_a_chain_written_anew_is_found_by_the_heads(record, first):
    _rechain(record / "setwise.db", first)
    report = _verify(record)
    assert not report.intact
    assert any("written anew" in problem.what for problem in report.problems)


def test_without_heads_a_rewritten_chain_looks_well_which_is_why_there_are_heads(record):
    """The control: the finding above comes from the heads and from nothing else."""
    _rechain(record / "setwise.db", 5)
    (record / "heads" / HEADS_FILE).unlink()
    _tamper(record / "setwise.db", "DELETE FROM audit_head")
    report = _verify(record)
    assert report.intact
    assert report.head_age_s is None
    assert "no signed head" in report.text()


def test_rows_after_the_last_head_that_are_cut_off_are_found_by_the_next_start(record):
    """Between two heads there is only the chain; its end is what the running supervisor remembers."""
    url = f"sqlite:///{record / 'setwise.db'}"
    store = Store(url)
    store.append("note", {}, 1.0)
    _tamper(record / "setwise.db", "DELETE FROM audit WHERE seq > 13")
    store._throw_away()
    from supervisor.audit.trouble import StoreError

    with pytest.raises(StoreError, match="lost_rows"):
        store.append("note", {}, 2.0)
    store.close()


def test_a_replaced_row_is_found(record):
    connection = sqlite3.connect(record / "setwise.db")
    connection.execute("PRAGMA recursive_triggers = 0")
    connection.execute("DROP TRIGGER audit_no_replace")
    connection.execute("INSERT OR REPLACE INTO audit SELECT seq, utc_s, kind, epoch, '{}', prev_hash, hash FROM audit WHERE seq = 4")
    connection.commit()
    connection.close()
    report = _verify(record)
    assert report.first_broken == 4
    assert any("audit_no_replace was dropped" in problem.what for problem in report.problems)


@pytest.mark.parametrize(
    "trigger",
    ["audit_no_update", "audit_no_delete", "audit_no_replace", "audit_head_no_update", "audit_head_no_delete", "audit_head_no_replace"],
)
def test_a_dropped_trigger_is_found(record, trigger):
    _tamper(record / "setwise.db", f"DROP TRIGGER {trigger}", keep_triggers=True)
    assert f"trigger {trigger} was dropped" in _verify(record).text()


def test_an_added_row_is_found(record):
    _tamper(
        record / "setwise.db",
        "INSERT INTO audit SELECT 14, utc_s, kind, epoch, body, prev_hash, hash FROM audit WHERE seq = 13",
    )
    assert _verify(record).first_broken == 14


def test_rows_before_the_first_are_found(record):
    _tamper(
        record / "setwise.db",
        "INSERT INTO audit SELECT 0, utc_s, kind, epoch, body, prev_hash, hash FROM audit WHERE seq = 1",
    )
    assert not _verify(record).intact


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_head_missing_in_the_file_is_found(record, number):
    path = record / "heads" / HEADS_FILE
    lines = path.read_text().splitlines(keepends=True)
    del lines[number - 1]
    path.write_text("".join(lines))
    assert not _verify(record).intact


def test_every_byte_of_a_head_counts(record):
    path = record / "heads" / HEADS_FILE
    good = path.read_bytes()
    line = good.splitlines(keepends=True)[1]
    start = good.index(line)
    for at in range(start, start + len(line) - 1, 3):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert not _verify(record).intact, at
    path.write_bytes(good)
    assert _verify(record).intact


def test_heads_of_another_key_are_found(record, tmp_path):
    other = Heads(tmp_path / "other")
    store = Store(f"sqlite:///{record / 'setwise.db'}")
    other.sign(store.tail(), NOW)
    store.close()
    shutil.copy(tmp_path / "other" / HEADS_FILE, record / "heads" / HEADS_FILE)
    assert "signature does not hold" in _verify(record).text()


def test_heads_that_differ_inside_and_outside_are_found(record):
    _tamper(record / "setwise.db", "UPDATE audit_head SET line = replace(line, '\"number\":2', '\"number\":3') WHERE number = 2")
    assert "differs" in _verify(record).text()


def test_a_torn_head_line_is_only_a_note(record):
    path = record / "heads" / HEADS_FILE
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], lines[2][:40], *lines[2:]]) + "\n")
    report = _verify(record)
    assert report.intact
    assert "unreadable" in report.text()


@pytest.mark.parametrize("content", [None, b"nonsense", b""])
def test_a_missing_public_key_is_a_problem(record, content):
    path = record / "heads" / PUBLIC_FILE
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert not _verify(record).intact


def test_a_missing_database_is_a_problem_and_is_not_made(record):
    (record / "setwise.db").unlink()
    report = _verify(record)
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
        assert not _verify(record).intact, at


def test_a_file_cut_in_the_middle_is_a_problem_not_a_crash(record):
    path = record / "setwise.db"
    good = path.read_bytes()
    for size in range(0, len(good), 4096 * 2):
        path.write_bytes(good[:size])
        assert not _verify(record).intact, size


def test_an_old_head_is_worth_a_word(record):
    report = verify(str(record / "setwise.db"), record / "heads", NOW + HEAD_OLD_S)
    assert report.intact
    assert "last signed head is" in report.text()


def test_intents_without_outcome_are_listed_not_broken(record):
    store = Store(f"sqlite:///{record / 'setwise.db'}")
    store.write([entry("intent", {"n": n}, 1.0) for n in range(4)])
    first = store.acknowledged.seq - 3
    store.append("outcome", {"intent_seq": first}, 2.0)
    store.append("spooled", {"was": "outcome", "at": 1.0, "body": {"intent_seq": first + 1}}, 2.0)
    store.close()
    report = _verify(record)
    assert report.intact
    assert report.open_intents == (first + 2, first + 3)
    assert "2 intents without outcome" in report.text()


def test_a_second_outcome_is_a_problem(record):
    store = Store(f"sqlite:///{record / 'setwise.db'}")
    intent = store.append("intent", {}, 1.0)
    for _ in range(2):
        store.append("outcome", {"intent_seq": intent}, 2.0)
    store.close()
    assert "which is not open" in _verify(record).text()


def test_a_record_that_grows_while_it_is_checked_is_intact(tmp_path):
    import threading

    url, folder = f"sqlite:///{tmp_path / 'setwise.db'}", tmp_path / "heads"
    _make(url, folder)
    stop = threading.Event()

    def grow():
        store, heads = Store(url), Heads(folder)
        while not stop.is_set():
            store.append("note", {}, 1.0)
            _sign(store, heads, 1.0)
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
    _make(url, folder)
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
    ours = {name for name in loaded if name.split(".")[0] in ("supervisor", "safety", "constraints", "controllers", "hil")}
    assert ours <= {"supervisor", "supervisor.audit", "supervisor.audit.chain", "supervisor.audit.verify"}
    _tamper(record / "setwise.db", "DELETE FROM audit WHERE seq = 3")
    done = subprocess.run(
        [sys.executable, "-m", "supervisor.audit.verify", str(record / "setwise.db"), str(record / "heads")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("CHAIN BROKEN at row 3")


def test_a_head_on_an_empty_chain_is_no_problem(tmp_path):
    url, folder = f"sqlite:///{tmp_path / 'setwise.db'}", tmp_path / "heads"
    Heads(folder).sign(Tail(0, EMPTY.hash), NOW)
    store = Store(url)
    store.append("note", {}, 1.0)
    store.close()
    assert verify(url, folder, NOW).intact
    assert (folder / KEY_FILE).exists()
