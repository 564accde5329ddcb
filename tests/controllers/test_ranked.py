from __future__ import annotations

import numpy as np
import pytest

from controllers.dense import Dense
from controllers.ranked import FEASIBLE, NEAR, Stage, _Asked, _projected, held

BOX = (-np.ones(2), np.ones(2))
INF = np.inf


def ask(rows, lo, hi, rank, x=(0.0, 0.0)):
    problem = Dense(np.eye(2), np.array(rows, dtype=float), NEAR)
    room = np.array(lo, dtype=float), np.array(hi, dtype=float), np.array(rank)
    return held(problem, room, BOX, np.array(x))


def test_what_holds_already_asks_nothing():
    found = ask([[1.0, 0.0]], [-INF], [0.5], [1])
    assert found.solves == ()
    assert found.x.tolist() == [0.0, 0.0]


def test_what_can_be_held_by_all_is_found_at_once():
    found = ask([[1.0, 0.0], [0.0, 1.0]], [0.5, -INF], [INF, -0.5], [2, 1])
    assert [each.layer for each in found.solves] == ["targets.joint"]
    assert found.stages == ()
    assert found.x == pytest.approx([0.5, -0.5], abs=1e-6)


def test_the_later_rank_gives_way():
    found = ask([[1.0, 0.0], [1.0, 0.0]], [-INF, 0.8], [0.3, INF], [1, 2])
    assert found.hi[0] == pytest.approx(0.3, abs=1e-6)
    assert found.lo[1] == pytest.approx(0.3, abs=1e-6)


def test_equals_share_by_squares():
    found = ask([[1.0, 0.0], [2.0, 0.0]], [-INF, 1.8], [0.0, INF], [1, 1])
    # least (x)^2 + (1.8 - 2 x)^2: x = 0.72
    assert found.x[0] == pytest.approx(0.72, abs=1e-4)
    assert found.stages[0].given.tolist() == [0, 1]


def test_a_weak_gain_is_used_to_its_end():
    found = ask([[0.01, 0.0]], [5.0], [INF], [1])
    assert found.lo[0] == pytest.approx(0.01, abs=1e-6)
    assert found.stages[0].firm.tolist() == [0]


def test_a_wild_reading_does_not_drown_the_others():
    found = ask([[1.0, 0.0], [1.0, 0.1]], [1e9, -INF], [INF, 0.0], [1, 1])
    assert np.isfinite(found.x).all()
    assert found.lo[0] <= 1.0 + 1e-6


def test_a_rank_without_an_answer_keeps_what_the_point_gives_it_and_says_so(monkeypatch):
    problem = Dense(np.eye(2), np.array([[1.0, 0.0], [1.0, 0.0]]), NEAR)
    monkeypatch.setattr(Dense, "_daqp", lambda *_: (np.zeros(2), np.zeros(4), "lost", 0))
    monkeypatch.setattr(Dense, "_clarabel", lambda *_: (np.zeros(2), np.zeros(4), "lost too", 0))
    room = np.array([-INF, 0.8]), np.array([0.3, INF]), np.array([1, 2])
    found = held(problem, room, BOX, np.array([0.1, 0.0]))
    assert found.x.tolist() == [0.1, 0.0]
    assert found.lo[1] == pytest.approx(0.1, abs=1e-6)
    assert {each.status for each in found.solves} == {"lost", "lost too"}


def test_between_slivers_it_seeks_where_nothing_settled_changes():
    # row 0 was given up at x0 = 0.5; row 1 (x0 + x1 >= 2) may only use x1
    rows = np.array([[1.0, 0.0], [1.0, 1.0]])
    asked = _Asked(
        "targets.rank2",
        np.array([0.5, 2.0]),
        np.array([0.5, INF]),
        np.array([False, True]),
        np.zeros(4, dtype=np.intp),
        (Stage(np.array([0]), np.array([], dtype=np.intp)),),
    )
    found = _projected(rows, asked, BOX, np.array([0.5, 0.0]))
    assert found.x == pytest.approx([0.5, 1.0], abs=1e-6)
    settled = _Asked(
        *(getattr(asked, name) for name in _Asked.__slots__[:-1]), (Stage(np.array([0, 1]), np.array([0])),)
    )
    assert _projected(rows, settled, BOX, np.array([0.5, 0.2])).x.tolist() == [0.5, 0.2]


def test_every_row_is_held_to_what_some_point_can_do():
    rng = np.random.default_rng(3)
    for _ in range(50):
        rows = rng.normal(size=(6, 2))
        middle, half = rng.normal(size=6), rng.choice([0.0, 0.5, 2.0], size=6)
        found = ask(rows, middle - half, middle + half, rng.integers(1, 4, size=6))
        at = rows @ found.x
        assert (at <= found.hi + FEASIBLE).all()
        assert (at >= found.lo - FEASIBLE).all()
