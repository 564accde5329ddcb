from __future__ import annotations

import numpy as np
import pytest

from controllers.dense import Dense, Question
from controllers.solver import SolverError

N, M = 4, 9


def question(seed, soft=True):
    rng = np.random.default_rng(seed)
    some = np.arange(M) >= seed % 3 if soft else None
    return Question(rng.normal(size=N), -np.ones(N), np.ones(N), np.full(M, -np.inf), rng.normal(size=M) - 1.0, some)


def rows():
    return np.random.default_rng(7).normal(size=(M, N)) * 30.0


def cold():
    return np.zeros(N + M, dtype=np.intp)


def test_an_answer_depends_on_the_question_alone_bit_for_bit():
    one = Dense(np.eye(N), rows(), 1e-4)
    forward = [one.ask("x", question(k), cold()) for k in range(40)]
    backward = [one.ask("x", question(k), cold()) for k in reversed(range(40))][::-1]
    fresh = [Dense(np.eye(N), rows(), 1e-4).ask("x", question(k), cold()) for k in range(40)]
    for a, b, c in zip(forward, backward, fresh, strict=True):
        assert a.x.tobytes() == b.x.tobytes() == c.x.tobytes()
        assert a.dual.tobytes() == b.dual.tobytes() == c.dual.tobytes()


def test_where_to_start_changes_the_work_and_not_the_answer():
    one = Dense(np.eye(N), rows(), 1e-4)
    first = one.ask("x", question(1), cold())
    again = one.ask("x", question(1), first.active())
    assert again.x == pytest.approx(first.x, abs=1e-9)
    assert again.solves[0].iterations < first.solves[0].iterations


def test_the_second_engine_gives_the_same_answer(monkeypatch):
    one, other = Dense(np.eye(N), rows(), 1e-4), Dense(np.eye(N), rows(), 1e-4)
    monkeypatch.setattr(other, "_daqp", lambda *_: (np.zeros(N), np.zeros(N + M), "lost", 0))
    for k in range(20):
        right, second = one.ask("x", question(k), cold()), other.ask("x", question(k), cold())
        assert [solve.solver for solve in second.solves] == ["daqp", "clarabel"]
        assert second.x == pytest.approx(right.x, abs=1e-4)
        assert second.dual == pytest.approx(right.dual, abs=1e-3 * np.abs(right.dual).max())


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, dual: (x + 1e-3, dual),
        lambda x, dual: (x, dual * 1.01),
        lambda x, dual: (np.full_like(x, np.nan), dual),
        lambda x, dual: (np.zeros_like(x), np.zeros_like(dual)),
    ],
)
def test_an_answer_that_is_not_one_is_found_out(monkeypatch, wrong):
    one = Dense(np.eye(N), rows(), 1e-4)
    asked = one._daqp

    def lies(*given):
        x, dual, status, iterations = asked(*given)
        return *wrong(x, dual), status, iterations

    monkeypatch.setattr(one, "_daqp", lies)
    found = one.ask("x", question(1), cold())
    assert found.solves[0].status in ("row violated", "not stationary", "not complementary", "not finite")
    assert found.solves[1].status == "solved"


def test_bad_data_and_what_cannot_be_are_refused_by_name():
    one = Dense(np.eye(N), rows(), 1e-4)
    good = question(1)
    bad = Question(np.full(N, np.nan), good.box_lo, good.box_hi, good.lo, good.hi)
    crossed = Question(good.f, good.box_hi, good.box_lo, good.lo, good.hi)
    for each in (bad, crossed):
        with pytest.raises(SolverError, match="x: none bad data"):
            one.ask("x", each, cold())
    with pytest.raises(SolverError, match="daqp flag -1"):
        one.ask("x", Question(good.f, good.box_lo, good.box_hi, good.lo, np.full(M, -1e4)), cold())
    assert one.ask("x", good, cold()).solves[0].status == "solved"


def test_an_mv_that_may_not_move_does_not_and_has_a_dual():
    one = Dense(np.eye(2), np.array([[1.0, 1.0]]), 1e-4)
    pinned = Question(
        np.array([-5.0, -5.0]), np.array([0.2, -1.0]), np.array([0.2, 1.0]), np.full(1, -9.0), np.full(1, 9.0)
    )
    found = one.ask("x", pinned, np.zeros(3, dtype=np.intp))
    assert found.x == pytest.approx([0.2, 1.0], abs=1e-8)
    assert found.dual[0] == pytest.approx(4.8, abs=1e-6)


@pytest.mark.parametrize("bend", [np.inf, np.nan, 1e200])
def test_a_curvature_that_cannot_be_is_refused_by_every_engine_and_is_no_crash(bend):
    one = Dense(np.array([[1.0, bend], [bend, 1.0]]), np.zeros((0, 2)), 1e-4)
    free = Question(np.ones(2), -np.ones(2), np.ones(2), np.zeros(0), np.zeros(0))
    with pytest.raises(SolverError) as wrong:
        one.follow("x", free, np.zeros(2, dtype=np.intp))
    assert [solve.solver for solve in wrong.value.tried] == ["newton", "daqp", "clarabel"]
    assert wrong.value.tried[0].status == "not strictly convex"
