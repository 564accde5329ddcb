"""Own rows over the horizon: against moves that are made cycle by cycle."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from constraints.plant import Row
from controllers.horizon import horizon
from controllers.model import Model
from controllers.rows import layout
from controllers.rowsahead import RowsAhead, RowsNow
from tests.controllers.plants import cv, mv, pair, plant

ROWS = (
    Row(name="mvs", coefficients={"a": 1.0, "b": -2.0}, hi=0.0, concern=3.0),
    Row(name="both", coefficients={"y": 2.0, "a": 0.5}, hi=0.0, rank=2, concern=0.5),
)


@pytest.fixture(scope="module")
def made():
    p = plant(
        [mv("a", (0.0, 50.0)), mv("b", (0.0, 10.0))], [cv("y", (0.0, 9.0)), cv("z", (0.0, 9.0))],
        [pair("a", "y", 1.5, 40, 100), pair("b", "y", -0.7, 0, 60), pair("b", "z", 4.0, 0, 2000)], rows=ROWS,
    )  # fmt: skip
    model = Model.of(p)
    plan = layout(p, model)
    grid = horizon(model, 2, p.tuning)
    return p, model, plan, grid, RowsAhead(plan, model, grid, p)


def by_cycles(p, model, grid, span, moves, at_s):
    """Return setpoints and CVs, as changes, when each block's move is made in equal parts, one a cycle."""
    u, y = np.zeros(2), np.zeros(2)
    for b, (first, last) in enumerate(itertools.pairwise(grid.blocks.edges)):
        part = moves[b] * span / (last - first)
        for k in range(first, last):
            since = at_s - k * p.cycle_s
            if since >= -1e-6:
                u += part
            y += model.steps(np.full((1, 2), since))[0][:, :2] @ part
    return u, y


def test_lines_are_what_moves_do(made):
    p, model, plan, grid, rows = made
    moves = np.random.default_rng(3).normal(size=(len(grid.lasts), 2))
    index, at = plan.index, rows.at
    told = rows.lines(index.of_mv[at], index.of_cv[at], None) @ moves.ravel()
    for k, at_s in enumerate(rows.points_s.tolist()):
        u, y = by_cycles(p, model, grid, plan.span, moves, at_s)
        want = (index.of_mv[at] @ u + index.of_cv[at] @ y) / index.concern[at]
        assert told.reshape(-1, 2)[k] == pytest.approx(want, rel=1e-9, abs=1e-9)


def test_it_looks_from_now_to_where_the_row_has_settled_and_no_further(made):
    _, _, plan, grid, rows = made
    assert rows.points_s[0] == 0.0
    assert rows.points_s[-1] == pytest.approx(grid.settle_s[plan.cvs.index("y")])
    assert rows.points_s[-1] < grid.settle_s[plan.cvs.index("z")]


def test_every_coefficient_has_its_place(made):
    _, _, plan, _, rows = made
    index, at = plan.index, rows.at
    bent = rows.lines(-3.0 * index.of_mv[at], 0.1 * index.of_cv[at], None)
    assert ((bent != 0.0) <= (rows.anywhere() != 0.0)).all()


def test_room_closes_along_the_funnel(made):
    *_, rows = made
    k = len(rows.points_s)
    now = RowsNow(
        of_mv=np.zeros((2, 2)), of_cv=np.zeros((2, 2)), free=np.full((k, 2), 6.0),
        now=np.array([6.0, 6.0]), hi=np.array([3.0, np.inf]),
    )  # fmt: skip
    closing = np.linspace(1.0, 0.0, k)
    found = rows.room(now, closing).reshape(k, 2)
    assert found[:, 0] == pytest.approx((3.0 + 3.0 * closing - 6.0) / rows.concern[0])
    assert np.isinf(found[:, 1]).all()
