"""The plant's true story as JSON lines, for the report: what was, what was written, what the PLC made of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

FLUSH_EVERY = 50
TIME_LIKE = 1e7
"""Numbers from here on are times, or as good as."""


class Trace:
    """Appends one JSON object per line; each begins with ``t``, plant seconds since the bench began."""

    def __init__(self, path: Path) -> None:
        """Open (and empty) the file. OSError when it cannot be written."""
        self._file = path.open("w", encoding="utf-8")
        self._unflushed = 0
        self.t_s = 0.0
        """Plant time that the next line bears."""

    def add(self, what: Mapping[str, object]) -> None:
        """Append one line; NaN becomes null, as JSON has no NaN."""
        line = {"t": round(self.t_s, 3), **what}
        self._file.write(json.dumps(_plain(line), allow_nan=False, separators=(",", ":")) + "\n")
        self._unflushed += 1
        if self._unflushed >= FLUSH_EVERY or "event" in what:
            self._file.flush()
            self._unflushed = 0

    def close(self) -> None:
        """Write out what is left."""
        self._file.close()


def _plain(value: object) -> object:
    """Return ``value`` with floats that JSON has no word for as None, others to 7 digits, times to 1 ms."""
    match value:
        case float() if not math.isfinite(value):
            return None
        case float():
            return float(f"{value:.7g}") if abs(value) < TIME_LIKE else round(value, 3)
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
