"""What if, and was it so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

import setwise
from safety.signals import Mode, ModeState
from setwise import InputError
from supervisor.history.pack import Replay, pack
from supervisor.plans import inputs_json, plan_json
from supervisor.record import CycleRecord


def test_nothing_changed_is_what_happened(plant, engine, initial):
    """The plant was its model, so from any moment on the what-if of no change is the run itself."""
    run = setwise.simulate(plant, hours=0.25, initial=initial, engine=engine)
    again = setwise.what_if(run, at=480.0, hours=(900.0 - 480.0) / 3600.0)
    assert again.decisions[0].plan == run.decision(480.0).plan
    for name, mv in plant.mvs.items():
        share = 0.01 * (mv.limits.operator[1] - mv.limits.operator[0])
        assert again.frame[name].to_numpy() == pytest.approx(run.frame.loc[480.0:, name].to_numpy(), abs=share)
    for name, cv in plant.cvs.items():
        was, now = run.frame.loc[480.0:, f"{name}.true"], again.frame[f"{name}.true"]
        assert now.to_numpy() == pytest.approx(was.to_numpy(), abs=0.3 * cv.concern), name


def test_an_edited_limit_takes_hold_and_the_run_stays_as_it_is(run):
    before = run.frame.copy()
    at = "2026-03-02 21:05"
    edited = setwise.what_if(run, at=at, hours=0.3, limits={"T_in_sp": (None, 184.0)})
    assert edited.frame.index[0] == run.decision(at).time
    assert edited.frame["T_in_sp.hi"].iloc[0] > 184.0, "limits ramp"
    assert edited.frame["T_in_sp.hi"].iloc[-1] == 184.0
    assert edited.frame["T_in_sp"].iloc[-1] < 184.1 < run.decision(at).values["T_in_sp"]
    assert before.equals(run.frame)


def test_a_stepper_can_be_asked_too(stepper, initial):
    for _ in range(4):
        stepper.step(initial)
    dearer = setwise.what_if(stepper, hours=0.05, prices={"grid": 5.0})
    assert len(dearer.decisions) == 13
    assert len(stepper.decisions) == 4
    assert dearer.decision().targets["fan_sp"] < stepper.decisions[-1].targets["fan_sp"]


def test_a_what_if_needs_a_past(stepper, run):
    with pytest.raises(InputError, match="there is no decision yet"):
        setwise.what_if(stepper, hours=1.0)
    with pytest.raises(InputError, match="before the first decision"):
        setwise.what_if(run, at="2026-03-01 08:00", hours=1.0)


@pytest.fixture
def record(run, tmp_path):
    """The run's first cycles as control would have kept them; the sixth with a setpoint of somebody else's."""
    with closing(sqlite3.connect(tmp_path / "setwise.db")) as database:
        database.execute("CREATE TABLE history (seq INTEGER PRIMARY KEY, utc_s REAL, cycle INTEGER, packed BLOB)")
        for seq, each in enumerate(run.decisions[:8]):
            plan = each.plan
            if seq == 5:
                plan = replace(plan, moves={**plan.moves, "fan_sp": plan.moves["fan_sp"] + 4.5})
            kept = CycleRecord(
                cycle=seq,
                utc_s=each.at.s,
                mono_s=each.at.s,
                mode=ModeState(Mode.ADVISORY, Mode.ADVISORY),
                readings={},
                plan=plan_json(plan),
                verdict="none",
            )
            given = Replay(inputs_json(each.inputs), each.before.memory)
            database.execute("INSERT INTO history VALUES (?, ?, ?, ?)", (seq, each.at.s, seq, pack(kept, given)))
        database.commit()
    return tmp_path


def test_what_is_on_record_is_thought_again(record, path, run):
    before = (record / "setwise.db").read_bytes()
    again = setwise.replay(path, record, start="2026-03-02 20:50", end="2026-03-02 21:00")
    assert again.index.to_list() == [each.time for each in run.decisions[:8]]
    assert again["same"].to_list() == [True] * 5 + [False] + [True] * 2
    assert again["difference"].iloc[5] == pytest.approx(0.1)
    assert (record / "setwise.db").read_bytes() == before
    assert [each.name for each in record.iterdir()] == ["setwise.db"]


def test_a_record_that_is_not_there_is_named(path, tmp_path):
    with pytest.raises(InputError, match=r"the record of .* cannot be replayed"):
        setwise.replay(path, tmp_path, start="2026-03-02 08:00", end="2026-03-02 09:00")
    with pytest.raises(InputError, match="a record is in wall time"):
        setwise.replay(path, tmp_path, start=0.0, end=60.0)
    assert list(tmp_path.iterdir()) == []
