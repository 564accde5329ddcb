"""``DE-BE`` -> the public holidays of a country or a part of it, as dates, from the library ``holidays`` (MIT).

The library knows them by rule and by decree, so that far years may still change; a list of dates says it for certain.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Set
from typing import Final

from constraints.plantfile.issues import did_you_mean

YEARS_AHEAD: Final = 30
"""After the date of the last version: a tariff is written anew sooner."""
_YEARS: Final = (1950, 2099)
"""Those for which the rules of most countries are known."""
_PLACE: Final = re.compile(r"([A-Z]{2})(?:-([A-Za-z0-9]{1,4}))?")


class HolidayError(ValueError):
    """No place whose holidays are known; ``hint`` says what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@functools.cache
def public_holidays(place: str, first_year: int, last_year: int) -> Set[str]:
    """Return the ISO dates of the public holidays of an ISO 3166 code, both years included; raises HolidayError."""
    import holidays  # noqa: PLC0415 - slow to import, and only for a plant file that names a country

    match = _PLACE.fullmatch(place)
    known = holidays.list_supported_countries(include_aliases=False)
    if match is None or match[1] not in known:
        hint = did_you_mean(place[:2], [each for each in known if len(each) == 2])  # noqa: PLR2004 - ISO 3166-1 alpha-2
        raise HolidayError(
            f"{place[:40]!r} is no country whose holidays are known", hint or "such as DE, DE-BE or US-CA, or dates"
        )
    country, part = match[1], match[2]
    if part is not None and part not in known[country]:
        parts = ", ".join(f"{country}-{each}" for each in known[country] if _PLACE.fullmatch(f"{country}-{each}"))
        raise HolidayError(f"{country} has no part {part}", f"one of {parts}" if parts else f"write {country}")
    years = range(max(first_year, _YEARS[0]), min(last_year, _YEARS[1]) + 1)
    return frozenset(each.isoformat() for each in holidays.country_holidays(country, subdiv=part, years=years))
