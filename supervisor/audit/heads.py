"""Signed heads of the chain, kept outside the database: what turns a hash chain into evidence.

A chain alone does not show that its end was cut off, nor that somebody with database rights wrote it anew from some row
on (reference: safety §0.7). A head signed with a key that the database does not hold, in a file on another volume,
shows both. What was written after the newest head is covered by the next one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from supervisor.audit.chain import SignedHead, Tail, head_line, head_message, parse_head

KEY_FILE = "signing.key"
PUBLIC_FILE = "signing.pub"
HEADS_FILE = "heads.jsonl"


class HeadsError(Exception):
    """The folder of heads or its key cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What the newest head outside says about the database."""

    fault: str | None
    """None where the database holds what was signed; else ``rollback`` or ``rewritten``."""
    head: SignedHead | None
    """The newest head; None before the first."""


class Heads:
    """Signs heads and appends them to the file. Makes folder and key at first use. Raises HeadsError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._key = _key(folder)
            self._newest = self._read_newest()
        except OSError as error:
            raise HeadsError(f"cannot use {folder}: {error}; check the path and its rights") from error

    @property
    def newest(self) -> SignedHead | None:
        """The newest head in the file."""
        return self._newest

    def sign(self, tail: Tail, utc_s: float) -> SignedHead:
        """Sign the end of the chain and append it durably; the newest head again where the chain has not grown."""
        last = self._newest
        if last is not None and last.seq == tail.seq and last.hash == tail.hash:
            return last
        number, previous = (last.number + 1, last.signature) if last is not None else (1, "")
        utc_s = float(utc_s)
        signature = self._key.sign(head_message(number, tail.seq, tail.hash, utc_s, previous)).hex()
        head = SignedHead(number, tail.seq, tail.hash, utc_s, previous, signature)
        try:
            _append(self._folder / HEADS_FILE, head_line(head))
        except OSError as error:
            raise HeadsError(f"cannot write {self._folder / HEADS_FILE}: {error}") from error
        self._newest = head
        return head

    def _read_newest(self) -> SignedHead | None:
        path = self._folder / HEADS_FILE
        if not path.exists():
            return None
        for line in reversed(path.read_text(encoding="utf-8", errors="replace").splitlines()):
            if (head := parse_head(line)) is not None:
                return head
        return None


def witness(head: SignedHead | None, tail: Tail, hash_at_head: str | None) -> Witness:
    """Compare the newest head outside with the database: ``hash_at_head`` is the hash of its row ``head.seq``.

    ``rollback``: the database ends before the head (an old copy was restored, or its end was cut off, fault F57).
    """
    if head is None:
        return Witness(None, None)
    if head.seq > tail.seq:
        return Witness("rollback", head)
    if head.seq > 0 and head.hash != hash_at_head:
        return Witness("rewritten", head)
    return Witness(None, head)


def _key(folder: Path) -> Ed25519PrivateKey:
    """Return the signing key, made at the first start with rights for its owner only."""
    path = folder / KEY_FILE
    if not path.exists():
        _make_key(folder)
    if path.stat().st_mode & 0o077:
        raise HeadsError(f"{path} is open to others: chmod 600 {path}")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise HeadsError(f"{path} is no signing key: restore it from your backup") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise HeadsError(f"{path} is not an Ed25519 key: restore it from your backup")
    return key


def _make_key(folder: Path) -> None:
    if (folder / HEADS_FILE).exists():
        raise HeadsError(f"{folder / KEY_FILE} is missing but heads exist: restore the key, or move the old heads away")
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _create(folder / PUBLIC_FILE, public, 0o644)
    _create(folder / KEY_FILE, private, 0o600)  # last: a key that is there is complete, public half and all


def _create(path: Path, content: bytes, mode: int) -> None:
    """Write a whole file durably, or none: other process's half is never read."""
    draft = path.with_suffix(path.suffix + ".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    draft.rename(path)
    sync_folder(path.parent)


def _append(path: Path, line: str) -> None:
    new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"  # a power cut in the middle of the line before
        os.write(handle, (("\n" if torn else "") + line + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
