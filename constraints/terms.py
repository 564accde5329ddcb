"""Money and time as the plant file declares them: terms of the economics, tariffs, the weekly schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from safety.signals import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyTerm:
    """One term of the economics: ``variable * per_unit * price``, currency per hour; value positive, cost negative."""

    name: str
    variable: str
    """An MV or a CV (a tag that is an MV's readback is named by its MV)."""
    per_unit: float
    """Priced quantity per hour and per unit of the variable, signed: + earns, - costs (e.g. -10.3 kWh per m**3)."""
    price: float | None
    """Currency per priced quantity; None where a tariff gives it."""
    tariff: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffBand:
    """One price and when it holds, in plant time."""

    name: str
    price: float
    days: frozenset[int] = frozenset()
    """0 = Monday, 7 = a public holiday. Empty = every day."""
    hours: tuple[tuple[int, int], ...] = ()
    """Half-open spans in minutes after midnight; empty = the whole day, taken last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandCharge:
    """What the highest mean power of a billing period costs."""

    price_per_kw: float
    """Currency per kW of the period's highest mean power, for the whole period."""
    period: Literal["month", "year"] = "month"
    window_s: float = 900.0
    """Time over which power is averaged; whole ones fill an hour of plant time."""
    months: frozenset[int] = frozenset(range(1, 13))
    """1 to 12: months whose peaks count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffVersion:
    """A tariff's bands from a date on (ISO date text in plant time)."""

    valid_from: str
    bands: tuple[TariffBand, ...]
    demand: DemandCharge | None = None
    holidays: frozenset[str] = frozenset()
    """ISO dates of days that are holidays and no weekdays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEntry:
    """Settings that hold inside a weekly span, in plant time."""

    name: str
    days: frozenset[int]
    start_min: int
    end_min: int
    """Minutes after midnight; ``end_min <= start_min`` runs over midnight."""
    limits: Mapping[tuple[str, Literal["lo", "hi"]], float] = field(default_factory=dict)
    """Operator limits set meanwhile, by (variable, side)."""
    mode: Mode | None = None
    """Mode that is not exceeded meanwhile."""
