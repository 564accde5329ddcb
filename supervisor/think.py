"""The pure half of a cycle: what control knows, concludes and decides. Replay calls these very functions.

``observe`` turns a raw snapshot into the controller's inputs; ``permit`` judges the plan on a fresh snapshot; ``sent``
takes in what became of the write and makes the heartbeat; ``conclude`` makes the record. Memory in, memory out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from constraints.economics import eur_per_h, money_coefficients
from constraints.plant import MvSpec
from controllers.memory import Memory as ControllerMemory
from controllers.types import Plan, PlanStatus
from safety import handshake, interlocks, modes, prooftest
from safety.gate import Situation, Verdict, judge, settle, stand_still
from safety.modes import Ask, Facts, ModeRequest
from safety.roles import may
from safety.signals import (
    BeatFrame,
    Candidate,
    CvStatus,
    Instant,
    Mode,
    MvStatus,
    Refusal,
    Snapshot,
    WriteOutcome,
    WriteReceipt,
)
from safety.validity import validate
from supervisor import alarms
from supervisor.candidate import candidate_of
from supervisor.heed import Heed, heeded
from supervisor.inputs import controller_inputs
from supervisor.memory import Decision, Memory, Outside, Result, View
from supervisor.plans import plan_json
from supervisor.record import Answer, CycleRecord, Intent, Request
from supervisor.rules import Rules
from supervisor.service import advised, service
from supervisor.settings import advanced, limit_changed
from supervisor.stored import Stored

CONTROLLER = "main"
AT_WORK = frozenset({MvStatus.ON, MvStatus.INIT, MvStatus.WDUP_HIGH, MvStatus.WDUP_LOW})
ASKS: Mapping[Mode, Ask] = {
    Mode.OFF: "off",
    Mode.MONITOR: "monitor",
    Mode.ADVISORY: "advisory",
    Mode.CLOSED_LOOP: "closed_loop",
}


def observe(rules: Rules, raw: Snapshot, memory: Memory) -> tuple[View, Memory]:
    """Return the validated view of a raw snapshot and the controller's inputs."""
    plant = rules.plant
    snapshot, validity = validate(raw, plant.validity, memory.validity)
    status, service_memory = service(plant, snapshot, memory.service)
    settings = advanced(plant, memory.settings, snapshot.at.mono_s)
    read = {name: snapshot.good(mv.setpoint.tag) for name, mv in plant.mvs.items()}
    setpoints = {**memory.setpoints, **{name: value for name, value in read.items() if value is not None}}
    inputs = controller_inputs(
        plant,
        snapshot,
        status,
        settings,
        money=money_coefficients(plant, settings.prices),
        blocked_up=memory.blocked_up,
        blocked_down=memory.blocked_down,
        last_setpoints=setpoints,
        mv_status=status.mvs if memory.mode.actual is Mode.CLOSED_LOOP else advised(status.mvs),
        optimise=memory.mode.actual >= Mode.ADVISORY,
    )
    memory = replace(
        memory,
        cycle=snapshot.cycle,
        validity=validity,
        service=service_memory,
        settings=settings,
        setpoints=setpoints,
    )
    return View(snapshot, status, inputs), memory


