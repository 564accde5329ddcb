"""What was decided can be decided again from the record alone, to the last bit (I-43)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controllers.controller import Controller
from controllers.types import PlanStatus
from safety.signals import Mode
from supervisor.audit.writer import AuditWriter
from supervisor.history.pack import Replay, StoredCycle
from supervisor.history.read import History
from supervisor.plans import plan_json
from supervisor.replay import ReplayError, explored, recorded, replayed, same
from supervisor.shell import RecordDesk
from tests.supervisor.walk import Walk, demo_plant


@pytest.fixture(scope="module")
def controller():
    return Controller(demo_plant())


@pytest.fixture(scope="module")
def told(controller):
    """A short run with the real controller, through advisory into closed loop, moisture wandering."""
    walk, run = Walk(), []

    def turn(*requests):
        before = walk.memory
        kept = []

        def think(view):
            plan, after = controller.step(view.inputs, before.controller or controller.fresh())
            kept.append(after)
            return plan

        run.append((walk.cycle(*requests, plan=think), before))
        walk.memory = replace(walk.memory, controller=kept[0])
        walk.sensors["moist"] += 0.01
        walk.sensors["T_out"] += 0.05

    for _ in range(4):
        turn()
    turn(walk.request(mode=Mode.ADVISORY))
    for _ in range(4):
        turn()
    turn(walk.request(mode=Mode.CLOSED_LOOP, confirmed=True))
    for _ in range(20):
        turn()
    return run


@pytest.fixture
async def stored(told, tmp_path):
    url = f"sqlite:///{tmp_path / 'setwise.db'}"
    audit = AuditWriter(url, tmp_path / "spool.bin", tmp_path / "heads", deadline_s=20.0)
    assert (await audit.start(1.0)).stored.stored
    desk = RecordDesk(audit)
    for step, before in told:
        assert (await desk.settle(step.record, step.view, before)).stored
    await audit.close(2.0)
    found = list(History(url).between(0.0, float("inf")))
    assert len(found) == len(told)
    return found


async def test_every_stored_cycle_replays_bit_for_bit_in_a_fresh_controller(stored):
    fresh = Controller(demo_plant())  # not the one that thought the first time
    moved = 0
    for cycle in stored:
        again = replayed(demo_plant(), cycle, fresh)
        assert again == recorded(cycle)
        assert same(cycle, again)
        moved += cycle.record.verdict == "approved" and again.moves != {}
    assert moved > 5
    assert stored[-1].record.mode.actual is Mode.CLOSED_LOOP


async def test_the_order_of_replay_does_not_matter(stored, controller):
    once = {cycle.record.cycle: replayed(demo_plant(), cycle, controller) for cycle in stored[-6:]}
    again = {cycle.record.cycle: replayed(demo_plant(), cycle, controller) for cycle in reversed(stored[-6:])}
    assert once == again


async def test_another_input_or_another_memory_gives_another_plan(stored, controller):
    last = stored[-1]
    other = {**last.replay.inputs, "y": {**last.replay.inputs["y"], "moist": 3.2}}
    changed = StoredCycle(last.record, Replay(other, last.replay.memory))
    assert not same(changed, replayed(demo_plant(), changed, controller))
    forgetful = StoredCycle(last.record, Replay(last.replay.inputs, stored[-4].replay.memory))
    assert not same(forgetful, replayed(demo_plant(), forgetful, controller))


async def test_a_stored_cycle_tells_what_more_room_would_have_earned(stored):
    plan = explored(demo_plant(), stored[-1])
    assert plan.reliefs
    assert replace(plan, reliefs=()) == recorded(stored[-1])
    with pytest.raises(ReplayError, match="without its inputs"):
        explored(demo_plant(), StoredCycle(stored[0].record, Replay()))


async def test_a_late_thought_is_not_compared(stored, controller):
    last = stored[-1]
    late = replace(recorded(last), status=PlanStatus.LATE, moves={})
    cycle = StoredCycle(replace(last.record, plan=plan_json(late)), last.replay)
    assert same(cycle, replayed(demo_plant(), cycle, controller))


async def test_a_cycle_without_its_inputs_says_so(stored, controller):
    with pytest.raises(ReplayError, match="without its inputs"):
        replayed(demo_plant(), StoredCycle(stored[0].record, Replay()), controller)
    with pytest.raises(ReplayError, match="not of this version"):
        replayed(demo_plant(), StoredCycle(stored[0].record, Replay({"cycle": 1})), controller)
    with pytest.raises(ReplayError, match="its plan"):
        recorded(StoredCycle(replace(stored[0].record, plan={"status": "ok"}), stored[0].replay))
