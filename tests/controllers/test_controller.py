from __future__ import annotations

import math
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from controllers import controller as module
from controllers.controller import Controller
from controllers.explain import sentences
from controllers.memory import Memory
from controllers.solver import SolverError
from controllers.types import PlanStatus, Solve
from safety.signals import CvStatus, MvStatus
from tests.controllers.plants import (
    CYCLE_S,
    DRYER_D,
    DRYER_MONEY,
    DRYER_U,
    DRYER_Y,
    cv,
    dryer,
    dryer_loop,
    inputs,
    loop,
    mv,
    pair,
    plant,
)

GAINS = {
    "right": lambda _: 1.0,
    "weak": lambda _: 0.6,
    "strong": lambda _: 1.4,
    "mixed": lambda p: 1.4 if (len(p.source) + len(p.cv)) % 2 else 0.6,
}


def given(**more):
    y = more.pop("y", DRYER_Y)
    return inputs(dryer(), 0, 0.0, DRYER_U, y, **{"d": DRYER_D, "money": DRYER_MONEY, **more})


# ---------------------------------------------------------------------------------------------------- closed loop


@pytest.mark.parametrize("name", GAINS)
def test_it_reaches_the_vertex_of_the_true_plant_and_holds_every_limit(dryer_controller, name):
    run = dryer_loop(GAINS[name], dryer_controller)
    plan = run.step(500, money=DRYER_MONEY)
    y = run.sim.read()
    for cv_name, spec in run.of.cvs.items():
        lo, hi = spec.limits.operator
        assert lo - 0.1 * spec.concern <= y[cv_name] <= hi + 0.1 * spec.concern, cv_name
    # a vertex of the true plant: as many limits hold as there are MVs, and the targets are reached
    for mv_name, value in plan.u_ss.items():
        span = run.of.mvs[mv_name].limits.operator
        assert run.sim.v[mv_name] == pytest.approx(value, abs=0.01 * (span[1] - span[0]))
    ranges = {n: s.limits.operator for n, s in run.of.mvs.items()}
    at_mv = sum(min(abs(run.sim.v[n] - x) for x in (lo, hi)) < 1e-3 * (hi - lo) for n, (lo, hi) in ranges.items())
    back_off = {"moist": 0.04, "power": 0.3}
    at_cv = sum(
        abs(y[n] - (s.limits.operator[1] - back_off.get(n, 0.0))) < 0.15 * s.concern for n, s in run.of.cvs.items()
    )
    assert at_mv + at_cv >= 3
    assert all(binding.worth > 0.0 for binding in plan.binding)
    assert plan.give_ups == ()


@pytest.mark.parametrize("name", GAINS)
def test_a_disturbance_is_rejected_without_offset(dryer_controller, name):
    run = dryer_loop(GAINS[name], dryer_controller)
    run.step(250, money=DRYER_MONEY)
    run.sim.offset["moist"] += 0.12
    run.sim.v["wet"] += 1.0
    run.sim.offset["gas"] += 6.0
    run.step(200, money=DRYER_MONEY)
    y = run.sim.read()
    assert y["moist"] <= 4.0 + 0.02
    assert y["gas"] <= 300.0 + 0.6
    assert 78.0 - 0.1 <= y["T_out"] <= 92.1


def test_ranges_and_rates_hold_in_every_cycle(dryer_controller):
    run = dryer_loop(GAINS["strong"], dryer_controller)
    for k in range(150):
        before = dict(run.sim.v)
        if k == 60:
            run.sim.offset["moist"] += 0.5
        run.step(1, money=DRYER_MONEY)
        for name, spec in run.of.mvs.items():
            lo, hi = spec.limits.operator
            assert lo <= run.sim.v[name] <= hi
            move = run.sim.v[name] - before[name]
            assert -spec.move_down_per_min * CYCLE_S / 60.0 <= move <= spec.move_up_per_min * CYCLE_S / 60.0


