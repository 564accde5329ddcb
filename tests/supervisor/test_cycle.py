"""The order of effects in one cycle, seen by a plant, a thinker, a world and a record that only write down."""

from __future__ import annotations

import ast
import asyncio
import inspect
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.memory import Memory as ControllerMemory
from controllers.types import Plan, PlanStatus
from safety.handshake import HandshakeMemory
from safety.modes import started
from safety.signals import Instant, Mode, WriteOutcome
from supervisor import cycle as cycle_module
from supervisor.cycle import Shell, cycle
from supervisor.memory import Memory, Outside
from supervisor.stored import Stored, not_stored
from tests.supervisor.walk import CYCLE_S, START, UTC_S, Walk, demo_rules, plan_to, still_plan


class Clock:
    def __init__(self):
        self.now_s = 1_000.0

    def now(self):
        self.now_s += 0.01
        return Instant(self.now_s, UTC_S + self.now_s)

    async def sleep_until(self, mono_s):
        self.now_s = mono_s

    def real_s(self, seconds):
        return seconds


@dataclass
class Stage:
    """Everything that a cycle may touch; ``said`` is what it did, in order."""

    walk: Walk = field(default_factory=Walk)
    clock: Clock = field(default_factory=Clock)
    said: list[tuple[str, object]] = field(default_factory=list)
    plan: object = still_plan
    requests: tuple = ()
    intents_fail: str = ""
    settles_fail: str = ""
    memory: Memory = None

    def __post_init__(self):
        self.memory = Memory(shake=HandshakeMemory(7), mode=started(Mode.MONITOR))
        self.shell = Shell(demo_rules(), self.clock, self, self, self, self)

    # Field
    async def read(self, number, at):
        self.said.append(("read", number))
        self.walk.now_s = at.mono_s
        return replace(self.walk.snapshot(at.mono_s), cycle=number)

    def witness(self, evidence):
        self.evidence = evidence

    async def write(self, approval, evidence):
        assert evidence == self.evidence
        self.said.append(("write", approval))
        return self.walk.plc.write(approval)

    async def beat(self, frame):
        self.said.append(("beat", frame))
        return self.walk.plc.beat(frame)

    async def release(self):
        self.said.append(("release", None))

    # Thinking
    async def propose(self, inputs, memory):
        self.said.append(("propose", inputs.cycle))
        view = type("View", (), {"inputs": inputs})
        return self.plan(view), ControllerMemory(at_s=(float(inputs.cycle),))

    # World
    async def look(self, memory):
        self.said.append(("look", None))
        taken, self.requests = self.requests, ()
        return Outside(at=self.clock.now(), requests=taken, links={"dcs": "connected"}, prices={"grid": 0.2})

    async def answer(self, answers):
        self.said.append(("answer", tuple(answers)))

    # Record
    async def intend(self, intent):
        self.said.append(("intend", intent))
        return not_stored(self.intents_fail) if self.intents_fail else Stored(41)

    async def settle(self, record, view, memory):
        self.said.append(("settle", record))
        return not_stored(self.settles_fail) if self.settles_fail else Stored(42)

    async def turn(self, *requests):
        self.said.clear()
        self.requests = requests
        self.clock.now_s += CYCLE_S
        self.memory = await cycle(self.shell, self.memory)
        return [what for what, _ in self.said]

    def last(self, what):
        return [value for name, value in self.said if name == what][-1]

    async def closed(self):
        for _ in range(3):
            await self.turn()
        await self.turn(self.walk.request(mode=Mode.ADVISORY))
        await self.turn()
        await self.turn(self.walk.request(mode=Mode.CLOSED_LOOP, confirmed=True))
        for _ in range(3):
            await self.turn()
        assert self.last("settle").verdict == "approved"
        return self


async def test_a_cycle_that_writes_does_so_in_this_order():
    stage = await Stage().closed()
    assert await stage.turn() == [
        "read", "propose", "read", "look", "intend", "write", "beat", "answer", "settle",
    ]  # fmt: skip
    assert [value for what, value in stage.said if what == "read"] == [stage.memory.cycle] * 2
    intent, approval = stage.last("intend"), stage.last("write")
    assert {move.mv: move.payload.hex() for move in approval.moves} == intent.payloads
    assert stage.last("settle").intent_seq == 41


async def test_i17_a_cycle_that_only_looks_neither_intends_nor_writes_nor_beats():
    stage = Stage()
    assert await stage.turn() == ["read", "propose", "read", "look", "release", "answer", "settle"]


async def test_what_was_not_stored_is_not_written_and_the_heart_goes_on_beating_once():
    stage = await Stage().closed()
    before = dict(stage.walk.plc.setpoints)
    stage.intents_fail, stage.plan = "full", plan_to(T_in_sp=190.0)
    order = await stage.turn()
    assert "intend" in order
    assert "write" not in order
    assert order.index("beat") > order.index("intend")
    record = stage.last("settle")
    assert record.intent_seq is None
    assert {(receipt.outcome, receipt.why) for receipt in record.receipts} == {
        (WriteOutcome.NOT_SENT, "not on record: full")
    }
    order = await stage.turn()
    assert "intend" not in order
    assert stage.last("settle").mode.actual is Mode.ADVISORY
    assert stage.walk.plc.setpoints == before
    assert not stage.walk.plc.cas


