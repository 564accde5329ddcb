"""The spool file: its space is there, what is acknowledged is there, and nothing old comes back."""

from __future__ import annotations

import os

import pytest

from supervisor.audit.spool import _FIRST, Spool, Spooled, SpoolError, waiting

SIZE = 64 * 1024


def _item(n, **over):
    return Spooled("note", f'{{"n":{n}}}', float(n), n, **over)


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path / "spool.bin", SIZE)
    yield made
    made.close()


def test_entries_come_back_in_order(spool, tmp_path):
    items = [_item(n, cycle=n, blob=os.urandom(50)) for n in range(20)]
    for item in items:
        spool.append(item)
    assert spool.read() == tuple(items)
    assert spool.count == 20
    again = Spool(tmp_path / "spool.bin", SIZE)
    assert again.read() == tuple(items)
    again.close()


def test_the_space_is_set_aside_at_once(spool, tmp_path):
    status = (tmp_path / "spool.bin").stat()
    assert status.st_size == SIZE
    assert status.st_blocks * 512 >= SIZE


def test_cleared_entries_never_come_back(tmp_path):
    """Old bytes are still in the file behind shorter new ones; their generation says that they are gone."""
    for count in range(1, 6):
        path = tmp_path / f"spool{count}.bin"
        spool = Spool(path, SIZE)
        for n in range(10):
            spool.append(_item(n))
        spool.clear(10)
        assert spool.read() == ()
        for n in range(count):
            spool.append(_item(100 + n))
        spool.close()
        again = Spool(path, SIZE)
        assert [item.utc_s for item in again.read()] == [100.0 + n for n in range(count)]
        again.close()


def test_what_came_while_it_was_drained_is_kept(spool):
    spool.append(_item(1))
    read = spool.read()
    spool.append(_item(2))
    spool.clear(len(read))
    assert [item.utc_s for item in spool.read()] == [1.0, 2.0]


@pytest.mark.parametrize("kept", range(0, 120, 7))
def test_a_torn_entry_ends_the_reading(tmp_path, kept):
    path = tmp_path / "spool.bin"
    spool = Spool(path, SIZE)
    spool.append(_item(1))
    end = spool._end
    spool.append(_item(2))
    size = spool._end - end
    spool.close()
    content = bytearray(path.read_bytes())
    kept = min(kept, size - 1)
    content[end + kept : end + size] = bytes(size - kept)  # the rest never reached the disk
    path.write_bytes(content)
    again = Spool(path, SIZE)
    assert again.read() == (_item(1),)
    again.append(_item(3))
    assert again.read() == (_item(1), _item(3))
    again.close()


def test_every_flipped_byte_of_an_entry_is_noticed(tmp_path):
    path = tmp_path / "spool.bin"
    spool = Spool(path, SIZE)
    spool.append(_item(1))
    end = spool._end
    spool.close()
    good = path.read_bytes()
    for at in range(_FIRST, end):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        again = Spool(path, SIZE)
        assert again.read() == ()
        again.close()


def test_a_full_spool_says_so_and_leaves_room_for_what_must_be_known(tmp_path):
    spool = Spool(tmp_path / "spool.bin", SIZE)
    with pytest.raises(SpoolError, match="full"):
        for n in range(10_000):
            spool.append(_item(n, cycle=n, blob=bytes(1000)))
    items = spool.read()
    assert len(items) > 60  # blobs were left out near the end
    assert items[0].blob
    assert not items[-1].blob
    spool.close()


def test_a_path_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError):
        Spool(tmp_path / "file" / "spool.bin", SIZE)


def test_a_write_that_fails_is_an_error(tmp_path):
    spool = Spool(tmp_path / "spool.bin", SIZE)
    os.close(spool._handle)
    spool._handle = os.open(tmp_path / "spool.bin", os.O_RDONLY)
    with pytest.raises(SpoolError):
        spool.append(_item(1))
    assert spool.count == 0
    with pytest.raises(SpoolError):
        spool.clear(0)
    spool.close()


def test_a_file_of_something_else_is_taken_over(tmp_path):
    path = tmp_path / "spool.bin"
    path.write_bytes(b"x" * SIZE)
    spool = Spool(path, SIZE)
    assert spool.read() == ()
    spool.append(_item(1))
    assert spool.read() == (_item(1),)
    spool.close()


def test_a_reader_beside_control_sees_what_waits_and_changes_nothing(spool, tmp_path):
    path = tmp_path / "spool.bin"
    assert waiting(path) == ()
    spool.append(_item(1, cycle=7, blob=b"packed"))
    spool.append(_item(2))
    before = path.read_bytes()
    assert waiting(path) == spool.read()
    assert path.read_bytes() == before
    spool.clear(2)
    assert waiting(path) == ()


@pytest.mark.parametrize("content", [None, b"", b"short"])
def test_a_reader_names_a_file_that_is_no_spool(tmp_path, content):
    path = tmp_path / "spool.bin"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SpoolError, match=r"spool\.bin"):
        waiting(path)


def test_a_reader_finds_nothing_in_a_file_of_something_else(tmp_path):
    path = tmp_path / "spool.bin"
    path.write_bytes(bytes(4096))
    assert waiting(path) == ()
