"""The PLC's handshake: every REJECT code, fencing by epoch, its own timer, restart, and no move from garbage. Each test
runs on the emulator and on the block's text, compiled.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hil.cascade import LoopRule
from hil.plants.pid import Mode
from hil.plc import EPOCH_STEP_MAX, Block, PlcRule
from hil.registers import Reject, Written, set_crc
from tests.hil.plc_rig import HEAT, INSTANCE, SHED_S, START, Rig, armed_rig, f32


@pytest.fixture
def armed(block: Block) -> Rig:
    return armed_rig(block)


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


@pytest.mark.parametrize("value", [0.0, 1e-45, 1e-40, 1.1754942e-38, 1.17549435e-38, 0.1, 1.9999999, 2.0, 33.3, 64.0])
def test_the_checksum_is_over_the_bits_of_any_number(armed: Rig, value: float) -> None:
    armed.scan(60.0)
    armed.beat()
    assert armed.move(0b1000, 0.0, 0.0, 0.0, value) is Reject.NONE
    assert armed.setpoints[3] == f32(value)


@pytest.mark.parametrize("value", [-1e-45, -5.5, 3.4028235e38, -3.4028235e38])
def test_the_checksum_is_right_where_the_number_is_refused(armed: Rig, value: float) -> None:
    assert armed.move(0b1, value, 0.0, 0.0, 0.0) is Reject.LIMITS


def test_minus_zero_counts_as_zero(armed: Rig) -> None:
    assert armed.move(0b1000, 0.0, 0.0, 0.0, -0.0) is Reject.CRC
    armed.beat()
    crc = set_crc(1, 2, 0b1000, (0.0, 0.0, 0.0, 0.0))
    assert armed.move(0b1000, 0.0, 0.0, 0.0, -0.0, crc=crc) is Reject.NONE


def test_an_empty_set_is_judged_like_any_other(armed: Rig) -> None:
    assert armed.move(0, 0.0, 0.0, 0.0, 0.0) is Reject.NONE
    armed.remote = False
    assert armed.move(0, 0.0, 0.0, 0.0, 0.0) is Reject.REMOTE
    assert armed.setpoints[0] == START[0]


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


def test_a_restart_is_counted_sheds_and_needs_a_higher_epoch(armed: Rig) -> None:
    armed.move(0b10, 0.0, 2900.0, 0.0, 0.0)
    before = armed.written
    armed.restart()
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


BEATS = ((40, 1), (41, 1), (40, 0), (41, 0), (0x7000, 1), (0xFFFF, 0), (0xEFFF, 1), (0x6FFF, 0))
"""Low words of the heartbeat, one after another, and whether each counts."""


def test_a_heartbeat_may_skip_and_wrap_but_not_go_back(armed: Rig) -> None:
    for counter, counts in BEATS:
        armed.write(hb=INSTANCE | counter)
        armed.scan()
        assert (armed.state.hb_at_s == armed.now_s) == counts, hex(counter)


def test_the_next_instance_does_not_count_though_the_words_follow_one_another(armed: Rig) -> None:
    for counter in (0x7000, 0xE000, 0xFFFF):
        armed.write(hb=INSTANCE | counter)
        armed.scan()
    at_s = armed.state.hb_at_s
    assert at_s == armed.now_s
    armed.write(hb=INSTANCE + 0x10000)
    armed.scan()
    assert armed.state.hb_at_s == at_s


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
