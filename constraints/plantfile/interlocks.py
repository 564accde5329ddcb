"""Section ``interlocks`` -> Interlocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from constraints.plantfile.bounds import Interval, outcomes
from constraints.plantfile.document import Path
from constraints.plantfile.expressions import check_names, check_units, parsed
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.schema_rules import InterlockSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from safety.interlocks import Interlock, Then

_PLANT: Final = ("hold", "ramp", "shed", "off")
_MV: Final = ("block_up", "block_down")


def interlocks(scope: Scope, known: Mapping[str, Unit], ranges: Mapping[str, Interval]) -> tuple[Interlock | None, ...]:
    """Return every interlock; None for one that has an error."""
    given = scope.file.interlocks
    scope.once(((each.name, ("interlocks", i, "name")) for i, each in enumerate(given)), "interlocks")
    return tuple(_interlock(scope, index, each, known, ranges) for index, each in enumerate(given))


def _interlock(
    scope: Scope, index: int, given: InterlockSection, known: Mapping[str, Unit], ranges: Mapping[str, Interval]
) -> Interlock | None:
    path: Path = ("interlocks", index)
    for_s = scope.not_negative((*path, "for"), scope.seconds((*path, "for"), given.for_))
    action = _then(scope, (*path, "then"), given.then)
    at = (*path, "when")
    expression = parsed(scope, at, given.when)
    if expression is None or not check_names(
        scope, at, expression, scope.names("tags"), lambda name: _advice(scope, name)
    ):
        return None
    check_units(scope, at, expression, known)
    possible = outcomes(expression, ranges)
    if len(possible) == 1:
        word = "always true" if True in possible else "never true"
        message = f"interlock {given.name!r} is {word} while its tags stay in their ranges"
        scope.issues.at_value("W104", at, message, "compare the limit with the tag's range")
    if action is None:
        return None
    return scope.built(
        path,
        lambda: Interlock(
            name=given.name,
            when=expression,
            for_s=for_s,
            then=action[0],
            target=action[1],
            latch=given.latch,
            reset_role=given.reset,
            alarm=given.alarm,
        ),
    )


def _then(scope: Scope, path: Path, text: str) -> tuple[Then, str | None] | None:
    """Return action and target; None where the text is not an action (reported)."""
    words = text.split()
    word = words[0] if words else ""
    if word in _PLANT and len(words) == 1:
        return cast("Then", word), None
    if word in _MV and len(words) == 2:  # noqa: PLR2004 - action and target
        at = scope.document.inside(path, text.index(words[1], len(word)), len(words[1]))
        if words[1] not in scope.names("mvs"):
            hint = did_you_mean(words[1], scope.names("mvs")) or _readback_of(scope, words[1])
            scope.issues.at("E052", at, f"unknown MV {words[1]!r} in interlocks[{int(path[1]) + 1}].then", hint)
            return None
        return cast("Then", word), words[1]
    if word in _MV:
        scope.issues.at_value("E013", path, f"{word} needs exactly one MV", f"such as {word} {_first_mv(scope)}")
        return None
    hint = did_you_mean(word, (*_PLANT, *_MV)) or "one of hold, ramp, shed, off, block_up MV, block_down MV"
    scope.issues.at_value("E013", path, f"{text[:60]!r} is not something to do", hint)
    return None


def _first_mv(scope: Scope) -> str:
    return next(iter(scope.names("mvs")), "MV")


def _advice(scope: Scope, name: str) -> str:
    if name in scope.file.mvs:
        return f"an interlock looks at measurements; use its readback {scope.file.mvs[name].readback}"
    return ""


def _readback_of(scope: Scope, name: str) -> str:
    behind = [mv for mv, given in scope.file.mvs.items() if given.readback == name]
    return f"it is the readback of {behind[0]}; name that" if behind else ""
