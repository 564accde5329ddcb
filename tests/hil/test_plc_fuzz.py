"""I-50: whatever a supervisor that is alive, dead or mad writes, the block sheds in time and moves nothing it must not.

Random registers, well-formed and not, against an account of its own: the last heartbeat that counted, the highest
epoch, and what each loop was moved. On the emulator and on the block's text, compiled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from hil.compiled.block import CompiledBlock
from hil.compiled.native import Library
from hil.plants.pid import Mode
from hil.plc import CLOSED_LOOP, EPOCH_STEP_MAX, EmulatedBlock, Evaluation
from hil.registers import Reject, Written, set_crc
from tests.hil.plc_rig import INSTANCE, RULE, SHED_S, Rig, f32

COUNT = len(RULE.loops)
ANY_WORD = st.one_of(st.integers(0, 3), st.integers(0, 2**32 - 1))
ANY_FLOAT = st.floats(width=32, allow_nan=True, allow_infinity=True)
QUARTERS = st.integers(0, 120).map(lambda quarters: quarters / 4.0)  # exact: a shed is judged to the microsecond
SOON = st.integers(0, 20).map(lambda quarters: quarters / 4.0)


@dataclass
class Act:
    """One thing a supervisor does before a scan that comes ``after_s``."""

    kind: str
    after_s: float
    numbers: tuple[int, ...] = ()
    steps: tuple[float, ...] = ()


STEP = st.floats(-0.4, 0.4)
WILD = st.one_of(STEP, st.floats(-1.5, 1.5), st.sampled_from([40.0, math.nan, math.inf]))
GOOD_SET = st.builds(
    Act, st.just("set"), SOON, st.tuples(st.integers(1, 15), st.just(1), st.just(0)), st.tuples(*[STEP] * COUNT)
)
ACTS = st.one_of(
    st.builds(Act, st.just("beat"), SOON),
    GOOD_SET,
    GOOD_SET,
    st.builds(Act, st.sampled_from(["beat", "arm", "arm", "remote", "silence", "off", "local"]), QUARTERS),
    st.builds(Act, st.just("garbage"), QUARTERS, st.tuples(*[ANY_WORD] * 7), st.tuples(*[ANY_FLOAT] * COUNT)),
    st.builds(
        Act, st.just("set"), QUARTERS, st.tuples(st.integers(0, 31), st.integers(-1, 2), st.integers(-2, 1)),
        st.tuples(*[WILD] * COUNT),
    ),
)  # fmt: skip
RESTLESS = [Act("arm", 1.0), *[Act("set", 0.25, (0b1, 1, 0), (0.99,) * COUNT), Act("off", 0.25), Act("beat", 0.25)] * 8]
"""Lets go and asks again after each move: the room that the rate leaves must not begin anew."""


@dataclass
class Account:
    """What may be, worked out from the registers alone."""

    rig: Rig
    epoch: int = 0
    hb: int = 0
    beat_s: float | None = None
    before: Written = field(default_factory=lambda: Written(sp=(0.0,) * COUNT))
    moved: list[list[tuple[float, float]]] = field(default_factory=lambda: [[] for _ in range(COUNT)])
    hb_epoch: int = 0

    def note(self, held: list[float], modes: list[Mode], judged: Evaluation | None) -> None:
        """Judge one scan; ``held`` and ``modes`` are the loops before it."""
        rig, now = self.rig, self.rig.written
        if self.epoch < now.epoch <= self.epoch + EPOCH_STEP_MAX:
            self.epoch = now.epoch
        forward = now.hb >> 16 == self.hb >> 16 and 0 < (now.hb - self.hb) % 65_536 < 32_768
        if now.hb != self.before.hb and now.epoch == self.epoch and (self.hb_epoch != self.epoch or forward):
            self.beat_s, self.hb, self.hb_epoch = rig.now_s, now.hb, self.epoch
        self.before = now
        assert rig.answers.epoch_ack == self.epoch  # never a lower one
        alive = self.beat_s is not None and rig.now_s - self.beat_s < SHED_S
        if not (alive and rig.remote and now.mode_req == CLOSED_LOOP):
            assert Mode.CAS not in rig.modes
        accepted = judged is not None and judged.reject is Reject.NONE
        if accepted:
            assert alive
            assert now.epoch == self.epoch
            assert now.crc == set_crc(now.epoch, now.seq, now.mask, now.sp)
        for index, rule in enumerate(RULE.loops):
            if modes[index] is not Mode.CAS or rig.modes[index] is not Mode.CAS:
                continue
            change = rig.setpoints[index] - held[index]
            if not (accepted and now.mask >> index & 1):
                assert change == 0.0
                continue
            assert rule.lo - rule.tolerance <= rig.setpoints[index] <= rule.hi + rule.tolerance
            self.moved[index].append((rig.now_s, change))
            self.assert_within_rate(index)

    def assert_within_rate(self, index: int) -> None:
        """From whichever move on: no further than a minute's rate and the rate since then."""
        rule, moves = RULE.loops[index], self.moved[index]
        for first, (since_s, _) in enumerate(moves):
            minutes = (rule.burst_s + self.rig.now_s - since_s) / 60.0
            slack = rule.tolerance * (len(moves) - first)
            changes = [change for _, change in moves[first:]]
            assert sum(max(change, 0.0) for change in changes) <= rule.up_per_min * minutes + slack
            assert sum(max(-change, 0.0) for change in changes) <= rule.down_per_min * minutes + slack


