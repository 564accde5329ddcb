"""The chain of the audit: what a row is, what its hash covers, and how the next row hangs on it. Pure.

A row's hash is SHA-256 over a domain prefix and the canonical JSON of the whole row without its hash (keys sorted, no
spaces, no NaN, floats by ``repr``, UTF-8). ``prev_hash`` is the hash of the row before, ``seq`` counts from 1 without
gaps. The domain prefix keeps a row's hash from ever being taken for something else that is hashed or signed
(RFC 6962 §2.1 does the same with 0x00 and 0x01). Only the standard library is imported: the stand-alone verifier uses
this file and nothing else of ours.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

ROW_DOMAIN = b"setwise.audit.row.v1\n"
GENESIS_HASH = hashlib.sha256(b"setwise.audit.genesis.v1\n").hexdigest()
"""``prev_hash`` of row 1."""
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HASH = re.compile(r"[0-9a-f]{64}")


class ChainError(Exception):
    """A value that cannot be put on record exactly: NaN, infinity, a lone surrogate, a type that JSON does not have."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as stored."""

    seq: int
    utc_s: float
    kind: str
    epoch: int
    """Counts the openings of the record: which run of the program wrote the row."""
    body: str
    """Canonical JSON."""
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a chain: what the next row hangs on."""

    seq: int
    hash: str
    epoch: int = 0


EMPTY = Tail(0, GENESIS_HASH)


def canonical(value: Json) -> str:
    """Return the one JSON text of ``value``. Raise ChainError when it has none."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ChainError(f"not canonical: {error}") from error
    return text


def plain(value: Json) -> Json:
    """Return ``value`` with every float that JSON lacks as text: ``"nan"``, ``"inf"``, ``"-inf"``.

    A record must never be lost because one number in it is not a number.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else str(float(value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def row_hash(seq: int, utc_s: float, kind: str, epoch: int, body: str, prev_hash: str) -> str:
    """Return the hash of a row whose ``body`` is canonical JSON already."""
    text = f'{{"body":{body},"epoch":{epoch},"kind":"{kind}","prev_hash":"{prev_hash}","seq":{seq},"utc_s":{utc_s!r}}}'
    return hashlib.sha256(ROW_DOMAIN + text.encode()).hexdigest()


def link(tail: Tail, kind: str, body: str, utc_s: float, epoch: int) -> Row:
    """Return the row that follows ``tail``. Raise ChainError for a kind or a time that no row may have."""
    if not _KIND.fullmatch(kind):
        raise ChainError(f"kind {kind!r}: use lower case letters, digits and _ (at most 40)")
    if not math.isfinite(utc_s):
        raise ChainError(f"utc_s {utc_s} is no time")
    seq, utc_s = tail.seq + 1, float(utc_s) + 0.0  # + 0.0: SQLite would return -0.0 as 0.0
    return Row(seq, utc_s, kind, epoch, body, tail.hash, row_hash(seq, utc_s, kind, epoch, body, tail.hash))


def follow(row: Row, tail: Tail) -> str | None:
    """Return what is wrong with ``row`` as the one after ``tail``; None when it hangs on it."""
    fault = _fault(row)
    if fault is not None:
        return fault
    if row.seq != tail.seq + 1:
        return f"expected row {tail.seq + 1}, found {row.seq}"
    if row.prev_hash != tail.hash:
        return "prev_hash is not the hash of the row before"
    try:
        expected = row_hash(row.seq, row.utc_s, row.kind, row.epoch, row.body, row.prev_hash)
    except UnicodeEncodeError:
        return "body is not UTF-8"
    return None if row.hash == expected else "hash does not match the row"


def _fault(row: Row) -> str | None:
    """Return what makes ``row`` no row at all (a database may hold any type in any column); None when it is one."""
    # `type is`, not isinstance: True is an int, and the text of a hash input must have one reading only.
    if type(row.seq) is not int or type(row.epoch) is not int:
        return "seq or epoch is not a whole number"
    if type(row.utc_s) is not float or not math.isfinite(row.utc_s):
        return "utc_s is not a number"
    if type(row.kind) is not str or not _KIND.fullmatch(row.kind):
        return "kind is not one"
    if type(row.body) is not str:
        return "body is not text"
    if type(row.prev_hash) is not str or not _HASH.fullmatch(row.prev_hash):
        return "prev_hash is not a hash"
    return None


def tail_of(row: Row) -> Tail:
    """Return the tail that ends with ``row``."""
    return Tail(row.seq, row.hash, row.epoch)


HEAD_DOMAIN = b"setwise.audit.head.v1\n"


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A signed statement: at ``utc_s`` the chain ended with row ``seq`` and its ``hash``."""

    number: int
    """Counts from 1."""
    seq: int
    hash: str
    utc_s: float
    previous: str
    """Signature of head ``number - 1``, so that no head can be taken out of the middle; empty for the first."""
    signature: str
    """Ed25519, hex."""


def head_message(number: int, seq: int, hash_: str, utc_s: float, previous: str) -> bytes:
    """Return the bytes that a head's signature covers."""
    body: Json = {"number": number, "seq": seq, "hash": hash_, "utc_s": utc_s, "previous": previous}
    return HEAD_DOMAIN + canonical(body).encode()


def head_line(head: SignedHead) -> str:
    """Return ``head`` as one line without its end."""
    return canonical(
        {
            "number": head.number,
            "seq": head.seq,
            "hash": head.hash,
            "utc_s": head.utc_s,
            "previous": head.previous,
            "signature": head.signature,
        }
    )


def parse_head(line: str) -> SignedHead | None:
    """Return the head that ``line`` holds; None where it holds none (a line torn by a power cut)."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or set(raw) != {"number", "seq", "hash", "utc_s", "previous", "signature"}:
        return None
    numbers = type(raw["number"]) is int and type(raw["seq"]) is int and type(raw["utc_s"]) is float
    texts = all(type(raw[name]) is str for name in ("hash", "previous", "signature"))
    return SignedHead(**raw) if numbers and texts else None
