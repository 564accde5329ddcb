"""What a priced quantity costs at a moment, and when that next changes. Pure; plant-local, DST-safe.

A version holds from midnight of its date; the oldest one also before its date, for a plant must never run on no price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from constraints.localtime import LocalTime, local_time, next_change
from constraints.plant import Plant
from constraints.terms import TariffBand, TariffVersion


class NoPriceError(ValueError):
    """No band holds at this moment. A checked plant file leaves no such gap."""


def band_at(versions: Sequence[TariffVersion], utc_s: float, timezone: str) -> TariffBand:
    """Return the band that holds at ``utc_s``; raises NoPriceError."""
    shown = local_time(utc_s, timezone)
    for band in version_at(versions, utc_s, timezone).bands:
        if _holds(band, shown):
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
    return next_change(
        lambda instant: price_at(versions, instant, timezone),
        utc_s,
        timezone,
        minutes,
        [version.valid_from for version in versions],
    )


def version_at(versions: Sequence[TariffVersion], utc_s: float, timezone: str) -> TariffVersion:
    """Return the version in force at ``utc_s``."""
    date = local_time(utc_s, timezone).date  # ISO dates sort as text
    begun = [version for version in versions if version.valid_from <= date]
    return begun[-1] if begun else versions[0]


def _holds(band: TariffBand, shown: LocalTime) -> bool:
    if band.days and shown.weekday not in band.days:
        return False
    return not band.hours or any(start <= shown.minute < end for start, end in band.hours)
