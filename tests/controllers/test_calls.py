"""Functions of cvxpy variables become rows and curves that hold exactly where they hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from constraints.calls import CallSpec
from constraints.curve import tangent
from constraints.plant import LogTransform
from controllers.calls import with_calls
from controllers.controller import Controller
from controllers.models.function import FunctionError
from tests.constraints.plantfile import engineers_limits
from tests.controllers.plants import cv, inputs, loop, mv, pair, plant


def made(name, **more):
    p = plant([mv("a", (0.0, 100.0)), mv("b", (0.0, 100.0))], [cv("y", (0.0, 300.0))], [pair("a", "y", 1.0, 0, 60)])
    call = more.pop("call", getattr(engineers_limits, name, None))
    spec = CallSpec(name=name, address=f"limits:{name}", variables=("a", "b"), rank=2, concern=4.0, call=call, **more)
    return replace(p, calls=(spec,))


def above(p, values):
    """Return the largest of all rows and curves at a point."""
    rows = [sum(c * values[v] for v, c in row.coefficients.items()) - row.hi for row in p.rows]
    return max((*rows, *(tangent(each.above, values).value for each in p.curves)))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ellipse", lambda a, b: (a - 10) ** 2 + 0.5 * b**2 + abs(a - b) - 900),
        ("square", lambda a, b: max(2 * a * a + 2 * a * b + 3 * b * b - 5000, abs(a + b - 50))),
    ],
)
def test_rows_and_curves_are_the_constraint(name, meant):
    found = with_calls(made(name))
    assert found.calls == ()
    assert all(each.convex and (each.rank, each.concern) == (2, 4.0) for each in found.curves)
    for a, b in np.random.default_rng(7).uniform(-60.0, 120.0, (50, 2)):
        assert above(found, {"a": a, "b": b}) == pytest.approx(meant(a, b), rel=1e-9, abs=1e-7)


def test_an_affine_one_becomes_a_row_with_a_number_where_there_are_several():
    found = with_calls(made("square"))
    assert [(row.name, dict(row.coefficients), row.hi) for row in found.rows] == [
        ("square (2)", {"a": 1.0, "b": 1.0}, 50.0),
        ("square (3)", {"a": -1.0, "b": -1.0}, -50.0),
    ]
    assert [each.name for each in found.curves] == ["square (1)"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("logarithm", "allowed are affine and convex quadratic ones"),
        ("not_convex", "cannot be held"),
        ("own_variable", "variables or parameters of its own"),
        ("parameter", "variables or parameters of its own"),
        ("a_number", "returned a int, not <=, >= or == of cvxpy"),
        ("nothing", "returned no constraints"),
        ("raises", "raised KeyError: 'nobody'"),
        ("cancels", "never changes"),
    ],
)
def test_what_cannot_be_held_is_refused_by_name(name, said):
    with pytest.raises(FunctionError, match="limits:" if name != "nothing" else "nothing") as caught:
        with_calls(made(name))
    assert said in str(caught.value)


def test_what_is_not_loaded_or_transformed_is_refused():
    with pytest.raises(FunctionError, match="declared but not loaded"):
        Controller(made("square", call=None))
    p = made("square")
    bent = replace(p.mvs["a"], transform=LogTransform(at=10.0))
    with pytest.raises(FunctionError, match="is on a, which is transformed"):
        Controller(replace(p, mvs={**p.mvs, "a": bent}))


def test_it_is_held_in_closed_loop_and_no_cycle_calls_cvxpy(monkeypatch):
    p = made("ellipse")
    run = loop(p, {"a": 20.0, "b": 10.0}, {"y": 20.0})

    def refuse(*_):
        raise AssertionError("cvxpy in a cycle")

    monkeypatch.setattr("cvxpy.Variable.__init__", refuse)
    monkeypatch.setattr("cvxpy.Problem.solve", refuse)
    run.step(150, money={"a": 1.0})
    plan, _ = run.controller.step(inputs(p, 151, run.at_s, run.u, run.sim.read(), money={"a": 1.0}), run.memory)
    a, b = run.u["a"], run.u["b"]
    assert (a - 10) ** 2 + 0.5 * b**2 + abs(a - b) == pytest.approx(900.0, rel=0.01)
    assert any(each.name.startswith("row.ellipse") for each in plan.binding)
