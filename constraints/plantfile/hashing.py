"""Hashes that name a configuration: by what it says, not by how it is laid out."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from enum import Enum

from constraints.plantfile.document import Value
from safety.grammar import Expression


def content_hash(data: Value) -> str:
    """Return the SHA-256 of a file's content: comments, order of keys and ``1`` against ``1.0`` change nothing."""
    return _sha256(_plain(data))


def with_code(content: str, code: str) -> str:
    """Return the hash of a file's content and of the code that it calls; ``code`` is empty where it calls none."""
    return _sha256([content, code]) if code else content


def rules_hash(*rules: object) -> str:
    """Return the SHA-256 of dataclasses and mappings of them, by their fields' values."""
    return _sha256(_plain(rules))


def _sha256(plain: object) -> str:
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Expression):
        return value.text.strip()  # where each part stands in the text says nothing
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, Sequence):
        return [_plain(each) for each in value]
    if isinstance(value, frozenset):
        return sorted(str(each) for each in value)
    raise TypeError(f"cannot hash a {type(value).__name__}")
