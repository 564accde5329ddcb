"""Where text goes: answers to stdout, progress and complaints to stderr, colour only where a person looks."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from supervisor.cli.exits import Exit


def say(text: str = "") -> None:
    """Print an answer."""
    sys.stdout.write(text + "\n")


def say_json(value: Mapping[str, object] | Sequence[object]) -> None:
    """Print one JSON value on one line."""
    sys.stdout.write(json.dumps(value, allow_nan=False, sort_keys=True) + "\n")
    sys.stdout.flush()


def tell(text: str) -> None:
    """Print progress or a warning to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def fail(code: Exit, text: str) -> NoReturn:
    """Say what is wrong and what to do next, and end with ``code``."""
    tell(text)
    raise SystemExit(int(code))


def colour() -> bool:
    """Whether stdout is a terminal that wants colour (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
