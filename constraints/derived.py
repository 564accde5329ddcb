"""Tags that are worked out of other tags in each cycle, after validation: calculations and votes. Pure.

What a reading made of others is worth follows from theirs. GOOD: good readings decide it. ESTIMATED: some stand in.
BAD: what it needs is not there; ``why`` names the first input that is missing (``input:T_a:stale``), or ``undefined``
(nothing missing, and yet no number: divided by zero, or a past too short), ``few`` or ``disagree`` (a vote),
``range_lo`` or ``range_hi``. It is as old as the oldest input that it is made of.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from constraints.votes import Voted, VoteRule, voted
from safety.expressions import Expression, Outcome, evaluate, timed
from safety.grammar import Node
from safety.samples import History
from safety.signals import Quality, Reading, Snapshot

INPUT: Final = "input"
"""First word of the reason of a tag that has nothing wrong of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedTag:
    """One tag, by exactly one of ``calc`` and ``vote``."""

    name: str
    calc: Expression | None = None
    """A condition gives 1.0 or 0.0."""
    vote: VoteRule | None = None
    lo: float = -math.inf
    hi: float = math.inf
    """Outside it is bad."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The tags that it is made of."""
        if self.vote is not None:
            return self.vote.of
        return tuple(sorted(self.calc.names)) if self.calc is not None else ()


@dataclass(frozen=True, slots=True)
class DerivedMemory:
    """What is remembered between looks."""

    histories: Mapping[str, History] = field(default_factory=dict)
    """By calculated tag: the past that its expression asks for."""
    votes: Mapping[str, Voted] = field(default_factory=dict)
    """By voted tag: how the last vote went."""
    disagree_since_s: Mapping[str, float] = field(default_factory=dict)
    """By voted tag some of whose members do not agree: since which look, monotonic seconds."""

    def disagreeing(self, derived: Sequence[DerivedTag], mono_s: float) -> Mapping[str, Voted]:
        """Return the votes whose members have not agreed for as long as their rules allow, at ``mono_s``."""
        return {
            each.name: self.votes[each.name]
            for each in derived
            if each.vote is not None
            and each.name in self.disagree_since_s
            and mono_s - self.disagree_since_s[each.name] >= each.vote.disagree_s
        }


def derive(derived: Sequence[DerivedTag], snapshot: Snapshot, memory: DerivedMemory) -> tuple[Snapshot, DerivedMemory]:
    """Return a validated snapshot with every derived tag in it, and the memory for the next look."""
    if not derived:
        return snapshot, memory
    readings = dict(snapshot.readings)
    here = replace(snapshot, readings=readings)  # sees what is worked out as it comes
    histories, votes, since_s = {}, {}, {}
    for each in derived:
        if each.vote is not None:
            votes[each.name] = outcome = voted(each.vote, readings)
            if outcome.left_out:
                since_s[each.name] = memory.disagree_since_s.get(each.name, snapshot.at.mono_s)
            made = _made(each, here, (outcome.value, outcome.quality, outcome.why), outcome.used)
        else:
            history, value, quality = _calculated(each, here, memory.histories.get(each.name, History()))
            histories[each.name] = history
            made = _made(each, here, (value, quality, "undefined"), each.inputs)
        readings[each.name] = made
    return here, DerivedMemory(histories, votes, since_s)


def _calculated(each: DerivedTag, snapshot: Snapshot, history: History) -> tuple[History, float | None, Quality]:
    if each.calc is None:
        raise ValueError(f"{each.name} is neither calculated nor voted")
    calc = each.calc
    good = {tag: snapshot.good(tag) for tag in calc.names}
    history = timed(calc, good, history.push(snapshot, calc.names, calc.windows))
    value = _number(evaluate(calc, good, history))
    if value is not None:
        return history, value, Quality.GOOD
    if any(node.op == "good" for node in _walk(calc.root)):
        return history, None, Quality.BAD  # it asks what is good, so nothing may stand in
    readings = snapshot.readings
    usable = {tag: readings[tag].value for tag in calc.names if tag in readings and readings[tag].usable}
    value = _number(evaluate(calc, usable, history))
    return history, value, Quality.BAD if value is None else Quality.ESTIMATED


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for each in node.args:
        yield from _walk(each)


def _number(outcome: Outcome) -> float | None:
    return None if outcome is None else float(outcome)


def _made(
    each: DerivedTag, snapshot: Snapshot, found: tuple[float | None, Quality, str], used: Sequence[str]
) -> Reading:
    """Return the reading of a value, its quality and why it is bad although no input is; it is made of ``used``."""
    value, quality, why = found
    there = [snapshot.readings[tag] for tag in used or each.inputs if tag in snapshot.readings]
    inputs = [reading for reading in there if reading.usable] or there
    stamps = [reading.source_utc_s for reading in inputs]
    known = [stamp for stamp in stamps if stamp is not None]
    stamp_s = min(known) if len(known) == len(stamps) and known else None
    received_at_s = min((reading.received_at_s for reading in inputs), default=snapshot.at.mono_s)
    missing = next((tag for tag in each.inputs if not _good(snapshot, tag)), None)
    if value is None and (missing is None or each.vote is not None):
        reason = why
    elif missing is not None and quality is not Quality.GOOD:
        reading = snapshot.readings.get(missing)
        reason = f"{INPUT}:{missing}:{reading.why if reading is not None else 'no_value'}"
    else:
        reason = ""
    if value is not None and not each.lo <= value <= each.hi:
        reason = "range_lo" if value < each.lo else "range_hi"
        value, quality = None, Quality.BAD
    return Reading(math.nan if value is None else value, quality, stamp_s, received_at_s, reason)


def _good(snapshot: Snapshot, tag: str) -> bool:
    reading = snapshot.readings.get(tag)
    return reading is not None and reading.good
