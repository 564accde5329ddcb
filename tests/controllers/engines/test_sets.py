from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from controllers.engines.judge import Judge, Strictness
from controllers.engines.sets import Sets

N, M = 60, 240
TRIES = 40


def problem(seed=1):
    """Return a strictly convex cost, its rows, and how soft they are: two of three are, as zones are among ranges."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(N, N))
    soft = np.where(np.arange(M) % 3 > 0, rng.uniform(0.05, 0.5, M), 0.0)
    return root @ root.T / N + 0.1 * np.eye(N), rng.normal(size=(M, N)) / np.sqrt(N), soft


def question(seed):
    rng = np.random.default_rng([9, seed])
    return rng.normal(size=N), -rng.uniform(0.3, 1.5, M), rng.uniform(0.3, 1.5, M)


def sides(y):
    return (y > 1e-9).astype(np.int8) - (y < -1e-9)


def nothing():
    return np.zeros(M, dtype=np.int8)


def walked(sets, seeds):
    """Return the answers to one question after the other, each from the last one's limits."""
    side, found = nothing(), []
    for seed in seeds:
        found.append(sets.settled(*question(seed), side, TRIES))
        side = sides(found[-1].y)
    return found


def digest():
    """Return what a walk of ten questions comes to, to the last bit."""
    found = walked(Sets(*problem()), range(10))
    return hashlib.sha256(b"".join(each.x.tobytes() + each.y.tobytes() for each in found)).hexdigest()


def test_what_comes_to_rest_is_optimal():
    hessian, rows, soft = problem()
    judge = Judge(hessian, rows, Strictness(row=1e-9, dual=1e-9))
    found = walked(Sets(hessian, rows, soft), range(30))
    assert sum(each.settled for each in found) > 25
    for seed, each in enumerate(found):
        f, low, high = question(seed)
        if each.settled:
            assert judge.look(each.x, each.y, f, (low, high), soft)[0] == "solved"
            assert (each.y != 0.0).any()


def test_where_the_same_limits_hold_one_try_is_enough():
    sets = Sets(*problem())
    f, low, high = question(3)
    first = sets.settled(f, low, high, nothing(), TRIES)
    again = sets.settled(1.0001 * f, low, high, sides(first.y), TRIES)
    assert first.tries > 1
    assert (again.settled, again.tries) == (True, 1)


def test_out_of_tries_it_says_so():
    assert not Sets(*problem()).settled(*question(3), nothing(), 1).settled


def test_an_answer_depends_on_the_question_and_the_start_alone_bit_for_bit():
    """Whatever the tables were asked before, and wherever the arrays happen to lie in memory."""
    f, low, high = question(50)
    start = sides(walked(Sets(*problem()), [49])[0].y)
    expected = Sets(*problem()).settled(f, low, high, start, TRIES)
    for history in ([], [1], [2, 3, 4], [49], [50], range(20, 40)):
        sets = Sets(*problem())
        walked(sets, history)
        for offset in range(4):
            shifted = [np.concatenate((np.zeros(offset), each))[offset:] for each in (f, low, high)]
            found = sets.settled(*shifted, start, TRIES)
            assert found.x.tobytes() == expected.x.tobytes()
            assert found.y.tobytes() == expected.y.tobytes()
            assert (found.tries, found.settled) == (expected.tries, expected.settled)


def test_the_same_bits_in_other_processes():
    code = "from tests.controllers.engines.test_sets import digest\nprint(digest())"
    done = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]
    assert {each.stdout.strip() for each in done} == {digest()}


def test_limits_that_depend_on_each_other_are_kept_and_told():
    """A range and a rate of the same block are the same row twice."""
    sets = Sets(np.eye(2), np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.zeros(3))
    f, high = np.array([-3.0, -3.0]), np.array([1.0, 1.0, 2.0])
    both = sets.settled(f, -high, high, np.array([1, 1, 1], dtype=np.int8), 4)
    assert both.x == pytest.approx([1.0, 2.0], abs=1e-9)
    assert both.y[0] + both.y[1] == pytest.approx(2.0, abs=1e-9)
    assert (both.settled, both.independent) == (True, False)
    one = sets.settled(f, -high, high, np.array([1, 0, 1], dtype=np.int8), 4)
    assert (one.settled, one.independent) == (True, True)


def test_a_row_of_no_width_holds_whichever_way_it_pushes():
    sets = Sets(np.eye(1), np.eye(1), np.zeros(1))
    for f in (-5.0, 5.0):
        found = sets.settled(np.array([f]), np.array([2.0]), np.array([2.0]), np.array([1], dtype=np.int8), 3)
        assert found.settled
        assert found.x == pytest.approx([2.0], abs=1e-9)
        assert found.y == pytest.approx([-f - 2.0], abs=1e-9)


def test_what_is_not_convex_is_refused():
    with pytest.raises(np.linalg.LinAlgError):
        Sets(np.diag([1.0, -1.0]), np.eye(2), np.zeros(2))
