"""The pure half of a cycle: what control knows, concludes and decides. Replay calls these very functions.

``observe`` turns a raw snapshot into the controller's inputs; ``permit`` judges the plan on a fresh snapshot; ``sent``
takes in what became of the write and makes the heartbeat; ``supervisor.conclude`` makes the record. Memory in, memory
out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from constraints.derived import derive
from constraints.economics import money_coefficients
from constraints.filters import smoothed
from constraints.plant import MvSpec
from controllers.memory import Memory as ControllerMemory
from controllers.types import Plan, PlanStatus
from safety import handshake, interlocks, modes, prooftest
from safety.gate import Situation, Verdict, judge, settle, stand_still
from safety.interlocks import InterlockOutcome
from safety.modes import Facts
from safety.signals import BeatFrame, Candidate, CvStatus, Mode, MvStatus, Refusal, Snapshot, WriteReceipt
from safety.validity import validate
from safety.watchdog import watch
from supervisor.asked import confirms, mode_requests, taken
from supervisor.candidate import candidate_of, let_go, narrowed, to_safe_values, without
from supervisor.conclude import intent_of
from supervisor.drivers.guard_words import GUARD
from supervisor.heed import Heed, heeded
from supervisor.inputs import controller_inputs
from supervisor.laboratory import judged
from supervisor.memory import Decision, Memory, Outside, Proposed, View
from supervisor.record import Answer
from supervisor.rules import CONTROLLER, Rules
from supervisor.service import advised, service
from supervisor.settings import advanced
from supervisor.supplied import observed
from supervisor.thrift import saved_up

AT_WORK = frozenset({MvStatus.ON, MvStatus.INIT, MvStatus.WDUP_HIGH, MvStatus.WDUP_LOW})


def observe(rules: Rules, raw: Snapshot, memory: Memory) -> tuple[View, Memory]:
    """Return the validated view of a raw snapshot and the controller's inputs."""
    plant = rules.plant
    snapshot, validity = validate(raw, plant.validity, memory.validity)
    snapshot, derived = derive(plant.derived, snapshot, memory.derived)
    shown, filtered = smoothed(plant.tags, snapshot, memory.filtered)
    settings = advanced(plant, memory.settings, snapshot.at.mono_s)
    status, service_memory = service(plant, snapshot, memory.service, settings.by_hand)
    read = {name: snapshot.good(mv.setpoint.tag) for name, mv in plant.mvs.items()}
    setpoints = {**memory.setpoints, **{name: value for name, value in read.items() if value is not None}}
    here = {**setpoints, **{name: snapshot.good(name) for name in plant.cvs}}
    supply, supplied = observed(plant, snapshot, memory.supplied, here)
    inputs = controller_inputs(
        plant,
        shown,
        status,
        limits=narrowed(rules, snapshot, settings.active),
        money=money_coefficients(plant, settings.prices),
        blocked_up=memory.blocked_up,
        blocked_down=memory.blocked_down,
        last_setpoints=setpoints,
        mv_status=status.mvs if memory.mode.actual is Mode.CLOSED_LOOP else advised(status.mvs, settings.by_hand),
        optimise=memory.mode.actual >= Mode.ADVISORY,
        supply=supply,
    )
    memory = replace(
        memory,
        cycle=snapshot.cycle,
        validity=validity,
        derived=derived,
        filtered=filtered,
        service=service_memory,
        settings=settings,
        setpoints=setpoints,
        supplied=supplied,
    )
    return View(snapshot, status, inputs), memory


