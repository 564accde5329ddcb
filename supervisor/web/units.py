"""The controllers whose records the pages show: plant file, folder of records, and the name in their addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from constraints.plant import Plant
from supervisor.site import Site


@dataclass(frozen=True, slots=True)
class Unit:
    """One controller."""

    key: str
    """Its name in addresses: letters, digits, ``-`` and ``_``."""
    plant: Plant
    site: Site

    @property
    def title(self) -> str:
        """What people call it."""
        return self.plant.controller or self.plant.name

    @property
    def path(self) -> str:
        """Where its pages are."""
        return f"/controller/{self.key}"


Units = Mapping[str, Unit]
"""By key."""


def units_of(found: Mapping[str, tuple[Site, Plant]]) -> Units:
    """Return the units of a plant's controllers, given by name; one without a name bears the plant's."""
    made = (Unit(key_of(name or plant.name), plant, site) for name, (site, plant) in found.items())
    return {unit.key: unit for unit in made}


def key_of(name: str) -> str:
    """Return ``name`` as part of an address."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-") or "plant"
