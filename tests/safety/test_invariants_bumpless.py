"""I-15, I-27: no change of mode moves a setpoint by more than what the numbers on the wire cannot tell apart."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from safety.encoding import Encoding, EncodingError, resolution
from safety.envelope import Track, Written
from safety.gate import GateMemory
from safety.handshake import HandshakeMemory, beat
from safety.signals import BeatFrame, Candidate, Mode, Move
from tests.safety.bench import NOW, verdict
from tests.safety.life import FREE
from tests.safety.machine import Machine
from tests.safety.wire import RULE
from tests.safety.words import HI, LO, clear, gate_rules, link, mv_rule, values

KINDS = [Encoding("float32"), Encoding("int16", scale=0.1), Encoding("uint16", scale=0.25, offset=100.0),
         Encoding("float64"), Encoding("int32", scale=0.001)]  # fmt: skip
NEAR = st.floats(-1.0, 1.0) | st.sampled_from([0.0, 1e-9, -1e-9, 0.04, 0.13])
PAST = st.lists(st.tuples(st.floats(0.0, 900.0), st.floats(LO, HI)), max_size=3).map(sorted)


@given(st.sampled_from(KINDS), st.floats(LO, HI), NEAR, PAST)
def test_i15_i27_the_first_set_after_arming_stands_still(encoding, actual, change, past):
    """Whatever the gate remembers of earlier, and whatever is proposed: approved is only where it stands."""
    rules = gate_rules(mvs={"sp": mv_rule(encoding=encoding, envelope=FREE)})
    track = Track(tuple(Written(at, value, value) for at, value in past), paid_until_s=None)
    proposal = Candidate("dryer", 1, (Move("sp", actual + change),))
    found, _ = verdict(proposal, rules=rules, tags=values(sp__actual=actual), memory=GateMemory({"sp": track}))
    if found.approval is not None:
        (move,) = found.approval.moves
        assert abs(move.value - actual) < resolution(actual, encoding) * 1.001
        assert abs(move.value - actual) <= max(abs(change) + resolution(actual, encoding), 1e-9)


@given(st.sampled_from(list(Mode)[:-1]), st.floats(LO, HI), NEAR, st.sampled_from(["none", "hold", "shed", "off"]))
def test_i27_outside_closed_loop_nothing_is_written_at_all(mode, actual, change, action):
    found, memory = verdict(
        Candidate("dryer", 1, (Move("sp", actual + change),)),
        tags=values(sp__actual=actual), mode=mode, locks=clear(action=action, acting=("x",)), shake=link(),
    )  # fmt: skip
    assert found.approval is None
    assert all(track.paid_until_s is None for track in memory.tracks.values())


@given(st.sampled_from(list(Mode)), st.sampled_from(list(Mode)))
def test_i27_what_is_told_at_a_change_of_mode_carries_no_setpoint(one, other):
    memory = HandshakeMemory(7)
    for mode in (one, other):
        frame, memory = beat(mode, RULE, memory, NOW)
        assert frame is None or set(BeatFrame.__slots__) == {"heartbeat", "epoch", "mode_request"}


@given(
    st.integers(LO, HI - 2),
    st.lists(st.sampled_from(["arm", "off", "advisory", "restart", "local", "run", "hot", "trip"]), max_size=8),
)
def test_i27_through_any_modes_setpoints_move_only_inside_closed_loop(start, acts):
    machine = Machine()
    machine.begin(start)
    for act in acts:
        if act == "run":
            machine.all_goes_its_way("ramp", 2)
            continue
        stood, logged = dict(machine.plc.sp), len(machine.plc.log)
        do(machine, act)
        moved = {mv: abs(value - stood[mv]) for _, _, mv, value in machine.plc.log[logged:]}
        assert all(size <= (0.25 if mv == "fan" else 1e-4) for mv, size in moved.items()), (act, moved)
        machine.held.plc_log()
    assert all(math.isfinite(value) for value in machine.plc.sp.values())


def do(machine, act):
    if act == "arm":
        machine.person_arms_properly()
        return
    if act == "restart":
        machine.process_restarts(Mode.CLOSED_LOOP)
    elif act == "local":
        machine.plc.local(remote=False)
    elif act in ("hot", "trip"):
        machine.world["hot" if act == "hot" else "fire"] = 1.0
    else:
        machine.person(act)
    machine.cycle("still")


def test_a_value_that_cannot_be_encoded_is_no_place_to_stand():
    rules = gate_rules(mvs={"sp": mv_rule(encoding=Encoding("int16", scale=0.001))})
    found, _ = verdict(Candidate("dryer", 1, (Move("sp", 180.0),)), rules=rules)
    assert {refusal.code for refusal in found.refusals} == {"encoding"}
    try:
        resolution(180.0, Encoding("int16", scale=0.001))
    except EncodingError:
        return
    raise LookupError("180.0 has no bytes here, so it can have no resolution")
