"""What only the signed heads can show, and what happens when somebody works on the heads themselves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from supervisor.audit.chain import EMPTY, Tail, link, tail_of
from supervisor.audit.heads import HEADS_FILE, KEY_FILE, PUBLIC_FILE, Heads
from supervisor.audit.store import Store
from supervisor.audit.verify import HEAD_OLD_S, verify
from tests.supervisor.audit.tampering import (
    NOW,
    ROWS,
    select,
    tamper,
    verify_copy,
)


@pytest.mark.parametrize("left", range(ROWS + 1))
def test_an_end_cut_off_is_found_by_the_heads(record, left):
    tamper(record / "setwise.db", ("DELETE FROM audit WHERE seq > ?", (left,)))
    report = verify_copy(record)
    assert report.first_broken == left + 1
    assert any("cut off" in problem.what for problem in report.problems)


@pytest.mark.parametrize("left", range(ROWS + 1))
def test_an_end_cut_off_with_its_heads_in_the_database_is_found(record, left):
    tamper(record / "setwise.db", ("DELETE FROM audit WHERE seq > ?", (left,)), "DELETE FROM audit_head")
    assert not verify_copy(record).intact


def _rechain(path: Path, first: int) -> None:
    """Change row ``first`` and write every later hash anew, perfectly: what database rights allow."""
    rows = select(path, "SELECT * FROM audit ORDER BY seq")
    tail, made = EMPTY, []
    for seq, utc_s, kind, epoch, body, _, _ in rows:
        row = link(tail, kind, body.replace("Gr", "XX") if seq == first else body, utc_s, epoch)
        tail = tail_of(row)
        values = (row.body, row.prev_hash, row.hash, seq)
        made.append(("UPDATE audit SET body = ?, prev_hash = ?, hash = ? WHERE seq = ?", values))
    tamper(path, *made)


@pytest.mark.parametrize("first", range(2, ROWS + 2))
def test_a_chain_written_anew_is_found_by_the_heads(record, first):
    _rechain(record / "setwise.db", first)
    report = verify_copy(record)
    assert not report.intact
    assert any("written anew" in problem.what for problem in report.problems)


def test_without_heads_a_rewritten_chain_looks_well_which_is_why_there_are_heads(record):
    """The control: the finding above comes from the heads and from nothing else."""
    _rechain(record / "setwise.db", 5)
    (record / "heads" / HEADS_FILE).unlink()
    tamper(record / "setwise.db", "DELETE FROM audit_head")
    report = verify_copy(record)
    assert report.intact
    assert report.head_age_s is None
    assert "no signed head" in report.text()


def test_rows_after_the_last_head_that_are_cut_off_are_found_by_the_next_start(record):
    """Between two heads there is only the chain; its end is what the running supervisor remembers."""
    url = f"sqlite:///{record / 'setwise.db'}"
    store = Store(url)
    store.append("note", {}, 1.0)
    tamper(record / "setwise.db", "DELETE FROM audit WHERE seq > 13")
    store._throw_away()
    from supervisor.audit.trouble import StoreError

    with pytest.raises(StoreError, match="lost_rows"):
        store.append("note", {}, 2.0)
    store.close()


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_head_missing_in_the_file_is_found(record, number):
    path = record / "heads" / HEADS_FILE
    lines = path.read_text().splitlines(keepends=True)
    del lines[number - 1]
    path.write_text("".join(lines))
    assert not verify_copy(record).intact


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_head_missing_in_the_middle_is_found_though_the_database_lost_it_too(record, number):
    tamper(record / "setwise.db", ("DELETE FROM audit_head WHERE number = ?", (number,)))
    path = record / "heads" / HEADS_FILE
    lines = path.read_text().splitlines(keepends=True)
    del lines[number - 1]
    path.write_text("".join(lines))
    assert "heads are missing" in verify_copy(record).text()


def test_every_byte_of_a_head_counts(record):
    path = record / "heads" / HEADS_FILE
    good = path.read_bytes()
    line = good.splitlines(keepends=True)[1]
    start = good.index(line)
    for at in range(start, start + len(line) - 1, 3):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert not verify_copy(record).intact, at
    path.write_bytes(good)
    assert verify_copy(record).intact


def test_heads_of_another_key_are_found(record, tmp_path):
    other = Heads(tmp_path / "other")
    store = Store(f"sqlite:///{record / 'setwise.db'}")
    other.sign(store.tail(), NOW)
    store.close()
    shutil.copy(tmp_path / "other" / HEADS_FILE, record / "heads" / HEADS_FILE)
    assert "signature does not hold" in verify_copy(record).text()


def test_heads_that_differ_inside_and_outside_are_found(record):
    change = "UPDATE audit_head SET line = replace(line, '\"number\":2', '\"number\":3') WHERE number = 2"
    tamper(record / "setwise.db", change)
    assert "differs" in verify_copy(record).text()


def test_a_torn_head_line_is_only_a_note(record):
    path = record / "heads" / HEADS_FILE
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], lines[2][:40], *lines[2:]]) + "\n")
    report = verify_copy(record)
    assert report.intact
    assert "unreadable" in report.text()


@pytest.mark.parametrize("content", [None, b"nonsense", b""])
def test_a_missing_public_key_is_a_problem(record, content):
    path = record / "heads" / PUBLIC_FILE
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert not verify_copy(record).intact


def test_an_old_head_is_worth_a_word(record):
    report = verify(str(record / "setwise.db"), record / "heads", NOW + HEAD_OLD_S)
    assert report.intact
    assert "last signed head is" in report.text()


def test_a_head_on_an_empty_chain_is_no_problem(tmp_path):
    url, folder = f"sqlite:///{tmp_path / 'setwise.db'}", tmp_path / "heads"
    Heads(folder).sign(Tail(0, EMPTY.hash), NOW)
    store = Store(url)
    store.append("note", {}, 1.0)
    store.close()
    assert verify(url, folder, NOW).intact
    assert (folder / KEY_FILE).exists()