def permit(
    rules: Rules, fresh: Snapshot, view: View, plan: Plan, outside: Outside, memory: Memory
) -> tuple[Decision, Memory]:
    """Return what may be done now, judged on the fresh snapshot: requests, interlocks, handshake, mode, gate."""
    plant, now_s = rules.plant, outside.at.mono_s
    snapshot, validity = validate(fresh, plant.validity, memory.validity)
    outcome, locks = interlocks.evaluate(snapshot, plant.interlocks, memory.locks)
    memory, answers = _taken(rules, outside, replace(memory, validity=validity, locks=locks))
    memory = _reconnected(rules, outside.links, memory)
    link, shake = handshake.observe(snapshot, plant.handshake, memory.shake)
    memory = replace(memory, shake=shake)
    asked, ids = _mode_requests(rules, outside.requests, now_s)
    if any(request.ask == "closed_loop" for request in asked):
        memory = replace(memory, proof_failures=_proof(rules))
    if any(_confirms(request, rules) for request in asked):
        memory = replace(memory, confirmed_at_s=now_s)
    facts = Facts(
        conditions={**outcome.conditions, **link.conditions, **_conditions(rules, view, outside, memory, now_s)},
        has_candidate=_fit(plan, snapshot),
        cap=memory.settings.cap,
        requests=asked,
    )
    was = memory.mode.actual
    decision, mode = modes.decide(facts, rules.modes, memory.mode, now_s)
    shed_why = ", ".join(decision.shed) if decision.shed and decision.shed != ("asked",) else memory.shed_why
    if mode.requested is not memory.mode.requested or any(request.ask == "closed_loop" for request in asked):
        shed_why = ", ".join(decision.shed) if decision.shed and decision.shed != ("asked",) else ""
    memory = replace(
        memory,
        mode=mode,
        shed_why=shed_why,
        blocked_up=outcome.blocked_up | memory.heed.closed_up(snapshot.cycle),
        blocked_down=outcome.blocked_down | memory.heed.closed_down(snapshot.cycle),
        links=outside.links,
    )
    answers += tuple(
        Answer(id=ids[id(answer.request)], accepted=not answer.reasons, why=", ".join(answer.reasons))
        for answer in decision.answers
    )
    situation = Situation(decision.state, outcome, link)
    verdict, first, still, memory = _judged(
        rules, plan, snapshot, situation, memory, now_s, arming=was is not Mode.CLOSED_LOOP
    )
    intent = None if verdict is None or verdict.approval is None else _intent(verdict, snapshot, plan, outside.at)
    return Decision(snapshot, decision, outcome, link, verdict, first, still, intent, answers), memory


def sent(
    rules: Rules, decision: Decision, receipts: Sequence[WriteReceipt], memory: Memory, now_s: float
) -> tuple[BeatFrame | None, Memory]:
    """Take in the receipts of an approved move set and return the heartbeat of this cycle."""
    approval = decision.verdict.approval if decision.verdict is not None else None
    if approval is not None:
        memory = replace(
            memory,
            gate=settle(memory.gate, receipts, now_s),
            heed=heeded(memory.heed, receipts, decision.snapshot.cycle),
            shake=handshake.settle(memory.shake, approval, receipts, now_s),
        )
    frame, shake = handshake.beat(decision.mode.beat, rules.plant.handshake, memory.shake, now_s)
    return frame, replace(memory, shake=shake)


def adopted(answer: tuple[Plan, ControllerMemory | None], memory: Memory) -> tuple[Plan, Memory]:
    """Return the thinker's plan, and the memory with the controller's own in it."""
    plan, controller = answer
    return plan, replace(memory, controller=controller)


def beaten(memory: Memory, acknowledged: bool) -> Memory:  # noqa: FBT001 - a fact, not a switch
    """Return the memory after the heartbeat was sent; one that was not acknowledged is left to the echo check."""
    return replace(memory, beats_missed=0 if acknowledged else memory.beats_missed + 1)


def conclude(
    rules: Rules, view: View, plan: Plan, decision: Decision, memory: Memory, result: Result
) -> tuple[CycleRecord, Memory]:
    """Return the record of the cycle."""
    plant, snapshot, outside, stored = rules.plant, decision.snapshot, result.outside, result.stored
    intent_why = stored.why if stored is not None and not stored.stored else ""
    record_why = intent_why or memory.record_why or outside.record_why
    standing = alarms.standing(
        links=outside.links,
        snapshot=snapshot,
        tags=plant.tags,
        cvs=view.service.cvs,
        mvs=view.service.mvs,
        held=memory.heed.closed_up(snapshot.cycle) | memory.heed.closed_down(snapshot.cycle),
        interlocks=decision.interlocks.tripped,
        thinker_why=plan.why if plan.status is PlanStatus.LATE else "",
        record_why=record_why,
        shed_why=memory.shed_why,
    )
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
        plan={**plan_json(plan), "mv_status": dict(view.service.mvs), "cv_status": dict(view.service.cvs)},
        verdict=_verdict_word(decision),
        refusals=decision.first_refusals or (decision.verdict.refusals if decision.verdict is not None else ()),
        trips=decision.interlocks.tripped,
        latched=decision.interlocks.latched,
        trip_causes=memory.mode.causes,
        operator_limits={f"{name}.{side}": value for (name, side), value in memory.settings.operator.items()},
        receipts=result.receipts,
        intent_seq=stored.seq if stored is not None else None,
        answers=decision.answers,
        alarms=alarms.changes(memory.alarms, standing),
        limits=memory.settings.active,
        money=eur_per_h(plant, values, memory.settings.prices),
        links=outside.links,
        timings_ms={
            **result.timings_ms,
            "settle": memory.settle_ms,
            "total": result.timings_ms.get("total", 0.0) + memory.settle_ms,
        },
    )
    return record, replace(memory, alarms=standing, record_why=intent_why)


