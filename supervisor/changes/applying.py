"""Bringing a plan into force: exactly that plan, on exactly the version that it was planned on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supervisor.changes.disk import bundle, replaced
from supervisor.changes.keeping import OnTrial, keep, put_on_trial
from supervisor.changes.plan import ChangePlan, Part
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


def check_signed(plan: ChangePlan, signed: tuple[Signature, ...]) -> None:
    """Raise RefusedError where signatures are missing."""
    missing = plan.signatures - len({each.who for each in signed})
    if missing > 0:
        raise RefusedError(
            f"{missing} of {plan.signatures} signatures are missing (signed: "
            f"{', '.join(each.who for each in signed) or 'nobody'}); different people sign with setwise sign"
        )


def check_may(plan: ChangePlan, part: Part, versions: Versions, plant_path: Path) -> None:
    """Raise RefusedError where ``plan`` may not be applied now to the controller of ``part``."""
    try:
        current = versions.current()
        found = files_sha256(bundle(plant_path))
    except (VersionsError, OSError, ValueError) as error:
        raise RefusedError(str(error)) from error
    number, files = (0, plan.base_files_sha256) if current is None else (current.number, current.files_sha256)
    if number != part.base or files != plan.base_files_sha256:
        now = "nothing" if current is None else f"version {number}"
        of = f" of {part.controller}" if part.controller else ""
        raise RefusedError(f"planned on version {part.base}{of}, and {now} runs: plan again")
    if found not in (plan.base_files_sha256, files_sha256(plan.files)):
        raise RefusedError(f"{plant_path.name} has other changes than the plan: plan again, so that nothing is lost")


def stored(plan: ChangePlan, part: Part, versions: Versions, data: Path, order: Order) -> Version:
    """Make ``plan`` the newest version of one controller; ``check_may`` comes first. Raises VersionsError, OSError."""
    made = versions.add(
        plan.files,
        Version(
            number=0,
            config_hash=part.config_hash,
            files_sha256="",
            who=order.who,
            why=order.why,
            utc_s=order.utc_s,
            signed_by=order.signed_by,
            plan_sha256=plan.sha256,
        ),
    )
    concerned = part.base and (part.changed or not part.controller)
    if order.keep_until_utc_s is None or not concerned:
        keep(data)
    else:
        put_on_trial(data, OnTrial(made.number, order.keep_until_utc_s, part.base))
    return made


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
