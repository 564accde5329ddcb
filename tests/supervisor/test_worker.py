"""Control and its thinker: real processes that answer, hang, die, lie and chatter."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import textwrap
import time
from pathlib import Path

import pytest

from constraints.plantfile import load
from controllers.memory import Memory
from controllers.types import Inputs, PlanStatus
from safety.signals import CvStatus, MvStatus
from supervisor.worker import Thinker
from tests.supervisor.walk import PLANT_FILE, SENSORS, START, demo_plant

TWO = Path(__file__).parents[1] / "constraints" / "plantfile" / "two.yaml"
START_S = 40.0
DEADLINE_S = 20.0
"""Long where an answer must come: other tests use the machine too."""


def inputs(cycle=1):
    plant = demo_plant()
    return Inputs(
        cycle=cycle,
        at_s=1_000.0 + 15.0 * cycle,
        u=dict(START),
        mv_status=dict.fromkeys(plant.mvs, MvStatus.ON),
        y={name: SENSORS[name] for name in plant.cvs},
        y_new=dict.fromkeys(plant.cvs, True),
        cv_status=dict.fromkeys(plant.cvs, CvStatus.ON),
        d={name: SENSORS[name] for name in plant.dvs},
        limits={name: spec.limits.operator for name, spec in {**plant.mvs, **plant.cvs}.items()},
        money={"feed_sp": 0.19, "gas": -0.5, "P_fan": -0.2},
    )


def alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


async def gone(pid, within_s=30.0):
    end = time.monotonic() + within_s
    while alive(pid) and time.monotonic() < end:
        await asyncio.sleep(0.02)
    return not alive(pid)


async def ready(thinker):
    """Wait for the start that is under way, and ask for others as the cycle does."""
    end = time.monotonic() + START_S
    while not await thinker.wait_ready():
        assert time.monotonic() < end, thinker.why
        await asyncio.sleep(0.05)
        await thinker.propose(inputs(), None, 0.1)


@pytest.fixture
async def thinker():
    made = Thinker(PLANT_FILE, demo_plant().config_hash)
    yield made
    await made.close()


@pytest.fixture
async def acting(tmp_path):
    """Make thinkers that follow a script instead of thinking."""
    made = []

    def make(body, config_hash="hash"):
        script = tmp_path / f"act{len(made)}.py"
        script.write_text(
            textwrap.dedent("""
                import os, socket, sys, time
                from controllers.memory import Memory
                from controllers.types import Plan, PlanStatus
                from supervisor.frames import pack, receive
                sock = socket.socket(fileno=int(sys.argv[2]))
                def ok(cycle):
                    return Plan(cycle=cycle, status=PlanStatus.OK), Memory(at_s=(float(cycle),))
            """)
            + textwrap.dedent(body),
            encoding="utf-8",
        )
        thinker = Thinker(tmp_path / "plant.yaml", config_hash, (sys.executable, str(script)))
        made.append(thinker)
        return thinker

    yield make
    for each in made:
        await each.close()


HELLO = "sock.sendall(pack(('hash', Memory())))\n"


async def test_it_answers_late_until_it_is_ready_and_then_thinks(thinker):
    plan, memory = await thinker.propose(inputs(), None, 1.0)
    assert (plan.status, plan.why, memory) == (PlanStatus.LATE, "starting", None)
    await ready(thinker)
    assert thinker.why == ""
    plan, memory = await thinker.propose(inputs(1), None, DEADLINE_S)
    assert plan.status is PlanStatus.OK
    assert memory.at_s[-1] == 1_015.0
    plan, memory = await thinker.propose(inputs(2), memory, DEADLINE_S)
    assert (plan.cycle, memory.at_s[-1]) == (2, 1_030.0)
    assert thinker.starts == 1


async def test_one_that_hangs_is_late_by_its_deadline_killed_and_started_again(thinker):
    thinker.start()
    await ready(thinker)
    plan, memory = await thinker.propose(inputs(1), None, DEADLINE_S)
    stopped = thinker.pid
    os.kill(stopped, signal.SIGSTOP)
    began = time.monotonic()
    plan, kept = await thinker.propose(inputs(2), memory, 0.3)
    assert time.monotonic() - began < 10.0  # it would never answer
    assert (plan.status, plan.why, plan.cycle) == (PlanStatus.LATE, "deadline", 2)
    assert kept is memory
    assert await gone(stopped)
    await ready(thinker)
    assert thinker.pid != stopped
    plan, _ = await thinker.propose(inputs(3), memory, DEADLINE_S)
    assert plan.status is PlanStatus.OK
    assert thinker.starts == 2


async def test_one_that_was_killed_is_late_and_started_again(thinker):
    thinker.start()
    await ready(thinker)
    os.kill(thinker.pid, signal.SIGKILL)
    plan, _ = await thinker.propose(inputs(), None, DEADLINE_S)
    assert plan.status is PlanStatus.LATE
    assert plan.why.startswith("died")
    await ready(thinker)
    assert (await thinker.propose(inputs(), None, DEADLINE_S))[0].status is PlanStatus.OK


async def test_it_ends_with_the_one_that_asked(thinker):
    thinker.start()
    await ready(thinker)
    pid = thinker.pid
    await thinker.close()
    assert await gone(pid)
    assert thinker.pid is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("receive(sock); sock.sendall(b'\\0\\0\\0\\5hello')", "died (unreadable"),
        ("receive(sock); sock.sendall(b'\\xff\\xff\\xff\\xff')", "died (frame of"),
        ("receive(sock); sock.sendall(pack('a plan'))", "garbled answer"),
        ("receive(sock); sock.sendall(pack((ok(1)[0], {'at_s': 1})))", "garbled answer"),
        ("receive(sock); sock.sendall(pack(({'moves': {}}, Memory())))", "garbled answer"),
        ("receive(sock); sock.sendall(pack((*ok(1), 3)))", "garbled answer"),
        ("receive(sock); sock.sendall(pack(ok(7)))", "answered cycle 7"),
        ("receive(sock); sock.sendall(pack(ok(1))[:9]); sys.exit()", "died"),
        ("sock.close()", "died"),
        ("sys.exit(3)", "died"),
    ],
)
async def test_an_answer_that_is_none_is_late_and_ends_it(acting, body, why):
    thinker = acting(HELLO + body + "\ntime.sleep(60)")
    thinker.start()
    await ready(thinker)
    pid = thinker.pid
    plan, memory = await thinker.propose(inputs(1), Memory(bias=(1.0,)), DEADLINE_S)
    assert plan.status is PlanStatus.LATE
    assert plan.why.startswith(why)
    assert memory == Memory(bias=(1.0,))
    assert await gone(pid)


async def test_an_answer_to_an_earlier_question_is_never_taken_for_a_later_one(acting):
    thinker = acting(HELLO + "receive(sock)\ntime.sleep(1.5)\nsock.sendall(pack(ok(1)))\ntime.sleep(60)")
    thinker.start()
    await ready(thinker)
    assert (await thinker.propose(inputs(1), None, 0.2))[0].why == "deadline"
    await asyncio.sleep(1.6)
    plan, _ = await thinker.propose(inputs(1), None, 0.2)
    assert plan.status is PlanStatus.LATE


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("sys.exit(1)", "did not start"),
        ("sock.sendall(pack('hello')); time.sleep(60)", "did not start (garbled"),
        ("sock.sendall(pack((1, 2, 3))); time.sleep(60)", "did not start (garbled"),
        ("sock.sendall(b'\\0\\0\\0\\1x'); time.sleep(60)", "did not start"),
        ("sock.sendall(pack(('another hash', Memory()))); time.sleep(60)", "the plant file changed"),
    ],
)
async def test_one_that_does_not_start_is_said_so_and_tried_again(acting, body, why):
    thinker = acting(body)
    thinker.start()
    assert not await thinker.wait_ready()
    assert thinker.why.startswith(why)
    plan, _ = await thinker.propose(inputs(), None, 1.0)
    assert (plan.status, plan.why.startswith(why)) == (PlanStatus.LATE, True)
    await thinker.wait_ready()
    assert thinker.starts == 2


async def test_a_program_that_is_not_there_is_said_so(tmp_path):
    thinker = Thinker(tmp_path / "plant.yaml", "hash", (str(tmp_path / "nothing"),))
    thinker.start()
    assert not await thinker.wait_ready()
    assert thinker.why == "cannot be started (No such file or directory)"
    await thinker.close()


async def test_a_changed_plant_file_is_refused_in_words(tmp_path):
    changed = tmp_path / "plant.yaml"
    shutil.copy(PLANT_FILE, changed)
    changed.write_text(
        changed.read_text(encoding="utf-8").replace("operator: [170, 195]", "operator: [170, 194]"), encoding="utf-8"
    )
    thinker = Thinker(changed, demo_plant().config_hash)
    thinker.start()
    assert not await thinker.wait_ready()
    assert "changed" in thinker.why
    assert "restart control" in thinker.why
    await thinker.close()


async def test_what_it_prints_disturbs_nobody(acting, capfd):
    thinker = acting(
        "print('hello', flush=True); os.write(1, b'x' * 300_000)\n"
        + HELLO
        + "print('solver says no')\nos.write(1, b'y' * 300_000)\n"
        + "receive(sock)\nsock.sendall(pack(ok(1)))\ntime.sleep(60)"
    )
    thinker.start()
    await ready(thinker)
    plan, _ = await thinker.propose(inputs(1), None, DEADLINE_S)
    assert plan.status is PlanStatus.OK
    assert capfd.readouterr().out == ""


async def test_a_big_question_to_one_that_does_not_read_is_late_all_the_same(acting):
    thinker = acting(HELLO + "time.sleep(60)")
    thinker.start()
    await ready(thinker)
    began = time.monotonic()
    plan, _ = await thinker.propose(inputs(1), Memory(states=(1.5,) * 400_000), 0.3)
    assert (plan.why, time.monotonic() - began < 10.0) == ("deadline", True)


async def test_closing_while_it_starts_leaves_nothing_behind(acting):
    thinker = acting("time.sleep(60)")
    thinker.start()
    while thinker.pid is None:
        await asyncio.sleep(0.01)
    pid = thinker.pid
    await thinker.close()
    assert await gone(pid)


async def test_the_thinker_dies_with_control(tmp_path):
    """Control is killed; its child sees the socket close and goes too."""
    parent = tmp_path / "parent.py"
    parent.write_text(
        textwrap.dedent(f"""
            import asyncio
            from pathlib import Path
            from supervisor.worker import Thinker
            async def main():
                thinker = Thinker(Path({str(PLANT_FILE)!r}), {demo_plant().config_hash!r})
                thinker.start()
                assert await thinker.wait_ready(), thinker.why
                print(thinker.pid, flush=True)
                await asyncio.sleep(60)
            asyncio.run(main())
        """),
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(sys.executable, str(parent), stdout=asyncio.subprocess.PIPE)
    child = int(await asyncio.wait_for(process.stdout.readline(), START_S))
    assert alive(child)
    process.kill()
    await process.wait()
    assert await gone(child)


async def test_of_several_controllers_it_thinks_for_the_one_named():
    plant = load(TWO, "dryer_2").plant
    thinker = Thinker(TWO, plant.config_hash, controller="dryer_2")
    thinker.start()
    assert await thinker.wait_ready(), thinker.why
    await thinker.close()