def test_missed_cycles_do_no_harm(dryer_controller):
    run = dryer_loop(GAINS["right"], dryer_controller)
    for k in range(60):
        run.step(1, wait_s=CYCLE_S * (1 + (k * 7) % 5), money=DRYER_MONEY)
    plan = run.step(100, money=DRYER_MONEY)
    y = run.sim.read()
    assert y["moist"] == pytest.approx(3.96, abs=0.02)
    assert y["gas"] == pytest.approx(300.0, abs=0.5)
    assert plan.bias["gas"] == pytest.approx(250.0, abs=0.5)  # the model saw the time that passed


def test_a_slow_analyser_that_holds_its_sample(dryer_controller):
    run = dryer_loop(GAINS["weak"], dryer_controller)
    held = run.sim.read()["moist"]
    for k in range(400):
        fresh = k % 4 == 0
        held = run.sim.read()["moist"] if fresh else held
        run.step(1, money=DRYER_MONEY, y={"moist": held}, y_new={"moist": fresh})
    assert run.sim.read()["moist"] <= 4.0 + 0.01


def test_an_mv_is_lost_and_comes_back_without_a_bump(dryer_controller):
    run = dryer_loop(GAINS["right"], dryer_controller)
    run.step(200, money=DRYER_MONEY)
    lost = {**dict.fromkeys(run.of.mvs, MvStatus.ON), "fan": MvStatus.OPR}
    before = dict(run.sim.v)
    plan = run.step(1, money=DRYER_MONEY, mv_status=lost)
    assert "fan" not in plan.moves
    assert plan.u_ss["fan"] == before["fan"]
    assert plan.reasons["fan"] == ("not_in_service:OPR",)
    assert all(abs(run.sim.v[n] - before[n]) < 1e-3 * before[n] for n in before)
    run.sim.v["fan"] -= 6.0  # the operators move it; the others make up for it
    run.step(150, money=DRYER_MONEY, mv_status=lost)
    assert run.sim.read()["moist"] <= 4.01
    before = dict(run.sim.v)
    plan = run.step(1, money=DRYER_MONEY, mv_status={**lost, "fan": MvStatus.INIT})
    assert abs(plan.moves.get("fan", before["fan"]) - before["fan"]) <= 0.5
    assert all(abs(run.sim.v[n] - before[n]) < 0.01 * before[n] for n in ("T_in", "feed"))


def test_a_fresh_controller_that_wants_nothing_moves_nothing(dryer_controller):
    plan, memory = dryer_controller.step(given(money={}), dryer_controller.fresh())
    assert plan.status is PlanStatus.OK
    assert plan.moves == {}
    assert plan.u_ss == pytest.approx(DRYER_U, abs=1e-6)
    again, _ = dryer_controller.step(replace(given(money={}), at_s=15.0), memory)
    assert again.moves == {}


@pytest.mark.parametrize("side", ["hi", "lo"])
def test_windup_and_blocks_leave_the_free_way_only(dryer_controller, side):
    up = side == "hi"
    status = MvStatus.WDUP_HIGH if up else MvStatus.WDUP_LOW
    price = {"feed": 1.0 if up else -1.0}
    wound = {**dict.fromkeys(dryer().mvs, MvStatus.ON), "feed": status}
    plan, _ = dryer_controller.step(given(mv_status=wound, money=price), Memory())
    assert "feed" not in plan.moves
    assert plan.u_ss["feed"] == pytest.approx(2600.0)
    assert plan.reasons["feed"][0] == f"windup_{side}"
    blocked = {"blocked_up" if up else "blocked_down": frozenset({"feed"})}
    plan, _ = dryer_controller.step(given(money=price, **blocked), Memory())
    assert "feed" not in plan.moves
    other, _ = dryer_controller.step(given(mv_status=wound, money={"feed": -price["feed"]}), Memory())
    assert (other.moves["feed"] < 2600.0) is up


