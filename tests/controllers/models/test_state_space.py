from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plant import Pair, StateSpace
from controllers.model import Model, ModelError

CYCLE = 15.0


def block_of(pairs: list[Pair], inputs: tuple[str, ...], cvs: tuple[str, ...]) -> StateSpace:
    """Return two lags a pair as one block."""
    n = 2 * len(pairs)
    a, b, c = np.zeros((n, n)), np.zeros((n, len(inputs))), np.zeros((len(cvs), n))
    for k, p in enumerate(pairs):
        i = 2 * k
        a[i, i], a[i + 1, i + 1], a[i + 1, i] = -1.0 / p.lag1_s, -1.0 / p.lag2_s, 1.0 / p.lag2_s
        b[i, inputs.index(p.source)] = 1.0 / p.lag1_s
        c[cvs.index(p.cv), i + 1] = p.gain
    dead = tuple(next((p.dead_time_s for p in pairs if p.cv == name), 0.0) for name in cvs)
    d = np.zeros((len(cvs), len(inputs)))
    rows = [tuple(tuple(row) for row in m.tolist()) for m in (a, b, c, d)]
    return StateSpace(name="b", inputs=inputs, cvs=cvs, a=rows[0], b=rows[1], c=rows[2], d=rows[3], dead_time_s=dead)


PAIRS = [
    Pair(source="u", cv="y", gain=2.0, dead_time_s=40.0, lag1_s=100.0, lag2_s=30.0),
    Pair(source="d", cv="y", gain=-1.0, dead_time_s=40.0, lag1_s=60.0, lag2_s=60.0),
    Pair(source="u", cv="z", gain=0.5, dead_time_s=0.0, lag1_s=20.0, lag2_s=5.0),
]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(1.0, 90.0), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)), min_size=1, max_size=8))
def test_a_block_of_pairs_agrees_with_the_pairs(history):
    names = ("u", "d"), ("y", "z")
    pairs = Model(PAIRS, *names, CYCLE)
    block = Model([], *names, CYCLE, blocks=[block_of(PAIRS, *names)])
    a, b, at = pairs.start(0.0), block.start(0.0), 0.0
    for gap, u, d in history:
        at += gap
        v = np.array([u, d])
        a, b = pairs.advance(a, v, v, at), block.advance(b, v, v, at)
    ahead = np.array([0.0, 17.0, 150.0, 4000.0])
    assert block.free(b, ahead) == pytest.approx(pairs.free(a, ahead), abs=1e-9)
    after = np.column_stack((ahead, ahead + 3.0))
    assert block.steps(after) == pytest.approx(pairs.steps(after), abs=1e-9)
    assert block.gains()[0] == pytest.approx(pairs.gains()[0], abs=1e-12)


def test_an_integrator_inside_a_block_is_found_for_the_cvs_that_see_it():
    block = StateSpace(
        name="tank", inputs=("in", "out"), cvs=("level", "T"),
        a=((0.0, 0.0), (0.0, -0.01)), b=((0.002, -0.002), (0.03, 0.0)), c=((1.0, 0.0), (0.0, 1.0)),
        d=((0.0, 0.0), (0.0, 0.0)), dead_time_s=(0.0, 10.0),
    )  # fmt: skip
    model = Model([], ["in", "out"], ["level", "T"], CYCLE, blocks=[block])
    level, slope = model.gains()
    assert slope == pytest.approx(np.array([[0.002, -0.002], [0.0, 0.0]]))
    assert level == pytest.approx(np.array([[0.0, 0.0], [3.0, 0.0]]))
    assert model.cv_integrates().tolist() == [True, False]


GOOD = StateSpace(
    name="b", inputs=("u",), cvs=("y",), a=((-0.01,),), b=((1.0,),), c=((1.0,),), d=((0.0,),), dead_time_s=(0.0,)
)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (replace(GOOD, a=((0.01,),)), "not stable"),
        (replace(GOOD, a=((0.0, 0.1), (-0.1, 0.0)), b=((1.0,), (0.0,)), c=((1.0, 0.0),)), "not stable"),
        (replace(GOOD, a=((0.0, 1.0), (0.0, 0.0)), b=((0.0,), (1.0,)), c=((1.0, 0.0),)), "in a row"),
        (replace(GOOD, b=((1.0, 2.0),)), "B must have 1 x 1"),
        (replace(GOOD, c=((math.nan,),)), "C must have"),
        (replace(GOOD, dead_time_s=()), "dead time"),
    ],
)
def test_a_block_that_is_no_plant_is_refused(wrong, says):
    with pytest.raises(ModelError, match=says):
        Model([], ["u"], ["y"], CYCLE, blocks=[wrong])
