"""Each worth that is shown is what solving again with a little more room earns, wherever the same limits hold."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.worth import OFF_MAX, compared
from controllers.ranked import Stage
from controllers.worth import worths


def test_each_worth_shown_is_found_again_by_solving_again():
    found = [each for seed in range(240) for each in compared(seed)]
    assert len(found) > 200
    assert [each for each in found if each.off > OFF_MAX] == []


@pytest.mark.parametrize("seed", [1672, 18552])
def test_also_where_a_rank_was_answered_by_the_second_solver(seed):
    """Its answer has a small dual for every row (1672), or none for what earlier ranks had settled (18552)."""
    found = list(compared(seed))
    assert found != []
    assert [each for each in found if each.off > OFF_MAX] == []


def test_without_give_ups_the_duals_are_the_worth():
    dual = np.array([0.0, 2.0, -1.0])
    assert worths(dual, (), np.array([[1.0]])).tolist() == dual.tolist()


def test_two_limits_that_share_a_give_up_share_its_worth():
    # x <= 0 and x >= 2 are both given up, to x = 1; one unit more earns 3 currency
    rows = np.array([[1.0], [1.0]])
    stage = Stage(given=np.array([0, 1]), firm=np.array([], dtype=np.intp))
    assert worths(np.array([0.0, 3.0, 0.0]), (stage,), rows) == pytest.approx([0.0, 1.5, 1.5])


def test_what_pushed_back_in_a_stage_is_worth_what_it_let_the_given_up_row_do():
    # x0 + x1 >= 4 is given up (held at 2) because x0 <= 1 and x1 <= 1 are firm; it is held to that for 5 a unit
    rows = np.array([[1.0, 1.0]])
    stage = Stage(given=np.array([0]), firm=np.array([0, 1]))
    assert worths(np.array([0.0, 0.0, -5.0]), (stage,), rows) == pytest.approx([-5.0, -5.0, 0.0])
