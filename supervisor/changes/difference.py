"""What differs between two plant files, by meaning: keys and not lines, limits by side, list items by name. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from constraints.plantfile.document import Value
from supervisor.changes.weight import Weight, weight_of

Kind = Literal["added", "changed", "removed"]
_SIDES = ("lo", "hi")
_WORDS_MAX = 160


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is other than before."""

    path: tuple[str, ...]
    """``cvs moist limits operator hi``; items of lists by their name."""
    kind: Kind
    before: str
    """In words; empty where it was added."""
    after: str
    weight: Weight

    @property
    def name(self) -> str:
        """Return ``cvs.moist.limits.operator.hi``."""
        return ".".join(f'"{part}"' if " " in part else part for part in self.path)


def changes(before: Value, after: Value, judged: frozenset[str] = frozenset()) -> tuple[Change, ...]:
    """Return what differs between the contents of two files, in the order of the new one, removed things last.

    ``judged``: tags that interlocks and the gate go by; a change to one of them weighs as much as a safety limit.
    """
    found = [_change(path, old, new, judged) for path, old, new in _differing((), before, after)]
    return tuple(sorted(found, key=lambda each: each.kind == "removed"))


_GONE = object()


def _differing(path: tuple[str, ...], old: object, new: object) -> Iterator[tuple[tuple[str, ...], object, object]]:
    if _same(old, new):
        return
    mine, theirs = _keyed(path, old), _keyed(path, new)
    if mine is None or theirs is None:
        yield path, old, new
        return
    for key in (*theirs, *(key for key in mine if key not in theirs)):
        yield from _differing((*path, key), mine.get(key, _GONE), theirs.get(key, _GONE))


def _same(old: object, new: object) -> bool:
    """Whether both say the same: 4 and 4.0 do, true and 1 do not."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return old == new


def _keyed(path: tuple[str, ...], value: object) -> dict[str, object] | None:
    """Return the parts of ``value`` by name; None where it is one thing."""
    if isinstance(value, dict):
        return {str(key): each for key, each in value.items()}
    if not isinstance(value, list):
        return None
    if "limits" in path[-2:-1] and len(value) == len(_SIDES):
        return dict(zip(_SIDES, value, strict=True))
    names = [each.get("name") if isinstance(each, dict) else None for each in value]
    if value and all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return {str(name): each for name, each in zip(names, value, strict=True)}
    return None


def _change(path: tuple[str, ...], old: object, new: object, judged: frozenset[str]) -> Change:
    kind: Kind = "added" if old is _GONE else "removed" if new is _GONE else "changed"
    return Change(
        path=path,
        kind=kind,
        before="" if old is _GONE else _words(path, old),
        after="" if new is _GONE else _words(path, new),
        weight=weight_of(path, judged),
    )


def _words(path: tuple[str, ...], value: object) -> str:
    if path[:1] == ("interlocks",) and isinstance(value, dict):
        return _interlock(value)
    if isinstance(value, str):
        text = value
    elif value is None:
        text = "none"
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, float):
        text = f"{value:g}"
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WORDS_MAX else text[: _WORDS_MAX - 1] + "…"


def _interlock(given: dict[str, object]) -> str:
    """Return ``max(T_out, T_out_b) > 100 for 15 s → shed, latched``."""
    text = str(given.get("when", ""))
    if "for" in given:
        text += f" for {given['for']}"
    text += f" → {given.get('then', '')}"
    return text + (", latched" if given.get("latch") is True else "")
