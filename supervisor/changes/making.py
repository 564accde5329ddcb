"""A plan from what runs and what is wanted. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from constraints.plant import NestedLimits, Plant
from constraints.plantfile.document import Value
from constraints.plantfile.loaded import Loaded
from supervisor.changes.difference import changes
from supervisor.changes.plan import ChangePlan
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


def planned(base: Version, now: Side, then: Side, by: Who, *, undoes: int | None = None) -> ChangePlan:
    """Return the plan that takes ``now`` (version ``base``) to ``then``."""
    old, new = now.loaded.plant, then.loaded.plant
    found = changes(now.content, then.content, judged_tags(old) | judged_tags(new))
    return ChangePlan(
        base=base.number,
        base_files_sha256=base.files_sha256,
        files=dict(then.files),
        config_hash=new.config_hash,
        changes=found,
        signatures=signatures_needed(each.weight for each in found),
        widens=widened(old, new),
        undoes=undoes,
        made_by=by.name,
        made_utc_s=by.utc_s,
        notes=tuple(f"warning[{each.code}]: {each.message}" for each in then.loaded.warnings),
    )


def judged_tags(plant: Plant) -> frozenset[str]:
    """Return the tags that interlocks, scheduled limits and the gate's distance check go by."""
    of_locks = {tag for lock in plant.interlocks for tag in lock.when.names}
    return frozenset(of_locks | {mv.readback for mv in plant.mvs.values()})


def widened(old: Plant, new: Plant) -> tuple[str, ...]:
    """Return the limits, by name, that let more through than before."""
    pairs: list[tuple[str, NestedLimits, NestedLimits]] = []
    pairs += [(name, old.mvs[name].limits, mv.limits) for name, mv in new.mvs.items() if name in old.mvs]
    pairs += [(name, old.cvs[name].limits, cv.limits) for name, cv in new.cvs.items() if name in old.cvs]
    found = []
    for name, was, now in pairs:
        for level in ("safety", "engineering", "operator"):
            before, after = getattr(was, level), getattr(now, level)
            found += [f"{name}.{level}.lo"] if after[0] < before[0] else []
            found += [f"{name}.{level}.hi"] if after[1] > before[1] else []
    for name, mv in new.mvs.items():
        if name in old.mvs and (
            mv.move_up_per_min > old.mvs[name].move_up_per_min or mv.move_down_per_min > old.mvs[name].move_down_per_min
        ):
            found.append(f"{name}.move")
    return tuple(found)
