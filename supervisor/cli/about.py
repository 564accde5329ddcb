"""What a command is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supervisor.cli.console import fail
from supervisor.cli.exits import Exit
from supervisor.site import Site, SiteError


@dataclass(frozen=True, slots=True)
class About:
    """What the command line says: plant file, data folder, controller (empty where none is named)."""

    plant: Path
    data: Path | None
    controller: str = ""

    def site(self, controller: str = "") -> Site:
        """Return the site of a controller of the plant; end where its record has no place."""
        site = Site.of(self.plant, self.data, controller)
        try:
            _ = site.database_url
        except SiteError as error:
            fail(Exit.USAGE, str(error))
        return site
