"""Signed heads: a key of the owner's only, a line per head that survives a torn one, and what heads say at start."""

from __future__ import annotations

import os
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)

from supervisor.audit.chain import EMPTY, Tail, head_message, parse_head
from supervisor.audit.heads import HEADS_FILE, KEY_FILE, PUBLIC_FILE, Heads, HeadsError, witness

TAIL = Tail(7, "a" * 64)


def test_the_key_is_made_once_for_its_owner_only(tmp_path):
    folder = tmp_path / "a" / "heads"
    Heads(folder)
    key = (folder / KEY_FILE).read_bytes()
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    Heads(folder)
    assert (folder / KEY_FILE).read_bytes() == key
    assert sorted(path.name for path in folder.iterdir()) == [KEY_FILE, PUBLIC_FILE]


def test_the_key_is_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        Heads(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_a_head_is_signed_and_on_file(tmp_path):
    head = Heads(tmp_path).sign(TAIL, 5)
    assert (head.number, head.seq, head.hash, head.utc_s, head.previous) == (1, 7, "a" * 64, 5.0, "")
    public = load_pem_public_key((tmp_path / PUBLIC_FILE).read_bytes())
    public.verify(bytes.fromhex(head.signature), head_message(1, 7, "a" * 64, 5.0, ""))
    assert parse_head((tmp_path / HEADS_FILE).read_text().strip()) == head


def test_heads_hang_on_each_other_over_a_restart(tmp_path):
    first = Heads(tmp_path).sign(TAIL, 1.0)
    again = Heads(tmp_path)
    assert again.newest == first
    second = again.sign(Tail(9, "b" * 64), 2.0)
    assert (second.number, second.previous) == (2, first.signature)


def test_a_chain_that_has_not_grown_is_not_signed_again(tmp_path):
    heads = Heads(tmp_path)
    assert heads.sign(TAIL, 1.0) is heads.sign(TAIL, 2.0)
    assert len((tmp_path / HEADS_FILE).read_text().splitlines()) == 1


@pytest.mark.parametrize("left", [1, 30, 100])
def test_a_torn_line_does_not_take_the_next_one_with_it(tmp_path, left):
    heads = Heads(tmp_path)
    first = heads.sign(TAIL, 1.0)
    heads.sign(Tail(8, "b" * 64), 2.0)
    path = tmp_path / HEADS_FILE
    lines = path.read_text().splitlines()
    path.write_text(lines[0] + "\n" + lines[1][:left])  # the power went while the second line was written
    again = Heads(tmp_path)
    assert again.newest == first
    second = again.sign(Tail(9, "c" * 64), 3.0)
    assert parse_head(path.read_text().splitlines()[-1]) == second
    assert second.previous == first.signature


def test_a_key_open_to_others_is_refused(tmp_path):
    Heads(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(HeadsError, match="chmod 600"):
        Heads(tmp_path)


def test_a_missing_key_is_not_silently_replaced(tmp_path):
    Heads(tmp_path).sign(TAIL, 1.0)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(HeadsError, match="restore the key"):
        Heads(tmp_path)


def test_a_key_of_another_kind_is_refused(tmp_path):
    Heads(tmp_path)
    rsa = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (rsa, b"nonsense"):
        (tmp_path / KEY_FILE).write_bytes(content)
        with pytest.raises(HeadsError, match="key"):
            Heads(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HeadsError, match="cannot use"):
        Heads(tmp_path / "file" / "heads")


def test_a_head_that_cannot_be_written_is_an_error_not_a_head(tmp_path):
    heads = Heads(tmp_path)
    (tmp_path / HEADS_FILE).mkdir()
    with pytest.raises(HeadsError, match="cannot write"):
        heads.sign(TAIL, 1.0)
    assert heads.newest is None


def test_witness(tmp_path):
    head = Heads(tmp_path).sign(TAIL, 1.0)
    assert witness(None, EMPTY, None).fault is None
    assert witness(head, TAIL, TAIL.hash).fault is None
    assert witness(head, Tail(20, "c" * 64), TAIL.hash).fault is None
    assert witness(head, Tail(6, "c" * 64), None).fault == "rollback"
    assert witness(head, Tail(20, "c" * 64), "d" * 64).fault == "rewritten"
    assert witness(head, Tail(20, "c" * 64), None).fault == "rewritten"
