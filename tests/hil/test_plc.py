"""The PLC's logic: every REJECT code, fencing by epoch, shedding by its own timer, bumpless, unmoved by garbage."""

from __future__ import annotations

import math
import struct
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hil.cascade import LoopRule, LoopView
from hil.plants.pid import Mode
from hil.plc import EPOCH_STEP_MAX, Evaluation, PlcRule, PlcState, first_state, restarted, scan
from hil.registers import Answered, Reject, Written, set_crc
from safety.signals import ShedAction

SHED_S = 90.0
HEAT = LoopRule(name="heat", lo=150.0, hi=205.0, up_per_min=4.0, down_per_min=8.0)
FEED = LoopRule(
    name="feed", lo=800.0, hi=4200.0, up_per_min=120.0, down_per_min=240.0, shed=ShedAction.LAST_OPERATOR,
    shed_per_min=600.0,
)  # fmt: skip
FAN = LoopRule(
    name="fan", lo=40.0, hi=100.0, up_per_min=4.0, down_per_min=8.0, shed=ShedAction.SAFE_VALUE, safe_value=60.0,
    shed_per_min=30.0,
)  # fmt: skip
VENT = LoopRule(name="vent", lo=0.0, hi=100.0, up_per_min=60.0, down_per_min=60.0, shed=ShedAction.TO_LOCAL)
RULE = PlcRule(loops=(HEAT, FEED, FAN, VENT), shed_s=SHED_S)
START = (180.0, 2850.0, 75.0, 30.0)
INSTANCE = 0x5E7 << 16


def f32(value: float) -> float:
    return float(struct.unpack(">f", struct.pack(">f", value))[0])


class Rig:
    """A PLC with four loops that do as they are told at once, and a supervisor's hand on the registers."""

    def __init__(self, rule: PlcRule = RULE) -> None:
        self.rule = rule
        self.now_s = 1000.0
        self.remote = True
        self.modes = [Mode.AUTO] * len(rule.loops)
        self.setpoints = list(START)
        self.measured = [178.0, 2800.0, 74.0, 29.0]
        self.loop_hi = [math.inf] * len(rule.loops)
        self.written = Written(sp=(0.0,) * len(rule.loops))
        self.state: PlcState = first_state(self.views(), self.now_s)
        self.answers = Answered()
        self.beats = 0
        self.scan()

    def views(self) -> list[LoopView]:
        return [LoopView(*each) for each in zip(self.modes, self.setpoints, self.measured, strict=True)]

    def write(self, **registers: object) -> None:
        self.written = replace(self.written, **registers)  # type: ignore[arg-type]

    def scan(self, after_s: float = 1.0) -> Evaluation | None:
        self.now_s += after_s
        result = scan(self.rule, self.state, self.written, self.views(), self.now_s, remote=self.remote)
        self.state, self.answers = result.state, result.answers
        for index, order in enumerate(result.orders):
            if order.mode is not None and self.modes[index] is not Mode.MAN:
                self.modes[index] = order.mode
            if order.cascade is not None and self.modes[index] is Mode.CAS:
                self.setpoints[index] = min(order.cascade, self.loop_hi[index])
            if order.operator is not None and self.modes[index] is Mode.AUTO:
                self.setpoints[index] = order.operator
        return result.evaluation

    def beat(self, epoch: int | None = None, mode_req: int = 3) -> None:
        self.beats += 1
        epoch = self.written.epoch if epoch is None else epoch
        self.write(hb=INSTANCE | self.beats & 0xFFFF, epoch=epoch, mode_req=mode_req)

    def arm(self) -> None:
        self.beat(self.answers.epoch_ack + 1)
        self.scan()

    def move(self, mask: int, *sp: float, **wrong: int) -> Reject:
        """Write a set and its COMMIT as the supervisor would, but for what ``wrong`` says; return the verdict."""
        values = tuple(f32(value) for value in sp)
        seq = wrong.get("seq", self.answers.seq_ack + 1)
        epoch = wrong.get("epoch", self.answers.epoch_ack)
        crc = wrong.get("crc", set_crc(epoch, seq, mask, values))
        self.write(epoch=epoch, seq=seq, mask=mask, crc=crc, sp=values)
        self.scan(0.0)
        self.write(commit=seq)
        evaluation = self.scan(0.0)
        if evaluation is None:
            pytest.fail("the PLC did not evaluate the set")
        return evaluation.reject


