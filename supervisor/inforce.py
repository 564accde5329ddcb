"""What schedule and tariffs say at a moment. Pure; plant-local time and daylight saving are left to ``constraints``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from constraints.plant import Plant
from constraints.schedule import active_entries, mode_cap, next_schedule_change, schedule_limits
from constraints.tariffs import next_price_change, tariff_prices
from safety.signals import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Everything that the calendar sets, at one moment."""

    limits: Mapping[tuple[str, Literal["lo", "hi"]], float] = field(default_factory=dict)
    """Operator limits set by the schedule, by (variable, side)."""
    cap: Mode = Mode.CLOSED_LOOP
    """Mode that is not to be exceeded."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """By tariff: currency per priced quantity."""
    entries: tuple[str, ...] = ()
    """Names of the schedule entries that hold."""


class Rule(Protocol):
    """Says what is in force, and when that changes. Times are seconds since 1970 UTC by the plant's clock."""

    def at(self, utc_s: float) -> InForce:
        """Return what is in force at ``utc_s``."""

    def next_change(self, utc_s: float) -> float | None:
        """Return the first moment after ``utc_s`` at which something else is in force; None where there is none."""


@dataclass(frozen=True, slots=True)
class PlantRule:
    """The rule of a plant file."""

    plant: Plant

    def at(self, utc_s: float) -> InForce:
        """Return what is in force at ``utc_s``."""
        entries = active_entries(self.plant.schedule, utc_s, self.plant.timezone)
        return InForce(
            limits=schedule_limits(entries),
            cap=mode_cap(entries),
            prices=tariff_prices(self.plant, utc_s),
            entries=tuple(entry.name for entry in entries),
        )

    def next_change(self, utc_s: float) -> float | None:
        """Return the first change of schedule or of any price after ``utc_s``."""
        zone = self.plant.timezone
        changes = [next_schedule_change(self.plant.schedule, utc_s, zone)]
        changes += [next_price_change(versions, utc_s, zone) for versions in self.plant.tariffs.values()]
        return min((change for change in changes if change is not None), default=None)