def remembered(memory: Memory, settled: Stored, settle_ms: float) -> Memory:
    """Return the memory after the record was (or could not be) stored: without a record, no next write."""
    return replace(memory, record_why=memory.record_why if settled.stored else settled.why, settle_ms=settle_ms)


def not_sent(decision: Decision, why: str) -> tuple[WriteReceipt, ...]:
    """Return the receipts of an approved move set that was held back, because it is not on durable record."""
    approval = decision.verdict.approval if decision.verdict is not None else None
    moves = approval.moves if approval is not None else ()
    return tuple(WriteReceipt(move.mv, WriteOutcome.NOT_SENT, move.value, why=why) for move in moves)


def _taken(rules: Rules, outside: Outside, memory: Memory) -> tuple[Memory, tuple[Answer, ...]]:
    """Carry out the calendar's settings, and persons' requests that are not about the mode."""
    settings = memory.settings
    if outside.schedule is not None:
        settings = replace(settings, schedule=outside.schedule)
    if outside.cap is not None:
        settings = replace(settings, cap=outside.cap)
    if outside.prices is not None:
        settings = replace(settings, prices=outside.prices)
    locks = memory.locks
    answers = []
    for request in outside.requests:
        if request.action == "limit":
            settings, why = limit_changed(rules.plant, settings, request)
        elif request.action == "reset":
            locks, why = interlocks.reset(locks, rules.plant.interlocks, request.interlock or "", request.role)
        elif _ask(request) is None:
            why = "incomplete"  # nobody is left waiting for an answer that cannot come
        else:
            continue
        answers.append(Answer(id=request.id, accepted=not why, why=why))
    return replace(memory, settings=settings, locks=locks), tuple(answers)


def _mode_requests(
    rules: Rules, requests: Sequence[Request], now_s: float
) -> tuple[tuple[ModeRequest, ...], dict[int, str]]:
    """Return the requests that the mode table decides on, and the id that each very object answers to."""
    asked: list[ModeRequest] = []
    ids: dict[int, str] = {}
    for request in requests:
        ask = _ask(request)
        if ask is None:
            continue
        asked.append(
            ModeRequest(
                ask=ask,
                who=request.who,
                role=request.role,
                confirmed=request.confirmed,
                expires_s=now_s + rules.plant.cycle_s,  # the mailbox has judged its own expiry just now
            )
        )
        ids[id(asked[-1])] = request.id
    return tuple(asked), ids


def _ask(request: Request) -> Ask | None:
    """Return what the mode table is asked for; None for a request that is about something else or names no mode."""
    if request.action == "acknowledge":
        return "acknowledge"
    return ASKS.get(request.mode) if request.action == "mode" and request.mode is not None else None


def _confirms(request: ModeRequest, rules: Rules) -> bool:
    """Whether a person with the role said again that closed loop is wanted: only that counts as attendance."""
    return request.ask == "closed_loop" and request.confirmed and may(request.role, rules.modes.role)