@pytest.fixture
def armed() -> Rig:
    rig = Rig()
    rig.arm()
    rig.scan()
    return rig


def test_a_good_set_moves_exactly_the_masked_loops(armed: Rig) -> None:
    assert armed.move(0b011, 181.0, 2900.0, 99.0, 99.0) is Reject.NONE
    assert armed.setpoints == [181.0, 2900.0, 75.0, 30.0]
    assert (armed.answers.seq_ack, armed.answers.reject, armed.answers.clamped) == (1, 0, 0)


@pytest.mark.parametrize(
    ("wrong", "reject"),
    [
        ({"crc": 0x1234}, Reject.CRC),
        ({"epoch": 0}, Reject.EPOCH),
        ({"epoch": EPOCH_STEP_MAX + 2}, Reject.EPOCH),
        ({"seq": 0}, Reject.SEQUENCE),
        ({"seq": 3}, Reject.SEQUENCE),
    ],
)
def test_each_refusal_keeps_the_old_set_and_says_why(armed: Rig, wrong: dict[str, int], reject: Reject) -> None:
    armed.move(0b1, 181.0, 0.0, 0.0, 0.0)
    wrong = {"seq": armed.answers.seq_ack + 1, **wrong}
    armed.write(commit=99)  # so that COMMIT changes whatever the sequence
    assert armed.move(0b1, 181.5, 0.0, 0.0, 0.0, **wrong) is reject
    assert armed.setpoints[0] == 181.0
    assert armed.answers.reject == reject
    assert armed.answers.seq_ack == wrong["seq"]


def test_a_set_without_a_fresh_heartbeat_is_refused(armed: Rig) -> None:
    armed.scan(SHED_S)
    assert armed.move(0b1, 181.0, 0.0, 0.0, 0.0) is Reject.HEARTBEAT


@pytest.mark.parametrize("how", ["local", "mode_req", "loop"])
def test_a_set_without_remote_is_refused(armed: Rig, how: str) -> None:
    if how == "local":
        armed.remote = False
    elif how == "mode_req":
        armed.beat(mode_req=2)
    else:
        armed.modes[0] = Mode.AUTO
    armed.scan()
    assert armed.move(0b1, 181.0, 0.0, 0.0, 0.0) is Reject.REMOTE
    assert armed.setpoints[0] == 180.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 205.1, 149.9, 184.1, 171.9])
def test_a_setpoint_outside_clamps_or_rate_refuses_the_whole_set(armed: Rig, value: float) -> None:
    assert armed.move(0b11, value, 2860.0, 0.0, 0.0) is Reject.LIMITS
    assert armed.setpoints == list(START)
    assert armed.answers.clamped == 0b1


@pytest.mark.parametrize("value", [184.0, 172.0])
def test_one_minute_of_the_rate_may_be_used_at_once(armed: Rig, value: float) -> None:
    assert armed.move(0b1, value, 0.0, 0.0, 0.0) is Reject.NONE


def test_the_rate_holds_over_any_number_of_sets(armed: Rig) -> None:
    highest, taken = 180.0, 0
    for step in range(120):
        if step % 15 == 0:
            armed.beat()
        if armed.move(0b1, highest + 1.0, 0.0, 0.0, 0.0) is Reject.NONE:
            highest, taken = highest + 1.0, taken + 1
        armed.scan()
    assert taken >= 8  # the limit is used, too
    assert highest <= 180.0 + 4.0 + 4.0 * 2.0 + 0.1  # a minute's burst and two minutes of the rate


def test_a_mask_bit_of_no_loop_is_refused(armed: Rig) -> None:
    assert armed.move(0b10001, 181.0, 0.0, 0.0, 0.0) is Reject.LIMITS
    assert armed.setpoints == list(START)


