"""One value out of several measurements of the same thing. Pure.

A member agrees when it is no farther than ``max_spread`` from the middle one (of an even number: from both); those that
agree must be more than half of those that can be read. So one of three that goes astray is left out, and two that
differ decide nothing. The value is the median of those that agree (middle value selection, as 2oo3 is done with
analogue signals), their mean, or the one named first. Fewer than ``min_good`` make a bad value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal

from safety.signals import Quality, Reading

FEW: Final = "few"
"""Reason of a vote that too few members take part in: each of those that are missing has a reason of its own."""

By = Literal["median", "2oo3", "mean", "first_good"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteRule:
    """How a value comes about."""

    of: tuple[str, ...]
    by: By = "median"
    max_spread: float = math.inf
    """In the tags' unit."""
    min_good: int = 2
    disagree_s: float = 0.0
    """Members that do not agree for so long are worth telling; the vote itself never waits."""


@dataclass(frozen=True, slots=True)
class Voted:
    """How a vote went."""

    value: float | None
    quality: Quality
    """GOOD: good members decided it. ESTIMATED: only with members whose last good value stands in. BAD: undecided."""
    used: tuple[str, ...] = ()
    """The members that agree."""
    left_out: Mapping[str, float] = field(default_factory=dict)
    """The members that can be read and do not agree, with their values."""
    why: str = ""
    """Where it is bad: ``few`` members, or they ``disagree``."""


def voted(rule: VoteRule, readings: Mapping[str, Reading]) -> Voted:
    """Return how the members vote; one that is not there is bad."""
    there = {tag: readings[tag] for tag in rule.of if tag in readings}
    good = {tag: reading.value for tag, reading in there.items() if reading.good}
    found = _decided(rule, good, Quality.GOOD)
    if found.value is not None or found.why == "disagree":
        return found
    usable = {tag: reading.value for tag, reading in there.items() if reading.usable}
    return _decided(rule, usable, Quality.ESTIMATED)


def _decided(rule: VoteRule, values: Mapping[str, float], quality: Quality) -> Voted:
    if len(values) < rule.min_good:
        return Voted(None, Quality.BAD, why=FEW)
    ordered = sorted(values.values())
    middles = (ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2])
    used = {
        tag: value for tag, value in values.items() if max(abs(value - middle) for middle in middles) <= rule.max_spread
    }
    left_out = {tag: value for tag, value in values.items() if tag not in used}
    if 2 * len(used) <= len(values) or len(used) < rule.min_good:
        return Voted(None, Quality.BAD, (), values, "disagree")
    match rule.by:
        case "median" | "2oo3":
            value = median(used.values())
        case "mean":
            value = math.fsum(used.values()) / len(used)
        case "first_good":
            value = next(iter(used.values()))
    return Voted(value, quality, tuple(used), left_out)