def do(rig: Rig, act: Act) -> None:
    match act.kind:
        case "beat":
            rig.beat(rig.answers.epoch_ack)
        case "arm":
            rig.beat(rig.answers.epoch_ack + 1)
        case "off":
            rig.beat(rig.answers.epoch_ack, mode_req=0)
        case "local" | "remote":
            rig.remote = act.kind == "remote"
        case "garbage":
            hb, epoch, mode_req, seq, mask, crc, commit = act.numbers
            rig.written = Written(hb, epoch, mode_req & 0xFFFF, seq, mask, crc & 0xFFFF, commit, act.steps)
        case "set":
            mask, ahead, older = act.numbers
            room = [(rule.up_per_min, rule.down_per_min) for rule in RULE.loops]
            sp = tuple(
                f32(at + step * (up if step > 0.0 else down))
                for at, step, (up, down) in zip(rig.setpoints, act.steps, room, strict=True)
            )
            epoch, seq = max(rig.answers.epoch_ack + older, 0), (rig.answers.seq_ack + ahead) % 2**32
            crc = set_crc(epoch, seq, mask, sp)
            rig.write(epoch=epoch, seq=seq, mask=mask, crc=crc, sp=sp, commit=seq)


@pytest.mark.parametrize("which", ["emulated", "compiled"])
@settings(max_examples=300)
@given(acts=st.lists(ACTS, min_size=10, max_size=60))
@example(acts=RESTLESS)
@example(acts=[Act("arm", 1.0), Act("set", 1.0, (0b1111, 1, 0), (0.5,) * COUNT), *[Act("silence", 30.0)] * 4])
def test_i50_no_registers_keep_a_loop_or_move_it_wrongly(which: str, library: Library, acts: list[Act]) -> None:
    rig = Rig(CompiledBlock(RULE, library) if which == "compiled" else EmulatedBlock(RULE))
    rig.beats = 1
    account = Account(rig)
    for act in [Act("arm", 1.0), *acts]:
        do(rig, act)
        held, modes = list(rig.setpoints), list(rig.modes)
        judged = rig.scan(act.after_s)
        account.note(held, modes, judged)
        if judged is not None:
            event(f"reject {judged.reject.name}")


def test_i50_the_account_itself_sees_a_block_that_does_not_shed() -> None:
    class Deaf(EmulatedBlock):
        def scan(self, written, views, now_s, *, remote):  # type: ignore[no-untyped-def]
            return super().scan(replace(written, hb=INSTANCE | int(now_s) & 0xFFFF), views, now_s, remote=remote)

    rig = Rig(Deaf(RULE))
    account = Account(rig)
    do(rig, Act("arm", 1.0))
    with pytest.raises(AssertionError):
        for _ in range(200):
            held, modes = list(rig.setpoints), list(rig.modes)
            account.note(held, modes, rig.scan())
