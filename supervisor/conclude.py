"""What is written down of a cycle: the intent before its write, the record after it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from constraints.economics import eur_per_h
from constraints.localtime import local_time
from constraints.plant import Plant
from constraints.tariffs import not_begun
from controllers.types import Plan, PlanStatus
from safety.approval import Approval
from safety.signals import Instant, Mode, Snapshot, WriteOutcome, WriteReceipt
from supervisor import alarms, supplied
from supervisor.alarms.causes import causes_of
from supervisor.alarms.following import followed
from supervisor.alarms.rules import rule_of
from supervisor.alarms.stored import on_record
from supervisor.memory import Decision, Memory, Result, View
from supervisor.plans import plan_json
from supervisor.record import Bypassed, CycleRecord, Intent
from supervisor.rules import Rules
from supervisor.sentences import bypass_words
from supervisor.stored import Stored
from supervisor.supplied import troubles


def conclude(
    rules: Rules, view: View, plan: Plan, decision: Decision, memory: Memory, result: Result
) -> tuple[CycleRecord, Memory]:
    """Return the record of the cycle."""
    plant, snapshot, outside, stored = rules.plant, decision.snapshot, result.outside, result.stored
    intent_why = stored.why if stored is not None and not stored.stored else ""
    record_why = intent_why or memory.record_why or outside.record_why
    bypassed = _bypassed(memory, snapshot.at)
    standing = alarms.standing(
        links=outside.links,
        snapshot=snapshot,
        tags=plant.tags,
        cvs=view.service.cvs,
        mvs=view.service.mvs,
        held=memory.heed.closed_up(snapshot.cycle) | memory.heed.closed_down(snapshot.cycle),
        interlocks={each.name: each.alarm for each in plant.interlocks if each.name in decision.interlocks.tripped},
        thinker_why=plan.why if plan.status is PlanStatus.LATE else "",
        record_why=record_why,
        shed_why=memory.shed_why,
        bypassed={name: bypass_words(each, snapshot.at.utc_s, plant.timezone) for name, each in bypassed.items()},
        proofs_due=_proofs_due(plant, snapshot.at.utc_s),
        outside_schedule=_outside_schedule(rules, snapshot),
        tariffs_ahead=not_begun(plant, snapshot.at.utc_s),
        votes=_disagreeing(plant, memory, snapshot.at.mono_s),
        supplied=troubles(memory.supplied),
        watched=plan.watched,
        trip_why=", ".join(memory.mode.causes) if _tripped_quietly(decision, memory) else "",
        notify_why=outside.notify_why,
    )
    standing = {key: (rule_of(plant, *key).priority, text) for key, (_, text) in standing.items()}
    causes = causes_of(plant, standing, plan, decision.interlocks, snapshot)
    calls = followed(plant, memory.alarm_list, causes, snapshot)
    values = {
        **{name: value for name, value in view.inputs.y.items() if value is not None},
        **memory.setpoints,
    }
    record = CycleRecord(
        cycle=snapshot.cycle,
        utc_s=snapshot.at.utc_s,
        mono_s=snapshot.at.mono_s,
        mode=decision.mode.state,
        readings={
            tag: (reading.value if reading.usable else None, reading.quality.value, reading.why)
            for tag, reading in snapshot.readings.items()
        },
        votes={name: vote.used for name, vote in memory.derived.votes.items()},
        plan={**plan_json(plan), "mv_status": dict(view.service.mvs), "cv_status": dict(view.service.cvs)},
        verdict=_verdict_word(decision),
        refusals=decision.first_refusals or (decision.verdict.refusals if decision.verdict is not None else ()),
        trips=decision.interlocks.tripped,
        latched=tuple(name for name, state in decision.interlocks.states.items() if state.latched),
        bypassed=bypassed,
        trip_causes=memory.mode.causes,
        operator_limits={f"{name}.{side}": value for (name, side), value in memory.settings.operator.items()},
        receipts=result.receipts,
        intent_seq=stored.seq if stored is not None else None,
        requests=outside.requests,
        answers=decision.answers,
        by_hand=tuple(sorted(memory.settings.by_hand)),
        advice=memory.advice,
        alarms=alarms.changes(memory.alarms, standing),
        alarm_steps=calls.steps,
        alarm_list=on_record(calls),
        limits=memory.settings.active,
        money=eur_per_h(plant, values, memory.settings.prices),
        supplied=supplied.on_record(memory.supplied, view.snapshot.at),
        links=outside.links,
        timings_ms={
            **result.timings_ms,
            "settle": memory.settle_ms,
            "total": result.timings_ms.get("total", 0.0) + memory.settle_ms,
        },
    )
    return record, replace(memory, alarms=standing, alarm_list=replace(calls, steps=()), record_why=intent_why)


def remembered(memory: Memory, settled: Stored, settle_ms: float) -> Memory:
    """Return the memory after the record was (or could not be) stored: without a record, no next write."""
    return replace(memory, record_why=memory.record_why if settled.stored else settled.why, settle_ms=settle_ms)


def not_sent(decision: Decision, why: str) -> tuple[WriteReceipt, ...]:
    """Return the receipts of an approved move set that was held back, because it is not on durable record."""
    approval = decision.verdict.approval if decision.verdict is not None else None
    moves = approval.moves if approval is not None else ()
    return tuple(WriteReceipt(move.mv, WriteOutcome.NOT_SENT, move.value, why=why) for move in moves)


def intent_of(approval: Approval, snapshot: Snapshot, reason: str, now: Instant) -> Intent:
    """Return what is to be stored before an approved move set is sent."""
    return Intent(
        cycle=approval.cycle,
        utc_s=now.utc_s,
        controller=approval.controller,
        epoch=approval.epoch,
        sequence=approval.sequence,
        mask=approval.mask,
        crc=approval.crc,
        setpoints={move.mv: move.value for move in approval.moves},
        payloads={move.mv: move.payload.hex() for move in approval.moves},
        from_setpoints={
            move.mv: actual for move in approval.moves if (actual := snapshot.good(f"{move.mv}.actual")) is not None
        },
        limits_hash=approval.limits_hash,
        config_hash=approval.config_hash,
        reason=reason,
    )


def _tripped_quietly(decision: Decision, memory: Memory) -> bool:
    """Whether it is tripped and no alarm of a shed says so: after a restart, or from a mode that wrote nothing."""
    return decision.mode.state.actual is Mode.TRIPPED and not memory.shed_why


def _bypassed(memory: Memory, at: Instant) -> dict[str, Bypassed]:
    """Return what is bypassed from now on; the end of each on the wall clock, as it runs now."""
    return {
        name: Bypassed(owner=each.owner, reason=each.reason, until_utc_s=at.utc_s + (each.until_s - at.mono_s))
        for name, each in memory.locks.bypasses.items()
    }


def _proofs_due(plant: Plant, utc_s: float) -> dict[str, str]:
    """Return the interlocks whose proof test is overdue, with the date since when."""
    return {
        each.name: local_time(each.proof_due_utc_s, plant.timezone).date
        for each in plant.interlocks
        if each.proof_due_utc_s is not None and utc_s >= each.proof_due_utc_s
    }


def _outside_schedule(rules: Rules, snapshot: Snapshot) -> dict[str, str]:
    """Return the MVs whose setpoint stands outside its scheduled limits, with both."""
    found = {}
    for name, rule in rules.gate.mvs.items():
        actual, limits = snapshot.good(rule.actual), rule.envelope.scheduled_limits(snapshot)
        if actual is not None and limits is not None and not limits[0] <= actual <= limits[1]:
            found[name] = f"{actual:.5g} is not in [{limits[0]:.5g}, {limits[1]:.5g}]"
    return found


def _disagreeing(plant: Plant, memory: Memory, mono_s: float) -> dict[str, str]:
    """Return the voted tags some of whose members have not agreed for too long, with those members and their values."""
    return {
        name: ", ".join(f"{tag} {value:.5g}" for tag, value in vote.left_out.items())
        + (f" against {', '.join(vote.used)}" if vote.used else "")
        for name, vote in memory.derived.disagreeing(plant.derived, mono_s).items()
    }


def _verdict_word(decision: Decision) -> Literal["approved", "ramp", "refused", "stand_still", "none"]:
    if decision.verdict is None:
        return "none"
    if decision.verdict.approval is None:
        return "refused"
    return "approved" if decision.proposed == "plan" else decision.proposed