async def test_a_record_that_could_not_be_settled_stops_the_next_write():
    stage = await Stage().closed()
    stage.settles_fail = "io"
    assert "write" in await stage.turn()
    assert "intend" not in await stage.turn()
    assert "audit" in stage.last("settle").mode.reasons


async def test_the_snapshot_bears_the_time_at_which_it_was_complete():
    stage = await Stage().closed()
    at = []

    async def slow(number, given):
        at.append(given.mono_s)
        stage.clock.now_s += 3.0
        return replace(stage.walk.snapshot(given.mono_s), cycle=number)

    stage.read = slow
    await stage.turn()
    assert stage.last("settle").mono_s > at[-1] + 2.9


async def test_a_read_that_took_longer_than_an_approval_lives_writes_nothing():
    stage = await Stage().closed()
    answer = stage.look

    async def slow(memory):
        outside = await answer(memory)
        stage.clock.now_s += 30.0
        return replace(outside, at=stage.clock.now())

    stage.look = slow
    order = await stage.turn()
    assert "write" not in order
    assert "clock" in {each.code for each in stage.last("settle").refusals}


async def test_the_controllers_memory_is_kept_and_handed_on():
    stage = Stage()
    await stage.turn()
    assert stage.memory.controller == ControllerMemory(at_s=(1.0,))


async def test_answers_go_out_before_the_record_is_settled():
    stage = await Stage().closed()
    request = stage.walk.request("limit", variable="moist", side="hi", value=3.9)
    order = await stage.turn(request)
    assert order.index("answer") < order.index("settle")
    assert [answer.id for answer in stage.last("answer")] == [request.id]
    assert [answer.id for answer in stage.last("settle").answers] == [request.id]


@pytest.mark.parametrize("part", ["read", "write", "beat", "propose", "look", "answer", "intend", "settle"])
async def test_a_bug_in_any_part_ends_the_process(part):
    stage = await Stage().closed()

    async def broken(*_):
        raise ZeroDivisionError(part)

    setattr(stage, part, broken)
    with pytest.raises(ZeroDivisionError, match=part):
        await stage.turn()


def test_the_heart_catches_nothing():
    tree = ast.parse(inspect.getsource(cycle_module))
    caught = [node for node in ast.walk(tree) if isinstance(node, (ast.Try, ast.TryStar))]
    assert caught == []
    assert "suppress" not in ast.unparse(tree)


turns = st.lists(
    st.tuples(
        st.sampled_from(["still", "move", "late", "garbage"]),
        st.sampled_from(["", "", "full", "late"]),
        st.sampled_from(["", "", "", "io"]),
        st.sampled_from(["none", "arm", "arm", "off", "advisory", "limit"]),
        st.sampled_from(["calm", "calm", "calm", "local", "deaf", "touched", "hot"]),
    ),
    min_size=3,
    max_size=12,
)
PLANS = {
    "still": still_plan,
    "move": plan_to(T_in_sp=190.0, fan_sp=60.0),
    "late": lambda view: Plan(cycle=view.inputs.cycle, status=PlanStatus.LATE),
    "garbage": plan_to(T_in_sp=float("nan"), feed_sp=1e300),
}


@settings(max_examples=30, deadline=None, derandomize=True)
@given(turns)
def test_every_write_is_preceded_by_its_own_stored_intent_with_the_same_bytes(events):
    async def run():
        stage = await Stage().closed()
        for plan, intents_fail, settles_fail, asked, happening in events:
            stage.plan, stage.intents_fail, stage.settles_fail = PLANS[plan], intents_fail, settles_fail
            plc, walk = stage.walk.plc, stage.walk
            plc.remote, plc.deaf = happening != "local", happening == "deaf"
            walk.sensors["T_out"] = 97.0 if happening == "hot" else 84.0
            if happening == "touched":
                plc.setpoints["fan_sp"] = 66.0
            request = {
                "arm": {"mode": Mode.CLOSED_LOOP, "confirmed": True},
                "off": {"mode": Mode.OFF},
                "advisory": {"mode": Mode.ADVISORY},
            }.get(asked)
            await stage.turn(*([walk.request(**request)] if request else []))
            check(stage, intents_fail)

    asyncio.run(run())


def check(stage, intents_fail):
    stored = None
    for what, value in stage.said:
        if what == "intend" and not intents_fail:
            stored = value
        if what == "write":
            assert stored is not None
            assert {move.mv: move.payload.hex() for move in value.moves} == stored.payloads
            assert {move.mv: move.value for move in value.moves} == stored.setpoints
            assert (value.epoch, value.sequence, value.crc) == (stored.epoch, stored.sequence, stored.crc)
            stored = None  # one intent, one write
    record = stage.last("settle")
    if "write" in dict(stage.said):
        assert record.intent_seq == 41
        assert record.mode.actual is Mode.CLOSED_LOOP
    assert set(stage.walk.plc.setpoints) == set(START)