def _conditions(rules: Rules, view: View, outside: Outside, memory: Memory, now_s: float) -> dict[str, bool]:
    """Return the conditions of the mode table that are not the interlocks' or the handshake's."""
    plant = rules.plant
    working = sum(status in AT_WORK for status in view.service.mvs.values())
    critical = [name for name, mv in plant.mvs.items() if _sheds_all(mv, view.service.mvs[name])]
    unattended_s = 0.0 if memory.confirmed_at_s is None else now_s - memory.confirmed_at_s
    return {
        "gate": not memory.gate_sheds,
        "plc_heeds": not memory.heed.ignored,
        "audit": not memory.record_why,
        "record_verified": not outside.record_why,
        "proof_test": memory.proof_failures == () or memory.proof_failures is None,
        "mvs_active": working >= plant.min_active_mvs and not critical,
        "handshake": plant.handshake.kind == "full",
        "security": not rules.unprotected,
        "critical_cv": CvStatus.CRIT not in view.service.cvs.values(),
        "attended": unattended_s <= plant.max_unattended_s,
    }


def _sheds_all(mv: MvSpec, status: MvStatus) -> bool:
    """Return whether this MV's absence ends closed loop: it is critical, or cannot be read and must not be missed."""
    return status not in AT_WORK and (mv.critical or (mv.on_bad == "shed" and status is MvStatus.SERV))


def _proof(rules: Rules) -> tuple[str, ...]:
    return tuple(prooftest.run(rules.gate))


def _reconnected(rules: Rules, links: Mapping[str, str], memory: Memory) -> Memory:
    """Announce a higher epoch after the MVs' connection came back: what was sent before may still arrive."""
    written = {mv.writes.connection for mv in rules.plant.mvs.values()}
    back = any(links.get(name) == "connected" and memory.links.get(name) not in (None, "connected") for name in written)
    return replace(memory, shake=handshake.fenced(memory.shake)) if back else memory


def _judged(
    rules: Rules,
    plan: Plan,
    snapshot: Snapshot,
    situation: Situation,
    memory: Memory,
    now_s: float,
    *,
    arming: bool,
) -> tuple[Verdict | None, tuple[Refusal, ...], bool, Memory]:
    """Send the plan through the gate, and standing still after a refusal."""
    if situation.mode.actual is not Mode.CLOSED_LOOP:
        # Nothing may be written; the gate only forgets the setpoints of loops that operators have taken meanwhile.
        _, gate = judge(Candidate(CONTROLLER, snapshot.cycle, ()), snapshot, situation, rules.gate, memory.gate, now_s)
        return None, (), False, replace(memory, gate=gate, gate_sheds="", heed=Heed())
    still = stand_still(CONTROLLER, snapshot, rules.gate, situation.link.unresolved, situation.interlocks)
    if arming or not _fit(plan, snapshot):
        verdict, gate = judge(still, snapshot, situation, rules.gate, memory.gate, now_s)
        return verdict, (), True, replace(memory, gate=gate, gate_sheds=_sheds(verdict))
    candidate = candidate_of(rules, plan, snapshot, memory.gate, still, now_s, limits=memory.settings.active)
    verdict, gate = judge(candidate, snapshot, situation, rules.gate, memory.gate, now_s)
    if not verdict.refusals:
        return verdict, (), False, replace(memory, gate=gate, gate_sheds="")
    first, sheds = verdict.refusals, _sheds(verdict)
    verdict, gate = judge(still, snapshot, situation, rules.gate, gate, now_s)
    return verdict, first, True, replace(memory, gate=gate, gate_sheds=sheds)


def _fit(plan: Plan, snapshot: Snapshot) -> bool:
    """Whether the plan may become a candidate: a good one, and of this very cycle."""
    return plan.status is PlanStatus.OK and plan.cycle == snapshot.cycle


def _sheds(verdict: Verdict) -> str:
    if verdict.action not in ("shed", "off"):
        return ""
    return ", ".join(f"{refusal.code} {refusal.subject}" for refusal in verdict.refusals) or verdict.action


def _intent(verdict: Verdict, snapshot: Snapshot, plan: Plan, now: Instant) -> Intent:
    approval = verdict.approval
    if approval is None:
        raise ValueError("no approval, no intent")
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
        reason="; ".join(f"{mv}: {', '.join(codes)}" for mv, codes in plan.reasons.items()),
    )


def _verdict_word(decision: Decision) -> Literal["approved", "refused", "stand_still", "none"]:
    if decision.verdict is None:
        return "none"
    if decision.verdict.approval is None:
        return "refused"
    return "stand_still" if decision.stands_still else "approved"
