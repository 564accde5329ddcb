"""A change on trial: it goes back by itself unless somebody says keep in time."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "config-on-trial.json"


@dataclass(frozen=True, slots=True)
class OnTrial:
    """The version that runs on trial, until when, and where it goes back to."""

    version: int
    until_utc_s: float
    back_to: int


def on_trial(data: Path) -> OnTrial | None:
    """Return what is on trial; None where nothing is, or where the note cannot be read."""
    try:
        raw = json.loads((data / FILE).read_text(encoding="utf-8"))
        return OnTrial(int(raw["version"]), float(raw["until_utc_s"]), int(raw["back_to"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def put_on_trial(data: Path, trial: OnTrial) -> None:
    """Note it. Raises OSError."""
    fresh = data / f".{FILE}.new"
    fresh.write_text(json.dumps(asdict(trial)), encoding="utf-8")
    fresh.replace(data / FILE)


def keep(data: Path) -> None:
    """End the trial: what runs stays. Raises OSError."""
    (data / FILE).unlink(missing_ok=True)
