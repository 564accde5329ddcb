"""From an MQTT payload to a number and its time. Pure.

A point's address is ``topic`` (the payload is one plain number or text) or ``topic#field`` (the payload is a JSON
object; ``a.b`` reaches into objects). A JSON object may carry its time as ``ts``: seconds since 1970, or ISO 8601 with
an offset.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import dataclass
from typing import Final

from constraints.plant import Point
from supervisor.drivers.values import NotANumberError, scaled, to_number

PAYLOAD_BYTES_MAX: Final = 64 * 1024
"""Longer ones are not read: a sensor's message is short, and parsing must not hold up the cycle."""
TIME_FIELD: Final = "ts"
LATEST_UTC_S: Final = 1e11
"""Beyond it, a number is not seconds but milliseconds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value and the device's own time of it."""

    value: float
    source_utc_s: float | None


def topic_of(point: Point) -> str:
    """Return the topic part of an address."""
    return point.address.partition("#")[0]


def sample(payload: bytes, point: Point) -> Sample:
    """Return what ``payload`` says about ``point``. Raises NotANumberError (``malformed``, ``no_value``, ``wire``)."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise NotANumberError("malformed")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise NotANumberError("malformed") from None
    field = point.address.partition("#")[2]
    if not field:
        return Sample(scaled(to_number(_plain(text, point), point), point.encoding), None)
    document = _document(text)
    return Sample(scaled(to_number(_reach(document, field), point), point.encoding), _time(document))


def _plain(text: str, point: Point) -> object:
    text = text.strip()
    if point.equals is not None and text == point.equals:
        return text
    try:
        number = float(text)
    except ValueError:
        if point.equals is not None:
            return text
        raise NotANumberError("malformed") from None
    if not math.isfinite(number):
        raise NotANumberError("malformed")
    return number


def _document(text: str) -> dict[str, object]:
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):  # JSONDecodeError, an integer of thousands of digits; brackets without end
        raise NotANumberError("malformed") from None
    if not isinstance(document, dict):
        raise NotANumberError("malformed")
    return document


def _no_constant(name: str) -> object:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _reach(document: dict[str, object], field: str) -> object:
    if field in document:
        return document[field]
    found: object = document
    for key in field.split("."):
        if not isinstance(found, dict) or key not in found:
            raise NotANumberError("no_value")
        found = found[key]
    return found


def _time(document: dict[str, object]) -> float | None:
    """Return the time stamp; None where there is none. Raises NotANumberError where there is one that is no time."""
    raw = document.get(TIME_FIELD)
    if raw is None:
        return None
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and abs(raw) < LATEST_UTC_S:
        return float(raw)
    if isinstance(raw, str):
        try:
            stamp = dt.datetime.fromisoformat(raw)
        except ValueError:
            raise NotANumberError("malformed") from None
        if stamp.tzinfo is not None:
            return stamp.timestamp()
    raise NotANumberError("malformed")  # a time without its zone is a guess
