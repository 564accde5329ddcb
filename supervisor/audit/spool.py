"""The pre-allocated file that takes what the database would not: its space is there even when the disk is full.

Layout: a header with a generation number, then entries one after another, each with its generation, length and SHA-256.
Clearing is one small durable write of a higher generation: entries of a lower one are no longer there. A torn entry at
the end (power cut) ends the reading.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import threading
from dataclasses import dataclass
from pathlib import Path

from supervisor.audit.heads import sync_folder

SPOOL_BYTES = 16 * 1024 * 1024
_MAGIC = b"SWSPOOL1"
_HEADER = struct.Struct(">8sQ")
_ENTRY = struct.Struct(">QI32s")
_FIRST = 512
"""Entries begin at the second sector, so that rewriting the header never touches them."""
BLOBS_UNTIL = 0.75
"""Beyond this fill the packed cycles are left out, so that room remains for what must be known."""


class SpoolError(Exception):
    """The spool file is full or cannot be written."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """One entry: what would have been a row, and where the record ended then."""

    kind: str
    body: str
    utc_s: float
    after_seq: int | None
    """Last row that was acknowledged when this was spooled; None where the record had not been opened."""
    cycle: int | None = None
    blob: bytes = b""
    """The packed cycle."""


class Spool:
    """The spool file at ``path``; safe to use from two threads. Raises SpoolError."""

    def __init__(self, path: Path, size: int = SPOOL_BYTES) -> None:
        self._lock = threading.Lock()
        self._size = size
        try:
            self._handle = _open(path, size)
            self._generation = self._read_generation()
            self._end = _FIRST
            self._count = len(self._scan())
        except OSError as error:
            raise SpoolError(f"{path}: {error}") from error

    @property
    def count(self) -> int:
        """Entries that wait for the database."""
        return self._count

    @property
    def used_fraction(self) -> float:
        """0 to 1."""
        return self._end / self._size

    def append(self, item: Spooled) -> None:
        """Append one entry; it is durable when this returns."""
        blob = item.blob if self.used_fraction < BLOBS_UNTIL else b""
        head = json.dumps([item.kind, item.body, item.utc_s, item.after_seq, item.cycle]).encode()
        payload = struct.pack(">I", len(head)) + head + blob
        with self._lock:
            packed = _ENTRY.pack(self._generation, len(payload), _digest(self._generation, payload)) + payload
            if self._end + len(packed) > self._size:
                raise SpoolError("the spool file is full")
            try:
                os.pwrite(self._handle, packed, self._end)
                os.fdatasync(self._handle)
            except OSError as error:
                raise SpoolError(str(error)) from error
            self._end += len(packed)
            self._count += 1

    def read(self) -> tuple[Spooled, ...]:
        """Return every entry, oldest first."""
        with self._lock:
            try:
                return self._scan()
            except OSError as error:
                raise SpoolError(str(error)) from error

    def clear(self, count: int) -> None:
        """Forget the entries if they are the ``count`` that were read; entries that came meanwhile keep all."""
        with self._lock:
            if count != self._count:
                return
            try:
                os.pwrite(self._handle, _HEADER.pack(_MAGIC, self._generation + 1), 0)
                os.fdatasync(self._handle)
            except OSError as error:
                raise SpoolError(str(error)) from error
            self._generation += 1
            self._end, self._count = _FIRST, 0

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)

    def _read_generation(self) -> int:
        header = os.pread(self._handle, _HEADER.size, 0)
        magic, generation = _HEADER.unpack(header)
        if magic == _MAGIC:
            return int(generation)
        os.pwrite(self._handle, _HEADER.pack(_MAGIC, 1), 0)
        os.fsync(self._handle)
        return 1

    def _scan(self) -> tuple[Spooled, ...]:
        found, self._end = _scanned(self._handle, self._generation, self._size)
        return found


def waiting(path: Path) -> tuple[Spooled, ...]:
    """Return what waits in the spool file at ``path``, oldest first, for a reader beside control: nothing is changed.

    Raises SpoolError where there is no spool file or it cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            magic, generation = _HEADER.unpack(os.pread(handle, _HEADER.size, 0))
            return _scanned(handle, generation, os.fstat(handle).st_size)[0] if magic == _MAGIC else ()
        finally:
            os.close(handle)
    except (OSError, struct.error) as error:
        raise SpoolError(f"{path}: {error}") from error


def _scanned(handle: int, generation: int, size: int) -> tuple[tuple[Spooled, ...], int]:
    """Return the entries of a generation and where they end."""
    found: list[Spooled] = []
    at = _FIRST
    while at + _ENTRY.size <= size:
        written, length, digest = _ENTRY.unpack(os.pread(handle, _ENTRY.size, at))
        if written != generation or at + _ENTRY.size + length > size:
            break
        payload = os.pread(handle, length, at + _ENTRY.size)
        if _digest(generation, payload) != digest:
            break
        found.append(_unpack(payload))
        at += _ENTRY.size + length
    return tuple(found), at


def _unpack(payload: bytes) -> Spooled:
    (length,) = struct.unpack_from(">I", payload)
    kind, body, utc_s, after_seq, cycle = json.loads(payload[4 : 4 + length])
    return Spooled(kind, body, utc_s, after_seq, cycle, payload[4 + length :])


def _digest(generation: int, payload: bytes) -> bytes:
    return hashlib.sha256(b"setwise.spool.v1\n%d\n" % generation + payload).digest()


def _open(path: Path, size: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.fstat(handle).st_size < size:
            os.posix_fallocate(handle, 0, size)
            os.fsync(handle)
            sync_folder(path.parent)
    except OSError:
        os.close(handle)
        raise
    return handle
