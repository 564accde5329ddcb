"""Where one supervisor keeps its things: beside the plant file, or where the environment says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DATA_FOLDER = "setwise-data"
DATABASE_FILE = "setwise.db"
DATABASE_VARIABLE = "SETWISE_DATABASE"
"""PostgreSQL URL; without it the record is SQLite in the data folder."""


@dataclass(frozen=True, slots=True)
class Site:
    """One plant file and the folder of its records."""

    plant_path: Path
    data: Path

    @classmethod
    def of(cls, plant_path: Path, data: Path | None = None) -> Site:
        """Return the site of ``plant_path``; ``data`` replaces ``setwise-data`` beside the file."""
        plant_path = plant_path.resolve()
        return cls(plant_path, (data or plant_path.parent / DATA_FOLDER).resolve())

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the record."""
        return os.environ.get(DATABASE_VARIABLE) or f"sqlite:///{self.data / DATABASE_FILE}"

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
