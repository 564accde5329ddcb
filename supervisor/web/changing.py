"""Plans of change as the pages keep them: what is uploaded is made anew here and compared, never believed.

The folder ``plans/`` beside the records holds each plan under its SHA-256. Whoever has it signed has signed this text.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from constraints.plantfile import PlantFileError, render
from supervisor.changes.applying import Order, RefusedError
from supervisor.changes.areas import Areas
from supervisor.changes.disk import bundle, bundle_of, side_of, strangers
from supervisor.changes.keeping import OnTrial, keep, on_trial
from supervisor.changes.making import Side, Who, planned
from supervisor.changes.plan import ChangePlan, Part, PlanError, from_text, to_text
from supervisor.changes.versions import Files, Version, Versions, VersionsError, files_sha256
from supervisor.cli.running import control_runs
from supervisor.clock import machine_utc_s
from supervisor.site import Site
from supervisor.web.accounts.sessions import Session
from supervisor.web.acting import Acted, Acting
from supervisor.web.units import Unit, Units

FOLDER: Final = "plans"
PLANS_MAX: Final = 100
"""So many plans are kept, the newest; the versions that came of them keep everything."""
SIDES_MAX: Final = 12
"""Plant files that are kept compiled: each took some tenths of a second."""
TEXT_BYTES_MAX: Final = 1024 * 1024
_SHA = re.compile(r"[0-9a-f]{64}")
_PLAN_BEGINS: Final = "{"
"""A plan is JSON; a plant file begins with a key, a comment or ``---``."""


class ChangingError(Exception):
    """What was asked for cannot be; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One plan and what has become of it: ``waiting signed applied outdated``."""

    plan: ChangePlan
    state: str
    signed_by: tuple[str, ...]


class Changing:
    """Changes of the plant file that ``units`` run with. Methods block, and raise ChangingError."""

    def __init__(self, units: Units, acting: Mapping[str, Acting]) -> None:
        self._units = {unit.site.controller: unit for unit in units.values()}
        self._acting = {unit.site.controller: acting[key] for key, unit in units.items()}
        self._any = next(iter(acting.values()))
        """Plans are of the whole file: any controller's will do for signatures."""
        site = next(iter(units.values())).site
        self.plant_path = site.plant_path
        self._root = site.data.parent if site.controller else site.data
        self._began = _files_now(self.plant_path)
        self._sides: dict[str, Side] = {}
        self._turn = threading.Lock()

    def versions(self) -> dict[str, tuple[Version, ...]]:
        """Return every version that ran, by controller, oldest first."""
        try:
            return {name: Versions(unit.site.data).all() for name, unit in self._units.items()}
        except VersionsError as error:
            raise ChangingError(str(error)) from error

    def trials(self) -> dict[str, OnTrial]:
        """Return what goes back by itself unless it is kept, by controller."""
        found = {name: on_trial(unit.site.data) for name, unit in self._units.items()}
        return {name: trial for name, trial in found.items() if trial is not None}

    def old_pages(self) -> list[Unit]:
        """Return the controllers that run with another file than these pages were started with."""
        last = {name: versions[-1] for name, versions in self.versions().items() if versions}
        return [self._units[name] for name, version in last.items() if version.files_sha256 != self._began]

    def plans(self) -> list[Stored]:
        """Return the plans that are kept, the newest first; one that cannot be read is left out."""
        found, versions = [], self.versions()
        for path in self._paths()[:PLANS_MAX]:
            try:
                found.append(self._stored(path.stem, versions))
            except ChangingError:
                continue
        return found

    def stored(self, sha256: str) -> Stored:
        """Return one plan."""
        return self._stored(sha256, self.versions())

    def taken_in(self, text: str, who: str) -> ChangePlan:
        """Return the plan that ``text`` is, or that leads to the plant file that ``text`` is; it is kept."""
        text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        if len(text.encode("utf-8", "replace")) > TEXT_BYTES_MAX:
            raise ChangingError(f"it is larger than {TEXT_BYTES_MAX // 1024} KiB: use setwise plan on the server")
        if text.lstrip().startswith(_PLAN_BEGINS):
            try:
                plan = from_text(text)
            except (PlanError, RecursionError) as error:
                raise ChangingError(f"it cannot be taken: {error}") from error
            self.check(plan)
        else:
            try:
                files = bundle_of(text, self.plant_path)
            except (OSError, ValueError) as error:
                raise ChangingError(f"a file that it includes cannot be read: {error}") from error
            plan = self._made(files, Who(who, machine_utc_s()))
        return self._keep(plan)

    def back_to(self, controller: str, number: int, who: str) -> ChangePlan:
        """Return the plan that goes back to a version; it is kept, and needs the same signatures as any other."""
        if controller not in self._units:
            raise ChangingError("there is no such controller")
        try:
            files = Versions(self._units[controller].site.data).files(number)
        except VersionsError as error:
            raise ChangingError(str(error)) from error
        return self._keep(replace(self._made(files, Who(who, machine_utc_s())), undoes=number))

    def check(self, plan: ChangePlan) -> None:
        """Raise ChangingError unless ``plan`` says itself what its files would change now."""
        if next(iter(plan.files), "") != self.plant_path.name or strangers(plan.files):
            raise ChangingError(f"it must hold {self.plant_path.name} first, and only what that includes")
        made = self._made(plan.files, Who("", 0.0))
        said = (plan.parts, plan.base_files_sha256, plan.changes, plan.signatures, plan.widens)
        if said != (made.parts, made.base_files_sha256, made.changes, made.signatures, made.widens):
            raise ChangingError(
                "what it says is not what its files would change now: it was planned on another version, or made by "
                "another Setwise; plan again"
            )

    def sides(self, plan: ChangePlan) -> tuple[Side, Side]:
        """Return what the plan was made on, and what it leads to."""
        for part in plan.parts:
            if part.base and part.controller in self._units:
                versions = Versions(self._units[part.controller].site.data)
                try:
                    return self._side(versions.files(part.base)), self._side(plan.files)
                except VersionsError as error:
                    raise ChangingError(str(error)) from error
        raise ChangingError("the version that it was planned on is not here")

    def sign(self, session: Session, plan: ChangePlan, why: str) -> Acted:
        """Sign ``plan``, which must be what it says at this moment."""
        self.check(plan)
        return self._any.sign(session, plan, why)

    def apply(self, session: Session, plan: ChangePlan, why: str, key: str, keep_s: float | None) -> Acted:
        """Bring ``plan`` into force, as ``setwise apply`` does, and have control start again with it."""
        code = self._any.refusal(session, "plan_apply", plan) or ("" if why.strip() else "no_reason")
        if code:
            return Acted(False, code)
        with self._turn:
            self.check(plan)
            if plan.signatures == 1 and not self._any.signed(plan):
                done = self._any.sign(session, plan, why)  # whoever applies it, signs it
                if not done.accepted:
                    return done
            return self._applied(session, plan, why, key, keep_s)

    def keep(self, session: Session) -> Acted:
        """End every trial: what runs stays."""
        code = self._any.refusal(session, "plan_keep")
        if code:
            return Acted(False, code)
        for name in self.trials():
            keep(self._units[name].site.data)
        return Acted(True)

    def refusal(self, session: Session, action: str, plan: ChangePlan | None = None) -> str:
        """Return why this is not for the person to do; empty where it is."""
        return self._any.refusal(session, action, plan)

    def _stored(self, sha256: str, versions: Mapping[str, tuple[Version, ...]]) -> Stored:
        path = self._root / FOLDER / f"{sha256}.json"
        if not _SHA.fullmatch(sha256) or not path.is_file():
            raise ChangingError("there is no such plan")
        try:
            plan = from_text(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, PlanError) as error:
            raise ChangingError(f"the plan cannot be read: {error}") from error
        if plan.sha256 != sha256:
            raise ChangingError("the plan is not the one that its name says")
        signed = tuple(each.who for each in self._any.signed(plan))
        if any(each.plan_sha256 == sha256 for several in versions.values() for each in several):
            state = "applied"
        elif any(not self._is_base(part, plan, versions.get(part.controller, ())) for part in plan.parts):
            state = "outdated"
        else:
            state = "signed" if len(signed) >= plan.signatures else "waiting"
        return Stored(plan, state, signed)

    def _applied(self, session: Session, plan: ChangePlan, why: str, key: str, keep_s: float | None) -> Acted:
        signed, now_s = self._any.signed(plan), machine_utc_s()
        areas = self._areas([part.controller for part in plan.parts])
        running = frozenset(name for name, unit in self._units.items() if control_runs(unit.site))
        order = Order(session.who, why, now_s, now_s + keep_s if keep_s else None, tuple(each.who for each in signed))
        try:
            areas.check_may(plan, signed, running)
            areas.apply(plan, order)
        except (RefusedError, VersionsError, OSError) as error:
            raise ChangingError(f"nothing was changed: {error}") from error
        for part in plan.parts:
            if part.controller in running and (part.changed or not part.controller):
                done = self._acting[part.controller].reload(session, plan, why, key)
                if not done.accepted:
                    areas.taken_back(plan, f"refused: {done.code}", machine_utc_s())
                    return done
        return Acted(True)

    def _made(self, files: Files, who: Who) -> ChangePlan:
        then = self._side(files)
        names = [*self._units, *then.loaded.plants]
        try:
            found = self._areas(names).current()
            bases = {name: found[name] for name in then.loaded.plants if name in found} or found
            if not bases:
                raise ChangingError("no plant file has run here yet: start one with setwise run")
            if len({version.files_sha256 for version in bases.values()}) > 1:
                raise ChangingError(f"{', '.join(bases)} run with different plant files: start them with the same one")
            name, version = next(iter(bases.items()))
            now = self._side(Versions(self._site(name).data).files(version.number))
        except VersionsError as error:
            raise ChangingError(str(error)) from error
        if ("" in now.loaded.plants) != ("" in then.loaded.plants):
            raise ChangingError(
                "between one controller and several there is no plan: stop control, put the new file in place, start"
            )
        return planned(bases, now, then, who)

    def _side(self, files: Files) -> Side:
        sha256 = files_sha256(files)
        if sha256 not in self._sides:
            try:
                found = side_of(files)
            except PlantFileError as error:
                raise ChangingError(render(error.diagnostics, error.source)) from error
            except (ValueError, StopIteration) as error:
                raise ChangingError(f"it is no plant file: {error}") from error
            while len(self._sides) >= SIDES_MAX:
                self._sides.pop(next(iter(self._sides)), None)
            self._sides[sha256] = found
        return self._sides[sha256]

    def _keep(self, plan: ChangePlan) -> ChangePlan:
        if not plan.changes:
            raise ChangingError(f"no changes: {plan.base_words} says the same")
        path = self._root / FOLDER / f"{plan.sha256}.json"
        try:
            path.parent.mkdir(exist_ok=True)
            fresh = path.with_suffix(".new")
            fresh.write_text(to_text(plan), encoding="utf-8")
            fresh.replace(path)
            for old in self._paths()[PLANS_MAX:]:
                old.unlink(missing_ok=True)
        except OSError as error:
            raise ChangingError(f"the plan cannot be kept in {path.parent}: {error}") from error
        return plan

    def _paths(self) -> list[Path]:
        found = [(path.stat().st_mtime, path) for path in (self._root / FOLDER).glob("*.json") if path.is_file()]
        return [path for _, path in sorted(found, reverse=True)]

    def _is_base(self, part: Part, plan: ChangePlan, versions: tuple[Version, ...]) -> bool:
        if part.gone:
            return True
        if not versions:
            return part.base == 0
        return part.base == versions[-1].number and versions[-1].files_sha256 == plan.base_files_sha256

    def _areas(self, names: list[str]) -> Areas:
        return Areas(self.plant_path, {name: self._site(name).data for name in names})

    def _site(self, controller: str) -> Site:
        return Site.of(self.plant_path, self._root, controller)


def _files_now(plant_path: Path) -> str:
    try:
        return files_sha256(bundle(plant_path))
    except (OSError, ValueError):
        return ""  # then no version is what these pages were started with
