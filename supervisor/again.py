"""Which version of the plant file control runs with, and how it starts again with another, or with the last good one.

Around the event loop, never inside it: a cycle knows only that it was the last one with this file.
"""

from __future__ import annotations

import getpass
import logging
from dataclasses import dataclass
from pathlib import Path

from supervisor.changes.applying import adopted, taken_back
from supervisor.changes.keeping import OnTrial, on_trial
from supervisor.changes.versions import Version, Versions, VersionsError
from supervisor.clock import machine_utc_s
from supervisor.site import Site

LOG = logging.getLogger("setwise.control")


@dataclass(frozen=True, slots=True)
class Ended:
    """How one run of the event loop ended."""

    code: int
    """For the shell, unless control goes on."""
    reload: bool = False
    """Start again with the plant file as it is now."""
    back: OnTrial | None = None
    """Start again with the version before: nobody said keep in time."""


def running_version(site: Site, config_hash: str) -> Version | None:
    """Return the version that the plant file is, stored where it is new; None where it cannot be stored.

    Versions are a convenience for people: a plant runs without them, and without a place to store anything the record
    keeps it from writing.
    """
    versions = Versions(site.data)
    try:
        return adopted(versions, site.plant_path, config_hash, getpass.getuser(), machine_utc_s())
    except (VersionsError, OSError, ValueError) as error:
        LOG.warning("the version of the plant file cannot be kept (%s); plan and rollback will not know it", error)
        return None


def stored_plant(site: Site, version: Version | None) -> Path:
    """Return the copy of the plant file that control runs with: an engineer may edit the file itself meanwhile."""
    if version is None:
        return site.plant_path
    try:
        return Versions(site.data).plant_path(version.number)
    except VersionsError:
        return site.plant_path


def expired(site: Site, trial: OnTrial | None) -> OnTrial | None:
    """Return the trial that is over and that nobody kept; None as long as all is well."""
    if trial is None or machine_utc_s() < trial.until_utc_s:
        return None
    return trial if on_trial(site.data) == trial else None


def gone_back(site: Site, to: int, why: str) -> bool:
    """Make version ``to`` the plant file again; return whether that could be done.

    Other controllers to whom the same plan brought the file that is no more go back with it.
    """
    try:
        plan = _plan_of(site.data)
        version = taken_back(Versions(site.data), site.plant_path, site.data, to, why, machine_utc_s())
        for folder in _others(site) if plan else ():
            current = Versions(folder).current()
            if current is not None and current.plan_sha256 == plan and current.number > 1:
                taken_back(Versions(folder), site.plant_path, folder, current.number - 1, why, machine_utc_s())
    except (VersionsError, OSError, StopIteration) as error:
        LOG.error("cannot go back to version %d: %s", to, error)  # noqa: TRY400 - the message says it
        return False
    LOG.warning("%s: back to version %d, now version %d", why, to, version.number)
    return True


def _plan_of(data: Path) -> str:
    current = Versions(data).current()
    return current.plan_sha256 if current is not None else ""


def _others(site: Site) -> tuple[Path, ...]:
    """Return the folders of the plant's other controllers."""
    if not site.controller:
        return ()
    return tuple(path.parent for path in sorted(site.data.parent.glob("*/config")) if path.parent != site.data)
