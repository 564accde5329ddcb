"""What others supply through whole cycles with the real controller: taken, on record, and replayed to the last bit."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from constraints.supplied import ExternalRule, ForecastRule, LabRule
from controllers.controller import Controller
from safety.signals import Mode
from supervisor.audit.bodies import cycle_entries
from supervisor.audit.writer import AuditWriter
from supervisor.forecast import Forecast
from supervisor.history.pack import Replay, pack, unpack
from supervisor.history.read import History
from supervisor.plans import inputs_json
from supervisor.replay import recorded, replayed
from supervisor.shell import RecordDesk
from tests.supervisor.walk import UTC_S, Walk, demo_plant, with_rules

LAB = LabRule(lo=2.0, hi=6.0, difference_max=1.0, age_s_max=3_600.0, ramp_s=60.0, sdev=0.1)


@pytest.fixture(scope="module")
def told():
    """A run in which each kind of supply is used, and also the plant it is of."""
    demo = demo_plant()
    rules = with_rules(
        cvs={**demo.cvs, "moist": replace(demo.cvs["moist"], lab=LAB, external=ExternalRule(rank=3))},
        mvs={**demo.mvs, "feed_sp": replace(demo.mvs["feed_sp"], external=ExternalRule(per_s_max=1.0))},
        dvs={**demo.dvs, "hum_amb": replace(demo.dvs["hum_amb"], forecast=ForecastRule(age_s_max=900.0, file="w.csv"))},
    )
    walk, controller, run = Walk(rules), Controller(rules.plant), []

    def turn(*requests, **outside):
        before, kept = walk.memory, []

        def think(view):
            plan, after = controller.step(view.inputs, before.controller or controller.fresh())
            kept.append(after)
            return plan

        run.append((walk.cycle(*requests, plan=think, **outside), before))
        walk.memory = replace(walk.memory, controller=kept[0])

    def lab(value, age_s):
        at = UTC_S + walk.now_s - age_s
        return walk.request("lab", variable="moist", value=value, sampled_utc_s=at)

    for _ in range(4):
        turn()
    turn(walk.request(mode=Mode.ADVISORY))
    for _ in range(3):
        turn()
    turn(walk.request(mode=Mode.CLOSED_LOOP, confirmed=True))
    for _ in range(4):
        turn()
    turn(lab(3.7, 30.0))
    turn(walk.request("target", variable="feed_sp", value=2_900.0, lasts_s=90.0))
    points = tuple((UTC_S + walk.now_s + 60.0 * k, 7.0 + k) for k in range(12))
    turn(forecasts={"hum_amb": Forecast(points=points, issued_utc_s=UTC_S + walk.now_s)})
    turn(lab(4.4, 20.0))
    for _ in range(10):
        turn()
    return rules.plant, run


def test_each_kind_reaches_the_controller_and_does_its_work(told):
    _, run = told
    steps = [step for step, _ in run]
    codes = [code for step in steps for code in step.record.plan["lab"].values()]
    assert codes == ["accepted", "needs_agreement"]
    wished = [step.view.inputs for step in steps if step.view.inputs.external]
    ways = [inputs.external["feed_sp"].value for inputs in wished]
    begin = wished[0].u["feed_sp"]
    assert ways == pytest.approx([min(begin + 15.0 * k, 2_900.0) for k in range(6)])
    assert begin < 2_890.0
    with_forecast = [step for step in steps if step.view.inputs.forecast]
    assert len(with_forecast) > 8
    before = next(step for step in reversed(steps) if not step.view.inputs.forecast and step.record.plan["prediction"])
    free = with_forecast[0].record.plan["prediction"]["moist"][-1]
    assert with_forecast[0].record.plan["status"] == before.record.plan["status"] == "ok"
    assert free != before.record.plan["prediction"]["moist"][-1]
    assert steps[-1].mode is Mode.CLOSED_LOOP


def test_a_believed_sample_makes_no_bump(told):
    """Half of 0.1 comes in over four cycles; no cycle moves the estimate by more than its part, noise aside."""
    _, run = told
    estimates = [step.record.plan["y_now"].get("moist", 0.0) for step, _ in run]
    judged = next(k for k, (step, _) in enumerate(run) if step.record.plan["lab"])
    assert estimates[judged] == pytest.approx(estimates[judged - 1], abs=1e-6)
    steps = [b - a for a, b in zip(estimates[judged:], estimates[judged + 1 :], strict=False)]
    assert steps[:4] == pytest.approx([0.05 / 4] * 4, abs=0.004)
    assert max(abs(step) for step in steps[4:]) < 0.01


async def test_every_cycle_replays_bit_for_bit_from_the_record(told, tmp_path):
    plant, run = told
    url = f"sqlite:///{tmp_path / 'setwise.db'}"
    audit = AuditWriter(url, tmp_path / "spool.bin", tmp_path / "heads", deadline_s=20.0)
    assert (await audit.start(1.0)).stored.stored
    for step, before in run:
        assert (await RecordDesk(audit).settle(step.record, step.view, before)).stored
    await audit.close(2.0)
    stored = list(History(url).between(0.0, float("inf")))
    fresh, used = Controller(plant), set()
    for cycle in stored:
        assert replayed(plant, cycle, fresh) == recorded(cycle)
        used |= {key for key in ("lab", "external", "forecast") if cycle.replay.inputs[key]}
    assert used == {"lab", "external", "forecast"}
    assert [cycle.record.supplied for cycle in stored] == [step.record.supplied for step, _ in run]


def test_the_chain_holds_who_supplied_what(told):
    _, run = told
    step = next(step for step, _ in run if step.record.plan["lab"])
    blob = pack(step.record, Replay(inputs_json(step.view.inputs), b""))
    body = json.loads(cycle_entries(step.record, blob)[-1].body)
    (found,) = body["supplied"]["lab"]
    assert (found["source"], found["value"], found["code"]) == ("anna", 3.7, "accepted")
    assert unpack(blob).record.supplied == step.record.supplied
