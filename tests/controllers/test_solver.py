from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from controllers.engines.daqp_engine import DaqpEngine
from controllers.engines.newton_engine import NewtonEngine
from controllers.engines.osqp_engine import OsqpEngine, OsqpTuning
from controllers.solver import FEW, Qp, SolverError, Tuning, looked_for
from tests.controllers.problems import economics

ROWS = np.array([[1.0, 1.0], [1.0, -2.0]])
GOOD = {
    "lo": -np.ones(2),
    "hi": np.ones(2),
    "room": np.array([0.5, 0.7]),
    "cost": np.array([-1.0, -0.3]),
    "rest": np.zeros(2),
}


def qp(first="osqp", sets_max=0) -> Qp:
    """Return a problem that asks its engines at once, unless sets of limits are to be tried before."""
    return Qp(economics("e", ROWS, np.array([0.3, 0.2])), Tuning(first=first, sets_max=sets_max))


WIDE_ROWS = np.random.default_rng(3).normal(size=(8, 6))
WIDE = {"lo": -np.ones(6), "hi": np.ones(6), "rest": np.zeros(6)}


def wide():
    return economics("w", WIDE_ROWS, np.full(6, 0.2))


def test_both_solvers_agree():
    a, b = qp("osqp").solve(GOOD), qp("daqp").solve(GOOD)
    assert a.solves[0].solver == "osqp"
    assert b.solves[0].solver == "daqp"
    assert a.values["x"] == pytest.approx(b.values["x"], abs=1e-6)
    assert a.y == pytest.approx(b.y, abs=1e-5)


@pytest.mark.parametrize("name", ["cost", "rest", "room", "lo"])
def test_what_is_not_a_number_never_reaches_a_solver(name):
    bad = {**GOOD, name: np.array([np.nan, 0.1])}
    with pytest.raises(SolverError, match="not finite") as caught:
        qp().solve(bad)
    assert caught.value.tried[0].solver == "none"


def test_crossed_limits_never_reach_a_solver():
    q = qp()
    before = q.solve(GOOD).values["x"]
    with pytest.raises(SolverError, match="limits cross"):
        q.solve({**GOOD, "lo": np.array([0.6, -1.0]), "hi": np.array([0.5, 1.0])})
    assert (q.solve(GOOD).values["x"] == before).all()


def test_limits_that_cross_by_rounding_are_one_point():
    answer = qp().solve({**GOOD, "lo": np.array([0.2 + 1e-16, -1.0]), "hi": np.array([0.2, 1.0])})
    assert answer.values["x"][0] == pytest.approx(0.2, abs=1e-9)


@pytest.mark.parametrize("first", ["osqp", "daqp"])
def test_no_answer_where_there_is_none(first):
    with pytest.raises(SolverError) as caught:
        qp(first).solve({**GOOD, "room": np.array([-5.0, 1.0])})
    assert {s.solver for s in caught.value.tried} == {"osqp", "daqp"}
    assert all(s.status != "solved" for s in caught.value.tried)


def test_a_failure_leaves_nothing_behind():
    q = qp()
    clean = q.solve(GOOD)
    with pytest.raises(SolverError):
        q.solve({**GOOD, "room": np.array([-5.0, 1.0])})
    again = q.solve(GOOD)
    assert again.x.tobytes() == clean.x.tobytes()
    assert again.y.tobytes() == clean.y.tobytes()


def test_osqp_looks_and_daqp_finishes():
    answer = qp().solve(GOOD)
    assert [(s.solver, s.status) for s in answer.solves] == [("osqp", "rough"), ("daqp", "solved")]


@pytest.mark.parametrize("first", ["osqp", "daqp"])
def test_osqp_takes_over_from_daqp(first):
    slow = Qp(economics("e", ROWS, np.array([1e-4, 1e-4])), Tuning(first=first, sets_max=0, pivots_max=0))
    answer = slow.solve(GOOD)
    assert [s.status for s in answer.solves[-2:]] == ["flag -4", "solved"]
    assert [s.solver for s in answer.solves[-2:]] == ["daqp", "osqp"]
    assert answer.values["x"] == pytest.approx(
        Qp(economics("e", ROWS, np.array([1e-4, 1e-4]))).solve(GOOD).values["x"], abs=1e-5
    )


