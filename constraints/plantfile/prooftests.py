"""``interlocks[].proof_test`` -> when the next test is due: midnight of the plant's day, ``every`` after the last."""

from __future__ import annotations

import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from constraints.plantfile.document import Path
from constraints.plantfile.schema_rules import ProofTestSection
from constraints.plantfile.scope import Scope

_DAY_S: Final = 86_400.0
EVERY_DAYS: Final = (1.0, 7_305.0)
"""Shortest and longest interval: a day, and twenty years."""
_FIRST: Final = "1970-01-01"


def proof_due(scope: Scope, path: Path, given: ProofTestSection | None) -> float | None:
    """Return when the next test is due, seconds since 1970 UTC; None where none is planned or something is wrong."""
    if given is None:
        return None
    last = _date(scope, (*path, "last"), given.last)
    every = scope.seconds((*path, "every"), given.every) / _DAY_S
    least, most = EVERY_DAYS
    if every < least or every > most:
        message = f"a proof test every {every:g} days is not possible"
        scope.issues.at_value("E014", (*path, "every"), message, "from 1 d to 20 years (7305 d), such as 365 d")
    if last is None or not least <= every <= most:
        return None
    return _midnight(last + datetime.timedelta(days=int(every)), scope.file.plant.timezone)


def _midnight(date: datetime.date, timezone: str) -> float | None:
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None  # reported with the plant
    return datetime.datetime.combine(date, datetime.time(), zone).timestamp()


def _date(scope: Scope, path: Path, text: str) -> datetime.date | None:
    try:
        date = datetime.date.fromisoformat(text)
    except ValueError:
        date = None
    # Python knows other forms; before 1970 and near the year 9999 no date means a proof test.
    if date is None or date.isoformat() != text or not _FIRST <= text < "2999":
        scope.issues.at_value("E081", path, f"{text[:60]!r} is not a date", "such as 2026-03-01")
        return None
    return date