def permit(
    rules: Rules, fresh: Snapshot, view: View, plan: Plan, outside: Outside, memory: Memory
) -> tuple[Decision, Memory]:
    """Return what may be done now, judged on the fresh snapshot: requests, interlocks, handshake, mode, gate."""
    plant, now_s = rules.plant, outside.at.mono_s
    snapshot, validity = validate(fresh, plant.validity, memory.validity)
    snapshot, derived = derive(plant.derived, snapshot, memory.derived)
    outcome, locks = interlocks.evaluate(snapshot, plant.interlocks, memory.locks)
    late = watch({"cycle": _since_judged_s(memory, now_s)}, rules.watchdogs)
    lab, answers = judged(plan, view.inputs, memory.supplied.lab)
    memory = replace(
        memory, validity=validity, derived=derived, locks=locks, supplied=replace(memory.supplied, lab=lab)
    )
    memory, answered = taken(rules, outside, memory)
    memory = _reconnected(rules, outside.links, memory)
    link, shake = handshake.observe(snapshot, plant.handshake, memory.shake)
    memory = replace(memory, shake=shake)
    asked, ids = mode_requests(rules, outside.requests, now_s)
    if any(request.ask == "closed_loop" for request in asked):
        memory = replace(memory, proof_failures=prooftest.run(rules.gate, rules.trials))
    if any(confirms(request, rules) for request in asked):
        memory = replace(memory, confirmed_at_s=now_s)
    facts = Facts(
        conditions={
            **outcome.conditions,
            **link.conditions,
            "watchdog": late.action != "shed",
            **_conditions(rules, view, outside, memory, now_s),
        },
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
        guard_why="",  # the trip that came of it stays
        blocked_up=outcome.blocked_up | memory.heed.closed_up(snapshot.cycle),
        blocked_down=outcome.blocked_down | memory.heed.closed_down(snapshot.cycle),
        links=outside.links,
    )
    answers += answered + tuple(
        Answer(id=ids[id(answer.request)], accepted=not answer.reasons, why=", ".join(answer.reasons))
        for answer in decision.answers
    )
    situation = Situation(decision.state, outcome, link, late)
    verdict, first, proposed, memory = _judged(
        rules, plan, snapshot, situation, memory, now_s, arming=was is not Mode.CLOSED_LOOP
    )
    approval = verdict.approval if verdict is not None else None
    reason = _reason(proposed, plan, outcome)
    intent = intent_of(approval, snapshot, reason, outside.at) if approval is not None else None
    by_hand = memory.settings.by_hand
    found = Decision(snapshot, now_s, decision, outcome, link, late, verdict, first, proposed, intent, answers, by_hand)
    return found, memory


def sent(
    rules: Rules, decision: Decision, receipts: Sequence[WriteReceipt], memory: Memory, now_s: float
) -> tuple[BeatFrame | None, Memory]:
    """Take in the receipts of an approved move set and return the heartbeat of this cycle.

    In closed loop the gate is proven here, a part in each cycle: what that finds counts from the next one on.
    """
    approval = decision.verdict.approval if decision.verdict is not None else None
    if approval is not None:
        memory = replace(
            memory,
            gate=settle(memory.gate, receipts, now_s),
            heed=heeded(memory.heed, receipts, decision.snapshot.cycle),
            shake=handshake.settle(memory.shake, approval, receipts, now_s),
            guard_why=next((receipt.why for receipt in receipts if receipt.why.startswith(GUARD)), ""),
        )
    if decision.mode.state.actual is Mode.CLOSED_LOOP:
        failures = prooftest.in_service(rules.gate, rules.trials, decision.snapshot.cycle)
        memory = replace(memory, proof_failures=failures or memory.proof_failures)
    frame, shake = handshake.beat(decision.mode.beat, rules.plant.handshake, memory.shake, now_s)
    return frame, replace(memory, shake=shake)


def adopted(answer: tuple[Plan, ControllerMemory | None], memory: Memory) -> tuple[Plan, Memory]:
    """Return the thinker's plan, and the memory with the controller's own in it."""
    plan, controller = answer
    return plan, replace(memory, controller=controller)


def beaten(memory: Memory, acknowledged: bool) -> Memory:  # noqa: FBT001 - a fact, not a switch
    """Return the memory after the heartbeat was sent; one that was not acknowledged is left to the echo check."""
    return replace(memory, beats_missed=0 if acknowledged else memory.beats_missed + 1)


