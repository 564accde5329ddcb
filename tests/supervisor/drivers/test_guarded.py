"""The drivers behind the guard: nothing that it objects to reaches them, and it remembers what did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety import approval as sealed
from safety.approval import Approval, ApprovedMove
from safety.signals import BeatFrame, Instant, Mode, Snapshot, WriteOutcome, WriteReceipt
from supervisor.drivers.guard_ledger import Ledger, Write
from supervisor.drivers.guard_numbers import move_set_sum, said
from supervisor.drivers.guarded import GuardedField
from tests.supervisor.drivers.guard_bench import NOW_S, evidence, mv, rules, seen, sending, snapshot

RULES = rules()


def approval_of(moves: dict[str, float] | None = None, **changes) -> Approval:
    """As the gate would give it; the seal is borrowed, since what the gate thinks is not tested here."""
    made = sending(moves, **changes)
    approved = tuple(ApprovedMove(name, said(payload, mv(name).encoding), payload) for name, payload in made.moves)
    fields = {name: getattr(made, name) for name in made.__slots__ if name != "moves"}
    return Approval(**fields, moves=approved, seal=sealed._SEAL)


def later(moves: dict[str, float], sequence: int, now_s: float) -> Approval:
    """The next set of the same cycle."""
    made = sending(moves)
    total = move_set_sum(
        made.epoch, sequence, made.mask, [said(payload, mv(name).encoding) for name, payload in made.moves]
    )
    return approval_of(moves, sequence=sequence, deadline_s=now_s + 1.0, crc=total)


class Drivers:
    """Whatever is asked of them is written down; the receipts are given."""

    def __init__(self) -> None:
        self.outcome = WriteOutcome.CONFIRMED
        self.trouble: Exception | None = None
        self.written: list[Approval] = []
        self.beats: list[BeatFrame] = []

    async def read(self, cycle: int, at: Instant) -> Snapshot:
        return Snapshot(cycle, at, {})

    async def write(self, approval: Approval) -> tuple[WriteReceipt, ...]:
        self.written.append(approval)
        if self.trouble is not None:
            raise self.trouble
        return tuple(WriteReceipt(move.mv, self.outcome, move.value, move.value) for move in approval.moves)

    async def beat(self, frame: BeatFrame) -> bool:
        self.beats.append(frame)
        return True


@pytest.fixture
def drivers():
    return Drivers()


@pytest.fixture
def now():
    return [NOW_S]


@pytest.fixture
def field(drivers, now):
    return GuardedField(drivers, RULES, lambda: now[0])


async def test_what_is_in_order_goes_on_as_it_is(field, drivers):
    """A ledger that knows nothing lets only stand still, as after a start."""
    approval = approval_of({"t": 180.0})
    receipts = await field.write(approval, evidence())
    assert [receipt.outcome for receipt in receipts] == [WriteOutcome.CONFIRMED]
    assert drivers.written == [approval]
    assert field.ledger.entry("t").writes == (Write(NOW_S, 180.0, 180.0),)
    assert (field.ledger.entry("t").expected, field.ledger.entry("t").paid_until_s) == (180.0, NOW_S)


async def test_what_it_objects_to_reaches_no_driver(field, drivers):
    receipts = await field.write(approval_of({"t": 181.0, "f": 50.0}), evidence(permit=False))
    assert drivers.written == []
    assert [(each.mv, each.outcome, each.value, each.actual) for each in receipts] == [
        ("f", WriteOutcome.NOT_SENT, 50.0, None), ("t", WriteOutcome.NOT_SENT, 181.0, None),
    ]  # fmt: skip
    assert {receipt.why for receipt in receipts} == {"guard: handshake, first_move t"}
    assert field.ledger.used == frozenset()


async def test_an_objection_closes_the_accounts(field, drivers, now):
    await field.write(approval_of({"t": 180.0}), evidence())
    assert field.ledger.entry("t").paid_until_s is not None
    now[0] += 0.1
    receipts = await field.write(approval_of({"t": 180.0}), evidence(judged_at_s=now[0]))
    assert receipts[0].why == "guard: used"
    assert field.ledger.entry("t").paid_until_s is None
    assert len(drivers.written) == 1


@pytest.mark.parametrize("late_s", [3.6, 4.001, 3600.0], ids=["the snapshot is old", "past the deadline", "an hour"])
async def test_i06_a_set_that_has_only_become_late_is_not_sent_and_nobody_is_wrong(field, drivers, now, late_s):
    """A process that was stopped between gate and guard: no trip, for the two do not differ."""
    await field.write(approval_of({"t": 180.0}), evidence())
    before, judged_at_s = field.ledger, NOW_S + 1.0
    now[0] = judged_at_s + late_s
    shown = evidence(sequence=42, judged_at_s=judged_at_s, snapshot=snapshot(at_s=judged_at_s - 8.5))
    (receipt,) = await field.write(later({"t": 180.0}, 42, judged_at_s + 4.0), shown)
    assert (receipt.outcome, receipt.why) == (WriteOutcome.NOT_SENT, "deadline")
    assert len(drivers.written) == 1
    assert field.ledger == before  # as if it had not been there; the accounts stay as the gate has them


@pytest.mark.parametrize("judged_at_s", [NOW_S + 3600.1, float("nan")])
async def test_a_judgement_that_is_not_in_the_past_is_not_only_late(field, drivers, now, judged_at_s):
    now[0] = NOW_S + 3600.0
    (receipt,) = await field.write(approval_of({"t": 180.0}), evidence(judged_at_s=judged_at_s))
    assert receipt.why.startswith("guard: clock")
    assert drivers.written == []


async def test_a_late_set_with_something_else_wrong_is_objected_to(field, drivers, now):
    now[0] += 3600.0
    (receipt,) = await field.write(approval_of({"t": 181.0}), evidence())
    assert receipt.why == "guard: clock, first_move t, deadline"
    assert drivers.written == []


async def test_i08_it_counts_by_itself_whatever_the_gate_believes(field, drivers, now):
    """The gate's memory could be wrong, lost or put back: the guard has its own."""
    slow = GuardedField(drivers, rules(t={"rate_up_per_min": 4.0}), lambda: now[0])
    await slow.write(approval_of({"t": 180.0}), evidence())
    now[0] += 5.0
    receipts = await slow.write(later({"t": 181.0}, 42, now[0]), evidence(sequence=42, judged_at_s=now[0]))
    assert receipts[0].why == "guard: rate t"
    assert len(drivers.written) == 1