def test_limits_tightened_below_the_present_value(dryer_controller):
    run = dryer_loop(GAINS["right"], dryer_controller)
    run.step(120, money=DRYER_MONEY)
    limits = {n: s.limits.operator for n, s in (*run.of.mvs.items(), *run.of.cvs.items())}
    before = run.sim.v["T_in"]
    tight = {**limits, "T_in": (170.0, before - 8.0)}
    plan = run.step(1, money=DRYER_MONEY, limits=tight)
    assert plan.status is PlanStatus.OK
    assert run.sim.v["T_in"] == pytest.approx(before - 1.0, abs=0.03)  # 4 degC/min, as fast as it may
    run.step(10, money=DRYER_MONEY, limits=tight)
    assert run.sim.v["T_in"] <= before - 8.0 + 1e-3
    low = {**limits, "moist": (3.2, 3.5)}
    plan = run.step(1, money=DRYER_MONEY, limits=low)
    assert plan.y_ss["moist"] <= 3.5 + 1e-4
    run.step(250, money=DRYER_MONEY, limits=low)
    assert run.sim.read()["moist"] <= 3.51


def test_a_cv_target_is_held(dryer_controller):
    run = dryer_loop(GAINS["strong"], dryer_controller)
    run.step(300, money=DRYER_MONEY, targets={"T_out": 84.0})
    assert run.sim.read()["T_out"] == pytest.approx(84.0, abs=0.05)


def test_what_cannot_be_held_is_given_up_by_rank_and_says_what_clashes(dryer_controller):
    run = dryer_loop(GAINS["right"], dryer_controller)
    limits = {n: s.limits.operator for n, s in (*run.of.mvs.items(), *run.of.cvs.items())}
    tight = {**limits, "moist": (3.9, 4.0), "gas": (0.0, 200.0), "evap": (2400.0, 2500.0), "T_out": (78.0, 80.0)}
    plan = run.step(200, money=DRYER_MONEY, limits=tight)
    assert plan.status is PlanStatus.OK
    ranks = [g.rank for g in plan.give_ups]
    assert ranks
    assert min(ranks) > 1
    assert run.sim.read()["T_out"] <= 80.05
    for give_up in plan.give_ups:
        assert give_up.amount > 0.0
        assert give_up.clashes_with, give_up
    said = sentences(plan, run.of)
    assert any("cannot be held" in text and "because of" in text for text in said)


def test_a_level_is_kept_in_its_zone_though_its_inflow_is_not_measured():
    level = replace(pair("out", "level", -0.002, 10.0), integrating=True)
    p = plant([mv("out", (0.0, 100.0))], [cv("level", (40.0, 60.0), concern=2.0)], [level])
    run = loop(p, {"out": 50.0}, {"level": 50.0}, gain=lambda _: 1.3)
    run.sim.slope["level"] = 0.03
    seen = []
    for _ in range(300):
        plan = run.step(1)
        seen.append(run.sim.read()["level"])
    assert max(seen) < 63.0
    assert 39.9 < seen[-1] < 60.1
    assert run.sim.v["out"] == pytest.approx(50.0 + 0.03 / 0.0026, abs=0.5)
    assert plan.y_ss["level"] == pytest.approx(seen[-1], abs=1.0)


def test_prices_move_the_plant_and_hysteresis_keeps_it_still(dryer_controller):
    run = dryer_loop(GAINS["right"], dryer_controller)
    run.step(250, money=DRYER_MONEY)
    fan = run.sim.v["fan"]
    run.step(150, money={**DRYER_MONEY, "power": -0.2142})
    assert run.sim.v["fan"] == pytest.approx(fan, abs=0.05)
    run.step(250, money={**DRYER_MONEY, "power": -12.0})
    assert run.sim.v["fan"] < fan - 5.0


# ------------------------------------------------------------------------------------------------- not in control


