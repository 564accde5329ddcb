"""From what a device sent to a number: booleans, texts to compare with, and everything that is not a number. Pure."""

from __future__ import annotations

import datetime as dt

from constraints.plant import Point
from safety.encoding import Encoding

_TRUE = frozenset({"true", "1", "on"})


class NotANumberError(ValueError):
    """What was sent is no number; ``why`` is the reading's reason code."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def to_number(raw: object, point: Point) -> float:
    """Return the value of ``point`` for ``raw``; raise NotANumberError where it has none.

    With ``equals``: 1.0 or 0.0. Without: bool, int and float count, a text does not, however numeric it looks; of a
    moment also a date and time, as seconds since 1970 UTC.
    """
    if raw is None:
        raise NotANumberError("no_value")
    if point.equals is not None:
        return 1.0 if _equals(raw, point.equals) else 0.0
    if point.moment and isinstance(raw, (str, dt.datetime)):
        return _utc_s(raw)
    if isinstance(raw, (bool, int, float)):
        try:
            return float(raw)
        except OverflowError:
            raise NotANumberError("wire") from None
    raise NotANumberError("wire")


def scaled(raw: float, encoding: Encoding) -> float:
    """Return ``raw`` in the engineering unit; for protocols whose numbers carry their own type."""
    return raw if encoding.scale == 1.0 and encoding.offset == 0.0 else raw * encoding.scale + encoding.offset


def _utc_s(raw: str | dt.datetime) -> float:
    """Return the moment that OPC UA's DateTime (always UTC) or an ISO 8601 text with its zone means."""
    try:
        moment = dt.datetime.fromisoformat(raw) if isinstance(raw, str) else raw
        if moment.tzinfo is None:
            if isinstance(raw, str):
                raise NotANumberError("no_zone")
            moment = moment.replace(tzinfo=dt.UTC)
        return moment.timestamp()
    except (ValueError, OverflowError) as error:
        if isinstance(error, NotANumberError):
            raise
        raise NotANumberError("wire") from None


def _equals(raw: object, wanted: str) -> bool:
    if isinstance(raw, str):
        return raw == wanted
    if isinstance(raw, bool):
        return raw == (wanted.lower() in _TRUE)
    if isinstance(raw, (int, float)):
        try:
            return float(raw) == float(wanted)
        except (ValueError, OverflowError):
            return False
    raise NotANumberError("wire")
