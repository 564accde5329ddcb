"""Laboratory values on their way to the controller: from a tag or a person, in order, each judged once. Pure.

What can be told from the value itself is told here, at once; the rest (how far from the estimate of its sampling time)
the controller says with its next plan. A value without a plan waits for the next one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from constraints.plant import Plant
from constraints.supplied import LabRule
from controllers.types import Inputs, Plan
from safety.roles import may
from safety.signals import Instant, Snapshot
from supervisor.arrivals import Issue, Seen, looked
from supervisor.record import REASON_MAX, Answer, Request

LAB_ROLE = "operator"
"""Who may give a laboratory value."""
WAITING_MAX = 50
TRIES_MAX = 5
"""Cycles without a plan after which a person is told so; a value on a tag waits on, for nobody waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One laboratory value."""

    cv: str
    value: float
    sampled_utc_s: float
    source: str
    """``tag NAME``, or the person who gave it."""
    why: str = ""
    """The person's reason."""
    id: str = ""
    """Of the request; empty for a value on a tag."""
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a sample, in which cycle."""

    sample: Sample
    code: str
    """``accepted``, or why not."""
    cycle: int


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What is known of laboratory values."""

    seen: Mapping[str, Seen] = field(default_factory=dict)
    """By CV with a tag."""
    taken: Mapping[str, Issue] = field(default_factory=dict)
    """By CV with a tag: the result that was taken last."""
    waiting: tuple[Sample, ...] = ()
    """In the order in which the controller gets them."""
    believed_utc_s: Mapping[str, float] = field(default_factory=dict)
    """By CV: sampling time of the value believed last."""
    results: tuple[Result, ...] = ()
    """Those of this cycle, and the last of each CV."""


def arrived(plant: Plant, snapshot: Snapshot, lab: Laboratory) -> Laboratory:
    """Return ``lab`` at the beginning of a cycle, with what arrived on tags."""
    with_rule = {name for name, cv in plant.cvs.items() if cv.lab is not None}
    last = {result.sample.cv: result for result in lab.results if result.sample.cv in with_rule}
    lab = replace(lab, results=tuple(last.values()))
    for name, cv in plant.cvs.items():
        if cv.lab is None or cv.lab.source is None:
            continue
        before = lab.seen.get(name, Seen())
        now = looked(cv.lab.source, snapshot, before)
        lab = replace(lab, seen={**lab.seen, name: now})
        if now.issue is None or not _stands(cv.lab, before.issue, now.issue):
            continue
        if name in lab.taken and _same(cv.lab, lab.taken[name], now.issue):
            continue
        lab = replace(lab, taken={**lab.taken, name: now.issue})
        sampled_utc_s = now.issue.utc_s - cv.lab.delay_s
        sample = Sample(
            cv=name, value=now.issue.values[0], sampled_utc_s=sampled_utc_s, source=f"tag {cv.lab.source.tags[0]}"
        )
        lab, why = _queued(plant, sample, snapshot.at, lab)
        if why:
            lab = replace(lab, results=(*lab.results, Result(sample, why, snapshot.cycle)))
    return lab


def asked(plant: Plant, request: Request, at: Instant, cycle: int, lab: Laboratory) -> tuple[Laboratory, str]:
    """Return ``lab`` with a person's value in it, or why it is refused; what is not refused is answered later."""
    if request.variable is None or request.value is None or request.sampled_utc_s is None:
        return lab, "incomplete"
    sample = Sample(
        cv=request.variable,
        value=request.value,
        sampled_utc_s=request.sampled_utc_s,
        source=request.who,
        why=request.why[:REASON_MAX],
        id=request.id,
    )
    if not may(request.role, LAB_ROLE):
        why = "role"
    elif not request.who.strip():
        why = "no_owner"
    else:
        lab, why = _queued(plant, sample, at, lab)
    return (replace(lab, results=(*lab.results, Result(sample, why, cycle))) if why else lab), why


def given(lab: Laboratory, at: Instant) -> dict[str, tuple[float, float]]:
    """Return what the controller gets: by CV its first value, and the monotonic time of its sample."""
    return {each.cv: (each.value, at.mono_s - (at.utc_s - each.sampled_utc_s)) for each in reversed(lab.waiting)}


def judged(plan: Plan, inputs: Inputs, lab: Laboratory) -> tuple[Laboratory, tuple[Answer, ...]]:
    """Take in what ``plan`` says of the values that ``inputs`` held; answer the persons who gave them."""
    open_cvs, kept, answers = set(inputs.lab), [], []
    for sample in lab.waiting:
        if sample.cv not in open_cvs:
            kept.append(sample)
            continue
        open_cvs.remove(sample.cv)
        tried = replace(sample, tries=sample.tries + 1)
        code = plan.lab.get(sample.cv, "not_judged" if sample.id and tried.tries >= TRIES_MAX else "")
        if not code:
            kept.append(tried)
            continue
        lab = replace(lab, results=(*lab.results, Result(sample, code, inputs.cycle)))
        if code == "accepted":
            lab = replace(lab, believed_utc_s={**lab.believed_utc_s, sample.cv: sample.sampled_utc_s})
        if sample.id:
            accepted = code == "accepted"
            answers.append(Answer(id=sample.id, accepted=accepted, why="" if accepted else code))
    return replace(lab, waiting=tuple(kept)), tuple(answers)


def _queued(plant: Plant, sample: Sample, at: Instant, lab: Laboratory) -> tuple[Laboratory, str]:
    why = _objection(plant, sample, at.utc_s, lab)
    return (lab if why else replace(lab, waiting=(*lab.waiting, sample))), why


def _objection(plant: Plant, sample: Sample, utc_s: float, lab: Laboratory) -> str:
    """Return what the value itself tells against it; empty where nothing does."""
    cv = plant.cvs.get(sample.cv)
    if cv is None:
        return "unknown_variable"
    if cv.lab is None:
        return "no_rule"
    same = [each for each in lab.waiting if each.cv == sample.cv and each.sampled_utc_s == sample.sampled_utc_s]
    refused = {
        "not_a_number": not (math.isfinite(sample.value) and math.isfinite(sample.sampled_utc_s)),
        "in_future": sample.sampled_utc_s > utc_s,
        "too_old": utc_s - sample.sampled_utc_s > cv.lab.age_s_max,
        "used": bool(same) or sample.sampled_utc_s <= lab.believed_utc_s.get(sample.cv, -math.inf),
        "outside_limits": not cv.lab.lo <= sample.value <= cv.lab.hi,
        "too_many": len(lab.waiting) >= WAITING_MAX,
    }
    return next((code for code, holds in refused.items() if holds), "")


def _stands(rule: LabRule, before: Issue | None, now: Issue) -> bool:
    """Whether a result is whole: its tags are read one after the other while somebody may be writing them, so it counts
    once they stood still for a cycle.
    """
    dated = rule.source is not None and (rule.source.time_tag is not None or rule.source.count_tag is not None)
    return before is not None and (now == before if dated else now.values == before.values)


def _same(rule: LabRule, taken: Issue, now: Issue) -> bool:
    """Whether it is the result that was taken: its time or its count says so, else its value does.

    A time stamp alone does not: many a server renews it with every scan.
    """
    if rule.source is not None and rule.source.count_tag is not None:
        return now.utc_s == taken.utc_s
    if rule.source is not None and rule.source.time_tag is not None:
        return now == taken
    return now.values == taken.values
