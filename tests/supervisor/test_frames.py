from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.frames import FRAME_BYTES_MAX, FrameError, pack, receive, receive_async


async def answer(raw):
    reader = asyncio.StreamReader()
    reader.feed_data(raw)
    reader.feed_eof()
    return await receive_async(reader)


async def test_what_is_packed_comes_back():
    message = ({"a": 1.5}, [None, "ä"], b"\x00" * 100_000)
    assert await answer(pack(message)) == message


def test_the_thinkers_side_reads_frame_by_frame():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(pack(1) + pack("two"))
        assert (receive(theirs), receive(theirs)) == (1, "two")
        ours.close()
        with pytest.raises(FrameError, match="closed"):
            receive(theirs)


def test_a_reset_connection_is_a_control_that_has_gone():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"never read")
        ours.close()  # with unread data: a reset on the other side
        with pytest.raises(FrameError):
            receive(theirs)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00",
        struct.pack(">I", 10) + b"short",
        struct.pack(">I", FRAME_BYTES_MAX + 1),
        struct.pack(">I", 7) + b"garbage",
        struct.pack(">I", 0),
        struct.pack(">I", 19) + b"cno_module\nnothing\n.",
        struct.pack(">I", 18) + b"csupervisor\nnone\n.",
    ],
)
async def test_nonsense_is_a_frame_error_and_nothing_else(raw):
    with pytest.raises(FrameError):
        await answer(raw)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=40))
def test_no_bytes_raise_anything_else(body):
    with contextlib.suppress(FrameError):
        asyncio.run(answer(struct.pack(">I", len(body)) + body))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_frame_raises_nothing_else(at, byte):
    raw = bytearray(pack(("plan", {"moves": {"a": 1.0}}, (1, 2))))
    raw[4 + at % (len(raw) - 4)] = byte
    with contextlib.suppress(FrameError):
        asyncio.run(answer(bytes(raw)))
