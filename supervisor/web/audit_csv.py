"""Lines of the audit as CSV (RFC 4180), harmless in a spreadsheet. Pure."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from supervisor.audit.lines import Line
from supervisor.web.words import moment

COLUMNS = (
    "time_utc", "time_plant", "who", "role", "action", "object", "old", "new", "why", "accepted", "result", "cycle",
    "saw_cycle", "row", "row_hash",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_row(line: Line, timezone: str) -> str:
    """Return one line."""
    texts = (line.who, line.role, line.action, line.object, line.old, line.new, line.why)
    accepted = "" if line.accepted is None else str(line.accepted).lower()
    when = datetime.fromtimestamp(line.utc_s, UTC).isoformat(timespec="milliseconds")
    numbers = (line.cycle, line.saw_cycle, line.seq, line.hash)
    return _joined((when, moment(line.utc_s, timezone), *map(_plain, texts), accepted, _plain(line.result), *numbers))


def _plain(text: str) -> str:
    """Return ``text`` so that no spreadsheet takes it for a formula (OWASP: CSV injection); numbers stay numbers."""
    try:
        float(text)
    except ValueError:
        return f"'{text}" if text.startswith(_FORMULA) else text
    return text


def _joined(cells: tuple[object, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(["" if each is None else each for each in cells])
    return out.getvalue()


HEADER = _joined(COLUMNS)
