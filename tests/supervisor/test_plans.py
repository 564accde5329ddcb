from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.types import Binding, ExternalTarget, GiveUp, Inputs, Plan, PlanStatus, Relief, Solve
from safety.signals import CvStatus, MvStatus
from supervisor.plans import inputs_json, inputs_of, plan_json, plan_of

BOUNDED = settings(max_examples=60, deadline=None, derandomize=True)
names = st.text("abcXYZ_.äß", min_size=1, max_size=6)
floats = st.floats(allow_nan=False, allow_infinity=False)
table = st.dictionaries(names, floats, max_size=3)
curves = st.dictionaries(names, st.lists(floats, max_size=3).map(tuple), max_size=2)
plans = st.builds(
    Plan,
    cycle=st.integers(0, 10**9),
    status=st.sampled_from(PlanStatus),
    why=st.text(max_size=5),
    moves=table,
    u_ss=table,
    y_ss=table,
    y_now=table,
    bias=table,
    prediction=curves,
    prediction_at_s=st.lists(floats, max_size=3).map(tuple),
    u_plan=curves,
    u_plan_at_s=st.lists(floats, max_size=3).map(tuple),
    binding=st.lists(st.builds(Binding, name=names, limit=floats, worth=floats), max_size=2).map(tuple),
    give_ups=st.lists(
        st.builds(
            GiveUp,
            name=names,
            rank=st.integers(1, 9),
            amount=floats,
            clashes_with=st.lists(names, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    reliefs=st.lists(st.builds(Relief, name=names, by=floats, worth=floats, earns=floats, u_ss=table), max_size=2).map(
        tuple
    ),
    ignored=st.lists(names, max_size=2).map(tuple),
    objective=table,
    reasons=st.dictionaries(names, st.lists(names, max_size=2).map(tuple), max_size=2),
    lab=st.dictionaries(names, names, max_size=2),
    adaptation=st.lists(names, max_size=2).map(tuple),
    corrected=table,
    linearised_at=st.dictionaries(names, table, max_size=2),
    watched=table,
    solves=st.lists(
        st.builds(Solve, layer=names, solver=names, status=names, iterations=st.integers(0, 10**6), residual=floats),
        max_size=2,
    ).map(tuple),
)
maybe = st.none() | floats
limits = st.tuples(floats | st.just(-math.inf), floats | st.just(math.inf))
inputs = st.builds(
    Inputs,
    cycle=st.integers(0, 10**9),
    at_s=floats,
    u=table,
    mv_status=st.dictionaries(names, st.sampled_from(MvStatus), max_size=3),
    y=st.dictionaries(names, maybe, max_size=3),
    y_new=st.dictionaries(names, st.booleans(), max_size=3),
    cv_status=st.dictionaries(names, st.sampled_from(CvStatus), max_size=3),
    d=st.dictionaries(names, maybe, max_size=3),
    limits=st.dictionaries(names, limits, max_size=3),
    targets=table,
    external=st.dictionaries(
        names,
        st.builds(ExternalTarget, value=floats, issued_at_s=floats, age_s_max=floats, rank=st.integers(1, 9)),
        max_size=2,
    ),
    money=table,
    blocked_up=st.frozensets(names, max_size=2),
    blocked_down=st.frozensets(names, max_size=2),
    optimise=st.booleans(),
    what_if=st.booleans(),
    scheduling=st.dictionaries(names, maybe, max_size=2),
    lab=st.dictionaries(names, st.tuples(floats, floats), max_size=2),
)


def through_json(value):
    return json.loads(json.dumps(value))


@BOUNDED
@given(plans)
def test_a_plan_comes_back_bit_for_bit(plan):
    assert plan_of(through_json(plan_json(plan)), plan.cycle) == plan


@BOUNDED
@given(inputs)
def test_inputs_come_back_bit_for_bit(given_inputs):
    assert inputs_of(through_json(inputs_json(given_inputs))) == given_inputs


@pytest.mark.parametrize("field", ["status", "moves", "reasons", "solves"])
def test_a_plan_that_lacks_a_field_is_refused(field):
    stored = plan_json(Plan(cycle=1, status=PlanStatus.OK))
    del stored[field]
    with pytest.raises(KeyError, match=field):
        plan_of(stored, 1)


def test_an_unknown_status_is_refused():
    stored = plan_json(Plan(cycle=1, status=PlanStatus.OK)) | {"status": "splendid"}
    with pytest.raises(ValueError, match="splendid"):
        plan_of(stored, 1)


def test_the_plan_s_json_has_every_field_of_a_plan_but_its_cycle():
    assert set(plan_json(Plan(cycle=1, status=PlanStatus.OK))) == set(Plan.__dataclass_fields__) - {"cycle"}
    assert set(Inputs.__dataclass_fields__) == set(inputs_of.__globals__["StoredInputs"].__annotations__)


def test_records_from_before_laboratory_values_can_still_be_read():
    stored_inputs = inputs_json(
        Inputs(cycle=1, at_s=2.0, u={}, mv_status={}, y={}, y_new={}, cv_status={}, d={}, limits={})
    )
    stored_plan = plan_json(Plan(cycle=1, status=PlanStatus.OK))
    for stored, fields in ((stored_inputs, ("lab", "scheduling")), (stored_plan, ("lab", "adaptation", "corrected"))):
        for field in fields:
            del stored[field]
    assert inputs_of(stored_inputs).lab == {}
    assert inputs_of(stored_inputs).scheduling == {}
    assert plan_of(stored_plan, 1).lab == {}
    assert (plan_of(stored_plan, 1).adaptation, plan_of(stored_plan, 1).corrected) == ((), {})


def test_records_from_before_bent_constraints_can_still_be_read():
    stored = plan_json(Plan(cycle=1, status=PlanStatus.OK))
    del stored["linearised_at"], stored["watched"]
    assert plan_of(stored, 1) == Plan(cycle=1, status=PlanStatus.OK)