def test_commit_must_change_and_equal_the_sequence(armed: Rig) -> None:
    armed.move(0b1, 181.0, 0.0, 0.0, 0.0)
    armed.write(sp=(182.0, 0.0, 0.0, 0.0))
    assert armed.scan() is None  # the same COMMIT: evaluated once
    armed.write(commit=7)
    assert armed.scan() is None  # another SEQ stands there: half-written
    assert armed.setpoints[0] == 181.0


def test_a_duplicate_packet_changes_nothing(armed: Rig) -> None:
    armed.move(0b1, 181.0, 0.0, 0.0, 0.0)
    first = armed.written
    armed.beat()
    armed.move(0b1, 182.0, 0.0, 0.0, 0.0)
    armed.write(seq=first.seq, crc=first.crc, sp=first.sp, commit=first.commit)
    evaluation = armed.scan()
    assert evaluation is not None
    assert evaluation.reject is Reject.SEQUENCE
    assert armed.setpoints[0] == 182.0


def test_a_late_packet_after_a_new_epoch_is_refused_and_does_not_beat(armed: Rig) -> None:
    late = replace(
        armed.written, seq=1, mask=0b1, sp=(181.0, 0.0, 0.0, 0.0), commit=1,
        crc=set_crc(armed.written.epoch, 1, 0b1, (181.0, 0.0, 0.0, 0.0)),
    )  # fmt: skip
    armed.arm()
    beat_at_s = armed.state.hb_at_s
    armed.written = replace(late, hb=armed.written.hb + 1)
    evaluation = armed.scan()
    assert evaluation is not None
    assert evaluation.reject is Reject.EPOCH
    assert armed.setpoints[0] == 180.0
    assert armed.state.hb_at_s == beat_at_s
    assert armed.answers.epoch_ack == 2


def test_the_first_set_of_a_higher_epoch_may_have_any_sequence(armed: Rig) -> None:
    armed.move(0b1, 181.0, 0.0, 0.0, 0.0)
    armed.arm()
    assert armed.move(0b1, 181.5, 0.0, 0.0, 0.0, seq=400) is Reject.NONE
    assert armed.move(0b1, 182.0, 0.0, 0.0, 0.0, seq=402) is Reject.SEQUENCE


def test_sequence_goes_on_over_its_end(armed: Rig) -> None:
    armed.move(0b1, 181.0, 0.0, 0.0, 0.0, seq=2**32 - 1)
    assert armed.move(0b1, 181.5, 0.0, 0.0, 0.0, seq=0) is Reject.NONE


def test_one_garbage_epoch_does_not_lock_everyone_out(armed: Rig) -> None:
    armed.write(epoch=2**32 - 1)
    armed.scan()
    assert armed.answers.epoch_ack == 1
    armed.arm()
    assert armed.state.permitted


def test_heartbeat_stop_sheds_by_the_plcs_own_timer_and_not_before(armed: Rig) -> None:
    armed.move(0b1111, 182.0, 2900.0, 77.0, 35.0)
    beat_at_s = armed.state.hb_at_s
    assert beat_at_s is not None
    while armed.now_s + 1.0 - beat_at_s < SHED_S:
        armed.scan()
        assert set(armed.modes) == {Mode.CAS}
    armed.scan()
    assert armed.now_s - beat_at_s == SHED_S
    assert set(armed.modes) == {Mode.AUTO}
    assert armed.setpoints == [182.0, 2900.0, 77.0, 29.0]  # VENT takes the measured value
    for _ in range(60):
        armed.scan()
    assert armed.setpoints == [182.0, 2850.0, 60.0, 29.0]  # held, the operator's, the safe one


def test_a_shed_ramp_keeps_its_pace(armed: Rig) -> None:
    armed.remote = False
    armed.scan()
    for seconds in range(1, 11):
        armed.scan()
        assert armed.setpoints[2] == pytest.approx(75.0 - 0.5 * seconds)


@pytest.mark.parametrize("takes", ["setpoint", "mode"])
def test_the_operator_ends_a_shed_ramp(armed: Rig, takes: str) -> None:
    armed.remote = False
    armed.scan()
    armed.scan()
    if takes == "setpoint":
        armed.setpoints[2] = 71.0
    else:
        armed.modes[2], armed.setpoints[2] = Mode.MAN, 71.0
    for _ in range(20):
        armed.scan()
    assert armed.setpoints[2] == 71.0


