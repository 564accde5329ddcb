"""Where one supervisor keeps its things: beside the plant file, or where the environment says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DATA_FOLDER = "setwise-data"
DATABASE_FILE = "setwise.db"
DATABASE_VARIABLE = "SETWISE_DATABASE"
"""PostgreSQL URL; without it the record is SQLite in the data folder."""
PLACE_OF_NAME = "{controller}"
"""Stands in that URL for the controller's name where a plant has several: each has a database of its own."""


class SiteError(ValueError):
    """A controller's record has no place of its own; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Site:
    """One controller of a plant file and the folder of its records."""

    plant_path: Path
    data: Path
    controller: str = ""
    """Its name; empty where the file has one."""

    @classmethod
    def of(cls, plant_path: Path, data: Path | None = None, controller: str = "") -> Site:
        """Return the site of ``plant_path``; ``data`` replaces ``setwise-data`` beside the file.

        Of several controllers each has a folder of its own in there.
        """
        plant_path = plant_path.resolve()
        return cls(plant_path, (data or plant_path.parent / DATA_FOLDER).resolve() / controller, controller)

    @property
    def name(self) -> str | None:
        """The controller as ``plantfile.load`` is asked for it."""
        return self.controller or None

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the record. Raises SiteError where several controllers would share one: a record is one
        chain of decisions, and epochs are counted in it.
        """
        given = os.environ.get(DATABASE_VARIABLE)
        if not given:
            return f"sqlite:///{self.data / DATABASE_FILE}"
        if self.controller and PLACE_OF_NAME not in given:
            raise SiteError(
                f"{DATABASE_VARIABLE} names one database for all controllers; put {PLACE_OF_NAME} into the name of the "
                f"database, such as postgresql://plant@db/setwise_{PLACE_OF_NAME}, and make one for each"
            )
        return given.replace(PLACE_OF_NAME, self.controller)

    @property
    def mailbox(self) -> Path:
        """SQLite file of requests; its own, so that OFF is taken even when the record is locked or full."""
        return self.data / "mailbox.db"

    @property
    def heads(self) -> Path:
        """Folder of signed audit heads and the signing key; put it on another volume where there is one."""
        return self.data / "heads"

    @property
    def spool(self) -> Path:
        """File that takes what the database would not."""
        return self.data / "spool.bin"

    @property
    def pid_file(self) -> Path:
        """Held locked while a control process runs on this data folder."""
        return self.data / "control.pid"

    @property
    def base(self) -> Path:
        """Folder that relative paths of the plant file start from."""
        return self.plant_path.parent
