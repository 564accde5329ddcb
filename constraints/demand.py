"""Which demand charge counts at a moment, and the window over which power is averaged then. Pure; plant-local.

The controller does not use it: what a kilowatt more would cost depends on the peak that the billing period has had so
far, which is a planner's business. It is here for reports and for that planner.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from constraints.localtime import local_time
from constraints.plant import Plant
from constraints.tariffs import version_at
from constraints.terms import DemandCharge, TariffVersion


def demand_at(versions: Sequence[TariffVersion], utc_s: float, timezone: str) -> DemandCharge | None:
    """Return the demand charge that counts at ``utc_s``; None where the tariff has none, or not in this month."""
    charge = version_at(versions, utc_s, timezone).demand
    if charge is None:
        return None
    month = int(local_time(utc_s, timezone).date.split("-")[1])
    return charge if month in charge.months else None


def demand_charges(plant: Plant, utc_s: float) -> Mapping[str, DemandCharge]:
    """Return the demand charge of every tariff in which one counts at ``utc_s``."""
    found = {name: demand_at(versions, utc_s, plant.timezone) for name, versions in plant.tariffs.items()}
    return {name: charge for name, charge in found.items() if charge is not None}


def window_at(charge: DemandCharge, utc_s: float, timezone: str) -> tuple[float, float]:
    """Return begin and end of the window around ``utc_s``, seconds since 1970 UTC; windows begin at full hours."""
    shown = datetime.datetime.fromtimestamp(utc_s, ZoneInfo(timezone))
    past_s = shown.minute * 60.0 + shown.second + shown.microsecond / 1e6
    begin_s = utc_s - past_s % charge.window_s
    return begin_s, begin_s + charge.window_s