def test_return_after_a_shed_needs_a_new_epoch(armed: Rig) -> None:
    armed.scan(SHED_S)
    for _ in range(3):
        armed.beat()
        armed.scan()
    assert set(armed.modes) == {Mode.AUTO}
    assert armed.move(0b1, 180.5, 0.0, 0.0, 0.0) is Reject.HEARTBEAT
    armed.arm()
    assert set(armed.modes) == {Mode.CAS}


def test_the_new_epoch_may_arrive_one_scan_before_the_heartbeat(armed: Rig) -> None:
    armed.scan(SHED_S)
    armed.write(epoch=2)
    armed.scan()
    armed.beat()
    armed.scan()
    assert set(armed.modes) == {Mode.CAS}


def test_taking_over_is_bumpless_whatever_stands_in_the_registers() -> None:
    rig = Rig()
    rig.write(sp=(200.0, 1000.0, 45.0, 99.0))
    rig.setpoints[0] = 176.5
    rig.arm()
    rig.scan()
    assert set(rig.modes) == {Mode.CAS}
    assert rig.setpoints == [176.5, 2850.0, 75.0, 30.0]


def test_local_takes_every_loop_back_at_once_and_remote_returns_it_without_a_bump(armed: Rig) -> None:
    armed.move(0b1, 182.0, 0.0, 0.0, 0.0)
    armed.remote = False
    armed.scan()
    assert set(armed.modes) == {Mode.AUTO}
    assert armed.answers.remote == 0
    armed.setpoints[0] = 170.0  # the operator's
    armed.beat()
    armed.scan()
    armed.remote = True
    armed.scan()
    armed.scan()
    assert armed.modes[0] is Mode.CAS
    assert armed.setpoints[0] == 170.0


def test_one_loop_taken_by_the_operator_stays_his_and_can_be_given_back(armed: Rig) -> None:
    armed.modes[1] = Mode.AUTO
    armed.setpoints[1] = 2500.0
    for _ in range(5):
        armed.beat()
        armed.scan()
    assert armed.modes == [Mode.CAS, Mode.AUTO, Mode.CAS, Mode.CAS]
    assert armed.setpoints[1] == 2500.0
    assert armed.move(0b01, 180.5, 0.0, 0.0, 0.0) is Reject.NONE
    armed.modes[1] = Mode.CAS
    armed.scan()
    assert armed.move(0b10, 0.0, 2510.0, 0.0, 0.0) is Reject.NONE


def test_a_loop_in_manual_is_left_alone() -> None:
    rig = Rig()
    rig.modes[0] = Mode.MAN
    rig.arm()
    rig.scan()
    assert rig.modes[0] is Mode.MAN
    rig.scan(SHED_S)
    assert rig.modes[0] is Mode.MAN


def test_a_loop_put_into_cascade_without_permission_is_taken_out() -> None:
    rig = Rig()
    rig.modes[2] = Mode.CAS
    rig.scan()
    assert rig.modes[2] is Mode.AUTO


def test_a_loops_own_limit_is_reported_and_followed(armed: Rig) -> None:
    armed.loop_hi[0] = 181.0
    assert armed.move(0b1, 183.0, 0.0, 0.0, 0.0) is Reject.NONE
    armed.scan()
    assert armed.answers.clamped == 0b1
    assert armed.state.loops[0].cascade == 181.0  # the next set is judged from what is in force
    armed.beat()
    armed.move(0b1, 180.5, 0.0, 0.0, 0.0)
    assert armed.answers.clamped == 0


def test_a_restart_is_counted_sheds_and_needs_a_higher_epoch(armed: Rig) -> None:
    armed.move(0b10, 0.0, 2900.0, 0.0, 0.0)
    before = armed.written
    armed.state, armed.written = restarted(armed.state, armed.now_s), Written(sp=(0.0,) * 4)
    armed.scan()
    assert (armed.answers.boot_count, armed.answers.seq_ack, armed.answers.epoch_ack) == (2, 0, 1)
    assert set(armed.modes) == {Mode.AUTO}
    armed.written = replace(before, hb=before.hb + 1)  # the supervisor has not noticed
    armed.scan()
    armed.beat()
    armed.scan()
    assert set(armed.modes) == {Mode.AUTO}
    for _ in range(10):
        armed.scan()
    assert armed.setpoints[1] == 2850.0  # the operator's setpoint outlived the restart
    armed.arm()
    assert set(armed.modes) == {Mode.CAS}