def test_watching_only_estimates(dryer_controller):
    run = dryer_loop(GAINS["right"], dryer_controller)
    plan = run.step(5, money=DRYER_MONEY, optimise=False)
    assert plan.status is PlanStatus.ESTIMATE_ONLY
    assert plan.moves == {}
    assert plan.y_now == pytest.approx(DRYER_Y)
    assert set(plan.prediction) == set(DRYER_Y)
    assert len(plan.prediction["gas"]) == len(plan.prediction_at_s)
    assert run.memory.targets == ()


def test_without_an_mv_there_is_nothing_to_do(dryer_controller):
    off = dict.fromkeys(dryer().mvs, MvStatus.OPR)
    plan, _ = dryer_controller.step(given(mv_status=off), Memory())
    assert plan.status is PlanStatus.NO_MV
    assert plan.moves == {}


def test_a_dropped_or_never_seen_cv_is_out(dryer_controller):
    status = {**dict.fromkeys(dryer().cvs, CvStatus.ON), "gas": CvStatus.DROP}
    plan, _ = dryer_controller.step(given(cv_status=status, y={**DRYER_Y, "moist": None}), Memory())
    assert plan.status is PlanStatus.OK
    assert "gas" not in plan.y_ss
    assert "moist" not in plan.y_ss
    assert "moist" not in plan.y_now
    assert plan.y_now["gas"] == 250.0
    assert not any("gas" in b.name or "moist" in b.name for b in plan.binding)


def test_an_unreadable_setpoint_out_of_service_is_held(dryer_controller):
    _, memory = dryer_controller.step(given(), Memory())
    lost = {**dict.fromkeys(dryer().mvs, MvStatus.ON), "fan": MvStatus.SERV}
    unread = replace(given(mv_status=lost), u={**DRYER_U, "fan": math.nan}, at_s=15.0, cycle=1)
    plan, memory = dryer_controller.step(unread, memory)
    assert plan.status is PlanStatus.OK
    assert plan.u_ss["fan"] == 75.0
    assert all(math.isfinite(v) for v in memory.inputs)
    plan, _ = dryer_controller.step(unread, Memory())
    assert plan.status is PlanStatus.BAD_INPUT


def test_bad_input_is_an_answer_and_leaves_the_memory_alone(dryer_controller):
    _, memory = dryer_controller.step(given(), Memory())
    plan, after = dryer_controller.step(given(y={**DRYER_Y, "gas": math.nan}), memory)
    assert plan.status is PlanStatus.BAD_INPUT
    assert plan.why == "gas is not a number"
    assert after is memory


def test_a_failed_solve_is_an_answer_and_the_next_cycle_starts_clean(dryer_controller, monkeypatch):
    _, memory = dryer_controller.step(given(), Memory())

    def fail(self, *args):
        raise SolverError("moves", (Solve(layer="moves", solver="osqp", status="lost", iterations=1, residual=0.0),))

    with monkeypatch.context() as patch:
        patch.setattr(module.Moves, "solve", fail)
        plan, after = dryer_controller.step(replace(given(), at_s=15.0), memory)
    assert plan.status is PlanStatus.SOLVER_FAILED
    assert plan.why == "moves: osqp lost"
    assert plan.moves == {}
    assert plan.solves[0].status == "lost"
    assert after.moves_x == ()
    assert after.at_s[-1] == 15.0  # the estimate went on
    plan, _ = dryer_controller.step(replace(given(), at_s=30.0), after)
    assert plan.status is PlanStatus.OK


@pytest.mark.parametrize("at_s", [1000.0 - 15.0, 1000.0, 1000.0 + 1e7])
def test_a_clock_that_jumped_means_the_plant_is_adopted_again(dryer_controller, at_s):
    run = dryer_loop(GAINS["right"], dryer_controller)
    run.step(30, money=DRYER_MONEY)
    memory = replace(run.memory, at_s=tuple(t - run.memory.at_s[-1] + 1000.0 for t in run.memory.at_s))
    plan, after = dryer_controller.step(replace(given(), at_s=at_s, y={**DRYER_Y, "gas": 222.0}), memory)
    assert plan.status is PlanStatus.OK
    assert plan.y_now["gas"] == 222.0
    assert after.at_s[-1] == at_s