def test_osqp_looks_longer_where_a_pivot_is_dear():
    few, many = looked_for(FEW), looked_for(FEW + 1)
    assert few.tolerance > many.tolerance
    assert "off" == few.polishing == many.polishing


def test_an_osqp_that_finds_nothing_leaves_it_to_daqp():
    lost = Qp(economics("e", ROWS, np.array([1e-4, 1e-4])), Tuning(sets_max=0, rough=OsqpTuning(iterations_max=1)))
    answer = lost.solve(GOOD)
    assert [s.status == "solved" for s in answer.solves] == [False, True]
    assert answer.solves[0].status != "rough"


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (lambda x: x * np.nan, "not finite"),
        (lambda x: x + 1e-3, "row violated"),
        (lambda x: x - 0.1 * np.eye(len(x))[0], "not stationary"),
    ],
)
def test_an_answer_is_never_believed(monkeypatch, spoil, status):
    honest = DaqpEngine.ask

    def lie(self, vectors, start):
        found = honest(self, vectors, start)
        return replace(found, x=spoil(found.x))

    true = qp().solve(GOOD).values["x"]
    monkeypatch.setattr(DaqpEngine, "ask", lie)
    answer = qp("daqp").solve(GOOD)
    assert [s.status for s in answer.solves] == [status, "solved"]
    assert answer.solves[1].solver == "osqp"
    assert answer.values["x"] == pytest.approx(true, abs=1e-5)


def test_where_both_lie_nothing_is_answered(monkeypatch):
    for engine in (OsqpEngine, DaqpEngine):
        honest = engine.ask
        monkeypatch.setattr(
            engine, "ask", lambda self, v, s, honest=honest: replace(honest(self, v, s), y=np.full(4, 3.0))
        )
    with pytest.raises(SolverError):
        qp().solve(GOOD)


class Refusing:
    """An OSQP object that takes no data, as it does for limits that cross."""

    def __init__(self, inner):
        self.inner = inner

    def update_data_vec(self, **_):
        return 1

    def __getattr__(self, name):
        return getattr(self.inner, name)


def test_data_that_the_library_refuses_is_a_failed_solve(monkeypatch):
    set_up = OsqpEngine._set_up
    monkeypatch.setattr(OsqpEngine, "_set_up", lambda self: Refusing(set_up(self)))
    answer = qp().solve(GOOD)
    assert [s.status for s in answer.solves] == ["data refused", "solved"]
    assert answer.solves[1].solver == "daqp"


def test_an_error_of_the_library_is_a_failed_solve(monkeypatch):
    def refuse(self):
        raise ValueError("7")

    monkeypatch.setattr(OsqpEngine, "_set_up", refuse)
    answer = qp().solve(GOOD)
    assert [s.status for s in answer.solves] == ["error 7", "solved"]


@pytest.mark.parametrize("sets_max", [0, 25])
@pytest.mark.parametrize("first", ["osqp", "daqp"])
def test_the_step_size_and_the_active_set_carry_over_bit_for_bit(first, sets_max):
    """A running engine and a new one that is given the last answer: the same bits, cycle by cycle."""
    rng = np.random.default_rng(5)
    tuning = Tuning(first=first, sets_max=sets_max)
    running = Qp(wide(), tuning)
    x = y = None
    rho = 0.0
    for _ in range(20):
        v = {**WIDE, "cost": rng.normal(size=6) * 3.0, "room": rng.random(8) * 0.4 + 0.05}
        a, b = running.solve(v, x, y, rho), Qp(wide(), tuning).solve(v, x, y, rho)
        assert (a.x.tobytes(), a.y.tobytes(), a.rho, a.solves) == (b.x.tobytes(), b.y.tobytes(), b.rho, b.solves)
        x, y, rho = a.x, a.y, a.rho


