"""A plan: one exact next version of the plant file, what it changes, and what it was planned on.

It is a text file whose SHA-256 people sign. What is applied is what is in it, never the file that it was made from.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

from supervisor.changes.difference import Change
from supervisor.changes.versions import Files
from supervisor.changes.weight import Weight

FORM = "setwise-plan-2"


class PlanError(Exception):
    """A text that is no plan, or not the one it says; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What it is to one controller."""

    controller: str
    """Empty where the plant has one."""
    base: int
    """Version that it was planned on, and may replace; 0 where this one never ran."""
    config_hash: str
    """What it will run with; empty where the new file has it no more."""
    changed: bool
    """Whether anything that concerns it is other than before."""

    @property
    def gone(self) -> bool:
        """Whether the new file has it no more."""
        return not self.config_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePlan:
    """What is to become of the plant file."""

    parts: tuple[Part, ...]
    """By controller, those of the new file first."""
    base_files_sha256: str
    files: Files
    changes: tuple[Change, ...]
    signatures: int
    """How many different people must sign."""
    widens: tuple[str, ...] = ()
    """Limits that would be wider than before."""
    undoes: int | None = None
    """Version that it goes back to."""
    made_by: str = ""
    made_utc_s: float = 0.0
    notes: tuple[str, ...] = ()
    """What trials and lint said, in words."""

    @property
    def base_words(self) -> str:
        """Return what it was planned on: ``version 3``, or ``version 3 of dryer_1, 5 of dryer_2``."""
        ran = [part for part in self.parts if part.base]
        return "version " + ", ".join(f"{p.base} of {p.controller}" if p.controller else str(p.base) for p in ran)

    @property
    def sha256(self) -> str:
        """What people sign."""
        return hashlib.sha256(_body(self).encode()).hexdigest()


def to_text(plan: ChangePlan) -> str:
    """Return the plan as the text of a file."""
    return json.dumps({"form": FORM, "sha256": plan.sha256, "plan": json.loads(_body(plan))}, indent=1) + "\n"


def from_text(text: str) -> ChangePlan:
    """Return the plan in ``text``. Raises PlanError, also where it was changed by hand."""
    try:
        raw = json.loads(text)
        form, said, body = raw["form"], raw["sha256"], raw["plan"]
        if form != FORM:
            raise PlanError(f"made by another version of Setwise (form {form!r}): plan again")
        plan = ChangePlan(
            **{
                **body,
                "parts": tuple(Part(**each) for each in body["parts"]),
                "changes": tuple(_change(each) for each in body["changes"]),
                "widens": tuple(body["widens"]),
                "notes": tuple(body["notes"]),
                "files": {str(name): str(text) for name, text in body["files"].items()},
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PlanError(f"not a plan: {error}") from error
    if plan.sha256 != said:
        raise PlanError("it was changed after it was made: plan again")
    return plan


def _change(raw: dict[str, object]) -> Change:
    kind: Literal["added", "changed", "removed"] = raw["kind"]  # type: ignore[assignment]
    return Change(
        path=tuple(str(part) for part in raw["path"]),  # type: ignore[attr-defined]
        kind=kind,
        before=str(raw["before"]),
        after=str(raw["after"]),
        weight=Weight(raw["weight"]),  # type: ignore[arg-type]
    )


def _body(plan: ChangePlan) -> str:
    return json.dumps({**asdict(plan), "files": dict(plan.files)}, sort_keys=True)
