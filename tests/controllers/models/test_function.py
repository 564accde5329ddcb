from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plant import FunctionSpec
from controllers.models.function import Function, FunctionError
from tests.controllers.models import engineers


def function(call, **more):
    spec = FunctionSpec(
        name="reactor", address="x:y", mvs=("u",), dvs=("d",), cvs=("c", "T"), at=(8.0, 0.0), call=call, **more
    )
    return Function(spec, ("other", "u", "d"), ("T", "c"))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(u=st.floats(-50.0, 50.0), d=st.floats(-5.0, 5.0))
@pytest.mark.parametrize("how", ["central", "complex"])
def test_derivatives_are_those_of_the_function(how, u, d):
    made = function(engineers.steady, differences=how)
    assert made.jacobian(np.array([u, d])) == pytest.approx(
        np.array(engineers.slopes([u], [d])), abs=1e-5 if how == "central" else 1e-11
    )


def test_the_engineers_own_derivatives_are_taken():
    made = function(engineers.raises_odd, jacobian=engineers.slopes, jacobian_address="x:z")
    assert made.jacobian(np.array([9.0, 1.0])).tolist() == engineers.slopes([9.0], [1.0])


def test_it_knows_which_variables_it_is_of():
    made = function(engineers.steady)
    assert made.columns.tolist() == [1, 2]
    assert made.rows.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (engineers.raises_odd, "raised OddError: no"),
        (engineers.divides, "raised ZeroDivisionError"),
        (engineers.not_a_number, "not finite"),
        (engineers.too_long, r"shape \(3,\), not \(2,\)"),
        (engineers.words, "raised ValueError"),
        (engineers.nothing, "raised TypeError|not finite|shape"),
    ],
)
@pytest.mark.parametrize("how", ["central", "complex"])
def test_what_is_no_answer_is_named_with_function_and_place(call, says, how):
    with pytest.raises(FunctionError, match=says) as caught:
        function(call, differences=how).jacobian(np.array([8.0, 1.5]))
    assert "reactor (x:y)" in str(caught.value)
    assert "d=1.5" in str(caught.value)


def test_derivatives_of_the_wrong_shape_are_refused():
    with pytest.raises(FunctionError, match=r"\(2, 2\)"):
        function(engineers.steady, jacobian=engineers.steady, jacobian_address="x:z").jacobian(np.zeros(2))


def test_a_function_that_writes_into_its_arguments_spoils_nothing():
    point = np.array([9.0, 0.0])
    assert function(engineers.spoils).jacobian(point)[1, 0] == pytest.approx(2.0)
    assert point.tolist() == [9.0, 0.0]


def test_one_that_was_declared_and_not_loaded_is_refused():
    with pytest.raises(FunctionError, match="not loaded"):
        function(None)
    with pytest.raises(FunctionError, match="not loaded"):
        function(engineers.steady, jacobian_address="x:z")
