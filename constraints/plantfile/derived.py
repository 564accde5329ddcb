"""``calc`` and ``vote`` of tags -> DerivedTags, each after those that it needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from constraints.derived import DerivedTag
from constraints.plant import TagSpec
from constraints.plantfile.bounds import Interval
from constraints.plantfile.document import Path
from constraints.plantfile.expressions import check_names, check_units
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.measures import unit_of
from constraints.plantfile.schema_variables import Tag, Vote
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from constraints.votes import VoteRule
from safety.grammar import Expression, ExpressionError, parse

WAYS: Final = ("source", "calc", "vote")
_MEASURED_ONLY: Final = (
    "max_rate", "every", "stale_after", "frozen_after", "hold", "uncertain", "signal", "stamp", "scale", "offset",
)  # fmt: skip
_OF_3: Final = 3


def is_derived(given: Tag) -> bool:
    """Return whether the tag is worked out of others."""
    return given.calc is not None or given.vote is not None


def check_ways(scope: Scope) -> None:
    """Report tags that are not exactly one of measured, calculated and voted, and keys that go with measuring only."""
    for name, given in scope.file.tags.items():
        path: Path = ("tags", name)
        ways = [way for way in WAYS if getattr(given, way) is not None]
        if not ways:
            scope.issues.at_key("E011", path, f"key 'source' is missing in tags.{name}", "or calc, or vote")
        elif len(ways) > 1:
            message = f"tags.{name} has both {ways[0]} and {ways[1]}"
            scope.issues.at_key("E016", (*path, ways[1]), message, "a tag comes about in one way; remove one")
        elif ways != ["source"]:
            for key in sorted(given.model_fields_set.intersection(_MEASURED_ONLY)):
                message = f"{key} goes with source only; what {name} is made of has its own"
                scope.issues.at_key("E016", (*path, key), message, "remove it")


def derived_tags(scope: Scope, known: Mapping[str, Unit], ranges: Mapping[str, Interval]) -> tuple[DerivedTag, ...]:
    """Return every derived tag that has no error, in the order in which they can be worked out."""
    found: dict[str, DerivedTag] = {}
    for name, given in scope.file.tags.items():
        lo, hi = ranges.get(name, (-math.inf, math.inf))
        if given.calc is not None:
            calc = _calc(scope, ("tags", name, "calc"), given.calc, known, known.get(name))
            if calc is not None:
                found[name] = DerivedTag(name=name, calc=calc, lo=lo, hi=hi)
        elif given.vote is not None:
            vote = _vote(scope, ("tags", name, "vote"), given.vote, known, known.get(name))
            if vote is not None:
                found[name] = DerivedTag(name=name, vote=vote, lo=lo, hi=hi)
    return _in_order(scope, found)


def with_renewal(tags: Mapping[str, TagSpec], derived: tuple[DerivedTag, ...]) -> dict[str, TagSpec]:
    """Return the tags, the derived ones renewed as often as their slowest input."""
    found = dict(tags)
    for each in derived:
        if each.name in found:
            slowest = max((found[tag].every_s for tag in each.inputs if tag in found), default=0.0)
            found[each.name] = replace(found[each.name], every_s=slowest)
    return found


def _calc(scope: Scope, path: Path, text: str, known: Mapping[str, Unit], wanted: Unit | None) -> Expression | None:
    try:
        expression = parse(text)
    except ExpressionError as error:
        column = min(error.column, max(len(text) - 1, 0))
        scope.issues.at("E032", scope.document.inside(path, column), error.message)
        return None
    if not expression.names:
        scope.issues.at_value("E033", path, "no tag in this calculation: it never changes", "name a tag")
        return None
    if not check_names(scope, path, expression, scope.names("tags"), lambda name: _advice(scope, name)):
        return None
    check_units(scope, path, expression, known)
    if wanted is None:
        return expression
    if expression.sort == "truth":
        if wanted.dimensions or wanted.factor != 1.0:
            message = f"a condition gives 1 or 0, which is no {wanted.text}"
            scope.issues.at_value("E031", (*path[:2], "unit"), message, "unit: 1")
        return expression
    made = unit_of(expression.root, known)
    if made is not None and not made.like(wanted):
        message = f"the calculation gives {made.text}, not {wanted.text}"
        hint = "expressions do not convert: add the factor" if made.dimensions == wanted.dimensions else ""
        scope.issues.at_value("E031", path, message, hint)
    return expression


def _vote(scope: Scope, path: Path, given: Vote, known: Mapping[str, Unit], wanted: Unit | None) -> VoteRule | None:
    before = len(scope.issues.found)
    for index, tag in enumerate(given.of):
        at = (*path, "of", index)
        unit = known.get(tag)
        if scope.unknown("E051", "tags", tag, at):
            continue
        if tag in given.of[:index]:
            scope.issues.at_value("E054", at, f"{tag} votes twice", "name each member once")
        if unit is not None and wanted is not None and not unit.like(wanted):
            message = f"{tag} is in {unit.text}, {path[1]} in {wanted.text}"
            scope.issues.at_value("E031", at, message, "votes do not convert: use members in one unit")
    least = given.min_good or (1 if given.by == "first_good" else 2)
    if least > len(given.of):
        message = f"min_good of {least}, but there are {len(given.of)} members"
        scope.issues.at_value("E038", (*path, "min_good"), message, f"at most {len(given.of)}")
    if given.by == "2oo3" and len(given.of) != _OF_3:
        scope.issues.at_value("E038", (*path, "of"), f"2oo3 has three members, not {len(given.of)}", "or by: median")
    if given.by == "2oo3" and given.max_spread is None:
        message = "2oo3 needs max_spread: how far apart two may be that agree"
        scope.issues.at_key("E038", path, message, "such as max_spread: 2")
    spread = math.inf
    if given.max_spread is not None:
        at = (*path, "max_spread")
        spread = scope.positive(at, scope.difference(at, given.max_spread, wanted))
    at = (*path, "disagree_for")
    disagree_s = scope.not_negative(at, scope.seconds(at, given.disagree_for))
    if len(scope.issues.found) > before:
        return None
    return VoteRule(of=tuple(given.of), by=given.by, max_spread=spread, min_good=least, disagree_s=disagree_s)


def _in_order(scope: Scope, found: Mapping[str, DerivedTag]) -> tuple[DerivedTag, ...]:
    """Return the tags so that each comes after its inputs; reports those that need each other in a circle."""
    done: dict[str, DerivedTag] = {}
    told: set[str] = set()

    for start in found:
        way: list[tuple[str, list[str]]] = [] if start in done else [(start, _needs(found, start))]
        while way:
            name, waiting = way[-1]
            if not waiting:
                done[name] = found[name]
                way.pop()
                continue
            need = waiting.pop()
            above = [each for each, _ in way]
            if need in above:
                circle = [*above[above.index(need) :], need]
                if not told.intersection(circle):
                    key = "calc" if found[need].calc is not None else "vote"
                    message = f"calculated tags in a circle: {' -> '.join(circle)}"
                    scope.issues.at_value("E037", ("tags", need, key), message, "break it: a value cannot need itself")
                told.update(circle)
            elif need not in done:
                way.append((need, _needs(found, need)))
    return tuple(done.values())


def _needs(found: Mapping[str, DerivedTag], name: str) -> list[str]:
    return [tag for tag in found[name].inputs if tag in found]


def _advice(scope: Scope, name: str) -> str:
    if name in scope.file.mvs:
        return f"a calculation looks at measurements; use its readback {scope.file.mvs[name].readback}"
    return did_you_mean(name, scope.names("tags"))
