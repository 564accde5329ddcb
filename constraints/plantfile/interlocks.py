"""Section ``interlocks`` -> Interlocks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, cast

from constraints.plantfile.bounds import Interval, outcomes
from constraints.plantfile.document import Path
from constraints.plantfile.expressions import check_names, check_units, parsed
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.prooftests import proof_due
from constraints.plantfile.schema_rules import BypassSection, InterlockSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from safety.interlocks import BypassRule, Interlock, Then

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
    for_s = _delay(scope, (*path, "for"), given.for_)
    action = _then(scope, (*path, "then"), given.then)
    at = (*path, "when")
    expression = parsed(scope, at, given.when)
    if expression is None or not check_names(
        scope, at, expression, scope.names("tags"), lambda name: _advice(scope, name)
    ):
        return None
    check_units(scope, at, expression, known)
    _check_outcomes(scope, at, given.name, outcomes(expression, ranges))
    bypass = _bypass(scope, (*path, "bypass"), given.bypass)
    proof_due_utc_s = proof_due(scope, (*path, "proof_test"), given.proof_test)
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
            bypass=bypass,
            proof_due_utc_s=proof_due_utc_s,
        ),
    )


def _delay(scope: Scope, path: Path, given: float | str) -> float:
    delay_s = scope.seconds(path, given)
    if delay_s < 0.0:
        scope.issues.at_value("E014", path, f"a delay of {delay_s:g} s is not possible", "0 acts at once; such as 15 s")
        return math.nan
    return delay_s


def _check_outcomes(scope: Scope, at: Path, name: str, possible: frozenset[bool]) -> None:
    """Report a condition that is never false, for then a trip would never end; warn of one that is never true."""
    if False not in possible:
        word = "is always true while its tags stay in their ranges" if possible else "can never be evaluated"
        message = f"interlock {name!r} can never clear: its condition {word}"
        scope.issues.at_value("E036", at, message, "compare the limit with the tag's range")
    elif True not in possible:
        message = f"interlock {name!r} is never true while its tags stay in their ranges"
        scope.issues.at_value("W104", at, message, "compare the limit with the tag's range")


def _bypass(scope: Scope, path: Path, given: BypassSection | None) -> BypassRule | None:
    if given is None:
        return None
    longest_s = scope.seconds((*path, "longest"), given.longest)
    if longest_s <= 0.0:
        hint = "such as 8 h, or bypass: none"
        scope.issues.at_value("E014", (*path, "longest"), "a bypass of no time is no bypass", hint)
    return scope.built(path, lambda: BypassRule(role=given.role, longest_s=longest_s))


def _then(scope: Scope, path: Path, text: str) -> tuple[Then, str | None] | None:
    """Return action and target; None where the text is not an action (reported)."""
    words = text.split()
    word = words[0] if words else ""
    if word in _PLANT and len(words) == 1:
        if word == "ramp":
            _check_ramp(scope, path)
        return cast("Then", word), None
    if word in _MV and len(words) == 2:  # noqa: PLR2004 - action and target
        at = scope.document.inside(path, text.index(words[1], len(word)), len(words[1]))
        if words[1] not in scope.names("mvs"):
            hint = did_you_mean(words[1], scope.names("mvs")) or _readback_of(scope, words[1])
            scope.issues.at("E052", at, f"unknown MV {words[1]!r} in {scope.dotted(path)}", hint)
            return None
        return cast("Then", word), words[1]
    if word in _MV:
        scope.issues.at_value("E013", path, f"{word} needs exactly one MV", f"such as {word} {_first_mv(scope)}")
        return None
    hint = did_you_mean(word, (*_PLANT, *_MV)) or "one of hold, ramp, shed, off, block_up MV, block_down MV"
    scope.issues.at_value("E013", path, f"{text[:60]!r} is not something to do", hint)
    return None


def _check_ramp(scope: Scope, path: Path) -> None:
    """Report a ramp where no MV has anywhere to go; an MV of a broken entry may have."""
    mvs = scope.file.mvs
    if mvs.keys() == scope.names("mvs") and all(given.safe_value is None for given in mvs.values()):
        hint = "give the MVs that must move a safe_value, or use hold or shed"
        if scope.beyond:
            hint += "; or name in controllers whom it counts for"
        scope.issues.at_value("E016", path, "ramp would move nothing: no MV has a safe value", hint)


def _first_mv(scope: Scope) -> str:
    return next(iter(scope.names("mvs")), "MV")


def _advice(scope: Scope, name: str) -> str:
    if name in scope.file.mvs:
        return f"an interlock looks at measurements; use its readback {scope.file.mvs[name].readback}"
    return ""


def _readback_of(scope: Scope, name: str) -> str:
    behind = [mv for mv, given in scope.file.mvs.items() if given.readback == name]
    return f"it is the readback of {behind[0]}; name that" if behind else ""
