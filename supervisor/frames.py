"""Length-prefixed pickles between control and its own thinker, over a private socket pair.

Pickle is safe here because both ends are the same program and the socket has no name that a third could open.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct

_HEAD = struct.Struct(">I")
FRAME_BYTES_MAX = 32 * 1024 * 1024


UNREADABLE = (
    pickle.UnpicklingError, AttributeError, EOFError, ImportError, IndexError, KeyError, MemoryError, OverflowError,
    TypeError, ValueError,
)  # fmt: skip
"""What ``pickle.loads`` raises for bytes that are no pickle (its documentation names some and says there are more)."""


class FrameError(Exception):
    """The other end closed, or sent something that is not a frame."""


def pack(message: object) -> bytes:
    """Return ``message`` as one frame."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return _HEAD.pack(len(body)) + body


def receive(sock: socket.socket) -> object:
    """Block for one frame (the thinker's side). Raise FrameError when control has gone."""
    try:
        (length,) = _HEAD.unpack(_exactly(sock, _HEAD.size))
        return pickle.loads(_exactly(sock, length))  # noqa: S301 - see the module's first lines
    except ConnectionError as error:
        raise FrameError(type(error).__name__) from error


async def receive_async(reader: asyncio.StreamReader) -> object:
    """Wait for one frame (control's side). Raise FrameError when the thinker has gone or sends nonsense."""
    try:
        (length,) = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        if length > FRAME_BYTES_MAX:
            raise FrameError(f"frame of {length} bytes")
        body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise FrameError(type(error).__name__) from error
    try:
        return pickle.loads(body)  # noqa: S301
    except UNREADABLE as error:
        raise FrameError(f"unreadable: {type(error).__name__}") from error


def _exactly(sock: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = sock.recv(count - len(parts))
        if not part:
            raise FrameError("closed")
        parts += part
    return bytes(parts)
