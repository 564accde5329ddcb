"""The controllers of a plant file as management of change sees them: each keeps versions of the whole file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from supervisor.changes.applying import Order, RefusedError, check_may, check_signed, stored, taken_back
from supervisor.changes.disk import replaced
from supervisor.changes.plan import ChangePlan
from supervisor.changes.signing import Signature
from supervisor.changes.versions import Version, Versions


@dataclass(frozen=True, slots=True)
class Areas:
    """A plant file, and the folder of each controller's records by its name; the only one of a plant has none."""

    plant_path: Path
    data: Mapping[str, Path]

    def current(self) -> dict[str, Version]:
        """Return what each runs with, or ran with last; without those that never ran. Raises VersionsError."""
        found = {name: Versions(folder).current() for name, folder in self.data.items()}
        return {name: version for name, version in found.items() if version is not None}

    def check_may(self, plan: ChangePlan, signed: tuple[Signature, ...], running: frozenset[str]) -> None:
        """Raise RefusedError where ``plan`` may not be applied now; ``running``: controllers whose control runs."""
        check_signed(plan, signed)
        for part in (part for part in plan.parts if not part.gone):
            check_may(plan, part, Versions(self.data[part.controller]), self.plant_path)
        concerned = [part.controller for part in plan.parts if part.changed and part.controller in running]
        if len(concerned) > 1:
            raise RefusedError(
                f"it changes {' and '.join(concerned)}, which run: leave one of them running, apply, and start the "
                "others again, so that it comes into force for all or for none"
            )
        gone = [part.controller for part in plan.parts if part.gone and part.controller in running]
        if gone:
            raise RefusedError(f"the new file has no {gone[0]}, which runs: stop it first")

    def apply(self, plan: ChangePlan, order: Order) -> dict[str, Version]:
        """Make ``plan`` the plant file and each one's newest version. Raises VersionsError, OSError."""
        made = {
            part.controller: stored(plan, part, Versions(self.data[part.controller]), self.data[part.controller], order)
            for part in plan.parts
            if not part.gone
        }
        replaced(self.plant_path, plan.files)
        return made

    def taken_back(self, plan: ChangePlan, why: str, utc_s: float) -> None:
        """Make what was before the plan the newest version of all. Raises VersionsError, OSError."""
        for part in plan.parts:
            if part.base and not part.gone:
                folder = self.data[part.controller]
                taken_back(Versions(folder), self.plant_path, folder, part.base, why, utc_s)
