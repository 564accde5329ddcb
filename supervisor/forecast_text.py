"""A forecast as CSV text: a line of names, then a time and values. Written by others, so every field is checked. Pure.

The first column is the time: a date and time, without a zone as the plant's clocks show it; or seconds since 1970 UTC.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from zoneinfo import ZoneInfo

from supervisor.forecast import Points

BYTES_MAX = 1024 * 1024
ROWS_MAX = 20_000


class ForecastError(Exception):
    """The text is no forecast; the message is a code and where: ``not_a_time:line 7``."""


def parsed(raw: bytes, dv: str, column: str, timezone: str) -> Points:
    """Return the points of ``column``; by default that called as the DV, or the only one. Raise ForecastError."""
    if len(raw) > BYTES_MAX:
        raise ForecastError("too_large")
    try:
        text = raw.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except UnicodeDecodeError as error:
        raise ForecastError("not_text") from error
    except csv.Error as error:
        raise ForecastError("not_csv") from error
    lines = [(number, row) for number, row in enumerate(rows, 1) if any(field.strip() for field in row)]
    if not lines:
        raise ForecastError("empty")
    if len(lines) > ROWS_MAX:
        raise ForecastError("too_large")
    place = _place([field.strip() for field in lines[0][1]], dv, column)
    zone = ZoneInfo(timezone)
    points: list[tuple[float, float]] = []
    for number, row in lines[1:]:
        if len(row) != len(lines[0][1]):
            raise ForecastError(f"wrong_length:line {number}")
        at_s = _time(row[0].strip(), zone, points[-1][0] if points else -math.inf)
        value = _number(row[place].strip())
        if at_s is None:
            raise ForecastError(f"not_a_time:line {number}")
        if value is None:
            raise ForecastError(f"not_a_number:line {number}")
        if points and at_s <= points[-1][0]:
            raise ForecastError(f"not_ascending:line {number}")
        points.append((at_s, value))
    if not points:
        raise ForecastError("empty")
    return tuple(points)


def _place(names: list[str], dv: str, column: str) -> int:
    """Return which column holds the values."""
    if len(names) > 1 and _time(names[0], ZoneInfo("UTC"), -math.inf) is not None:
        raise ForecastError("no_head")
    wanted = [column] if column else [dv]
    if wanted[0] in names[1:]:
        return names.index(wanted[0], 1)
    if not column and len(names) == 2:  # noqa: PLR2004 - time and value
        return 1
    raise ForecastError(f"no_column:{wanted[0]}")


def _time(text: str, zone: ZoneInfo, after_s: float) -> float | None:
    """Return UTC seconds. Of an hour that the clocks show twice, the one that goes on from ``after_s`` is meant."""
    seconds = _number(text)
    if seconds is not None:
        return seconds
    try:
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.timestamp()
        first, second = (moment.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    except (ValueError, OverflowError):
        return None
    return second if first <= after_s < second else first


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