async def test_i11_a_write_without_an_answer_counts_in_the_worst_direction(field, drivers, now):
    await field.write(approval_of({"t": 180.0}), evidence())
    drivers.outcome = WriteOutcome.UNKNOWN
    now[0] += 1.0
    await field.write(later({"t": 182.0}, 42, now[0]), evidence(sequence=42, judged_at_s=now[0]))
    last = field.ledger.entry("t").writes[-1]
    assert (last.lo, last.hi, field.ledger.entry("t").expected) == (180.0, 182.0, None)


async def test_a_driver_that_fails_leaves_the_set_waiting_and_nothing_follows(field, drivers, now):
    """A bug ends the process; should anything go on all the same, it does not write."""
    drivers.trouble = RuntimeError("a bug")
    with pytest.raises(RuntimeError):
        await field.write(approval_of({"t": 180.0}), evidence())
    drivers.trouble = None
    now[0] += 1.0
    receipts = await field.write(later({"t": 180.0}, 42, now[0]), evidence(sequence=42, judged_at_s=now[0]))
    assert receipts[0].why == "guard: unsettled t"
    assert len(drivers.written) == 1


async def test_i24_a_loop_that_was_taken_in_a_cycle_without_a_set_is_forgotten(field):
    await field.write(approval_of({"t": 180.0}), evidence())
    field.witness(seen(t_available=0.0))
    assert "t" not in field.ledger.entries


async def test_i15_a_refusal_of_the_gate_closes_the_accounts(field):
    await field.write(approval_of({"t": 180.0}), evidence())
    field.witness(evidence(refused=True))
    assert field.ledger.entry("t").paid_until_s is None
    assert field.ledger.entry("t").expected == 180.0


async def test_reading_goes_through(field):
    at = Instant(NOW_S, 1.8e9)
    assert await field.read(5, at) == Snapshot(5, at, {})
    assert field.ledger == Ledger()


FRAME = BeatFrame(heartbeat=1 << 16 | 5, epoch=3, mode_request=Mode.CLOSED_LOOP)


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_heartbeat_goes_through(field, drivers, mode):
    assert await field.beat(replace(FRAME, mode_request=mode))
    assert len(drivers.beats) == 1


@pytest.mark.parametrize("change", [
    {"mode_request": 4}, {"mode_request": -2}, {"mode_request": 2.5}, {"epoch": -1}, {"epoch": 2**32},
    {"heartbeat": -1}, {"heartbeat": 2**32},
])  # fmt: skip
async def test_a_heartbeat_that_makes_no_sense_does_not(field, drivers, change):
    assert not await field.beat(replace(FRAME, **change))
    assert drivers.beats == []