def test_coefficients_are_replaced_as_if_compiled_anew():
    rows = np.array([[1.0, 1.0], [1.0, -2.0]])
    other = np.array([[0.4, 1.5], [2.0, -0.3]])
    q = qp()
    at, sign = q.problem.block(0, "x", rows)
    q.solve(GOOD)
    q.replace(at, sign * other.ravel())
    anew = Qp(economics("e", other, np.array([0.3, 0.2])))
    assert q.solve(GOOD).values["x"] == pytest.approx(anew.solve(GOOD).values["x"], abs=1e-8)
    q.replace(at, sign * rows.ravel())
    assert q.solve(GOOD).x.tobytes() == qp().solve(GOOD).x.tobytes()


@pytest.mark.parametrize("sets_max", [0, 25])
def test_the_past_of_an_object_does_not_show(sets_max):
    rng = np.random.default_rng(2)
    worn = qp(sets_max=sets_max)
    for _ in range(30):
        worn.solve({**GOOD, "cost": rng.normal(size=2) * 100.0, "room": rng.random(2) + 0.1})
    x, y = np.array([0.3, 0.1]), np.array([0.2, 0.0, 0.0, 0.1])
    a, b = worn.solve(GOOD, x, y), qp(sets_max=sets_max).solve(GOOD, x, y)
    assert a.x.tobytes() == b.x.tobytes()
    assert a.y.tobytes() == b.y.tobytes()
    assert a.rho == b.rho
    assert a.solves == b.solves


@pytest.mark.parametrize("sets_max", [0, 25])
def test_the_same_bits_in_another_process(sets_max):
    code = (
        "from tests.controllers.test_solver import GOOD, qp\n"
        f"a = qp(sets_max={sets_max}).solve(GOOD)\nprint(a.x.tobytes().hex(), a.y.tobytes().hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = qp(sets_max=sets_max).solve(GOOD)
    assert done.stdout.split() == [here.x.tobytes().hex(), here.y.tobytes().hex()]


@pytest.mark.parametrize("first", ["osqp", "daqp"])
def test_where_the_same_limits_hold_no_engine_is_asked(first):
    q = qp(first, sets_max=25)
    before = q.solve(GOOD)
    again = q.solve({**GOOD, "cost": np.array([-1.01, -0.3])}, before.x, before.y, before.rho)
    assert [(s.solver, s.status, s.iterations) for s in again.solves] == [("newton", "solved", 1)]
    assert again.values["x"] == pytest.approx(
        qp(first).solve({**GOOD, "cost": np.array([-1.01, -0.3])}).values["x"], abs=1e-8
    )


@pytest.mark.parametrize(("first", "then"), [("osqp", ["rough", "solved"]), ("daqp", ["solved"])])
def test_what_does_not_come_to_rest_is_left_to_the_engines(first, then):
    answer = qp(first, sets_max=1).solve(GOOD)
    assert [s.status for s in answer.solves] == ["not settled", *then]
    assert answer.values["x"] == pytest.approx(qp(first).solve(GOOD).values["x"], abs=1e-9)


def test_our_own_answer_is_not_believed_either(monkeypatch):
    honest = NewtonEngine.ask

    def lie(self, vectors, start):
        found = honest(self, vectors, start)
        return replace(found, x=found.x + 1e-3)

    monkeypatch.setattr(NewtonEngine, "ask", lie)
    answer = qp("daqp", sets_max=25).solve(GOOD)
    assert [(s.solver, s.status) for s in answer.solves] == [("newton", "row violated"), ("daqp", "solved")]


def test_nothing_is_printed(capfd):
    quiet = {**GOOD, "cost": np.zeros(2)}
    qp().solve(quiet)
    qp("daqp").solve(quiet)
    assert capfd.readouterr() == ("", "")