def test_a_memory_of_another_plant_is_not_used(dryer_controller):
    other = plant([mv("u", (0.0, 10.0))], [cv("y", (0.0, 9.0))], [pair("u", "y", 1.0, lag1=30)])
    _, memory = Controller(other).step(inputs(other, 0, 0.0, {"u": 5.0}, {"y": 5.0}), Memory())
    plan, _ = dryer_controller.step(replace(given(), at_s=15.0), memory)
    assert plan.status is PlanStatus.OK
    assert plan.y_now == pytest.approx(DRYER_Y)


# ------------------------------------------------------------------------------------------------------- replay


def test_a_cycle_replays_bit_for_bit_in_a_new_controller_and_in_another_process(dryer_controller, tmp_path):
    run = dryer_loop(GAINS["weak"], dryer_controller)
    stored = []
    for k in range(60):
        if k == 30:
            run.sim.offset["moist"] += 0.4
        before, u, y = run.memory, {n: run.sim.v[n] for n in run.of.mvs}, run.sim.read()
        cycle, at_s = run.cycle, run.at_s
        d = {n: run.sim.v[n] for n in run.of.dvs}
        plan = run.step(1, money=DRYER_MONEY)
        asked = inputs(run.of, cycle, at_s, u, y, d=d, money=DRYER_MONEY)
        stored.append((asked, before.to_bytes(), plan, run.memory.to_bytes()))
    fresh = Controller(dryer())
    for asked, before, plan, after in reversed(stored):  # in any order
        again, memory = fresh.step(asked, Memory.from_bytes(before))
        assert again == plan
        assert memory.to_bytes() == after
    tape = tmp_path / "tape"
    tape.write_bytes(pickle.dumps(stored[::6]))
    code = (
        "import pickle, sys\nfrom pathlib import Path\nfrom controllers.controller import Controller\n"
        "from controllers.memory import Memory\nfrom tests.controllers.plants import dryer\n"
        "c = Controller(dryer())\n"
        "for asked, before, plan, after in pickle.loads(Path(sys.argv[1]).read_bytes()):\n"
        "    again, memory = c.step(asked, Memory.from_bytes(before))\n"
        "    assert again == plan and memory.to_bytes() == after\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tape)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_cycles_never_call_cvxpy(dryer_controller, monkeypatch):
    def refuse(*args, **kwargs):
        pytest.fail("cvxpy was called in a cycle")

    import cvxpy as cp

    for name in ("solve", "get_problem_data", "__init__"):
        monkeypatch.setattr(cp.Problem, name, refuse)
    monkeypatch.setattr(cp.Parameter, "__init__", refuse)
    run = dryer_loop(GAINS["right"], dryer_controller)
    assert run.step(3, money=DRYER_MONEY).status is PlanStatus.OK


def test_the_record_is_complete(dryer_controller):
    run = dryer_loop(GAINS["right"], dryer_controller)
    plan = run.step(3, money=DRYER_MONEY)
    terms = {"money", "money.feed", "money.gas", "money.power", "zone", "rows", "tracking", "suppression"}
    assert set(plan.objective) == terms
    assert set(plan.reasons) == set(run.of.mvs)
    assert {s.layer for s in plan.solves} >= {"targets.economics", "moves"}
    assert all(s.status in ("solved", "rough") for s in plan.solves)
    assert len(plan.u_plan["fan"]) == 7
    money = sum(DRYER_MONEY.get(n, 0.0) * v for n, v in (*plan.u_ss.items(), *plan.y_ss.items()))
    assert plan.objective["money"] == pytest.approx(money)
    assert any("T_in" in text for text in sentences(plan, run.of))
