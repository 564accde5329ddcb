"""``settlement`` of a tariff: the ends of metering periods, which prices and demand windows have to keep to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from constraints.plantfile.document import Path
from constraints.plantfile.hours import HoursError, span
from constraints.plantfile.schema_rules import Tariff
from constraints.plantfile.scope import Scope
from constraints.terms import TariffVersion

_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3600.0


def check_settlement(scope: Scope, path: Path, given: Tariff, versions: Sequence[TariffVersion]) -> None:
    """Report bands that begin or end inside a settlement period, and demand windows that are not whole ones."""
    if given.settlement is None:
        return
    settlement_s = scope.seconds((*path, "settlement"), given.settlement)
    if not (_MINUTE_S <= settlement_s <= _HOUR_S and _HOUR_S % settlement_s == 0.0):
        hint = "such as 15 min, 30 min or 1 h: whole periods fill an hour, from 1 min to 1 h"
        message = f"a settlement period of {settlement_s:g} s is not possible"
        scope.issues.at_value("E014", (*path, "settlement"), message, hint)
        return
    shown = f"{settlement_s / _MINUTE_S:g} min"
    for index, (version, made) in enumerate(zip(given.versions, versions, strict=True)):
        at: Path = (*path, "versions", index)
        for name, band in version.bands.items():
            for i, text in enumerate(band.hours):
                if any(minute * _MINUTE_S % settlement_s for minute in _edges(text)):
                    message = f"band {name!r} changes inside a settlement of {shown}"
                    hint = f"prices change at multiples of {shown} after midnight"
                    scope.issues.at_value("E088", (*at, "bands", name, "hours", i), message, hint)
        if made.demand is not None and made.demand.window_s % settlement_s:
            window = f"{made.demand.window_s / _MINUTE_S:g} min"
            message = f"a demand window of {window} is not made of settlements of {shown}"
            scope.issues.at_value("E088", (*at, "demand", "window"), message, f"use a multiple of {shown}")


def _edges(text: str) -> tuple[int, ...]:
    try:
        return span(text)
    except HoursError:
        return ()  # reported with the band
