"""Days and hours as process people write them: ``mon-fri``, ``sat,sun``, ``22:00-06:00``."""

from __future__ import annotations

import re
from typing import Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN: Final = 24 * 60
_SPAN: Final = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")


class HoursError(ValueError):
    """Not days or hours; ``hint`` says what they look like."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def days(text: str) -> frozenset[int]:
    """Return the days (0 = Monday) of ``mon-fri`` or ``mon,wed,sat-sun``; raises HoursError."""
    found: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        ends = (first, last if dash else first)
        if any(word not in DAYS for word in ends):
            raise HoursError(
                f"{text[:60]!r} is not a set of days", f"such as mon-fri or sat,sun; days are {' '.join(DAYS)}"
            )
        start, end = (DAYS.index(word) for word in ends)
        found |= {day % 7 for day in range(start, (end if end >= start else end + 7) + 1)}
    return frozenset(found)


def span(text: str) -> tuple[int, int]:
    """Return start and end in minutes after midnight, end at most 24:00; an end not after the start is next morning."""
    match = _SPAN.fullmatch(text)
    hint = "such as 07:00-12:00, 22:00-06:00 or 00:00-24:00"
    if match is None:
        raise HoursError(f"{text[:60]!r} is not a span of hours", hint)
    start_h, start_min, end_h, end_min = (int(part) for part in match.groups())
    start, end = start_h * 60 + start_min, end_h * 60 + end_min
    if max(start_min, end_min) > 59 or start >= DAY_MIN or end > DAY_MIN:  # noqa: PLR2004 - minutes of an hour
        raise HoursError(f"{text[:60]!r} is not a span of hours", hint)
    if start == end:
        raise HoursError(f"{text[:60]!r} begins and ends at the same time", "00:00-24:00 is the whole day")
    return start, end


def by_day(days_on: frozenset[int], start: int, end: int) -> list[tuple[frozenset[int], tuple[int, int]]]:
    """Return spans inside single days; what runs over midnight continues on the next day."""
    if end > start:
        return [(days_on, (start, end))]
    parts = [(days_on, (start, DAY_MIN))]
    if end > 0:
        parts.append((frozenset((day + 1) % 7 for day in days_on), (0, end)))
    return parts
