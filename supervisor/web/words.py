"""Numbers and times as people read them: as many digits as the variable's range is worth, plant time always named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

DIGITS_OF_SPAN = 2
"""A range of 10 to 100 units is shown with one decimal, of 1 to 10 with two."""
NONE = "–"
SIGNS = {
    "delta_degC": "°C", "degC": "°C", "delta_degF": "°F", "degF": "°F", "percent": "%",
    "**2": "²", "**3": "³", "*": "·", "EUR": "€",
}  # fmt: skip


def decimals(span: float) -> int:
    """Return how many decimals a number is worth whose variable moves over ``span`` units."""
    if not (math.isfinite(span) and span > 0.0):
        return 2
    return min(max(DIGITS_OF_SPAN - math.floor(math.log10(span)), 0), 6)


def span_of(ranges: Sequence[tuple[float, float]]) -> float:
    """Return the width of the narrowest finite range; NaN where there is none."""
    widths = [hi - lo for lo, hi in ranges if math.isfinite(hi - lo) and hi > lo]
    return min(widths, default=math.nan)


def number(value: float | None, places: int) -> str:
    """Return ``value`` with thin spaces between thousands; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{value:,.{places}f}".replace(",", "\u202f")
    return text[1:] if text.startswith("-") and not text.strip("-0.\u202f") else text.replace("-", "−")


def change(value: float | None, places: int) -> str:
    """Return a difference, always signed."""
    text = number(value, places)
    return text if text == NONE or text.startswith("−") else f"+{text}"


def money(value: float | None) -> str:
    """Return an amount of currency an hour: three digits at least, no more than cents."""
    if value is None or not math.isfinite(value):
        return NONE
    return number(value, 0 if abs(value) >= 100.0 else 1 if abs(value) >= 10.0 else 2)


def clock(utc_s: float, timezone: str) -> str:
    """Return the time of day in plant time."""
    return datetime.fromtimestamp(utc_s, ZoneInfo(timezone)).strftime("%H:%M:%S")


def moment(utc_s: float, timezone: str) -> str:
    """Return date and time with the zone."""
    return datetime.fromtimestamp(utc_s, ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S %Z")


def offset(utc_s: float, timezone: str) -> str:
    """Return what a hover over a time shows: the zone and its distance from UTC."""
    return datetime.fromtimestamp(utc_s, ZoneInfo(timezone)).strftime("%Z UTC%z")


def zone(utc_s: float, timezone: str) -> str:
    """Return the zone's short name at that time: CET, CEST, +0530."""
    return datetime.fromtimestamp(utc_s, ZoneInfo(timezone)).strftime("%Z")


def sign(unit: str) -> str:
    """Return a unit as it is printed on instruments: ``degC`` is °C, ``m**3/h`` is m³/h."""
    for plain, printed in SIGNS.items():
        unit = unit.replace(plain, printed)
    return unit


def lasting(seconds: float) -> str:
    """Return a length of time: ``8 s``, ``12 min``, ``3 h 12``, ``4 d``."""
    if seconds < 120.0:
        return f"{max(seconds, 0.0):.0f} s"
    minutes = int(seconds // 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d}" if hours < 48 else f"{hours // 24} d"
