"""A plan from what runs and what is wanted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from constraints.plant import CvSpec, MvSpec, NestedLimits, Plant
from constraints.plantfile.document import Value
from constraints.plantfile.loaded import Loaded
from supervisor.changes.difference import changes
from supervisor.changes.plan import ChangePlan, Part
from supervisor.changes.versions import Files, Version
from supervisor.changes.weight import signatures_needed


@dataclass(frozen=True, slots=True)
class Side:
    """One version of the file: its texts, its content, and the plant that it declares."""

    files: Files
    content: Value
    loaded: Loaded


@dataclass(frozen=True, slots=True)
class Who:
    """Who makes a plan, and when."""

    name: str
    utc_s: float


def planned(bases: Mapping[str, Version], now: Side, then: Side, by: Who, *, undoes: int | None = None) -> ChangePlan:
    """Return the plan that takes ``now`` (what each controller's version in ``bases`` is) to ``then``."""
    old, new = now.loaded.plants, then.loaded.plants
    found = changes(now.content, then.content, frozenset().union(*map(judged_tags, (*old.values(), *new.values()))))
    return ChangePlan(
        parts=tuple(_part(name, bases.get(name), old.get(name), new.get(name)) for name in {**new, **old}),
        base_files_sha256=next(iter(bases.values())).files_sha256,
        files=dict(then.files),
        changes=found,
        signatures=signatures_needed(each.weight for each in found),
        widens=widened(tuple(old.values()), tuple(new.values())),
        undoes=undoes,
        made_by=by.name,
        made_utc_s=by.utc_s,
        notes=tuple(f"warning[{each.code}]: {each.message}" for each in then.loaded.warnings),
    )


def _part(name: str, base: Version | None, old: Plant | None, new: Plant | None) -> Part:
    before, after = old.config_hash if old is not None else "", new.config_hash if new is not None else ""
    return Part(
        controller=name, base=base.number if base is not None else 0, config_hash=after, changed=before != after
    )


def judged_tags(plant: Plant) -> frozenset[str]:
    """Return the tags that interlocks, scheduled limits and the gate's distance check go by."""
    of_locks = {tag for lock in plant.interlocks for tag in lock.when.names}
    return frozenset(of_locks | {mv.readback for mv in plant.mvs.values()})


def mvs_of(plants: Iterable[Plant]) -> dict[str, MvSpec]:
    """Return the MVs of all controllers."""
    return {name: mv for plant in plants for name, mv in plant.mvs.items()}


def cvs_of(plants: Iterable[Plant]) -> dict[str, CvSpec]:
    """Return the CVs of all controllers."""
    return {name: cv for plant in plants for name, cv in plant.cvs.items()}


def widened(old: Sequence[Plant], new: Sequence[Plant]) -> tuple[str, ...]:
    """Return the limits, by name, that let more through than before."""
    old_mvs, new_mvs, old_cvs = mvs_of(old), mvs_of(new), cvs_of(old)
    pairs: list[tuple[str, NestedLimits, NestedLimits]] = []
    pairs += [(name, old_mvs[name].limits, mv.limits) for name, mv in new_mvs.items() if name in old_mvs]
    pairs += [(name, old_cvs[name].limits, cv.limits) for name, cv in cvs_of(new).items() if name in old_cvs]
    found = []
    for name, was, now in pairs:
        for level in ("safety", "engineering", "operator"):
            before, after = getattr(was, level), getattr(now, level)
            found += [f"{name}.{level}.lo"] if after[0] < before[0] else []
            found += [f"{name}.{level}.hi"] if after[1] > before[1] else []
    for name, mv in new_mvs.items():
        if name in old_mvs and (
            mv.move_up_per_min > old_mvs[name].move_up_per_min or mv.move_down_per_min > old_mvs[name].move_down_per_min
        ):
            found.append(f"{name}.move")
    return tuple(found)