def test_a_foreign_heartbeat_of_the_same_epoch_does_not_keep_the_loops(armed: Rig) -> None:
    for count in range(200):
        armed.write(hb=0xBAD0000 | count)
        armed.scan()
    assert not armed.state.permitted


def test_a_heartbeat_may_skip_and_wrap_but_not_go_back(armed: Rig) -> None:
    for counter, counts in ((40, True), (41, True), (40, False), (0x7000, True), (0xFFFF, False), (0xEFFF, True)):
        armed.write(hb=INSTANCE | counter)
        armed.scan()
        assert (armed.state.hb_at_s == armed.now_s) is counts, hex(counter)


def test_answers_repeat_the_probe_and_the_raw_heartbeat(armed: Rig) -> None:
    armed.write(hb=0xDEAD0001)
    armed.scan()
    assert (armed.answers.probe, armed.answers.hb_echo) == (1234.5, 0xDEAD0001)


@pytest.mark.parametrize(("shed_s", "loops"), [(0.0, (HEAT,)), (math.nan, (HEAT,)), (90.0, ()), (90.0, (HEAT,) * 33)])
def test_a_rule_that_cannot_be_is_refused(shed_s: float, loops: tuple[LoopRule, ...]) -> None:
    with pytest.raises(ValueError, match="shed_s"):
        PlcRule(loops=loops, shed_s=shed_s)


WORD = st.one_of(st.integers(0, 3), st.integers(0, 2**32 - 1), st.just(INSTANCE | 2), st.just(INSTANCE | 40))
FLOAT = st.floats(width=32, allow_nan=True, allow_infinity=True)
GARBAGE = st.tuples(
    st.builds(
        Written, hb=WORD, epoch=WORD, mode_req=st.integers(0, 65_535), seq=WORD, mask=WORD,
        crc=st.integers(0, 65_535), commit=WORD, sp=st.tuples(FLOAT, FLOAT, FLOAT, FLOAT),
    ),
    st.floats(0.0, 40.0),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(GARBAGE, max_size=25))
@example([(Written(hb=1, epoch=2, mode_req=3, sp=(0.0,) * 4), 40.0, True)] * 5)
def test_garbage_never_moves_a_loop_and_never_keeps_it(writes: list[tuple[Written, float, bool]]) -> None:
    """I-50. The loops are the supervisor's, which then dies, and anything at all is written in its place."""
    rig = Rig()
    rig.arm()
    rig.scan()
    held = list(rig.setpoints)
    valid_at_s, valid, epoch = rig.now_s, rig.written.hb, 1
    for written, after_s, as_set in writes:
        rig.written = replace(written, commit=written.seq) if as_set else written
        if rig.written.crc == set_crc(written.epoch, written.seq, written.mask, written.sp):
            continue  # one in 65536: not garbage
        evaluation = rig.scan(after_s)
        assert evaluation is None or evaluation.reject is not Reject.NONE
        rising = epoch < written.epoch <= epoch + EPOCH_STEP_MAX
        forward = written.hb >> 16 == valid >> 16 and 0 < (written.hb - valid) % 65_536 < 32_768
        if (rising or written.epoch == epoch) and (rising or forward):
            valid_at_s, valid = rig.now_s, written.hb  # as good as a beat: nothing could tell the two apart
        epoch = written.epoch if rising else epoch
        if rig.now_s - valid_at_s >= SHED_S:
            assert Mode.CAS not in rig.modes
        assert rig.setpoints[0] == held[0]
        assert rig.setpoints[1] == held[1]
        assert 60.0 <= rig.setpoints[2] <= held[2]  # on its way to the safe value, if anywhere
        assert rig.setpoints[3] in (held[3], rig.measured[3])
