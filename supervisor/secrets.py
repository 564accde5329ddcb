"""Secrets by name: from the environment, or from a file that only its owner can read. Never from the plant file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

Secrets = Callable[[str], str]
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
"""No name leads out of the folder of secrets."""


class SecretError(Exception):
    """A named secret is missing or open to others; the message says where to put it."""


def secrets_beside(base: Path) -> Secrets:
    """Return a look-up that tries ``SETWISE_SECRET_<NAME>``, then ``secrets/<name>`` under ``base``.

    The file must be readable by its owner only (mode 0600). The look-up raises SecretError.
    """

    def look_up(name: str) -> str:
        if not NAME.fullmatch(name):
            raise SecretError(f"'{name}' is no name of a secret: letters, digits, dot, dash and underscore")
        variable = "SETWISE_SECRET_" + name.upper().replace("-", "_").replace(".", "_")
        if value := os.environ.get(variable):
            return value
        path = base / "secrets" / name
        try:
            mode = path.stat().st_mode
        except OSError:
            raise SecretError(f"secret '{name}' not found: set {variable} or write it to {path} (mode 0600)") from None
        if mode & 0o077:
            raise SecretError(f"secret file {path} is open to others: chmod 600 {path}")
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise SecretError(f"secret file {path} cannot be read as UTF-8 text") from None

    return look_up
