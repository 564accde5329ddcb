"""Whatever persons, PLC, solver, faults and time do: what stands in the PLC was allowed to, the mode is the model's.

The machine is in ``machine.py``, the model it is held against in ``model.py``. The stories at the end are its positive
controls: each breaks the safety core in one place, and the machine must notice.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from safety import envelope, gate, handshake, interlocks, modes, validity
from safety.signals import Mode, WriteOutcome
from tests.safety import life, model
from tests.safety.emulated import Plc
from tests.safety.lived import lived
from tests.safety.machine import Machine

IDS = ("i01", "i03", "i05", "i06", "i07", "i08", "i11", "i15", "i16", "i18", "i19", "i20", "i21", "i23", "i24", "i25",
       "i27", "i28", "i29", "i30", "i38")  # fmt: skip


def test_i01_to_i38_hold_in_any_order_of_events():
    """200 lives of up to 50 rules; what each check is about is named where it is made."""
    seen = lived()
    assert seen.of("transition") >= {"ADVISORY CLOSED_LOOP", "CLOSED_LOOP CLOSED_LOOP", "CLOSED_LOOP TRIPPED"}
    assert seen.of("outcome") >= {"confirmed", "unknown"}
    assert seen.counts["transition", "CLOSED_LOOP CLOSED_LOOP"] > 500


@pytest.mark.nightly
@pytest.mark.timeout(10800)
def test_i01_to_i38_hold_over_a_million_events():
    many = settings(
        max_examples=20_000, stateful_step_count=50, deadline=None, derandomize=False, print_blob=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Machine, settings=many)


def test_the_model_is_short_and_knows_nothing_of_the_code():
    source = Path(model.__file__).read_text()
    assert len(source.splitlines()) < 100
    imported = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name.startswith("safety")} == {"safety.signals"}


def test_the_checks_name_the_invariants():
    text = "".join(
        (Path(__file__).parent / name).read_text() for name in ("machine.py", "persons.py", "held.py", "model.py")
    )
    missing = [name for name in IDS if f"I-{name[1:]}" not in text and name not in text]
    assert missing == ["i29"]  # said as a range: I-28 to I-30


def begun(start=180):
    machine = Machine()
    machine.begin(start)
    return machine


def armed(start=180):
    machine = begun(start)
    machine.person_arms_properly()
    assert machine.me.mode.actual is Mode.CLOSED_LOOP
    return machine


def checked(machine):
    machine.held.plc_log()
    machine.held.applied()


def test_closed_loop_is_reached_and_moves():
    machine = armed()
    machine.all_goes_its_way("ramp", 8)
    assert machine.me.mode.actual is Mode.CLOSED_LOOP
    assert machine.plc.sp["sp"] > 182.0
    assert machine.plc.sp["fan"] < 176.0
    checked(machine)


@pytest.mark.parametrize("outcome", [WriteOutcome.UNKNOWN, WriteOutcome.NOT_SENT, "lost"])
@pytest.mark.parametrize("landed", [True, False])
@pytest.mark.parametrize("heard", [True, False])
@pytest.mark.parametrize("wait", [3.0, 15.0])
def test_i08_i11_after_a_write_that_went_wrong_it_goes_on_by_the_rules(outcome, landed, heard, wait):
    machine = armed()
    machine.a_write_goes_wrong("ramp", outcome, landed=landed, heard=heard, wait=wait, then=4)
    machine.all_goes_its_way("ramp", 3)
    checked(machine)
    echo_lost = not heard and wait == 15.0  # two beats unheard: no echo for longer than three beats
    assert machine.me.mode.actual is (Mode.ADVISORY if echo_lost else Mode.CLOSED_LOOP)
    assert machine.seen.of("outcome") >= {str(outcome), "confirmed"}


def test_i11_a_late_packet_is_refused_once_the_higher_epoch_is_heard():
    machine = armed()
    machine.cycle("ramp", WriteOutcome.UNKNOWN, landed=False)
    for _ in range(3):
        machine.cycle("ramp")
    stands = dict(machine.plc.sp)
    machine.late_packet_arrives(0)
    assert machine.plc.sp == stands


def test_i24_the_persons_setpoint_stays_and_the_loop_is_shed():
    machine = armed()
    machine.all_goes_its_way("ramp", 2)
    machine.person_moves("sp", 170.0, "over")
    machine.all_goes_its_way("ramp", 2)
    assert machine.plc.sp["sp"] == 170.0
    assert machine.me.mode.actual is Mode.ADVISORY


def test_i23_a_trip_outlives_the_process_and_takes_two_acts_of_a_person():
    machine = armed()
    machine.world["fire"] = 1.0
    machine.cycle("ramp")
    machine.world["fire"] = 0.0
    machine.process_restarts(Mode.CLOSED_LOOP)
    seen = []
    for act in (None, "advisory", "reset", "advisory", "acknowledge", "advisory"):
        if act == "reset":
            machine.person_resets("fire", "engineer")
        elif act:
            machine.person(act)
        machine.cycle("still")
        seen.append(machine.me.mode.actual)
    assert seen == [Mode.TRIPPED] * 5 + [Mode.ADVISORY]


# --- each story breaks one thing; without the break it passes


def unconfirmed(machine):
    machine.cycle("still")
    machine.person("closed_loop", confirmed=False)
    machine.cycle("still")


def leaping(machine):
    machine.cycle("leap", wait=40.0)


def hurried(machine):
    for _ in range(4):
        machine.cycle("greedy", wait=3.0)


def doubtful(machine):
    machine.cycle("still", WriteOutcome.UNKNOWN, landed=False)
    machine.all_goes_its_way("still", 4)


def hot(machine):
    machine.world["hot"] = 1.0
    machine.cycle("still")


def forced(machine):
    machine.tag_fails("hot", "forced")
    machine.cycle("still")


def silence(machine):
    machine.thinker_is_silent(4)


def tripped(machine):
    machine.lacks = {"guard"}
    machine.cycle("still")
    machine.lacks = set()
    machine.person("advisory")
    machine.cycle("still")


def late(machine):
    machine.cycle("still", delays=(13.0, 0.2))


def off(machine):
    machine.person("off", role="", late=True)
    machine.cycle("still")


def overwritten(machine):
    machine.person_moves("sp", 170.0, "over")
    machine.all_goes_its_way("still", 2)


def wound(machine):
    machine.world["sp.windup_hi"] = 1.0
    machine.all_goes_its_way("one", 2)


def moved_at_once(machine):
    machine.cycle("wild", WriteOutcome.NOT_SENT)
    machine.cycle("ramp")


STORIES = {
    "i18 no confirmation": (unconfirmed, modes, "_ready", lambda *_: ()),
    "i01 no limits": (leaping, gate, "check", lambda *_: ()),
    "i08 no rate": (hurried, gate, "paid_until", lambda step, its, track, now: now),
    "i08 no account": (hurried, envelope, "_cost_s", lambda size, per_min: 0.0),
    "i11 no new epoch": (doubtful, handshake, "fenced", lambda memory: replace(memory, unresolved={})),
    "i21 no action": (hot, interlocks, "_asks", lambda interlock, state: "none"),
    "i30 forced counts": (forced, validity, "_status", lambda reading, rule: ""),
    "i38 no counting": (silence, modes, "_unmet", lambda facts, rules, misses: {}),
    "i23 no acknowledging": (tripped, modes, "_ready", lambda *_: ()),
    "i06 no age": (late, gate, "judge", None),
    "i19 off needs a role": (off, modes, "NEEDS", {mode: Counter() for mode in Mode}),
    "i24 no comparison": (overwritten, gate, "_same", lambda actual, expected, rule: True),
    "i21 no windup": (wound, gate, "closed_ways", lambda *_: ((), ())),
    "i15 no standing still": (moved_at_once, life, "settle", None),
}


@pytest.mark.parametrize("name", STORIES)
def test_the_machine_notices(name, monkeypatch):
    story, where, what, instead = STORIES[name]
    sound = armed() if story is not unconfirmed else begun()
    story(sound)
    checked(sound)
    broken = armed() if story is not unconfirmed else begun()
    if name == "i06 no age":
        real = life.judge
        monkeypatch.setattr(life, "judge", lambda c, s, w, r, m, now: real(c, s, w, r, m, s.at.mono_s))
    elif name == "i15 no standing still":
        monkeypatch.setattr(gate.GateMemory, "forgotten", lambda memory: memory)
    elif name == "i19 off needs a role":
        needs = {mode: {**cells, "off": "role"} for mode, cells in modes.NEEDS.items()}
        monkeypatch.setattr(modes, "NEEDS", needs)
    else:
        monkeypatch.setattr(where, what, instead)
    with pytest.raises(AssertionError):
        noticed(story, broken)


def noticed(story, machine):
    story(machine)
    checked(machine)


def test_the_emulated_plc_sheds_by_its_own_timer():
    """I-50 on this side of the bench: no word from anybody for longer than its time-out."""
    plc = Plc(150.0, 205.0)
    plc.hear(1, 1, 3)
    assert all(plc.cascade.values())
    plc.passes(90.0)
    assert all(plc.cascade.values())
    plc.passes(0.1)
    assert not any(plc.cascade.values())
    assert not plc.commit(1, 1, {"sp": 180.0}, 1)
