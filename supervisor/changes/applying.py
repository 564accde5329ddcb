"""Bringing a plan into force: exactly that plan, on exactly the version that it was planned on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supervisor.changes.disk import bundle, replaced
from supervisor.changes.keeping import OnTrial, keep, put_on_trial
from supervisor.changes.plan import ChangePlan
from supervisor.changes.signing import Signature
from supervisor.changes.versions import Version, Versions, VersionsError, files_sha256


class RefusedError(Exception):
    """A plan that may not come into force; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who brings it into force, why, when, and until when it has to be kept by a person (None: at once)."""

    who: str
    why: str
    utc_s: float
    keep_until_utc_s: float | None = None
    signed_by: tuple[str, ...] = ()


def check_may(plan: ChangePlan, versions: Versions, plant_path: Path, signed: tuple[Signature, ...]) -> None:
    """Raise RefusedError where ``plan`` may not be applied now."""
    try:
        current = versions.current()
        found = files_sha256(bundle(plant_path))
    except (VersionsError, OSError, ValueError) as error:
        raise RefusedError(str(error)) from error
    if current is None or current.number != plan.base or current.files_sha256 != plan.base_files_sha256:
        now = "nothing" if current is None else f"version {current.number}"
        raise RefusedError(f"planned on version {plan.base}, and {now} runs: plan again")
    if found not in (plan.base_files_sha256, files_sha256(plan.files)):
        raise RefusedError(f"{plant_path.name} has other changes than the plan: plan again, so that nothing is lost")
    missing = plan.signatures - len({each.who for each in signed})
    if missing > 0:
        raise RefusedError(
            f"{missing} of {plan.signatures} signatures are missing (signed: "
            f"{', '.join(each.who for each in signed) or 'nobody'}); different people sign with setwise sign"
        )


def apply(plan: ChangePlan, versions: Versions, plant_path: Path, data: Path, order: Order) -> Version:
    """Make ``plan`` the newest version and the plant file; ``check_may`` comes first. Raises VersionsError, OSError."""
    stored = versions.add(
        plan.files,
        Version(
            number=0,
            config_hash=plan.config_hash,
            files_sha256="",
            who=order.who,
            why=order.why,
            utc_s=order.utc_s,
            signed_by=order.signed_by,
            plan_sha256=plan.sha256,
        ),
    )
    if order.keep_until_utc_s is None:
        keep(data)
    else:
        put_on_trial(data, OnTrial(stored.number, order.keep_until_utc_s, plan.base))
    replaced(plant_path, plan.files)
    return stored


def adopted(versions: Versions, plant_path: Path, config_hash: str, who: str, utc_s: float) -> Version:
    """Return the version that ``plant_path`` is: the newest, or a new one where the file is not that any more.

    Raises VersionsError, OSError.
    """
    files, last = bundle(plant_path), versions.current()
    if last is not None and last.files_sha256 == files_sha256(files):
        return last
    why = "first start" if last is None else "the file was other than the last version when control started"
    return versions.add(
        files, Version(number=0, config_hash=config_hash, files_sha256="", who=who, why=why, utc_s=utc_s)
    )


def taken_back(versions: Versions, plant_path: Path, data: Path, to: int, why: str, utc_s: float) -> Version:
    """Make version ``to`` the newest one again, by itself. Raises VersionsError, OSError."""
    keep(data)
    files = versions.files(to)
    old = next(each for each in versions.all() if each.number == to)
    stored = versions.add(
        files, Version(number=0, config_hash=old.config_hash, files_sha256="", who="setwise", why=why, utc_s=utc_s)
    )
    replaced(plant_path, files)
    return stored
