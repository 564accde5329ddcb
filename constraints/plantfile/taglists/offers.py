"""What a live device offers -> tags of the plant file, and where the file and the device disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from constraints.plantfile.document import Value
from constraints.plantfile.taglists.drafts import Draft, Existing, Skipped, plain_name, short
from constraints.plantfile.taglists.keys import kinds, text_of_value
from constraints.plantfile.taglists.unitnames import same_key


@dataclass(frozen=True, slots=True)
class Offered:
    """One value of a device, as it describes itself."""

    name: str
    path: tuple[str, ...]
    """Folders that lead to it, outermost first."""
    source: str
    """``connection:address``."""
    unit: str = ""
    """The plant file's name of its unit; empty where the device says none, or none that is known."""
    unit_shown: str = ""
    """What the device calls it."""
    span: tuple[float, float] | None = None
    """What the instrument can show."""
    desc: str = ""


@dataclass(frozen=True, slots=True)
class Offers:
    """What can be taken over, and what not."""

    drafts: tuple[Draft, ...]
    """Tags that the plant file has not."""
    skipped: tuple[Skipped, ...]
    known: tuple[str, ...]
    """Tags that it has already, by their source."""
    differences: tuple[str, ...]
    """Where such a tag says something else than the device; neither is changed."""


def offers(offered: Sequence[Offered], existing: Existing) -> Offers:
    """Return new tags, unit and range filled in. A tag that the file has is left alone, whatever the device says."""
    by_source = {str(keys["source"]): name for name, keys in existing.items() if "source" in keys}
    fresh = [each for each in offered if each.source not in by_source]
    names = _names(fresh, existing)
    drafts: list[Draft] = []
    skipped: list[Skipped] = []
    for each in fresh:
        if not each.unit:
            detail = f"no unit that is known: the device says {each.unit_shown!r}" if each.unit_shown else "no unit"
            skipped.append(Skipped(0, each.name, "unknown unit" if each.unit_shown else "no unit", detail))
            continue
        keys = _keys(each)
        drafts.append(Draft(0, each.name, names[each.source], {key: keys[key] for key in kinds() if key in keys}))
    known = [(by_source[each.source], each) for each in offered if each.source in by_source]
    return Offers(
        tuple(drafts),
        tuple(skipped),
        tuple(name for name, _ in known),
        tuple(line for name, each in known for line in _differences(name, existing[name], each)),
    )


def _keys(each: Offered) -> dict[str, Value]:
    keys: dict[str, Value] = {"source": each.source, "unit": each.unit}
    if each.desc:
        keys["desc"] = each.desc
    if each.span is not None and each.span[0] < each.span[1]:
        keys["range"] = [short(each.span[0]), short(each.span[1])]
    return keys


def _names(fresh: Sequence[Offered], existing: Existing) -> dict[str, str]:
    """Return a name for each source: its own where that is the only one, else with as much of the path as it takes."""
    taken = set(existing)
    found: dict[str, str] = {}
    depth_max = max((len(each.path) for each in fresh), default=0)
    waiting = list(fresh)
    for depth in range(depth_max + 1):
        named = [(each, plain_name("_".join((*each.path[len(each.path) - depth :], each.name)))) for each in waiting]
        count = Counter(name for _, name in named)
        waiting = []
        for each, name in named:
            if count[name] == 1 and name not in taken:
                found[each.source] = name
                taken.add(name)
            else:
                waiting.append(each)
    for each in waiting:  # the same names all the way up: the address tells them apart
        found[each.source] = plain_name(each.source.partition(":")[2])
    return found


def _differences(name: str, keys: Mapping[str, Value], each: Offered) -> list[str]:
    says = {key: value for key, value in _keys(each).items() if key in ("unit", "range") and value}
    return [
        f"tags.{name}.{key}: the file says {text_of_value(keys[key])}, the device {text_of_value(value)}"
        for key, value in says.items()
        if key in keys and not same_key(key, keys[key], value)
    ]