def _conditions(rules: Rules, view: View, outside: Outside, memory: Memory, now_s: float) -> dict[str, bool]:
    """Return the conditions of the mode table that are not the interlocks' or the handshake's."""
    plant = rules.plant
    working = sum(status in AT_WORK for status in view.service.mvs.values())
    critical = [name for name, mv in plant.mvs.items() if _sheds_all(mv, view.service.mvs[name])]
    unattended_s = 0.0 if memory.confirmed_at_s is None else now_s - memory.confirmed_at_s
    return {
        "gate": not memory.gate_sheds,
        "guard": not memory.guard_why,
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


def _since_judged_s(memory: Memory, now_s: float) -> float:
    """Return how long ago the last judgement was; 0 before the first of this process, in which nothing is armed."""
    return now_s - memory.gate.judged_at_s if memory.gate.judged_at_s > -math.inf else 0.0


def _reason(proposed: Proposed, plan: Plan, outcome: InterlockOutcome) -> str:
    if proposed == "ramp":
        return f"to safe values: interlock {outcome.acting[0]}"
    return "; ".join(f"{mv}: {', '.join(codes)}" for mv, codes in plan.reasons.items())


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
) -> tuple[Verdict | None, tuple[Refusal, ...], Proposed, Memory]:
    """Send the plan, or the way to safe values, through the gate; after a refusal standing still."""
    if situation.mode.actual is not Mode.CLOSED_LOOP:
        # Nothing may be written; the gate only forgets the setpoints of loops that operators have taken meanwhile.
        _, gate = judge(Candidate(CONTROLLER, snapshot.cycle, ()), snapshot, situation, rules.gate, memory.gate, now_s)
        return None, (), "stand_still", replace(memory, gate=gate, gate_sheds="", heed=Heed(), saved={})
    by_hand = memory.settings.by_hand
    memory = replace(memory, gate=let_go(memory.gate, by_hand))
    still = without(
        stand_still(CONTROLLER, snapshot, rules.gate, situation.link.unresolved, situation.interlocks), by_hand
    )
    ramps = situation.interlocks.action == "ramp"
    if arming or situation.watch.action != "none" or not (ramps or _fit(plan, snapshot)):
        verdict, gate = judge(still, snapshot, situation, rules.gate, memory.gate, now_s)
        return verdict, (), "stand_still", replace(memory, gate=gate, gate_sheds=_sheds(verdict))
    limits = {} if ramps else narrowed(rules, snapshot, memory.settings.active)  # safe values count above operators'
    if ramps:
        wishes, saved = to_safe_values(rules, snapshot, situation.interlocks), memory.saved
    else:
        wishes, saved = saved_up(rules.plant, plan.moves, snapshot, limits, memory.saved)
    memory = replace(memory, saved=saved)
    candidate = candidate_of(rules, wishes, snapshot, memory.gate, still, now_s, limits=limits)
    verdict, gate = judge(candidate, snapshot, situation, rules.gate, memory.gate, now_s)
    if not verdict.refusals:
        return verdict, (), "ramp" if ramps else "plan", replace(memory, gate=gate, gate_sheds="")
    first, sheds = verdict.refusals, _sheds(verdict)
    verdict, gate = judge(still, snapshot, situation, rules.gate, gate, now_s)
    return verdict, first, "stand_still", replace(memory, gate=gate, gate_sheds=sheds)


def _fit(plan: Plan, snapshot: Snapshot) -> bool:
    """Whether the plan may become a candidate: a good one, and of this very cycle."""
    return plan.status is PlanStatus.OK and plan.cycle == snapshot.cycle


def _sheds(verdict: Verdict) -> str:
    if verdict.action not in ("shed", "off"):
        return ""
    return ", ".join(f"{refusal.code} {refusal.subject}" for refusal in verdict.refusals) or verdict.action
