"""What a priced quantity costs at a moment, and when that next changes. Pure; plant-local, DST-safe.

A version holds from midnight of its date; the oldest one also before its date, for a plant must never run on no price
(``not_begun`` says when that is so). A holiday is no day of the week.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Final

from constraints.localtime import local_time, next_change
from constraints.plant import Plant
from constraints.terms import TariffBand, TariffVersion

HOLIDAY: Final = 7
"""The kind of day after those of the week, which begin with 0 = Monday."""


class NoPriceError(ValueError):
    """No band holds at this moment. A checked plant file leaves no such gap."""


def band_at(versions: Sequence[TariffVersion], utc_s: float, timezone: str) -> TariffBand:
    """Return the band that holds at ``utc_s``; raises NoPriceError."""
    shown, version = local_time(utc_s, timezone), version_at(versions, utc_s, timezone)
    day = HOLIDAY if shown.date in version.holidays else shown.weekday
    for band in version.bands:
        if _holds(band, day, shown.minute):
            return band
    raise NoPriceError(f"no price on {shown.date}, weekday {shown.weekday}, minute {shown.minute}")


def price_at(versions: Sequence[TariffVersion], utc_s: float, timezone: str) -> float:
    """Return the price at ``utc_s``, currency per priced quantity; raises NoPriceError."""
    return band_at(versions, utc_s, timezone).price


def tariff_prices(plant: Plant, utc_s: float) -> Mapping[str, float]:
    """Return the price of every tariff at ``utc_s``."""
    return {name: price_at(versions, utc_s, plant.timezone) for name, versions in plant.tariffs.items()}


def next_price_change(versions: Sequence[TariffVersion], utc_s: float, timezone: str) -> float | None:
    """Return when the price will be another, seconds since 1970 UTC; None where it never is."""
    minutes = {0} | {edge for v in versions for band in v.bands for span in band.hours for edge in span}
    special = frozenset[str]().union(*(version.holidays for version in versions))
    return next_change(
        lambda instant: price_at(versions, instant, timezone),
        utc_s,
        timezone,
        minutes,
        {version.valid_from for version in versions} | special | {_day_after(each) for each in special},
    )


def version_at(versions: Sequence[TariffVersion], utc_s: float, timezone: str) -> TariffVersion:
    """Return the version in force at ``utc_s``."""
    date = local_time(utc_s, timezone).date  # ISO dates sort as text
    begun = [version for version in versions if version.valid_from <= date]
    return begun[-1] if begun else versions[0]


def not_begun(plant: Plant, utc_s: float) -> Mapping[str, str]:
    """Return by name the tariffs of which no version is in force yet at ``utc_s``, with the date of their first one."""
    date = local_time(utc_s, plant.timezone).date
    return {name: first[0].valid_from for name, first in plant.tariffs.items() if date < first[0].valid_from}


def _holds(band: TariffBand, day: int, minute: int) -> bool:
    if band.days and day not in band.days:
        return False
    return not band.hours or any(start <= minute < end for start, end in band.hours)


def _day_after(date: str) -> str:
    return (datetime.date.fromisoformat(date) + datetime.timedelta(days=1)).isoformat()
